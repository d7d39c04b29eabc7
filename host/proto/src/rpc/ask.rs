//! A question about source code, as it travels.
//!
//! It names the texts of unsaved buffers by their digests, and brings along those that the node was not sent before. A node keeps
//! texts for a while; one that lost some says which, and is asked again with them.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vraftls_vfs::{ContentDigest, Revision, VfsPath, WorkspaceId};

use super::{BULK_BYTES_MAX, Question, method};
use crate::{Answered, OverlayFile, OverlaySet, Query, QueryError, Request, Revisions, SessionId, SessionSettings};

/// A [`Request`] as it travels.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Who asks: unique among the sessions of the asker, who tells askers apart by what the connection says of them.
    pub session: SessionId,
    /// The unsaved buffers of the session, by path.
    pub overlays: Vec<OverlayRef>,
    /// Texts of these buffers. Whoever gets them works the digests out, and believes none.
    pub texts: Vec<Arc<str>>,
    /// What the session wants of analyzers.
    pub settings: Arc<SessionSettings>,
    /// The base that the answer sees is at least this one: read your writes. Empty for any.
    pub at_least: Revisions,
    /// How long the asker waits.
    pub deadline: Duration,
    /// What is asked.
    pub query: Query,
    /// For questions about the whole workspace: only the files of these groups, and of the unsaved buffers those that would be in
    /// one of them. None for all.
    pub scope: Option<Vec<u32>>,
}

/// An [`Ask`] of a session for which some files of the workspace are not there.
///
/// A question of its own, because nodes from before it was there must refuse it: one that overlooked which files are gone would give
/// answers out of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AskWithout {
    /// The question. Its buffers count where one is of a file that is gone.
    pub ask: Ask,
    /// The files that are gone, by path.
    pub removed: Vec<VfsPath>,
}

/// An unsaved buffer without its text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OverlayRef {
    /// The file.
    pub path: VfsPath,
    /// Of the text.
    pub digest: ContentDigest,
    /// The editor's identifier of its language.
    pub language: Arc<str>,
}

/// What a node says to an [`Ask`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AskAnswer {
    /// The answer.
    Answered(Answered),
    /// There is none.
    Failed(QueryError),
    /// These texts are not there. The question was not looked at: repeat it with them.
    MissingTexts(Vec<ContentDigest>),
}

impl Question for Ask {
    const METHOD: u32 = method::ASK;
    const BYTES_MAX: usize = BULK_BYTES_MAX;
    type Answer = AskAnswer;
}

impl Question for AskWithout {
    const METHOD: u32 = method::ASK_WITHOUT;
    const BYTES_MAX: usize = BULK_BYTES_MAX;
    type Answer = AskAnswer;
}

/// A question with everything at hand that it takes to answer it.
#[derive(Clone, Debug)]
pub struct Unpacked {
    /// The question. Its `at_least` asks for nothing: the vector beside it does.
    pub request: Request,
    /// The base to wait for.
    pub at_least: Revisions,
    /// The groups to look at, ascending; none for all.
    pub scope: Option<Vec<u32>>,
}

/// What becomes of a question when the texts it names are looked for.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// All are there.
    Whole(Box<Unpacked>),
    /// These are not, each once and sorted.
    Missing(Vec<ContentDigest>),
}

impl Ask {
    /// A question without any of its texts. What it says of files that are gone is for [`AskWithout`].
    pub fn new(request: &Request, at_least: Revisions, scope: Option<Vec<u32>>) -> Self {
        let overlays = request.overlays.iter().map(|(path, file)| OverlayRef {
            path: path.clone(),
            digest: file.digest,
            language: Arc::clone(&file.language),
        });
        Self {
            workspace: request.workspace,
            session: request.session,
            overlays: overlays.collect(),
            texts: Vec::new(),
            settings: Arc::clone(&request.settings),
            at_least,
            deadline: request.deadline,
            query: request.query.clone(),
            scope,
        }
    }

    /// Puts the texts in that `kept` has. What came along must be kept before, under the digest of its bytes.
    pub fn resolve(self, kept: impl Fn(&ContentDigest) -> Option<Arc<str>>) -> Resolution {
        let (mut overlays, mut missing) = (Vec::with_capacity(self.overlays.len()), Vec::new());
        for OverlayRef { path, digest, language } in self.overlays {
            match kept(&digest) {
                Some(text) => overlays.push((path, OverlayFile { digest, text, language })),
                None => missing.push(digest),
            }
        }
        if !missing.is_empty() {
            missing.sort_unstable();
            missing.dedup();
            return Resolution::Missing(missing);
        }
        let request = Request {
            workspace: self.workspace,
            session: self.session,
            overlays: Arc::new(overlays.into_iter().collect::<OverlaySet>()),
            settings: self.settings,
            at_least: Revision::default(),
            deadline: self.deadline,
            query: self.query,
        };
        let scope = self.scope.map(|mut groups| {
            groups.sort_unstable();
            groups.dedup();
            groups
        });
        Resolution::Whole(Box::new(Unpacked { request, at_least: self.at_least, scope }))
    }
}

impl AskWithout {
    /// The same of a question that may be about a workspace without some files.
    pub fn new(request: &Request, at_least: Revisions, scope: Option<Vec<u32>>) -> Self {
        Self { ask: Ask::new(request, at_least, scope), removed: request.overlays.removed().cloned().collect() }
    }

    /// Puts the texts in, as [`Ask::resolve`] does.
    pub fn resolve(self, kept: impl Fn(&ContentDigest) -> Option<Arc<str>>) -> Resolution {
        let mut resolution = self.ask.resolve(kept);
        if let Resolution::Whole(unpacked) = &mut resolution {
            let overlays = std::mem::take(&mut unpacked.request.overlays);
            unpacked.request.overlays = Arc::new(Arc::unwrap_or_clone(overlays).without(self.removed));
        }
        resolution
    }
}

impl From<Ask> for AskWithout {
    /// Without nothing.
    fn from(ask: Ask) -> Self {
        Self { ask, removed: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn overlay(path: &str, text: &str, set: &OverlaySet) -> OverlaySet {
        let digest = ContentDigest::of(text.as_bytes());
        let file = OverlayFile { digest, text: text.into(), language: "python".into() };
        set.with(VfsPath::new(path).unwrap(), Some(file))
    }

    fn request() -> Request {
        let overlays = overlay("b.py", "same", &overlay("a.py", "same", &OverlaySet::default()));
        let overlays = overlay("c.py", "other", &overlays);
        Request {
            workspace: WorkspaceId(1),
            session: SessionId(2),
            overlays: Arc::new(overlays),
            settings: Arc::default(),
            at_least: Revision(0),
            deadline: Duration::from_secs(1),
            query: Query::Files,
        }
    }

    #[test]
    fn a_question_is_the_same_when_its_texts_are_back() {
        let request = request();
        let kept: BTreeMap<_, _> =
            request.overlays.iter().map(|(_, file)| (file.digest, Arc::clone(&file.text))).collect();
        let at_least: Revisions = [(1, Revision(7))].into_iter().collect();
        let ask = Ask::new(&request, at_least.clone(), Some(vec![3, 1, 3]));
        assert!(ask.texts.is_empty());
        let Resolution::Whole(unpacked) = ask.resolve(|digest| kept.get(digest).cloned()) else { panic!("texts") };
        assert_eq!(unpacked.request.overlays, request.overlays);
        assert_eq!(unpacked.request.query, request.query);
        assert_eq!((unpacked.at_least, unpacked.scope), (at_least, Some(vec![1, 3])));
    }

    #[test]
    fn files_that_are_gone_stay_gone_and_those_with_a_buffer_are_there() {
        let path = |name: &str| VfsPath::new(name).unwrap();
        let base = request();
        let overlays = Arc::new(OverlaySet::clone(&base.overlays).without([path("x.py"), path("z.py")]));
        let request = Request { overlays, ..base };
        let mut asked = AskWithout::new(&request, Revisions::new(), None);
        assert_eq!(asked.removed, [path("x.py"), path("z.py")]);
        asked.removed.push(path("a.py"));
        let Resolution::Whole(unpacked) = asked.resolve(|digest| {
            let text = request.overlays.iter().find(|(_, file)| file.digest == *digest);
            text.map(|(_, file)| Arc::clone(&file.text))
        }) else {
            panic!("texts")
        };
        assert_eq!(unpacked.request.overlays, request.overlays);
    }

    #[test]
    fn texts_that_are_not_there_are_named_once() {
        let ask = Ask::new(&request(), Revisions::new(), None);
        let other = ContentDigest::of(b"other");
        let Resolution::Missing(missing) = ask.clone().resolve(|digest| (*digest == other).then(|| "other".into()))
        else {
            panic!("nothing is missing")
        };
        assert_eq!(missing, [ContentDigest::of(b"same")]);
        let Resolution::Missing(all) = ask.resolve(|_| None) else { panic!("nothing is missing") };
        let mut expected = vec![other, ContentDigest::of(b"same")];
        expected.sort_unstable();
        assert_eq!(all, expected);
    }
}

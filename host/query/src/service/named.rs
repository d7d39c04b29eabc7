//! The contents of every file that an answer speaks of, so that its offsets are turned into lines by the very same
//! text.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::time::Instant;
use vraftls_cache::{FactsKey, Made, offload};
use vraftls_proto::{Answer, Answered, Fingerprint, OverlaySet, Query, QueryError, Request, SessionId};
use vraftls_vfs::{ContentDigest, Revision, VfsPath, WorkspaceId};

use crate::answers::CachedAnswer;
use crate::bundled::{BundledFile, BundledText};
use crate::failure::Failure;
use crate::service::call::Call;
use crate::service::pin::Pin;
use crate::view::{file_at_hand_in, file_in};
use crate::{BaseFile, QueryService, Question, Reply, is_bundled};

impl QueryService {
    /// The answer with the digests of the files that it names. One that is not in the view is the analyzer's fault.
    pub(super) async fn answered(&self, call: &Call<'_>, answer: Answer) -> Result<CachedAnswer, Failure> {
        let named = named_files(&answer, call.request.query.path());
        let (bundled, ordinary): (Vec<_>, Vec<_>) = named.into_iter().partition(is_bundled);
        let (base, overlays) = (Arc::clone(&call.pinned.base), Arc::clone(&call.pinned.overlays));
        let at_hand = digests_of(&ordinary, |path| file_at_hand_in(&*base, &overlays, path));
        let found = match at_hand {
            Some(found) => found,
            None => {
                let look = move || digests_of(&ordinary, |path| Some(file_in(&*base, &overlays, path)));
                offload(&*self.threads, look).await?.expect("a disk that is waited for always answers")
            }
        };
        let mut digests = found.map_err(|path| call.bad_reply(&format!("{path} is not in the view")))?;
        for path in bundled {
            let text = self.bundled_in(call, &path).await?;
            digests.push((path, text.digest));
        }
        digests.sort_unstable();
        Ok(CachedAnswer(Answered {
            revision: call.pinned.base.revision(),
            revisions: call.pinned.base.revisions(),
            digests,
            partial: false,
            answer,
        }))
    }

    /// The contents of a file that an analyzer carries itself, by its `@bundled/` path.
    pub async fn bundled(
        &self,
        workspace: WorkspaceId,
        path: &VfsPath,
        deadline: std::time::Duration,
    ) -> Result<BundledFile, QueryError> {
        let request = Request {
            workspace,
            session: SessionId(0),
            overlays: Arc::new(OverlaySet::default()),
            settings: Arc::default(),
            at_least: Revision(0),
            deadline,
            query: Query::Diagnostics { path: path.clone() },
        };
        let until = Instant::now() + deadline.min(super::DEADLINE_MAX);
        let ask = async {
            let pinned = self.pin(&request, Pin::Newest).await?;
            let call = self.call(&request, until, pinned, path).await?;
            let text = self.bundled_in(&call, path).await?;
            Ok(BundledFile { component: call.analyzer().digest(), text: Arc::clone(&text.text) })
        };
        match tokio::time::timeout_at(until, ask).await {
            Ok(Ok(file)) => Ok(file),
            Ok(Err::<_, Failure>(failure)) => Err(failure.into_query_error(self.config.busy_retry_after)),
            Err(_) => Err(QueryError::DeadlineExceeded(deadline)),
        }
    }

    async fn bundled_in(&self, call: &Call<'_>, path: &VfsPath) -> Result<Arc<BundledText>, Failure> {
        let mut name = Fingerprint::new("vraftls bundled 1");
        let content = name.text(path.as_str()).finish();
        // What a component carries depends on nothing but the component.
        let key = FactsKey { component: call.analyzer().digest(), settings: ContentDigest::of(b"bundled"), content };
        let make = async || {
            let reply = self.ask_engine(call, None, Question::Bundled { path: path.clone() }).await?;
            match reply {
                Reply::Bundled(Some(text)) => Ok(Made::Whole(BundledText::new(text.into()))),
                Reply::Bundled(None) => Err(QueryError::NotFound(path.clone()).into()),
                _ => Err(call.bad_reply("no bundled file")),
            }
        };
        let text = self.bundled.get_or_make(key.into(), make).await?;
        let named = BundledText::clone(&text);
        // Whoever turns offsets into lines wants the text of the version that answered, which may have been replaced by then.
        self.bundled.get_or_make(key_of_bundled(text.digest).into(), async || Ok(Made::Whole(named))).await
    }

    /// The text of a file that an analyzer carries itself. With a digest, exactly that content or an error: one that an answer named lately
    /// is had in just that version, though another may be loaded by now.
    pub async fn bundled_text(
        &self,
        workspace: WorkspaceId,
        path: &VfsPath,
        digest: Option<ContentDigest>,
        deadline: std::time::Duration,
    ) -> Result<Arc<str>, QueryError> {
        if let Some(digest) = digest
            && let Some(text) = self.bundled_content(digest).await
        {
            return Ok(text);
        }
        let file = self.bundled(workspace, path, deadline).await?;
        match digest.is_none_or(|digest| digest == ContentDigest::of(file.text.as_bytes())) {
            true => Ok(file.text),
            false => Err(QueryError::Unavailable(format!("{path} is of another version of its analyzer by now"))),
        }
    }

    /// The contents of a file that some analyzer carries itself, by their digest, if an answer named them lately.
    pub async fn bundled_content(&self, digest: ContentDigest) -> Option<Arc<str>> {
        let unknown = async || Err(Failure::Lost);
        let known = self.bundled.get_or_make(key_of_bundled(digest).into(), unknown).await.ok()?;
        Some(Arc::clone(&known.text))
    }
}

/// Under what a bundled file is kept for whoever knows its contents' digest.
fn key_of_bundled(digest: ContentDigest) -> FactsKey {
    let any = ContentDigest::of(b"any component");
    FactsKey { component: any, settings: ContentDigest::of(b"bundled content"), content: digest }
}

/// The digests of files, or the first that is not in the view; nothing where `file` does not know.
fn digests_of(
    paths: &[VfsPath],
    file: impl Fn(&VfsPath) -> Option<Option<BaseFile>>,
) -> Option<Result<Vec<(VfsPath, ContentDigest)>, VfsPath>> {
    let mut digests = Vec::with_capacity(paths.len());
    for path in paths {
        match file(path)? {
            Some(file) => digests.push((path.clone(), file.digest)),
            None => return Some(Err(path.clone())),
        }
    }
    Some(Ok(digests))
}

/// The files that an answer has a place in.
fn named_files(answer: &Answer, asked: Option<&VfsPath>) -> BTreeSet<VfsPath> {
    let mut named: BTreeSet<VfsPath> = asked.into_iter().cloned().collect();
    match answer {
        Answer::Targets(Some(targets)) => named.extend(targets.locations.iter().map(|place| place.path.clone())),
        Answer::References(files) => named.extend(files.iter().map(|file| file.path.clone())),
        Answer::Edits(files) => named.extend(files.iter().map(|file| file.path.clone())),
        Answer::Change(change) => named.extend(change.edits.iter().map(|file| file.path.clone())),
        Answer::HierarchyItems(items) => named.extend(items.iter().map(|item| item.location.path.clone())),
        Answer::Calls(calls) => named.extend(calls.iter().map(|call| call.item.location.path.clone())),
        Answer::Resolved(resolved) => named.extend(resolved.targets.iter().map(|it| it.location.path.clone())),
        Answer::InlayHints(hints) => {
            let places = hints.iter().flat_map(|hint| &hint.parts).filter_map(|part| part.location.as_ref());
            named.extend(places.map(|place| place.path.clone()));
        }
        Answer::Actions(actions) => {
            let edits = actions.iter().flat_map(|action| &action.edits);
            named.extend(edits.map(|file| file.path.clone()));
        }
        Answer::Diagnostics(diagnostics) => {
            let related = diagnostics.iter().flat_map(|diagnostic| &diagnostic.related);
            named.extend(related.map(|related| related.location.path.clone()));
        }
        Answer::Symbols(symbols) => named.extend(symbols.iter().map(|symbol| symbol.location.path.clone())),
        Answer::Targets(None)
        | Answer::Highlights(_)
        | Answer::Hover(_)
        | Answer::Completion(_)
        | Answer::CompletionDetails(_)
        | Answer::SignatureHelp(_)
        | Answer::RenameTarget(_)
        | Answer::TextEdits(_)
        | Answer::SemanticTokens(_)
        | Answer::SelectionRanges(_)
        | Answer::Lenses(_)
        // A link has a place only in the document itself; what it leads to is opened at its beginning.
        | Answer::Links(_)
        | Answer::LinkedRanges(_)
        | Answer::DocumentSymbols(_)
        // What is shown there is nowhere written.
        | Answer::Expansion(_)
        | Answer::Files(_) => {}
    }
    named
}

//! Fixing what a request sees before anything is computed.

use std::sync::Arc;

use vraftls_cache::offload;
use vraftls_proto::{Overlaid, OverlayFile, OverlaySet, Query, QueryError, Request};
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::analyzers::Analyzers;
use crate::facts_source::{Document, Text};
use crate::failure::Failure;
use crate::index_keeper::{Maker, Published};
use crate::service::stamps::has_stamps;
use crate::view_index::ViewIndex;
use crate::{Base, BaseFile, QueryService, Scope, is_bundled, is_outside};

/// Which base a request is pinned to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pin {
    /// The newest there is.
    Newest,
    /// The newest that has all files.
    Whole,
    /// One that has all files, and whose index is ready: at least the newest at the time of asking.
    Indexed,
}

/// What a request sees.
#[derive(Clone)]
pub(super) struct Pinned {
    pub(super) base: Arc<dyn Base>,
    pub(super) overlays: Arc<OverlaySet>,
    pub(super) analyzers: Arc<Analyzers>,
    /// The index of exactly this base, if it is ready.
    pub(super) published: Option<Arc<Published>>,
    /// Whether the index was asked for.
    pub(super) wants_index: bool,
    /// The overlays that differ from what the base has, files that are gone included, and the contents of the file that is asked about.
    pub(super) dirty: Vec<VfsPath>,
    pub(super) asked: Option<ContentDigest>,
    /// The part of the workspace that a search looks at.
    pub(super) scope: Option<Scope>,
}

impl Pin {
    /// To what a request is pinned as long as no engine asks for more.
    pub(super) fn first(query: &Query) -> Self {
        match query {
            Query::References { .. }
            | Query::Rename { .. }
            | Query::IncomingCalls { .. }
            | Query::Subtypes { .. }
            | Query::WillRename { .. }
            | Query::WorkspaceSymbols { .. } => Pin::Indexed,
            Query::Files => Pin::Whole,
            _ => Pin::Newest,
        }
    }
}

impl QueryService {
    pub(super) async fn pin(&self, request: &Request, pin: Pin) -> Result<Pinned, Failure> {
        let analyzers = Arc::clone(&self.analyzers.borrow());
        let (workspace, at_least) = (request.workspace, request.at_least);
        let base = match pin {
            Pin::Newest => self.workspaces.base(workspace, at_least).await?,
            Pin::Whole | Pin::Indexed => self.workspaces.whole_base(workspace, at_least).await?,
        };
        let keeper = self.keeper(workspace);
        let published = match pin {
            Pin::Newest | Pin::Whole => keeper.of_base(&*base, &analyzers),
            Pin::Indexed => {
                let maker = if has_stamps(&request.query) { Maker::Newest } else { Maker::NewestOrBefore };
                keeper.reach(&base, &analyzers, maker).await
            }
        };
        let base = published.as_ref().map_or(base, |published| Arc::clone(&published.base));
        let analyzers = published.as_ref().map_or(analyzers, |published| Arc::clone(&published.analyzers));
        let (overlays, asked) = (Arc::clone(&request.overlays), request.query.path().cloned());
        let at_hand = look(&overlays, asked.as_ref(), |path| base.file_at_hand(path));
        let (dirty, asked) = match at_hand {
            Some(looked) => looked,
            None => {
                let (base, overlays) = (Arc::clone(&base), Arc::clone(&overlays));
                let look = move || look(&overlays, asked.as_ref(), |path| Some(base.file(path)));
                offload(&*self.threads, look).await?.expect("a disk that is waited for always answers")
            }
        };
        if let (None, Some(path)) = (asked, request.query.path()) {
            return Err(QueryError::NotFound(path.clone()).into());
        }
        Ok(Pinned { base, overlays, analyzers, published, wants_index: pin == Pin::Indexed, dirty, asked, scope: None })
    }

    /// The index of what a request sees; nothing where that of the base is not ready.
    pub(super) async fn view_index(&self, pinned: &Pinned) -> Result<Option<Arc<ViewIndex>>, Failure> {
        let Some(published) = &pinned.published else { return Ok(None) };
        let mut index = published.index.clone();
        for path in pinned.dirty.iter().filter(|path| pinned.overlays.of(path) == Overlaid::Removed) {
            index.remove(path);
        }
        for document in pinned.dirty_documents() {
            match self.facts.facts(document.clone()).await {
                Ok(facts) => index.insert(&document.path, document.digest, &facts),
                Err(failure @ (Failure::Busy | Failure::Lost)) => return Err(failure),
                Err(_) => index.insert_unindexed(&document.path, document.digest),
            }
        }
        Ok(Some(pinned.with_index(index)))
    }
}

impl Pinned {
    /// The unsaved buffers that differ from the base and that an analyzer serves, libraries aside: those are not
    /// indexed.
    fn dirty_documents(&self) -> impl Iterator<Item = Document> + '_ {
        let dirty = self.dirty.iter().filter(|path| !is_outside(path));
        dirty.filter_map(|path| self.document(path, self.overlays.get(path)?))
    }

    /// An unsaved buffer, ready for indexing, if an analyzer serves it.
    pub(super) fn document(&self, path: &VfsPath, file: &OverlayFile) -> Option<Document> {
        let served = self.analyzers.in_session(path, &self.overlays)?;
        Some(Document { path: path.clone(), digest: file.digest, text: Text::Here(Arc::clone(&file.text)), served })
    }

    fn with_index(&self, index: vraftls_index::ShardIndex) -> Arc<ViewIndex> {
        Arc::new(ViewIndex { base: Arc::clone(&self.base), overlays: Arc::clone(&self.overlays), index })
    }
}

/// Which overlays differ from the base, and the contents of the file that is asked about; nothing where `file` does not know.
fn look(
    overlays: &OverlaySet,
    asked: Option<&VfsPath>,
    file: impl Fn(&VfsPath) -> Option<Option<BaseFile>>,
) -> Option<(Vec<VfsPath>, Option<ContentDigest>)> {
    let mut dirty = Vec::new();
    for (path, overlay) in overlays.iter() {
        if file(path)?.is_none_or(|base| base.digest != overlay.digest) {
            dirty.push(path.clone());
        }
    }
    for path in overlays.removed() {
        if file(path)?.is_some() {
            dirty.push(path.clone());
        }
    }
    let Some(path) = asked else { return Some((dirty, None)) };
    let digest = match overlays.of(path) {
        Overlaid::Buffer(overlay) => Some(overlay.digest),
        Overlaid::Removed => None,
        Overlaid::Not => file(path)?.map(|file| file.digest),
    };
    // What an analyzer carries itself is a function of its component, which every key has a part for.
    let bundled = || is_bundled(path).then(|| ContentDigest::of(b""));
    Some((dirty, digest.or_else(bundled)))
}

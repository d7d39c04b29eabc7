//! What a request sees, and whom it asks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tower_lsp_server::ls_types::{Position, Range, Uri};
use vraftls_proto::{Answered, At, OverlaySet, Query, QueryError, Request, SessionSettings};
use vraftls_text::{LineIndex, PositionEncoding, Span};
use vraftls_vfs::{ContentDigest, Revision, VfsPath};

use super::files::uri_of;
use crate::convert::{FilePath, Part, Parts};
use crate::error::RequestError;
use crate::session::{CellPlace, Document, FolderSlot, Notebook, Place, Profile, Session, World};
use crate::transport::current_world;
use crate::{Backend, Folder};

/// How much longer than its deadline the backend may take to say that it passed.
const GRACE: Duration = Duration::from_secs(2);

/// What a request sees: the world of the moment at which it was read.
pub(crate) struct Context {
    session: Arc<Session>,
    world: Arc<World>,
    /// Held while the request is worked on.
    _running: Option<OwnedSemaphorePermit>,
}

/// The document that a request is about.
pub(crate) struct Located {
    /// The folder in whose view it is.
    pub(crate) slot: Arc<FolderSlot>,
    /// The same, open.
    pub(crate) folder: Folder,
    /// The buffers of that view.
    pub(crate) overlays: Arc<OverlaySet>,
    /// The path in that view of the file that the document is, or is a part of.
    pub(crate) path: VfsPath,
    /// Of the content that the request sees.
    pub(crate) digest: ContentDigest,
    /// The documents that make up the file.
    pub(crate) parts: Parts,
    /// Which of them it is.
    pub(crate) here: usize,
    /// Whether it is open, so that the content is the session's own.
    is_open: bool,
}

impl Context {
    /// Starts working on the request of this task: waits for its turn, and for the folders to be open.
    pub(crate) async fn begin(session: &Arc<Session>) -> Result<Self, RequestError> {
        let world = current_world().ok_or(RequestError::Ended)?;
        let running = session.running().clone().acquire_owned().await.map_err(|_| RequestError::Ended)?;
        let deadline = session.options().timing.request_deadline;
        let context = tokio::time::timeout(deadline, Self::of(session.clone(), world)).await;
        let context = context.map_err(|_| QueryError::DeadlineExceeded(deadline))?;
        Ok(Self { _running: Some(running), ..context })
    }

    /// Looks at a world for another reason than a request.
    pub(crate) async fn of(session: Arc<Session>, mut world: Arc<World>) -> Self {
        if !world.is_settled() {
            for mount in world.mounts() {
                // Whether it could be opened is asked again by whoever needs that folder.
                drop(mount.slot.ready().await);
            }
            Arc::make_mut(&mut world).settle(&session.inside());
        }
        Self { session, world, _running: None }
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub(crate) fn backend(&self) -> &Arc<dyn Backend> {
        self.session.backend()
    }

    pub(crate) fn profile(&self) -> &Profile {
        self.session.profile()
    }

    pub(crate) fn encoding(&self) -> PositionEncoding {
        self.profile().encoding
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Finds the document that a request is about.
    pub(crate) async fn locate(&self, uri: &Uri) -> Result<Located, RequestError> {
        if let Some((file, notebook)) = self.world.notebook_of(uri.as_str()) {
            return self.locate_cell(uri, file, notebook).await;
        }
        let file = FilePath::from_uri(uri)?;
        let document = self.world.document(&file);
        if let Some(Document { poison: Some(reason), .. }) = document.map(|document| &**document) {
            return Err(RequestError::Poisoned { path: file.to_string(), reason: reason.to_string() });
        }
        let place = match document {
            Some(document) => document.place.clone(),
            None => self.world.locate(&file, &self.session.inside()),
        };
        let Some(Place { slot, path }) = place else {
            return Err(RequestError::Outside { path: file.to_string() });
        };
        let folder = slot.ready().await?;
        let overlays = self.world.mount(&slot).map(|mount| mount.overlays.clone()).unwrap_or_default();
        let is_open = document.is_some();
        let (digest, part) = match document {
            Some(document) => (document.file.digest, document.part()),
            None => {
                let (digest, lines) = self.closed_file(&folder, &overlays, &path).await?;
                (digest, Part::whole(uri_of(self, &slot, &folder, &path).await, None, lines))
            }
        };
        Ok(Located { slot, folder, overlays, path, digest, parts: Parts::one(part), here: 0, is_open })
    }

    /// Finds the cell that a request is about.
    async fn locate_cell(&self, uri: &Uri, file: &FilePath, notebook: &Notebook) -> Result<Located, RequestError> {
        let poisoned =
            |path: &str, reason: &str| RequestError::Poisoned { path: path.to_owned(), reason: reason.to_owned() };
        if let Some(reason) = &notebook.poison {
            return Err(poisoned(file.as_str(), reason));
        }
        let found = notebook.find(uri.as_str()).ok_or_else(|| RequestError::NoCode(uri.as_str().to_owned()))?;
        let CellPlace { module, idx: here } = found;
        if let Some(reason) = &module.parts.get(here).poison {
            return Err(poisoned(uri.as_str(), reason));
        }
        let place = notebook.place.as_ref().zip(notebook.path_of(module));
        let Some((Place { slot, .. }, path)) = place else {
            return Err(RequestError::Outside { path: file.to_string() });
        };
        let slot = slot.clone();
        let (digest, parts) = (module.file.digest, module.parts.clone());
        let folder = slot.ready().await?;
        let overlays = self.world.mount(&slot).map(|mount| mount.overlays.clone()).unwrap_or_default();
        Ok(Located { slot, folder, overlays, path, digest, parts, here, is_open: true })
    }

    /// The content of a file that is not open: the one that its outline was read from.
    async fn closed_file(
        &self,
        folder: &Folder,
        overlays: &Arc<OverlaySet>,
        path: &VfsPath,
    ) -> Result<(ContentDigest, Arc<LineIndex>), RequestError> {
        let answered = self.ask_in(folder, overlays.clone(), Query::DocumentSymbols { path: path.clone() }).await?;
        let digest = answered.digests.iter().find(|(named, _)| named == path).map(|(_, digest)| *digest);
        let digest = digest.ok_or_else(|| RequestError::NotOpen(path.clone()))?;
        Ok((digest, self.line_index(folder, path, digest).await?))
    }

    /// The line index of a file that is not open.
    pub(crate) async fn line_index(
        &self,
        folder: &Folder,
        path: &VfsPath,
        digest: ContentDigest,
    ) -> Result<Arc<LineIndex>, RequestError> {
        let cache = &self.session.options().line_indexes;
        if let Some(lines) = cache.get(&digest) {
            return Ok(lines);
        }
        let lines = self.backend().line_index(folder.workspace, path.clone(), digest).await?;
        cache.insert(digest, lines.clone());
        Ok(lines)
    }

    /// Asks about a document.
    pub(crate) async fn ask(&self, located: &Located, query: Query) -> Result<Answered, RequestError> {
        let answered = self.ask_in(&located.folder, located.overlays.clone(), query).await?;
        // An open document is pinned by its overlay. Another may have changed since its lines were read, and then the place that was
        // asked about is no longer the one that was meant.
        let moved = |(path, digest): &(VfsPath, ContentDigest)| *path == located.path && *digest != located.digest;
        if !located.is_open && answered.digests.iter().any(moved) {
            return Err(RequestError::Moved(located.path.clone()));
        }
        Ok(answered)
    }

    /// What the session wants of the analyzers of a folder.
    fn settings_in(&self, folder: &Folder) -> Arc<SessionSettings> {
        let is_it = |slot: &FolderSlot| slot.now().is_some_and(|open| open.workspace == folder.workspace);
        let slot = self.world.mounts().iter().map(|mount| &mount.slot).find(|slot| is_it(slot));
        slot.map(|slot| slot.settings().for_analyzers.clone()).unwrap_or_default()
    }

    /// Asks about a folder.
    pub(crate) async fn ask_in(
        &self,
        folder: &Folder,
        overlays: Arc<OverlaySet>,
        query: Query,
    ) -> Result<Answered, RequestError> {
        let deadline = self.session.options().timing.request_deadline;
        let request = Request {
            workspace: folder.workspace,
            session: self.session.id(),
            overlays,
            settings: self.settings_in(folder),
            at_least: Revision(0),
            deadline,
            query,
        };
        match tokio::time::timeout(deadline + GRACE, self.backend().ask(request)).await {
            Ok(answered) => Ok(answered?),
            Err(_) => Err(QueryError::DeadlineExceeded(deadline).into()),
        }
    }
}

impl Located {
    /// A place in the document, as the backend names it.
    pub(crate) fn at(&self, position: Position, encoding: PositionEncoding) -> Result<At, RequestError> {
        Ok(At { path: self.path.clone(), offset: self.part().offset(position, encoding)? })
    }

    /// The span of a range in the document, as the backend names it.
    pub(crate) fn span(&self, range: Range, encoding: PositionEncoding) -> Result<Span, RequestError> {
        Ok(self.part().span_of(range, encoding)?)
    }

    /// The document.
    pub(crate) fn part(&self) -> &Part {
        self.parts.get(self.here)
    }

    /// The span to ask about for an answer about the whole document; none for all of the file.
    pub(crate) fn scope(&self) -> Option<Span> {
        (!self.parts.is_one()).then(|| self.part().span())
    }
}

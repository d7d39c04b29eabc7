//! A cluster, behind the gateway's port.
//!
//! ```text
//!   sessions -> Remote --ask, with what differs here--> a node, or the next
//!                 |
//!                 +-- a folder: Watcher (how the workspace stands), LocalTree (what differs here)
//! ```
//!
//! It keeps nothing that a restart would miss: which folders are open, what their files on this machine have beyond the base, and what
//! each session has seen. The disk is the editor's own; nothing is written to it or to the cluster.

mod analyzers;
mod base_list;
mod choose;
mod differences;
mod folder;
mod saving;
mod seen;
mod status;
mod texts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use moka::sync::Cache;
use tokio::sync::watch;
use vraftls_client::Cluster;
use vraftls_gateway::{Backend, BoxFuture, Folder, Status};
use vraftls_index::Description;
use vraftls_node::BundledFiles;
use vraftls_node::libraries::python;
use vraftls_proto::{Answered, QueryError, Request, Save, SaveOutcome, SessionId, SessionSettings, Standing};
use vraftls_text::LineIndex;
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId, WorkspaceName};

use crate::cluster_arguments::{ClusterArguments, FIRST_PATIENCE};
use crate::folder::cache_directory;
use analyzers::Analyzers;
use folder::{RemoteFolder, Surroundings};
use seen::Seen;
use texts::Texts;

/// Where the view has files that analyzers carry themselves, and those of libraries.
const OUTSIDE: [&str; 2] = ["@bundled/", "@lib/"];

/// How long the text of a file may take.
const TEXT_PATIENCE: Duration = Duration::from_secs(30);

/// How long it may take to hear what the newest base is.
const CURRENT_PATIENCE: Duration = Duration::from_secs(5);

/// How many files outside the folder are remembered by their contents.
const N_OUTSIDE_MAX: u64 = 20_000;

/// Whose files the disk of this machine has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Disk {
    /// Those of the editors that connect: what differs there from the base is part of their answers.
    OfEditors,
    /// Not those of whoever connects: nothing is read from it, whatever folder an editor names.
    OfNobody,
}

/// A cluster, as what answers a gateway.
pub(crate) struct Remote {
    around: Surroundings,
    disk: Disk,
    wanted: Option<WorkspaceName>,
    folders: Mutex<BTreeMap<WorkspaceId, Arc<RemoteFolder>>>,
    n_folders: AtomicU32,
    seen: Seen,
    n_asked: AtomicU64,
    bundled: BundledFiles,
    /// The contents of files outside the folder, as answers named them last.
    outside_digests: Cache<VfsPath, ContentDigest>,
}

impl Remote {
    /// Finds a cluster.
    pub(crate) async fn connect(arguments: &ClusterArguments, disk: Disk) -> anyhow::Result<Arc<Self>> {
        let cluster = arguments.connect().await?;
        Self::new(cluster, arguments.workspace.clone(), &cache_directory()?, disk).await
    }

    /// A cluster that was found, and where this user's caches lie.
    async fn new(
        cluster: Cluster,
        wanted: Option<WorkspaceName>,
        caches: &Path,
        disk: Disk,
    ) -> anyhow::Result<Arc<Self>> {
        let first = cluster.analyzers(FIRST_PATIENCE).await.context("the cluster does not say who analyzes")?;
        let around = Surroundings { cluster, analyzers: Arc::new(Analyzers::new(first)), texts: Texts::new() };
        Ok(Arc::new(Self {
            around,
            disk,
            wanted,
            folders: Mutex::default(),
            n_folders: AtomicU32::new(0),
            seen: Seen::default(),
            n_asked: AtomicU64::new(0),
            bundled: BundledFiles::new(&caches.join("bundled")),
            outside_digests: Cache::new(N_OUTSIDE_MAX),
        }))
    }

    fn cluster(&self) -> &Cluster {
        &self.around.cluster
    }

    fn folders(&self) -> MutexGuard<'_, BTreeMap<WorkspaceId, Arc<RemoteFolder>>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self, id: WorkspaceId) -> Result<Arc<RemoteFolder>, QueryError> {
        let gone = || QueryError::Unavailable("the folder is not open any more".to_owned());
        self.folders().get(&id).cloned().ok_or_else(gone)
    }

    /// The folder at a root; nobody follows it yet if it is new.
    fn opened(&self, root: &Path, chosen: (WorkspaceId, WorkspaceName)) -> (Arc<RemoteFolder>, Folder) {
        let mut folders = self.folders();
        folders.retain(|_, folder| folder.is_followed());
        let known = folders.values().find(|folder| folder.root == root && folder.workspace == chosen.0);
        let folder = known.cloned().unwrap_or_else(|| {
            let id = WorkspaceId(self.n_folders.fetch_add(1, Ordering::Relaxed) + 1);
            let is_here = self.disk == Disk::OfEditors && root.is_dir();
            RemoteFolder::start(id, chosen, root, is_here, self.around.clone())
        });
        let open = Folder { workspace: folder.id, root: root.to_owned(), state: folder.state() };
        folders.insert(folder.id, Arc::clone(&folder));
        (folder, open)
    }

    async fn open(&self, root: PathBuf) -> Result<Folder, QueryError> {
        let there = self.cluster().workspaces(FIRST_PATIENCE).await;
        let there = there.map_err(|error| QueryError::Unavailable(error.to_string()))?;
        let chosen = choose::choose(&there, self.wanted.as_ref(), &root)?;
        let (folder, open) = self.opened(&root, chosen);
        let view = folder.looked(1).await?;
        if let Err(error) = &view.differences {
            // The next one to open it looks anew.
            self.folders().remove(&folder.id);
            return Err(error.clone());
        }
        Ok(open)
    }

    async fn answer(&self, request: Request) -> Result<Answered, QueryError> {
        let folder = self.folder(request.workspace)?;
        let view = folder.view();
        let differences = view.differences.as_ref().map_err(QueryError::clone)?;
        let mut at_least = self.seen.of(request.session);
        at_least.raise_all(&view.base.revisions);
        let overlays = differences::merged(differences, &request.overlays);
        let request = Request { workspace: folder.workspace, overlays, ..request };
        let answered = self.cluster().ask(&request, &at_least).await?;
        self.seen.raise(request.session, &answered.revisions);
        let is_outside = |path: &VfsPath| OUTSIDE.iter().any(|prefix| path.as_str().starts_with(prefix));
        for (path, digest) in answered.digests.iter().filter(|(path, _)| is_outside(path)) {
            self.outside_digests.insert(path.clone(), *digest);
        }
        Ok(answered)
    }

    async fn text(&self, id: WorkspaceId, path: VfsPath, digest: ContentDigest) -> Result<Arc<str>, QueryError> {
        if let Some(text) = self.around.texts.get(&digest) {
            return Ok(text);
        }
        let workspace = self.folder(id)?.workspace;
        Ok(self.cluster().file_text(workspace, path, digest, TEXT_PATIENCE).await?.into())
    }

    async fn write_out(&self, id: WorkspaceId, path: VfsPath) -> Option<PathBuf> {
        let digest = self.outside_digests.get(&path)?;
        let text = match self.text(id, path.clone(), digest).await {
            Ok(text) => text,
            Err(error) => {
                tracing::warn!(%path, %error, "a file outside the folder cannot be had");
                return None;
            }
        };
        let files = self.bundled.clone();
        let writing = tokio::task::spawn_blocking(move || {
            files.write(&digest, &path, &text).inspect_err(|error| {
                tracing::warn!(%path, %error, "a file outside the folder cannot be written out");
            })
        });
        writing.await.ok()?.ok()
    }
}

impl Backend for Remote {
    fn analyzers(&self) -> Vec<Arc<Description>> {
        self.around.analyzers.now().to_vec()
    }

    fn analyzers_changed(&self) -> watch::Receiver<u64> {
        self.around.analyzers.changed()
    }

    fn open_folder(&self, root: PathBuf) -> BoxFuture<'_, Result<Folder, QueryError>> {
        Box::pin(self.open(root))
    }

    fn ask(&self, request: Request) -> BoxFuture<'_, Result<Answered, QueryError>> {
        Box::pin(async move {
            let _asked = status::Asked::new(&self.n_asked);
            self.answer(request).await
        })
    }

    fn line_index(
        &self,
        workspace: WorkspaceId,
        path: VfsPath,
        digest: ContentDigest,
    ) -> BoxFuture<'_, Result<Arc<LineIndex>, QueryError>> {
        // Who asks keeps them, bounded, by digest.
        Box::pin(async move { Ok(Arc::new(LineIndex::new(&self.text(workspace, path, digest).await?))) })
    }

    fn prepare_settings(&self, _: WorkspaceId, settings: Arc<SessionSettings>) -> BoxFuture<'_, Vec<(String, String)>> {
        let refused = settings.get(python::INTERPRETER).map(|_| {
            (python::INTERPRETER.to_owned(), "a cluster does not see the libraries of this machine".to_owned())
        });
        Box::pin(std::future::ready(refused.into_iter().collect()))
    }

    fn files_changed(&self, workspace: WorkspaceId, _: Vec<VfsPath>) {
        if let Ok(folder) = self.folder(workspace) {
            folder.wish();
        }
    }

    fn catch_up(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<(), QueryError>> {
        Box::pin(async move {
            let folder = self.folder(workspace)?;
            let newest = self.cluster().current(folder.workspace, CURRENT_PATIENCE).await?;
            folder.hear(&newest);
            let view = folder.looked(folder.wish()).await?;
            view.differences.as_ref().map(|_| ()).map_err(QueryError::clone)
        })
    }

    fn save(&self, save: Save) -> BoxFuture<'_, SaveOutcome> {
        Box::pin(async move {
            match self.folder(save.workspace) {
                Ok(folder) => saving::saved(&folder, save).await,
                Err(error) => SaveOutcome::Unknown(error.to_string()),
            }
        })
    }

    fn standings(
        &self,
        workspace: WorkspaceId,
        _: SessionId,
        paths: Vec<VfsPath>,
    ) -> BoxFuture<'_, Result<Vec<Standing>, QueryError>> {
        Box::pin(async move { saving::standings(&*self.folder(workspace)?, &paths) })
    }

    fn status(&self) -> BoxFuture<'_, Status> {
        let folders: Vec<Arc<RemoteFolder>> = self.folders().values().cloned().collect();
        let n_asked = self.n_asked.load(Ordering::Relaxed);
        Box::pin(std::future::ready(status::status(self.cluster(), &folders, self.seen.len(), n_asked)))
    }

    fn session_ended(&self, session: SessionId) {
        self.seen.forget(session);
        self.cluster().session_ended(session);
        self.folders().retain(|_, folder| folder.is_followed());
    }

    fn outside_path(&self, workspace: WorkspaceId, path: VfsPath) -> BoxFuture<'_, Option<PathBuf>> {
        Box::pin(self.write_out(workspace, path))
    }

    fn inside_path(&self, _: WorkspaceId, path: &Path) -> Option<VfsPath> {
        self.bundled.in_view(path)
    }
}

#[cfg(test)]
mod tests;

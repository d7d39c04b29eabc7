//! An embedded node, behind the gateway's port and for the commands that ask it directly.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use vraftls_gateway::{Backend, BoxFuture, Folder, FolderState, Status};
use vraftls_index::Description;
use vraftls_node::{FolderProgress, Node, NodeConfig};
use vraftls_proto::{Answered, OverlaySet, Query, QueryError, Request, SessionId, SessionSettings};
use vraftls_text::LineIndex;
use vraftls_vfs::{ContentDigest, Revision, VfsPath, WorkspaceId};

use crate::folder::{FolderArguments, cache_directory, canonical, data_directory, plugin_directories};

/// The session of commands that ask once and have no overlays.
const COMMAND_SESSION: SessionId = SessionId(0);

/// What an embedded node needs to know for a folder.
pub(crate) fn node_config(command: &str, root: &Path, arguments: &FolderArguments) -> anyhow::Result<NodeConfig> {
    let activated = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let mut config = NodeConfig::new(data_directory(arguments, root)?, command);
    config.plugin_directories = plugin_directories(arguments)?;
    config.artifact_directory = Some(cache_directory()?.join("artifacts"));
    config.python.configured = arguments.python.clone();
    config.python.activated = activated("VIRTUAL_ENV").or_else(|| activated("CONDA_PREFIX"));
    Ok(config)
}

/// A node in this process, as what answers a gateway.
pub(crate) struct Embedded(pub(crate) Arc<Node>);

impl Backend for Embedded {
    fn analyzers(&self) -> Vec<Arc<Description>> {
        self.0.analyzers()
    }

    fn open_folder(&self, root: PathBuf) -> BoxFuture<'_, Result<Folder, QueryError>> {
        Box::pin(async move {
            let opened = self.0.open_folder(&root).await?;
            let (sender, state) = watch::channel(state_of(*opened.progress.borrow()));
            let mut progress = opened.progress;
            tokio::spawn(async move {
                while progress.changed().await.is_ok() {
                    let next = state_of(*progress.borrow_and_update());
                    sender.send_if_modified(|state| std::mem::replace(state, next) != next);
                    if sender.is_closed() {
                        break;
                    }
                }
            });
            Ok(Folder { workspace: opened.workspace, root: opened.root, state })
        })
    }

    fn ask(&self, request: Request) -> BoxFuture<'_, Result<Answered, QueryError>> {
        Box::pin(self.0.answer(request))
    }

    fn line_index(
        &self,
        workspace: WorkspaceId,
        path: VfsPath,
        digest: ContentDigest,
    ) -> BoxFuture<'_, Result<Arc<LineIndex>, QueryError>> {
        Box::pin(async move {
            let text = self.0.text(workspace, &path, Some(digest)).await?;
            Ok(Arc::new(LineIndex::new(&text)))
        })
    }

    fn files_changed(&self, workspace: WorkspaceId, paths: Vec<VfsPath>) {
        self.0.files_changed(workspace, paths);
    }

    fn session_ended(&self, session: SessionId) {
        self.0.session_ended(session);
    }

    fn prepare_settings(
        &self,
        workspace: WorkspaceId,
        settings: Arc<SessionSettings>,
    ) -> BoxFuture<'_, Vec<(String, String)>> {
        Box::pin(async move { self.0.prepare_settings(workspace, &settings).await })
    }

    fn status(&self) -> BoxFuture<'_, Status> {
        Box::pin(std::future::ready(crate::status::status_of(self.0.stats())))
    }

    fn outside_path(&self, workspace: WorkspaceId, path: VfsPath) -> BoxFuture<'_, Option<PathBuf>> {
        Box::pin(async move { self.0.outside_path(workspace, &path).await })
    }

    fn inside_path(&self, workspace: WorkspaceId, path: &Path) -> Option<VfsPath> {
        self.0.inside_path(workspace, path)
    }
}

fn state_of(progress: FolderProgress) -> FolderState {
    use vraftls_gateway::FolderPhase::{Indexing, Ingesting, Ready};
    let phase = match progress {
        FolderProgress { n_taken, n_to_take, .. } if n_taken < n_to_take || !progress.walked => {
            Ingesting { n_done: n_taken, n_total: n_to_take }
        }
        FolderProgress { n_indexed, n_to_index, .. } if n_indexed < n_to_index => {
            Indexing { n_done: n_indexed, n_total: n_to_index }
        }
        _ => Ready,
    };
    FolderState { revision: progress.revision, phase }
}

/// An embedded node with one open folder, for commands that ask and end.
pub(crate) struct Asker {
    node: Arc<Node>,
    workspace: WorkspaceId,
    root: PathBuf,
    progress: watch::Receiver<FolderProgress>,
}

impl Asker {
    /// Opens a node for the folder. Fails with who holds its data, if somebody does.
    pub(crate) async fn open(command: &str, folder: &Path, arguments: &FolderArguments) -> anyhow::Result<Self> {
        let root = canonical(folder)?;
        let node = Node::open(node_config(command, &root, arguments)?).await?;
        let opened = node.open_folder(&root).await?;
        Ok(Self { node, workspace: opened.workspace, root: opened.root, progress: opened.progress })
    }

    /// How far the folder is.
    pub(crate) fn progress(&self) -> watch::Receiver<FolderProgress> {
        self.progress.clone()
    }

    /// Asks one question.
    pub(crate) async fn ask(&self, query: Query, deadline: Duration) -> Result<Answered, QueryError> {
        let (workspace, session) = (self.workspace, COMMAND_SESSION);
        let (overlays, settings) = (Arc::new(OverlaySet::default()), Arc::default());
        let request = Request { workspace, session, overlays, settings, at_least: Revision(0), deadline, query };
        self.node.answer(request).await
    }

    /// The text of a file as it is now.
    pub(crate) async fn text(&self, path: &VfsPath) -> Result<Arc<str>, QueryError> {
        self.node.text(self.workspace, path, None).await
    }

    /// The text of a file as an answer saw it, whatever it is by now.
    pub(crate) async fn text_seen(&self, answered: &Answered, path: &VfsPath) -> anyhow::Result<Arc<str>> {
        let digest = answered.digests.iter().find(|(named, _)| named == path).map(|(_, digest)| *digest);
        let digest = digest.context("the answer does not say which text")?;
        Ok(self.node.text(self.workspace, path, Some(digest)).await?)
    }

    /// The lines of a file as an answer saw it.
    pub(crate) async fn line_index(&self, answered: &Answered, path: &VfsPath) -> anyhow::Result<LineIndex> {
        Ok(LineIndex::new(&self.text_seen(answered, path).await?))
    }

    /// The view's path of a file that is named from the current directory.
    pub(crate) fn path_in_view(&self, file: &Path) -> anyhow::Result<VfsPath> {
        let file = file.canonicalize().with_context(|| format!("cannot open {}", file.display()))?;
        let inside = match file.strip_prefix(&self.root) {
            Ok(inner) => inner.to_str().and_then(|inner| VfsPath::new(inner).ok()),
            Err(_) => self.node.inside_path(self.workspace, &file),
        };
        inside.with_context(|| format!("{} is not in {}", file.display(), self.root.display()))
    }

    /// How a file of the view is shown to people: relative to the folder, or where it lies outside.
    pub(crate) async fn shown_path(&self, path: &VfsPath) -> String {
        match self.node.outside_path(self.workspace, path).await {
            Some(outside) => outside.display().to_string(),
            None => path.to_string(),
        }
    }

    /// Ends the node.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.node.shutdown().await.context("the node did not end well")
    }
}

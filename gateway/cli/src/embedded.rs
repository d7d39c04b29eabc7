//! An embedded node, behind the gateway's port.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use vraftls_gateway::{Backend, BoxFuture, Folder, FolderState, Status};
use vraftls_index::Description;
use vraftls_node::libraries::python::PythonHints;
use vraftls_node::libraries::rust::RustHints;
use vraftls_node::{FolderProgress, Node, NodeConfig};
use vraftls_proto::{Answered, QueryError, Request, Save, SaveOutcome, SessionId, SessionSettings, Standing};
use vraftls_text::LineIndex;
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

use crate::folder::{FolderArguments, cache_directory, data_directory, plugin_directories};

/// What an embedded node needs to know for a folder.
pub(crate) fn node_config(command: &str, root: &Path, arguments: &FolderArguments) -> anyhow::Result<NodeConfig> {
    let mut config = NodeConfig::new(data_directory(arguments, root)?, command);
    config.plugin_directories = plugin_directories(arguments)?;
    config.artifact_directory = Some(cache_directory()?.join("artifacts"));
    config.python = python_hints(arguments.python.clone());
    config.rust = rust_hints();
    Ok(config)
}

/// Where the environment of Python folders is, as the user configured it or the shell says.
pub(crate) fn python_hints(configured: Option<PathBuf>) -> PythonHints {
    let activated = |name: &str| std::env::var_os(name).map(PathBuf::from);
    PythonHints { configured, activated: activated("VIRTUAL_ENV").or_else(|| activated("CONDA_PREFIX")) }
}

/// Where Rust's tools keep things, as they themselves find out.
pub(crate) fn rust_hints() -> RustHints {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = named("HOME").or_else(|| named("USERPROFILE"));
    let below = |folder: &str| home.as_ref().map(|home| home.join(folder));
    RustHints {
        cargo: named("CARGO_HOME").or_else(|| below(".cargo")),
        rustup: named("RUSTUP_HOME").or_else(|| below(".rustup")),
        toolchain: std::env::var("RUSTUP_TOOLCHAIN").ok().filter(|name| !name.is_empty()),
        prefixes: ["/usr/local", "/usr"].map(PathBuf::from).to_vec(),
    }
}

/// A node in this process, as what answers a gateway.
pub(crate) struct Embedded(pub(crate) Arc<Node>);

impl Backend for Embedded {
    fn analyzers(&self) -> Vec<Arc<Description>> {
        self.0.analyzers()
    }

    fn analyzers_changed(&self) -> watch::Receiver<u64> {
        self.0.analyzers_changed()
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

    fn catch_up(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<(), QueryError>> {
        Box::pin(self.0.catch_up(workspace))
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

    fn save(&self, save: Save) -> BoxFuture<'_, SaveOutcome> {
        Box::pin(self.0.save(save))
    }

    fn standings(
        &self,
        workspace: WorkspaceId,
        session: SessionId,
        paths: Vec<VfsPath>,
    ) -> BoxFuture<'_, Result<Vec<Standing>, QueryError>> {
        Box::pin(async move { self.0.standings(workspace, session, &paths).await })
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
    FolderState { revision: progress.revision, phase, n_losses: progress.n_losses }
}

//! The port to what answers.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;
use vraftls_index::Description;
use vraftls_proto::{Answered, QueryError, Request, Save, SaveOutcome, SessionId, SessionSettings, Standing};
use vraftls_text::LineIndex;
use vraftls_vfs::{ContentDigest, Revision, VfsPath, WorkspaceId};

use crate::Status;

/// A future of any shape.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What answers a gateway's requests. Every method may be called from any task; none blocks.
pub trait Backend: Send + Sync + 'static {
    /// Who analyzes, for the capabilities of a session.
    fn analyzers(&self) -> Vec<Arc<Description>>;

    /// Changes whenever the same question may get another answer though no file changed: the analyzers were replaced. Never, if the
    /// sender of it is gone.
    fn analyzers_changed(&self) -> watch::Receiver<u64>;

    /// Opens the workspace of a folder, given by its absolute path. Opening it again gives the same one.
    fn open_folder(&self, root: PathBuf) -> BoxFuture<'_, Result<Folder, QueryError>>;

    /// Answers a request. Dropping the future cancels the work; nothing else is lost by it.
    fn ask(&self, request: Request) -> BoxFuture<'_, Result<Answered, QueryError>>;

    /// The line index of a file at exactly this content, libraries and bundled files included, overlays not.
    fn line_index(
        &self,
        workspace: WorkspaceId,
        path: VfsPath,
        digest: ContentDigest,
    ) -> BoxFuture<'_, Result<Arc<LineIndex>, QueryError>>;

    /// Looks whether what a session wants of analyzers in a workspace can be had, and gets it ready. Gives what cannot, by name, with
    /// the reason for a person.
    fn prepare_settings(
        &self,
        workspace: WorkspaceId,
        settings: Arc<SessionSettings>,
    ) -> BoxFuture<'_, Vec<(String, String)>>;

    /// Says that these files may have changed on disk: a hint, never the truth.
    fn files_changed(&self, workspace: WorkspaceId, paths: Vec<VfsPath>);

    /// Looks at a workspace's files again; done when questions see them as they were when this was called, or newer.
    fn catch_up(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<(), QueryError>>;

    /// Commits what an editor saved, with compare-and-set on what it had seen, and says what became of it. A save that is repeated takes effect
    /// once. Dropping the future leaves the outcome unknown.
    fn save(&self, save: Save) -> BoxFuture<'_, SaveOutcome>;

    /// How files stand for a session, in their order. What happened to its saves is told once.
    fn standings(
        &self,
        workspace: WorkspaceId,
        session: SessionId,
        paths: Vec<VfsPath>,
    ) -> BoxFuture<'_, Result<Vec<Standing>, QueryError>>;

    /// How it stands.
    fn status(&self) -> BoxFuture<'_, Status>;

    /// Says that a session ended, so that what is kept for it can go.
    fn session_ended(&self, session: SessionId);

    /// Where an editor finds a file of the view that is not inside the folder: libraries and bundled files.
    /// Writes a bundled file out where that is needed.
    fn outside_path(&self, workspace: WorkspaceId, path: VfsPath) -> BoxFuture<'_, Option<PathBuf>>;

    /// The view's path of a file outside the folder that an editor names, if it lies in a library or is a bundled file.
    fn inside_path(&self, workspace: WorkspaceId, path: &Path) -> Option<VfsPath>;
}

/// An open workspace.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its id.
    pub workspace: WorkspaceId,
    /// Its root on disk, absolute and without symbolic links where that can be told.
    pub root: PathBuf,
    /// How it stands, now and from now on.
    pub state: watch::Receiver<FolderState>,
}

/// How a workspace stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FolderState {
    /// The base's revision. A new one means that something in the files changed: diagnostics may differ.
    pub revision: Revision,
    /// What is under way.
    pub phase: FolderPhase,
    /// Saves that were lost to others. A new one says that some session has something to hear ([`Backend::standings`]).
    pub n_losses: u64,
}

/// What is under way in a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FolderPhase {
    /// Files are taken in from the disk.
    Ingesting {
        /// Files taken in.
        n_done: u64,
        /// Files to take in, as far as is known.
        n_total: u64,
    },
    /// Names and symbols are read from the files.
    Indexing {
        /// Files read.
        n_done: u64,
        /// Files to read.
        n_total: u64,
    },
    /// Nothing.
    Ready,
}

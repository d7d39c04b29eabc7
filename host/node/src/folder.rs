//! An open folder: a workspace, its ingest, and how far both are.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{mpsc, watch};
use vraftls_proto::QueryError;
use vraftls_vfs::{ContentDigest, Revision, WorkspaceId, WorkspaceName};

use crate::libraries::Configured;
use crate::saving::SharedSaves;
use crate::tree::base::TreeBase;
use crate::tree::ingest::{Hint, Progress};

/// A folder that was opened.
#[derive(Clone, Debug)]
pub struct OpenFolder {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its root, as whoever opened it names it. Two names of one directory are one workspace.
    pub root: PathBuf,
    /// How far it is.
    pub progress: watch::Receiver<FolderProgress>,
}

/// How far a folder is. Files are taken in after the walk, names and symbols are read after that; questions about a place are answered
/// as soon as the tree was walked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FolderProgress {
    /// The revision at which the workspace last changed.
    pub revision: Revision,
    /// Whether the tree was walked.
    pub walked: bool,
    /// Files taken in.
    pub n_taken: u64,
    /// Files to take in.
    pub n_to_take: u64,
    /// Files indexed.
    pub n_indexed: u64,
    /// Files to index.
    pub n_to_index: u64,
    /// Saves that were lost to others: a new one says that some session has something to hear.
    pub n_losses: u64,
}

/// What the node keeps of an open folder.
pub(crate) struct FolderHandle {
    pub(crate) workspace: WorkspaceId,
    /// Without symbolic links.
    pub(crate) root: PathBuf,
    pub(crate) base: watch::Receiver<Arc<TreeBase>>,
    pub(crate) ingest: watch::Receiver<Progress>,
    pub(crate) hints: mpsc::Sender<Hint>,
    /// How often somebody wished that questions see the disk as it is.
    pub(crate) wishes: AtomicU64,
    /// The last wish that was fulfilled.
    pub(crate) fulfilled: watch::Receiver<u64>,
    pub(crate) progress: watch::Receiver<FolderProgress>,
    /// What became of saves.
    pub(crate) saves: SharedSaves,
    /// The interpreters that sessions ask with.
    pub(crate) configured: Arc<Configured>,
}

impl FolderHandle {
    /// Says that something may have changed. Who empties a queue that was full looks at everything.
    pub(crate) fn hint(&self, hint: Hint) {
        drop(self.hints.try_send(hint));
    }

    /// Looks at the whole tree; returns when questions see the disk as it was when this was called, or newer.
    pub(crate) async fn catch_up(&self) -> Result<(), QueryError> {
        let ends = || QueryError::Unavailable("the node ends".to_owned());
        let wish = self.wishes.fetch_add(1, Ordering::Relaxed) + 1;
        self.hints.send(Hint::Wish(wish)).await.map_err(|_| ends())?;
        let mut fulfilled = self.fulfilled.clone();
        fulfilled.wait_for(|&fulfilled| fulfilled >= wish).await.map_err(|_| ends())?;
        Ok(())
    }

    /// Has the base search the environment of an interpreter that a session configured; returns when it does.
    pub(crate) async fn mount(&self, interpreter: &str) -> Result<(), QueryError> {
        let touched = self.configured.touch(interpreter, Instant::now());
        touched.map_err(|error| QueryError::Unavailable(error.to_string()))?;
        let is_mounted = |base: &Arc<TreeBase>| base.libraries.environments().of(Some(interpreter)).is_some();
        let mut base = self.base.clone();
        if !is_mounted(&base.borrow()) {
            self.hint(Hint::Everything);
        }
        match base.wait_for(is_mounted).await {
            Ok(_) => Ok(()),
            Err(_) => Err(QueryError::Unavailable("the node ends".to_owned())),
        }
    }

    /// The base, once the tree was walked.
    pub(crate) async fn walked_base(&self) -> Option<watch::Receiver<Arc<TreeBase>>> {
        let mut ingest = self.ingest.clone();
        ingest.wait_for(|progress| progress.walked).await.ok()?;
        Some(self.base.clone())
    }
}

/// The name of the workspace of a folder: readable, and another one for another path.
pub(crate) fn workspace_name(root: &Path) -> WorkspaceName {
    let digest = ContentDigest::of(root.as_os_str().as_encoded_bytes()).to_string();
    let folder: String = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let readable: String =
        folder.chars().filter(|char| char.is_alphanumeric() || "-_.".contains(*char)).take(40).collect();
    WorkspaceName::new(&format!("{readable}-{}", &digest[..16])).expect("letters, digits and dashes are a name")
}

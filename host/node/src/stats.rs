//! What a node did so far and what it holds, as plain values for whoever shows them.

use std::path::PathBuf;

use vraftls_query::CacheStats;
use vraftls_vfs::{Revision, WorkspaceId};
use vraftls_wasm::Counters;

use crate::FolderProgress;

/// What a node did since it was started, and what it holds now. Read one after the other: the parts may be some moments apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeStats {
    /// The revision of this replica.
    pub revision: Revision,
    /// The open folders, by their roots.
    pub folders: Vec<FolderStats>,
    /// Sessions that asked something and have not ended.
    pub n_sessions: usize,
    /// Questions that are being answered.
    pub n_questions: u64,
    /// What the caches did and hold.
    pub caches: CacheStats,
    /// What the sandbox did; its engines and their memory.
    pub sandbox: Counters,
}

/// An open folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FolderStats {
    /// Its root, without symbolic links.
    pub root: PathBuf,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// How far it is.
    pub progress: FolderProgress,
}

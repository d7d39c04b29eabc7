//! Everything that is replicated.

use imbl::OrdMap;

use crate::session::SessionTable;
use crate::{ContentDigest, FileEntry, FileVersion, Response, Revision, Snapshot, VfsPath, WorkspaceId, WorkspaceName};

/// How many workspaces there may be at once.
pub const N_WORKSPACES_MAX: usize = 65_536;

/// How many runs of ids that were passed over are remembered. With more, the lowest ids are given up and never adopted.
pub const N_PASSED_OVER_MAX: usize = 4096;

/// All workspaces of a shard and the sessions of those who change them. Clones share what they have in common.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    pub(crate) revision: Revision,
    /// The last id given out; 0 before the first.
    pub(crate) last_workspace: WorkspaceId,
    /// Ids below `last_workspace` that no workspace ever had here, as runs: the first of each, and its last.
    pub(crate) passed_over: OrdMap<WorkspaceId, WorkspaceId>,
    /// Of the assignment of paths to shards; 0 where nobody assigns any.
    pub(crate) epoch: u64,
    pub(crate) workspaces: OrdMap<WorkspaceId, Workspace>,
    pub(crate) sessions: SessionTable<Response>,
    /// How many files have certain contents, never 0. Follows from `workspaces`, hence in no encoding.
    pub(crate) references: OrdMap<ContentDigest, u64>,
}

/// The files of a workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Workspace {
    pub(crate) name: WorkspaceName,
    /// Where a file or the workspace itself last changed.
    pub(crate) changed: Revision,
    /// The last version given to a file.
    pub(crate) last_version: FileVersion,
    pub(crate) files: OrdMap<VfsPath, FileEntry>,
}

impl State {
    /// The empty state, before any log entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The index of the last log entry that was applied.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The epoch that batches for this shard must name ([`crate::Request::ShardBatch`]).
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// All workspaces by id.
    pub fn workspaces(&self) -> impl ExactSizeIterator<Item = (WorkspaceId, &WorkspaceName)> {
        self.workspaces.iter().map(|(id, workspace)| (*id, &workspace.name))
    }

    /// The workspace of a name.
    pub fn workspace(&self, name: &str) -> Option<WorkspaceId> {
        // Workspaces are few and looked up by name when a session starts.
        self.workspaces().find(|(_, other)| other.as_str() == name).map(|(id, _)| id)
    }

    /// A workspace as it is now. Costs next to nothing, and keeps the old state of files alive as long as it lives.
    pub fn snapshot(&self, workspace: WorkspaceId) -> Option<Snapshot> {
        self.workspaces.get(&workspace).map(|files| Snapshot::new(workspace, files.clone(), self.revision))
    }

    /// How many files have these contents.
    pub fn n_references(&self, digest: &ContentDigest) -> u64 {
        self.references.get(digest).copied().unwrap_or(0)
    }

    /// The contents that some file has, each once, ascending: all that a replica must be able to hand out.
    pub fn contents(&self) -> impl ExactSizeIterator<Item = ContentDigest> {
        self.references.keys().copied()
    }
}

//! Questions about the files of a workspace themselves.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

use super::{Question, method};
use crate::{QueryError, Revisions};

/// The text of a file at exactly these contents, libraries and bundled files included, unsaved buffers not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileText {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The file.
    pub path: VfsPath,
    /// Its contents.
    pub digest: ContentDigest,
}

impl Question for FileText {
    const METHOD: u32 = method::FILE_TEXT;
    /// [`QueryError::Limited`] where it is longer than a message may be.
    type Answer = Result<String, QueryError>;
}

/// A part of the list of a workspace's files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TreePage {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The base is at least this one. Empty for any.
    pub at_least: Revisions,
    /// Only what comes behind it; none for the first part.
    pub after: Option<VfsPath>,
    /// At most so many. A node may give fewer.
    pub n_max: u32,
}

/// A part of a list of files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TreePageAnswer {
    /// The base that it was read from. Two parts of different bases are parts of no list.
    pub revisions: Revisions,
    /// By path.
    pub files: Vec<TreeFile>,
    /// Whether there are more behind the last.
    pub has_more: bool,
}

/// A file in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TreeFile {
    /// Its path.
    pub path: VfsPath,
    /// Its contents.
    pub digest: ContentDigest,
    /// How many bytes they are.
    pub size_bytes: u64,
}

impl Question for TreePage {
    const METHOD: u32 = method::TREE_PAGE;
    type Answer = Result<TreePageAnswer, QueryError>;
}

/// How a workspace stands, as soon as that is different from what the asker knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Watch {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What the asker knows, as this very node counts it ([`Watched::generation`]). 0 for nothing, which is answered at once.
    pub generation: u64,
    /// Answer after so long even if nothing changed, before the asker's deadline.
    pub patience: Duration,
}

/// How a workspace stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Watched {
    /// Grows with each change that a node sees, from a number that it drew when it started; never 0. Two nodes count differently, and so
    /// does one node in two lives.
    pub generation: u64,
    /// The base. Another one means that something in the files changed, or which analyzer is active: diagnostics may differ.
    pub revisions: Revisions,
    /// What is under way.
    pub phase: FolderPhase,
}

/// What is under way in a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FolderPhase {
    /// Files are taken in.
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

impl Question for Watch {
    const METHOD: u32 = method::WATCH;
    type Answer = Result<Watched, QueryError>;
}

/// What every group has by now: a base that sees all that was acknowledged to anybody before this was asked. Whoever asks for at least
/// that reads linearizably.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Current;

impl Question for Current {
    const METHOD: u32 = method::CURRENT;
    /// [`QueryError::Unavailable`] where the leader of a group cannot be reached.
    type Answer = Result<Revisions, QueryError>;
}

/// As [`Current`], but each group's leader trusts its lease instead of asking a quorum: a message less on the way, and wrong where clocks
/// drift by more than the lease, or a machine that was suspended wakes up. For whoever chose it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CurrentByLease;

impl Question for CurrentByLease {
    const METHOD: u32 = method::CURRENT_BY_LEASE;
    /// [`QueryError::Unavailable`] where the leader of a group cannot be reached, or has no lease.
    type Answer = Result<Revisions, QueryError>;
}

//! What `vraftls/status` answers: how whoever answers this gateway stands, for people and for the status bars of editors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How whoever answers stands. What grows, grows since it was started.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The server's version.
    pub version: String,
    /// The revision of the files.
    pub revision: u64,
    /// Sessions that asked something and have not ended.
    pub sessions: u64,
    /// Questions that are being answered.
    pub questions: u64,
    /// The open folders, by their roots.
    pub folders: Vec<FolderStatus>,
    /// The tiers of the caches, the faster first.
    pub caches: Vec<TierStatus>,
    /// What the caches hold in memory now, in bytes.
    pub cache_bytes: u64,
    /// What analyzers did.
    pub sandbox: SandboxStatus,
    /// The cluster that answers, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterStatus>,
}

/// A cluster as a gateway of it knows it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// Its id.
    pub id: String,
    /// The addresses of its nodes, by their ids.
    pub nodes: Vec<String>,
    /// The names of its workspaces, by their ids.
    pub workspaces: Vec<String>,
}

/// How a folder stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FolderStatus {
    /// Its root.
    pub root: String,
    /// The revision at which something in it last changed for its readers.
    pub revision: u64,
    /// What is under way.
    pub phase: PhaseStatus,
    /// Files that are done in this phase.
    pub done: u64,
    /// Files of this phase; those that are indexed where nothing is under way.
    pub files: u64,
    /// The workspace of the cluster that it is, if a cluster answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
}

/// What is under way in a folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PhaseStatus {
    /// Files are taken in from the disk.
    Reading,
    /// Names and symbols are read from the files.
    Indexing,
    /// Nothing.
    #[default]
    Ready,
}

/// A tier of a cache.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TierStatus {
    /// What it holds, and where.
    pub name: String,
    /// Look-ups that found something.
    pub hits: u64,
    /// Look-ups that found nothing.
    pub misses: u64,
    /// Bytes that were read from it.
    pub bytes_read: u64,
    /// Bytes that were written to it.
    pub bytes_written: u64,
}

/// What analyzers did in their sandbox.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxStatus {
    /// Files that were indexed.
    pub index_calls: u64,
    /// Questions that engines answered.
    pub engine_calls: u64,
    /// Instances that were lost by a trap, a limit or a deadline.
    pub traps: u64,
    /// Replies that broke the contract.
    pub bad_replies: u64,
    /// Calls that were refused because too many wait.
    pub refused: u64,
    /// How often each limit was reached.
    pub limits: BTreeMap<String, u64>,
    /// Warm engines now.
    pub engines: u64,
    /// Their memory now, in bytes.
    pub engines_bytes: u64,
}

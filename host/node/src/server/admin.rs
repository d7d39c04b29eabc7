//! What a server needs of the node that it is the door of. Whoever runs a node implements it; tests do with something small.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use vraftls_cluster::AskError;
use vraftls_meta::{Applied, Component, GroupId, NodeId, Refusal, Request, State, Word};
use vraftls_query::CacheStats;
use vraftls_raft::log::LogStatsSnapshot;
use vraftls_raft::status::GroupStatus;
use vraftls_transport::{Lane, LaneStats, Local, Stats};
use vraftls_wasm::Counters;

use super::report::{ClusterStatus, NotReady};
use super::{Upload, UploadError};

/// An answer that takes time.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something big, piece by piece. Whoever makes the pieces waits until they are taken.
pub type Pieces = mpsc::Receiver<io::Result<Bytes>>;

/// The node behind a server.
pub trait Admin: Send + Sync + 'static {
    /// The metadata as this node has it; empty before it has any.
    fn metadata(&self) -> Arc<State>;

    /// Proposes a change of the metadata, wherever that is decided, once. Dropped, it may still happen.
    fn change(&self, request: Request) -> Answering<'_, Result<Applied, ChangeError>>;

    /// Lets the leader of a group hand over to another of its replicas, and waits until it did.
    fn transfer_leader(&self, group: GroupId, to: NodeId) -> Answering<'_, Result<(), ChangeError>>;

    /// Looks at once whether replicas and leaders should be elsewhere. Returns how many changes and transfers begin.
    fn rebalance(&self) -> Answering<'_, Result<usize, ChangeError>>;

    /// Takes a component: checks it, makes it durable on a quorum and known to the metadata. One that is refused leaves nothing.
    fn push_plugin(&self, upload: Upload) -> Answering<'_, Result<Pushed, PushError>>;

    /// Everything that a group has, as [`crate::backup`] takes it: as it was when this was asked, or later. Comes piece by piece; an error is
    /// the last piece. What it speaks of stays here until the last piece was taken, or nobody takes any.
    fn backup(&self, group: GroupId) -> Answering<'_, Result<Pieces, ChangeError>>;

    /// What this node can say of itself, from memory.
    fn status(&self) -> LocalStatus;

    /// What all nodes say of themselves. Those that do not answer are named.
    fn cluster_status(&self) -> Answering<'_, ClusterStatus>;

    /// Why this node should get no work; nothing if it should. From memory.
    fn readiness(&self) -> Vec<NotReady>;

    /// Who answers connections of nodes and guests; none before the node knows its cluster.
    fn peer_local(&self) -> Option<Arc<Local>>;
}

/// A component that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Whose it is, as it says itself.
    pub plugin: Word,
    /// What is known of it.
    pub component: Component,
}

/// Why a change did not happen, or whether that is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The metadata does not allow it. It did not happen.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A group has no leader, as far as anybody knows. It did not happen.
    #[error("group {group} has no leader at the moment")]
    NoLeader {
        /// Which.
        group: GroupId,
        /// When to try again.
        retry_after: Duration,
    },
    /// There is too much to do. It did not happen.
    #[error("there is too much to do")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// What was asked cannot be done as things are. It did not happen.
    #[error("{why}")]
    Impossible {
        /// Why, for people.
        why: String,
    },
    /// It may have happened, or happen yet.
    #[error("it is not known whether it happened: {why}")]
    Unknown {
        /// Why, for people.
        why: String,
    },
    /// This node ends. It did not happen.
    #[error("this node ends")]
    Stopping,
}

impl From<AskError> for ChangeError {
    fn from(error: AskError) -> Self {
        match error {
            // Whoever led is replaced within about a second.
            AskError::NoLeader { group, .. } => {
                Self::NoLeader { group: GroupId(group.0), retry_after: Duration::from_secs(1) }
            }
            AskError::Busy { retry_after, .. } => Self::Busy { retry_after },
            AskError::Refused { reason, .. } => Self::Impossible { why: reason },
            AskError::Unknown { reason, .. } => Self::Unknown { why: reason },
        }
    }
}

impl From<vraftls_cluster::ChangeError<Refusal>> for ChangeError {
    fn from(error: vraftls_cluster::ChangeError<Refusal>) -> Self {
        match error {
            vraftls_cluster::ChangeError::Refused(refusal) => Self::Refused(refusal),
            vraftls_cluster::ChangeError::Ask(error) => error.into(),
            error @ vraftls_cluster::ChangeError::WrongAnswer { .. } => Self::Unknown { why: error.to_string() },
        }
    }
}

/// Why a component was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// It did not arrive.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// It is no component that could be used.
    #[error("{why}")]
    Unsound {
        /// Why, for its author.
        why: String,
    },
    /// Not enough nodes could keep it.
    #[error("not enough nodes could keep it: {why}")]
    NotDurable {
        /// Why, for people.
        why: String,
    },
    /// The metadata did not take it.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

/// What a node can say of itself.
#[derive(Debug, Clone)]
pub struct LocalStatus {
    /// Its id.
    pub node: NodeId,
    /// The groups that it has a replica of.
    pub groups: Vec<GroupStatus>,
    /// What its log did.
    pub log: LogStatsSnapshot,
    /// What it sent and asked, by lanes.
    pub sent: Vec<(Lane, LaneStats)>,
    /// What it answered, by lanes.
    pub answered: Vec<(Lane, LaneStats)>,
    /// What its caches did and hold; none on a node that does not answer.
    pub caches: Option<CacheStats>,
    /// What its sandbox did; none on a node that has none.
    pub sandbox: Option<Counters>,
}

/// What all lanes carried.
pub fn lanes(stats: &Stats) -> Vec<(Lane, LaneStats)> {
    Lane::ALL.into_iter().map(|lane| (lane, stats.lane(lane))).collect()
}

//! The seam between groups and the bytes that travel between nodes.
//!
//! A transport implements [`Network`] and hands what arrives to the [`Endpoint`] of the group it is for. Frames are
//! opaque and carry their own version; a transport adds framing, identity and deadlines, and knows nothing of Raft.
//! What consensus needs of a transport is written at each method. [`memory`] has one for tests.

pub(crate) mod client;
pub mod memory;
pub(crate) mod server;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::ids::{GroupId, NodeId, Peer};

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An encoded request or reply. At most a few MiB: entries are batched by size.
pub type Frame = Vec<u8>;

/// A piece of a snapshot; at most [`SNAPSHOT_CHUNK_BYTES_MAX`] long.
pub type Chunk = Vec<u8>;

/// The longest chunk a snapshot is cut into, in bytes.
pub const SNAPSHOT_CHUNK_BYTES_MAX: usize = 256 << 10;

/// Frames that may wait in an append channel, in each direction.
pub const APPEND_WINDOW: usize = 16;

/// Chunks that may wait between a snapshot's source and its transport.
pub const SNAPSHOT_WINDOW: usize = 4;

/// Which traffic a message belongs to. A transport must not let one lane wait for another: a heartbeat behind a
/// snapshot looks like a dead leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Heartbeats, votes, transfers of leadership: small and urgent.
    Control,
    /// Log entries.
    Append,
    /// Snapshots: big and patient.
    Snapshot,
}

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The group on the other node.
    pub group: GroupId,
    /// The other node. A transport must make sure that it talks to this very node, not to whoever listens at the
    /// address now.
    pub node: NodeId,
    /// Where to find it.
    pub peer: Peer,
}

/// Carries messages to other nodes.
///
/// Implementors must
/// - deliver a message at most once, and only to the node it names, of the same cluster;
/// - fail a call rather than hold it beyond its deadline;
/// - bound what they queue: an error is better than memory.
///
/// They may lose, delay and reorder messages; consensus stays safe, only slower.
pub trait Network: Send + Sync + 'static {
    /// Sends a request and waits for its reply.
    fn call(
        &self,
        to: Destination,
        lane: Lane,
        request: Frame,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Frame, NetworkError>>;

    /// Opens a pipelined channel for append requests to one follower.
    ///
    /// Requests must be delivered in the order they were sent, and replies returned in that order. When the connection
    /// breaks, both ends of the channel are dropped; what was in flight may or may not have arrived.
    fn open_append(&self, to: Destination) -> BoxFuture<'static, Result<AppendChannel, NetworkError>>;

    /// Sends a snapshot: a header, then the chunks until the channel ends, then waits until it is installed.
    ///
    /// Chunks must arrive whole and in order. If the receiver of the chunks is dropped, the source stops.
    fn send_snapshot(
        &self,
        to: Destination,
        header: Frame,
        chunks: mpsc::Receiver<Chunk>,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Frame, NetworkError>>;
}

/// The leader's end of a pipelined append channel.
#[derive(Debug)]
pub struct AppendChannel {
    /// Requests go in here.
    pub requests: mpsc::Sender<Frame>,
    /// Replies come out here, one per request and in their order.
    pub replies: mpsc::Receiver<Frame>,
}

/// Why a message got no reply.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NetworkError {
    /// The node cannot be reached now; trying at once again is pointless.
    #[error("node {node} is unreachable: {detail}")]
    Unreachable {
        /// The node.
        node: NodeId,
        /// What the transport says.
        detail: String,
    },
    /// No reply within the deadline.
    #[error("node {node} did not answer within {deadline:?}")]
    Deadline {
        /// The node.
        node: NodeId,
        /// How long was waited.
        deadline: Duration,
    },
    /// The other side refused: another cluster, another node, a group it does not run.
    #[error("node {node} refused: {detail}")]
    Refused {
        /// The node.
        node: NodeId,
        /// Its words.
        detail: String,
    },
}

/// The receiving side of one group, for a transport to feed. See [`Group::endpoint`](crate::group::Group::endpoint).
pub trait Endpoint: Send + Sync + 'static {
    /// Handles a request that arrived by [`Network::call`].
    fn handle(&self, request: Frame) -> BoxFuture<'static, Result<Frame, EndpointError>>;

    /// Serves an append channel until `requests` ends, a reply cannot be sent, or the channel has to be reopened.
    fn serve_append(
        &self,
        requests: mpsc::Receiver<Frame>,
        replies: mpsc::Sender<Frame>,
    ) -> BoxFuture<'static, Result<(), EndpointError>>;

    /// Receives a snapshot that [`Network::send_snapshot`] sends, and installs it. A snapshot that breaks off changes
    /// nothing.
    fn receive_snapshot(
        &self,
        header: Frame,
        chunks: mpsc::Receiver<Chunk>,
    ) -> BoxFuture<'static, Result<Frame, EndpointError>>;
}

/// Why a message that arrived was not answered. A transport reports it to the sender as [`NetworkError::Refused`].
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The frame cannot be read.
    #[error("unreadable message")]
    Malformed(#[from] crate::codec::DecodeError),
    /// The snapshot broke off or does not match its digest.
    #[error("snapshot transfer failed: {detail}")]
    Transfer {
        /// What is wrong.
        detail: String,
    },
    /// The spool for a snapshot failed.
    #[error("snapshot spool")]
    Storage(#[from] crate::error::StorageError),
    /// Somebody hands over to a replica that may not lead.
    #[error("this replica may not lead")]
    MayNotLead,
    /// The group has stopped here.
    #[error("the group stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

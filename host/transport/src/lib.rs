//! Carries messages between the nodes of a cluster: those of consensus, and questions of one node to another.
//!
//! Two nodes keep one connection for each [`Lane`], in each direction, as long as both live: a heartbeat never waits behind a
//! snapshot. A connection begins with a handshake, in which both say who they are; a node of another cluster, another node at a known
//! address, and one that speaks only other versions are refused before anything is carried. After that each side sends messages, and a
//! message is a batch of records: whatever is ready when the connection can take more goes out at once, of all groups.
//!
//! | module | does |
//! |---|---|
//! | `record` | records and batches of them as bytes |
//! | `hello` | the handshake |
//! | [`Peers`] | finds or makes the connection to a node, and is the [`Network`](vraftls_raft::network::Network) of its groups |
//! | [`serve`] | answers a connection that another node made |
//! | [`Wire`] | what a connection is made of, and the WebSocket that it is |
//! | [`TlsServer`], [`TlsDialer`] | TLS under it, and who has a certificate of the cluster |
//!
//! Bounds: every queue has one in bytes or in entries; a call has a deadline; a node that does not answer is tried again in growing
//! intervals, and calls fail at once meanwhile; what one lane may send in a second can be limited.
//!
//! This room refuses to know what the messages mean, which groups there are, and how a node is found: addresses come with
//! each destination.

mod breaker;
mod hello;
mod identity;
mod lane;
mod limiter;
mod link;
mod outbox;
mod peers;
mod record;
mod serve;
mod service;
mod stats;
mod tls;
mod wire;

pub use hello::HandshakeError;
pub use identity::Identity;
pub use lane::Lane;
pub use peers::{Peers, PeersConfig};
pub use serve::{Local, serve};
pub use service::{Method, Service, ServiceError};
pub use stats::{LaneStats, Stats};
pub use tls::{TlsCallers, TlsClient, TlsDialer, TlsError, TlsFiles, TlsIdentity, TlsServer};
pub use wire::{Dial, Dialed, TcpDialer, Wire, agree, websocket};

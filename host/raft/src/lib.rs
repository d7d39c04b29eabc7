//! Replicated state machines: the only room that knows consensus and the durable log.
//!
//! A [`StateMachine`](machine::StateMachine) is written against one documented trait; a [`Group`](group::Group) runs
//! one on top of a replicated log. Any number of groups of a process share one [`LogStore`](log::LogStore), and with it
//! one fsync per batch of writes.
//!
//! ```
//! use std::time::Duration;
//! use tokio::time::Instant;
//! use vraftls_raft::config::GroupConfig;
//! use vraftls_raft::group::{Group, ReadGuard};
//! use vraftls_raft::ids::{GroupId, NodeId, Peer};
//! use vraftls_raft::log::{LogStore, LogStoreConfig};
//! use vraftls_raft::network::memory::MemoryNetwork;
//! use vraftls_raft::register::{Command, Operation, Register};
//! use vraftls_raft::state_store::StateStore;
//!
//! # async fn run(dir: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
//! let log = LogStore::open(&dir.join("log"), LogStoreConfig::default())?;
//! let machine = Register::open(StateStore::open(&dir.join("state"), 16 << 20)?)?;
//! let config = GroupConfig::new(GroupId(0), NodeId(1), dir.join("spool"));
//! let network = MemoryNetwork::new().access(NodeId(1));
//! let group = Group::start(config, &log, machine, network).await?;
//! group.initialize_single(Peer::new("127.0.0.1:7000")).await?;
//!
//! let deadline = Instant::now() + Duration::from_secs(5);
//! let operation = Operation::Set { key: b"k".to_vec(), value: b"v".to_vec(), expires_ms: None };
//! let written = group.propose(&Command { now_ms: 0, operation }, deadline).await?;
//! let index = group.read_barrier(ReadGuard::ReadIndex, deadline).await?;
//! assert!(index >= written.log_index);
//! let value = group.inspect(|register, _| register.get(b"k").map(<[u8]>::to_vec)).await?;
//! assert_eq!(value.as_deref(), Some(&b"v"[..]));
//! group.shutdown().await;
//! log.close().await?;
//! # Ok(())
//! # }
//! # let dir = tempfile::tempdir().expect("a directory");
//! # tokio::runtime::Runtime::new().expect("a runtime").block_on(run(dir.path())).expect("the example runs");
//! ```
//!
//! # Which part does what
//!
//! | module | does |
//! |---|---|
//! | [`machine`] | the trait a replicated state machine implements; [`register`] is the worked example |
//! | [`codec`] | the seam between typed values and bytes |
//! | [`state_store`] | durable storage for machines that keep their state in memory |
//! | [`log`] | the durable log of all groups; [`kv`] is the storage engine under both |
//! | [`group`], [`membership`], [`status`] | a running replica: proposals, reads, members, what it says of itself |
//! | [`pulse`] | one beat for the heartbeats of all groups of a node |
//! | [`network`] | the seam a transport implements, and one in memory for tests |
//! | [`simulation`] | makes runs repeatable, for tests |
//! | [`error`] | an enum per operation, each with a class that says what to do |
//!
//! What this room refuses to know: what commands mean, what a file is, sockets, retries on behalf of clients, where
//! groups are placed.

pub mod codec;
pub mod config;
pub mod error;
pub mod group;
pub mod ids;
pub mod kv;
pub mod log;
pub mod machine;
pub mod membership;
pub mod network;
pub mod pulse;
pub mod register;
pub mod simulation;
pub mod state_store;
pub mod status;

mod adapter;
mod blocking;
mod runtime;
mod settings;
mod snapshot;
mod types;
mod wire;

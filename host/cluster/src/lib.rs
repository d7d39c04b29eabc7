//! The Raft groups that one node hosts, and how the nodes of a cluster agree on where groups are.
//!
//! ```text
//!   metadata group (every node follows it) ---> reconciler (every node): starts and ends replicas here
//!           |                                   tender (where a group is led): its workspaces and its epoch
//!           v
//!        driver (where the metadata is led): who is alive, who is a member, moves of replicas, transfers of leaders
//! ```
//!
//! | module | does |
//! |---|---|
//! | [`Cluster`] | starts and ends all of it; what the node asks it |
//! | `meta_machine` | the metadata as a state machine of the consensus room |
//! | `hosted` | the replicas that run here |
//! | `ask` | finds whoever leads a group, here or on another node |
//! | `rpc`, `answer` | what nodes ask each other, and the side that answers |
//! | `once` | proposals that take effect once, however often they are sent |
//! | `reconcile`, `tend`, `driver` | the loops in the picture |
//!
//! Invariants, each held by a test in `tests/`:
//! - A replica's data goes only when a linearizable look at the metadata says that the node has no part in the group.
//! - Every step of a move can be done again, by this driver or the next one.
//! - An outcome that is not known is never reported as a failure.
//!
//! This room refuses to know file contents, analyzers, HTTP and TLS: the node hands in the state machines of data groups and the
//! connections.

mod answer;
mod ask;
mod cluster;
mod config;
mod driver;
mod error;
mod hosted;
mod meta_machine;
mod once;
mod reconcile;
mod rpc;
mod status;
mod stop;
mod tend;

pub use cluster::{Cluster, Membership, Shard};
pub use config::{ClusterConfig, Contacts, DataMachines, Timing};
pub use error::{AskError, ChangeError, StartError};
pub use meta_machine::{read_metadata, write_metadata};
pub use once::Numbered;
pub use rpc::CONTROL;
pub use status::{GroupReport, NodeReport};

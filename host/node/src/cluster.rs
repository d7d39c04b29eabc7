//! A node of a cluster: its groups, its door, and the answers that it gives to gateways and to other nodes.
//!
//! | module | does |
//! |---|---|
//! | [`ClusterNode`] | starts everything in order, and ends it |
//! | `entry` | how a data directory comes to its cluster |
//! | `machines` | the shards' state machines, and where they fetch contents |
//! | `questions` | what nodes ask each other beside consensus |
//! | `blobs` | components, kept whole on a quorum of nodes |
//! | `mirrors` | shards that have no replica here |
//! | `base`, `bases` | a workspace as all shards together have it |
//! | `service` | answers gateways, the command line and other nodes |
//! | `commits` | files on their way into the shards |
//! | `shared_facts` | what other nodes computed already |
//! | `overlays` | texts of unsaved buffers that gateways sent |
//! | `admin` | what the server's admins can have done |
//! | `backups` | hands groups out, whole, for backups |

mod admin;
mod backups;
mod base;
mod bases;
mod blobs;
mod commits;
mod entry;
mod machines;
mod mirrors;
mod node;
mod overlays;
mod questions;
mod service;
mod shared_facts;

pub(crate) use blobs::keep_component;
pub(crate) use node::TOKEN_FILE;

pub use entry::{Entry, EntryError};
pub use node::{ClusterNode, ClusterNodeConfig, OpenClusterError};
pub use vraftls_cluster::Timing;

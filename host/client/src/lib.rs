//! Asks the nodes of a cluster, for whoever is none of them: gateways and the command line.
//!
//! ```text
//!   seeds --GET /v1/cluster--> Routes --which node?--> Cluster::ask, .. --transport--> a node, or the next
//!                                ^                          |
//!                                +------ refresh <--failure-+
//! ```
//!
//! | module | does |
//! |---|---|
//! | [`Cluster`] | is a cluster as a guest sees it: one method for each question |
//! | [`Routes`] | who is asked what, by rendezvous hash, and which group has which file |
//! | `refresh` | keeps the routes: from time to time, and when an answer says that they are old |
//! | `fetch` | asks one node for them, by HTTP |
//! | `call` | asks one node one question, and sees whether it is still there |
//! | `fail_over` | asks the next node when one does not answer |
//! | `asking`, `sent` | questions about source code, whose texts each node is sent once |
//! | `scatter`, `merge` | questions that each node answers for the files of some groups |
//! | `push` | contents and commits |
//! | [`Watcher`] | how a workspace stands, as it changes |
//!
//! What fails is told by its kind: a node that cannot be reached was not asked; after a deadline it is unknown what a node did;
//! what was refused was not done. Every question has a deadline, and whatever is repeated is repeated within it.
//!
//! This room knows no editor, no disk and no analyzer, and keeps nothing that a restart would miss.

mod error;
mod health;
mod options;
mod sent;

mod routes;

mod fetch;
mod refresh;

mod call;
mod cluster;
mod fail_over;

mod asking;
mod merge;
mod scatter;

mod push;
mod watcher;

pub use cluster::Cluster;
pub use error::{CallError, ConnectError, ReachError};
pub use options::{Options, Spread};
pub use push::CommitFailure;
pub use routes::Routes;
pub use watcher::Watcher;

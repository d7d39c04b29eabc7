//! Several nodes in one thread under a seed, and a judge of histories.
//!
//! - [`history`] and [`linearizable`] stand by themselves: what clients did, as lines of JSON, and whether one value in one place
//!   could have done it. Histories of real processes are judged by the same.
//! - [`run`] simulates nodes with replicated registers and files: the consensus room as it is, on a [`network`] that loses, delays,
//!   duplicates, reorders and splits, and on [`disk`]s that forget. [`faults`] happen while [`client`]s work; the [`ledger`]
//!   compares what all replicas do, after each command and each step; then everything heals, and the histories are judged.
//!
//! # What a seed decides
//!
//! Everything that happens in a run, to the microsecond of the simulated clock: one thread, a paused clock, and no source of chance
//! but the seed (`vraftls_raft::simulation` says what that takes of the consensus room). A test holds it: the same seed gives the
//! same trace. What a seed does not decide is how long a run takes. A change of the code, or of a library under it, makes other
//! runs of the same seeds.
//!
//! # What is not simulated
//!
//! A crash comes between two steps of a node's tasks, not within one: the order of writes within one call of a store is that
//! store's own test. Clocks of nodes do not drift apart. A frozen node sends and receives nothing, but its own clock runs on.

mod client;
mod disk;
mod faults;
pub mod history;
mod ledger;
pub mod linearizable;
mod machine;
mod network;
mod node;
mod nodes;
mod run;
mod world;

pub use client::Reads;
pub use disk::Flaw;
pub use run::{Failure, Outcome, Plan, run};

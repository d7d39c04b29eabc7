//! Clusters of real `vraftls node` processes, and what must hold when any one of them is killed, stands still or is cut off.
//!
//! - [`chaos`] lets clients write and read files while a [`Fault`] follows another, all drawn from a seed. What the clients saw is a
//!   history, which the judge of the simulation judges; in the end every node must have what was acknowledged.
//! - [`Load`] is what chaos lets work and judges, for tests that do something else meanwhile.
//! - [`outages`] measures how long nobody gets an answer.
//!
//! What a seed decides is what is tried, and in which order; when it happens is up to the machine. So a seed does not repeat a failure
//! for sure, and the history of one is kept in a file.
//!
//! What admins ask is tested in `tests/commands`. This room knows how nodes are reached and asked, and nothing of their inside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod chaos;
mod guest;
mod load;
mod nemesis;
mod outages;
mod world;
mod writer;

pub use chaos::{Failure, Outcome, Plan, chaos};
pub use guest::{Guest, Whom};
pub use load::{Judged, Load};
pub use nemesis::Fault;
pub use outages::{Figures, Gap, Outages, outages};
pub use world::{Value, World};

//! Replicated state machines: the only room that knows consensus and the durable log.
//!
//! A [`StateMachine`](machine::StateMachine) is written against one documented trait; a [`Group`](group::Group) runs
//! one on top of a replicated log. Any number of groups of a process share one [`LogStore`](log::LogStore), and with it
//! one fsync per batch of writes.
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
pub mod register;
pub mod state_store;
pub mod status;

mod adapter;
mod settings;
mod snapshot;
mod types;
mod wire;

//! Real servers and real clients for tests: the `vraftls` binary as a process, and a client that speaks to it as an editor does.
//!
//! - [`Project`] is a folder of sources on disk, gone when it is dropped. [`rust_app`] makes one that depends on packages, and
//!   [`rust_machine`] the folders where they lie.
//! - [`Server`] starts the binary with analyzers and a data directory of its own.
//! - [`TestCluster`] starts several nodes that form a cluster, and a [`Network`] between them can be cut.
//! - [`Random`] gives the numbers of a seed.
//! - [`LspClient`] speaks the protocol over a process's standard streams, TCP or a WebSocket. It waits for messages, never for time to pass,
//!   and fails the test if something unexpected came that the test did not look at.
//!
//! This room knows no feature of any language and nothing of the server's inside. Everything fails by panicking, with what was
//! waited for: it is for tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod binaries;
mod client;
mod cluster;
mod network;
mod project;
mod random;
mod rust_machine;
mod server;
mod websocket;

pub use binaries::{plugin, vraftls};
pub use client::{DEADLINE, LspClient, Side, at, edit, range};
pub use cluster::{Certificates, Ran, TestCluster};
pub use network::{Cut, Network};
pub use project::Project;
pub use random::Random;
pub use rust_machine::{rust_app, rust_machine};
pub use server::{Listening, Server, Transport};
pub use websocket::{Framing, websocket};

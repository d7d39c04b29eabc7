//! Judges a node's server from outside: over real sockets, with a small node behind it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod admins;
mod backups;
mod bounds;
mod fake;
mod monitoring;
mod peers;
mod plugins;
mod support;
mod tls;

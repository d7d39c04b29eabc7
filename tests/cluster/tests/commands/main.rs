//! What admins and people who push ask a cluster of real nodes, as processes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod backup;
mod cluster;
mod doors;
mod facts;
mod mistakes;
mod push;
mod tls;
mod watch;

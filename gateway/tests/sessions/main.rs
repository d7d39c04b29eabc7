//! Whole sessions over in-memory streams against a scripted backend.
//!
//! Nothing here sleeps: a test that needs something to be slow holds it, and one that needs something to have happened waits for
//! the message that shows it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod backend;
mod client;

mod actions;
mod cancelling;
mod decorations;
mod dependents;
mod diagnostics;
mod doors;
mod editing;
mod endings;
mod every_transport;
mod extensions;
mod features;
mod folders;
mod framing;
mod hierarchies;
mod lsp_table;
mod notebooks;
mod occurrences;
mod ordering;
mod responses;
mod saves;
mod settings;
mod transports;
mod versions;
mod websocket;
mod workspace;

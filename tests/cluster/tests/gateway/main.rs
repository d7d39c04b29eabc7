//! Editor sessions against a gateway of a real cluster: three nodes as processes, a folder that was pushed into them, and the shipped
//! Python analyzer in their sandboxes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod editor;
mod libraries;
mod same;
mod sessions;
mod upgrade;

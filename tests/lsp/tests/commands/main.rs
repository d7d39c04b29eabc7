//! The commands that ask, as processes: alone, beside an editor that has the folder open, and beside each other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod beside;
mod check;
mod command;
mod fresh;
mod mcp;
mod mcp_lines;
mod queries;

//! Random sessions on one real server, each held to its own buffers: whatever another session has open, no answer may depend
//! on it.
//!
//! - [`Dialect`] is a language in which a text is a list of definitions and uses, so that every answer is known beforehand.
//! - [`View`](view::View) is what one session sees: its buffers above the files on disk.
//! - [`Visitor`](visitor::Visitor) is a session with its view, which asks, and compares what comes with what the view says.
//! - [`run`] lets visitors take turns: they open, edit, close, ask, cancel, fall silent, vanish in the middle of a question
//!   and come again. The seed decides all of it.
//!
//! Every session writes names that nobody else writes, so that a leak is seen wherever it comes out. This room knows the
//! protocol and two languages, and nothing of the server's inside. It fails by panicking, with the seed and the step.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod dialect;
mod expected;
mod memory;
mod run;
mod view;
mod visitor;

pub use dialect::Dialect;
pub use run::{Outcome, Plan, run};

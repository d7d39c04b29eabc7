//! What travels between guests and nodes of a cluster: that its bytes stay readable, come back as they went, and do no harm when they
//! are wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod anything;
mod golden;
mod memory;
mod samples;

//! What is carried between nodes, and what becomes of it when a connection, a node or a peer's manners fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod calls;
mod failures;
mod nodes;
mod streams;

//! Judges the node from outside: a real node with a real analyzer over real directories, in this process and in others.
//!
//! The analyzer is the toy of `target/test-components`, built by `cargo xtask plugins`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod child;
mod crash;
mod hot_loading;
mod ingest;
mod lifecycle;
mod saving;
mod support;
mod sweeping;

//! Judges the sandbox from outside, with real components of `target/test-components` (built by `cargo xtask plugins`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

mod artifacts;
mod basics;
mod deadlines;
mod engines;
mod forged;
mod forged_names;
mod forged_rewriting;
mod greedy;
mod kept;
mod loading;
mod resting;
mod turns;
mod validating;
mod views;

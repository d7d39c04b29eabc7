//! The short versions of `cargo xtask chaos`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod planted;
mod short;

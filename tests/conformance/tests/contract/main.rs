//! What the contract demands of every analyzer, whatever its language. The samples are the files of its own fixtures.
//!
//! Each module is one demand. A check that fails names the component and the input; what an input may cost is in the host's
//! limits, which are those of nodes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod cancelling;
mod damage;
mod determinism;
mod encodings;
mod keeping;
mod large;
mod nesting;
mod offsets;
mod resting;
mod support;

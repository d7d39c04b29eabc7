//! What the rules of the tree stand on: the files of the repository, the packages of its two workspaces, and Rust sources
//! with everything blanked that is no code.
//!
//! The rules themselves are the tests of this crate. They read text and `cargo metadata`, build nothing, and change nothing.

pub mod packages;
pub mod rust;
pub mod tree;

/// Fails with every broken rule at once, and with what to do about it.
///
/// # Panics
///
/// If there is any.
pub fn expect_none(broken: Vec<String>, advice: &str) {
    assert!(broken.is_empty(), "\n\n{}\n\n{advice}\n", broken.join("\n"));
}

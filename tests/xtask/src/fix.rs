//! `cargo xtask fix`: what [`check`](crate::check) can repair by itself.

use anyhow::Result;

use crate::{steps, tree};

/// Formats both workspaces.
pub(crate) fn run() -> Result<()> {
    for workspace in [tree::root().to_owned(), tree::plugins()] {
        steps::run(steps::cargo(&workspace).args(["fmt", "--all"]))?;
    }
    Ok(())
}

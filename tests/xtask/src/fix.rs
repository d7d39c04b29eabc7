//! `cargo xtask fix`: what [`check`](crate::check) can repair by itself.

use anyhow::Result;

use crate::{steps, toolchain, tree};

/// Formats both workspaces.
pub(crate) fn run() -> Result<()> {
    toolchain::ensure_component("fmt", "rustfmt")?;
    for workspace in [tree::root().to_owned(), tree::plugins()] {
        steps::run(steps::cargo(&workspace).args(["fmt", "--all"]))?;
    }
    Ok(())
}

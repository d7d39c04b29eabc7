//! `cargo xtask check`: the gate. Says what is wrong with the tree and changes nothing.

use anyhow::{Context, Result};

use crate::{steps, tree};

const LINTS: [&str; 6] = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];

/// Formatting, lints and the rules of the tree, for both workspaces.
pub(crate) fn run() -> Result<()> {
    let root = tree::root();
    let plugins = tree::plugins();
    for workspace in [root, &plugins] {
        steps::run(steps::cargo(workspace).args(["fmt", "--all", "--check"]))
            .context("the tree is not formatted; `cargo xtask fix` does it")?;
    }
    // The rules of the tree before the lints: they take a second.
    steps::run(steps::cargo(root).args(["test", "--quiet", "--package", "vraftls-tidy"]))?;
    steps::run(steps::cargo(root).args(LINTS))?;
    steps::run(steps::cargo(&plugins).args(LINTS))?;
    steps::say("check: all good");
    Ok(())
}

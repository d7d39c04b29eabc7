//! `cargo xtask check`: the gate. Says all that is wrong with the tree and changes nothing.

use anyhow::{Context, Result};

use crate::{steps, toolchain, tree};

const LINTS: [&str; 6] = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];

/// Formatting, the rules of the tree, and lints, for both workspaces.
pub(crate) fn run() -> Result<()> {
    toolchain::ensure_component("fmt", "rustfmt")?;
    toolchain::ensure_component("clippy", "clippy")?;
    let mut commands = Vec::new();
    for workspace in [tree::root(), &tree::plugins()] {
        let mut format = steps::cargo(workspace);
        format.args(["fmt", "--all", "--check"]);
        commands.push(format);
    }
    // The rules of the tree before the lints: they take a second.
    let mut rules = steps::cargo(tree::root());
    rules.args(["test", "--quiet", "--no-fail-fast", "--package", "vraftls-tidy"]);
    commands.push(rules);
    for workspace in [tree::root(), &tree::plugins()] {
        let mut lints = steps::cargo(workspace);
        lints.args(LINTS);
        commands.push(lints);
    }
    steps::run_all(&mut commands).context("the gate is closed (`cargo xtask fix` formats)")?;
    steps::say("check: all good");
    Ok(())
}

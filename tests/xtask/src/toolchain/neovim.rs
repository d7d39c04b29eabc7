//! The editor that tests drive.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::steps;

/// The package of Debian that has it.
const PACKAGE: &str = "neovim";

/// Makes sure that Neovim runs, installing it if it is missing.
pub(crate) fn ensure() -> Result<()> {
    if is_there() {
        return Ok(());
    }
    steps::say("Neovim, which tests drive, is missing; installing it");
    apt::install(&[PACKAGE]).with_context(|| {
        format!("`nvim` is not in the PATH, and tests need it: install the package `{PACKAGE}`, 0.7 or later")
    })?;
    if !is_there() {
        bail!("`nvim` does not run although the package `{PACKAGE}` is installed");
    }
    Ok(())
}

fn is_there() -> bool {
    steps::output(Command::new("nvim").arg("--version")).is_some()
}

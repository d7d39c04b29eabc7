//! Emacs with Eglot, which tests drive.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::steps;

/// The packages of Debian, one after the other: from version 29 on Emacs has Eglot inside.
const PACKAGES: [&str; 2] = ["emacs-nox", "elpa-eglot"];

/// Makes sure that Emacs runs and has Eglot, installing what is missing.
pub(crate) fn ensure() -> Result<()> {
    for package in PACKAGES {
        if is_there() {
            return Ok(());
        }
        steps::say(&format!("Emacs with Eglot, which tests drive, is missing; installing {package}"));
        apt::install(&[package])
            .context("`emacs` is not in the PATH or lacks Eglot, and tests need both: install Emacs, 28 or later")?;
    }
    if !is_there() {
        bail!("Emacs does not find Eglot although the packages {} are installed", PACKAGES.join(" and "));
    }
    Ok(())
}

fn is_there() -> bool {
    // As the tests start it: with what the system installed, and without anybody's settings.
    steps::output(Command::new("emacs").args(["-q", "--batch", "--eval", "(require 'eglot)"])).is_some()
}

//! Builds the binary and lets it compile the plugins to machine code beside them, so that its first start is quick.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{steps, tree};

/// The release binary, when everything beside it is ready.
pub(crate) fn run() -> Result<PathBuf> {
    with("release", &["--release", "--package", "vraftls"])
}

/// The binary that tests drive, when everything beside it is ready. An artifact that one made serves the other too.
///
/// It is built with the tests: by itself it would ask for other features of the crates that both share, and the sandbox's
/// compiler would be compiled twice.
pub(crate) fn for_tests() -> Result<PathBuf> {
    with("debug", &["--workspace", "--bins", "--tests"])
}

fn with(folder: &str, what: &[&str]) -> Result<PathBuf> {
    steps::run(steps::cargo(tree::root()).arg("build").args(what))?;
    let binary = tree::root().join("target").join(folder).join(format!("vraftls{}", std::env::consts::EXE_SUFFIX));
    steps::run(Command::new(&binary).current_dir(tree::root()).args(["plugin", "precompile", "target/plugins"]))?;
    Ok(binary)
}

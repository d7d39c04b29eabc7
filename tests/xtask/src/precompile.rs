//! Builds the release binary and lets it compile the plugins to machine code beside them, so that its first start is quick.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{steps, tree};

/// The release binary, when everything beside it is ready.
pub(crate) fn run() -> Result<PathBuf> {
    steps::run(steps::cargo(tree::root()).args(["build", "--release", "--package", "vraftls"]))?;
    let binary = tree::root().join("target/release").join(format!("vraftls{}", std::env::consts::EXE_SUFFIX));
    steps::run(Command::new(&binary).current_dir(tree::root()).args(["plugin", "precompile", "target/plugins"]))?;
    Ok(binary)
}

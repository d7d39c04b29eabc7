//! Builds the binary and lets it compile the plugins to machine code beside them, so that its first start is quick.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{steps, tree};

/// The release binary, when everything beside it is ready.
pub(crate) fn run() -> Result<PathBuf> {
    with("release")
}

/// The binary of a profile, when everything beside it is ready. An artifact that one made serves the other too.
pub(crate) fn with(profile: &str) -> Result<PathBuf> {
    steps::run(steps::cargo(tree::root()).args(["build", "--profile", profile, "--package", "vraftls"]))?;
    let folder = if profile == "dev" { "debug" } else { profile };
    let binary = tree::root().join("target").join(folder).join(format!("vraftls{}", std::env::consts::EXE_SUFFIX));
    steps::run(Command::new(&binary).current_dir(tree::root()).args(["plugin", "precompile", "target/plugins"]))?;
    Ok(binary)
}

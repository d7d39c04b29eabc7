//! `cargo xtask vsix`: checks, tests and packs the extension for VS Code to `target/vraftls.vsix`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::node::{self, Package};
use crate::{steps, tree};

/// Where the extension lies, from the root.
const SOURCE: &str = "gateway/editors/vscode";
/// What is packed, from the root.
const VSIX: &str = "target/vraftls.vsix";

/// Builds the extension, unless it is built from these very sources already.
pub(crate) fn run() -> Result<()> {
    let vsix = tree::root().join(VSIX);
    let package = Package::install(SOURCE, "vscode")?;
    let licence = tree::root().join("LICENSE-MIT");
    let hash = node::hash_of(node::sources(&tree::root().join(SOURCE))?.into_iter().chain([licence.clone()]))?;
    let stamp = package.directory().join("dist/packed");
    if vsix.is_file() && fs::read_to_string(&stamp).is_ok_and(|packed| packed == hash) {
        return Ok(());
    }
    fs::copy(&licence, package.directory().join("LICENSE.txt")).context("cannot copy the licence")?;
    for script in ["check", "build", "test"] {
        steps::run(&mut package.npm(&["run", "--silent", script]))
            .context("the extension for VS Code is not as it should be")?;
    }
    steps::run(&mut pack(&package, &vsix)).context("cannot pack the extension for VS Code")?;
    fs::write(&stamp, hash)?;
    steps::say(&format!("extension for VS Code: {VSIX}  (code --install-extension {VSIX})"));
    Ok(())
}

/// The bundle has all it needs inside, so no dependency is packed; and the tree has no address to rewrite links with.
fn pack(package: &Package, vsix: &PathBuf) -> Command {
    let mut command = package.npm(&["exec", "--offline", "--", "vsce", "package"]);
    command.args(["--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links", "--out"]).arg(vsix);
    command
}

//! What tests of editors need beside the binary and the components.

use anyhow::{Context, Result};

use crate::node::Package;
use crate::toolchain::{Toolchain, emacs};
use crate::{steps, tree, vsix};

/// Emacs, the extension for VS Code, the protocol library that tests speak with, and the extension for Zed.
pub(crate) fn prepare() -> Result<()> {
    emacs::ensure()?;
    Package::install("tests/lsp/node", "clients")?;
    vsix::run()?;
    zed()
}

/// Builds the extension for Zed, as Zed itself does, into `target/zed`.
fn zed() -> Result<()> {
    let (mut command, _) = Toolchain::ensure()?.build(&tree::root().join("gateway/editors/zed"), &[], None);
    command.arg("--locked").env("CARGO_TARGET_DIR", tree::root().join("target/zed"));
    steps::run(&mut command).context("cannot build the extension for Zed")
}

//! The target that plugins are compiled to, and how a machine gets it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{steps, tree};

/// What plugins are compiled to: components directly, with the clocks and random numbers that engines need and the host
/// controls.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Makes sure that the compiler can build for [`TARGET`], installing what is missing.
pub(crate) fn ensure_target() -> Result<()> {
    if has_target() {
        return Ok(());
    }
    steps::say(&format!("the compiler lacks the target {TARGET}; adding it"));
    let added = steps::run(Command::new("rustup").args(["target", "add", TARGET]));
    if added.is_ok() && has_target() {
        return Ok(());
    }
    let reason = added.err().map(|error| format!(" ({error:#})")).unwrap_or_default();
    bail!(
        "the compiler cannot build for {TARGET}, and `rustup target add {TARGET}` did not help{reason}.\n\
         Either make rustup's distribution server reachable and run that command again,\n\
         or install a toolchain whose `rustc --print sysroot` has lib/rustlib/{TARGET}."
    )
}

/// Makes sure that a cargo command of a toolchain component runs, for example `clippy`, installing it if it is missing.
pub(crate) fn ensure_component(command: &str, component: &str) -> Result<()> {
    let version = |command: &str| steps::output(steps::cargo(tree::root()).args([command, "--version"]));
    if version(command).is_some() {
        return Ok(());
    }
    steps::run(Command::new("rustup").args(["component", "add", component]))
        .with_context(|| format!("`cargo {command}` is missing; the component `{component}` of the toolchain has it"))
}

/// Whether the sysroot has the target's standard library.
fn has_target() -> bool {
    let sysroot = steps::output(Command::new(rustc()).args(["--print", "sysroot"]));
    sysroot.is_some_and(|sysroot| Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

/// The compiler's version in full, which is part of what a build depends on.
pub(crate) fn rustc_version() -> Result<String> {
    match steps::output(Command::new(rustc()).arg("-vV")) {
        Some(version) => Ok(version),
        None => bail!("`rustc -vV` does not run"),
    }
}

fn rustc() -> std::ffi::OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

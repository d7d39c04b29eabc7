//! The compiler for plugins, and how a machine gets what it lacks.

mod apt;
mod debian;
pub(crate) mod emacs;
pub(crate) mod neovim;
pub(crate) mod node;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{steps, tree};
use debian::Debian;

/// What plugins are compiled to: components directly, with the clocks and random numbers that engines need and the host
/// controls.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// A compiler that builds for [`TARGET`].
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The one that runs us, with the target's standard library from rustup.
    Ours,
    /// Debian's, which compiles the standard library from its sources.
    Debian(Debian),
}

impl Toolchain {
    /// One that works, after installing what is missing.
    pub(crate) fn ensure() -> Result<Self> {
        if has_target()? {
            return Ok(Self::Ours);
        }
        steps::say(&format!("the compiler lacks the target {TARGET}; adding it"));
        let added = steps::run(Command::new("rustup").args(["target", "add", TARGET]));
        if added.is_ok() && has_target()? {
            return Ok(Self::Ours);
        }
        steps::say("rustup cannot; trying Debian's compiler, which builds the target's standard library from source");
        match Debian::ensure() {
            Ok(debian) => Ok(Self::Debian(debian)),
            Err(error) => bail!(
                "no compiler for {TARGET}: rustup cannot add the target, and Debian's cannot stand in ({error:#}).\n\
                 One of these must work on this machine:\n\
                 \x20 rustup target add {TARGET}\n\
                 \x20 apt-get update && apt-get install --no-install-recommends {}",
                debian::PACKAGES.join(" ")
            ),
        }
    }

    /// A `cargo build` for [`TARGET`] in a workspace, with these flags for the compiler, and where its products go. Builds that are
    /// kept `apart` under different names run at the same time; of others one waits for the other.
    pub(crate) fn build(&self, workspace: &Path, flags: &[&str], apart: Option<&str>) -> (Command, PathBuf) {
        let mut flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let mut target_directory = workspace.join("target");
        target_directory.extend(apart);
        let mut command = match self {
            Self::Ours => {
                let mut command = steps::cargo(workspace);
                command.arg("build");
                command
            }
            Self::Debian(debian) => {
                // Apart, so that two compilers do not undo each other's work.
                target_directory.push("debian");
                flags.extend(debian.flags());
                debian.build(workspace)
            }
        };
        command
            .args(["--release", "--target", TARGET])
            // Whatever the caller's environment says of these, a component depends on its sources alone.
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
            .env("CARGO_TARGET_DIR", &target_directory)
            .env_remove("CARGO_BUILD_TARGET");
        (command, target_directory.join(TARGET).join("release"))
    }
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

/// The compiler's version in full, which is part of what a build depends on.
pub(crate) fn rustc_version() -> Result<String> {
    steps::output(Command::new(rustc()).arg("-vV")).context("`rustc -vV` does not run")
}

/// Whether the compiler that runs us has the target's standard library.
fn has_target() -> Result<bool> {
    Ok(sysroot()?.join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

/// The folder of the compiler that runs us.
fn sysroot() -> Result<PathBuf> {
    let printed = steps::output(Command::new(rustc()).args(["--print", "sysroot"]));
    Ok(PathBuf::from(printed.context("`rustc --print sysroot` does not run")?.trim()))
}

/// The folder of our compiler's own tools, linkers among them, which it has for every target.
fn tools() -> Result<PathBuf> {
    let version = rustc_version()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("`rustc -vV` names no host")?;
    Ok(sysroot()?.join("lib/rustlib").join(host).join("bin"))
}

fn rustc() -> std::ffi::OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

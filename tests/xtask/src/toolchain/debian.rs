//! Debian's compiler for plugins, where rustup cannot fetch the target.
//!
//! Debian packages no standard library for the target, but its sources, and a C library for the target's predecessor. So the
//! standard library is compiled along, and our own compiler's linker wraps the old system calls into the new ones: it carries
//! the adapter for them. What that C library lacks, sockets, no plugin may use anyway.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::apt;

/// What is installed.
pub(super) const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "wasi-libc"];
/// What says that all of it is there: the compiler, cargo, the sources of the standard library, the C library.
const FILES: [&str; 4] = [RUSTC, CARGO, "/usr/lib/rustlib/src/rust/library/std/Cargo.toml", START];
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
/// The C library's start of a component that is no program.
const START: &str = "/usr/lib/wasm32-wasi/crt1-reactor.o";

/// Debian's compiler, and the linker of ours.
#[derive(Debug)]
pub(crate) struct Debian {
    /// Makes components, by calling `wasm-ld`.
    linker: PathBuf,
    /// The folder of `wasm-ld`.
    lld: PathBuf,
}

impl Debian {
    /// The compiler, after installing its packages if they are missing.
    pub(super) fn ensure() -> Result<Self> {
        let tools = super::tools()?;
        let debian = Self { linker: tools.join("wasm-component-ld"), lld: tools.join("gcc-ld") };
        for tool in [&debian.linker, &debian.lld.join("wasm-ld")] {
            if !tool.is_file() {
                bail!("the compiler lacks its own {}", tool.display());
            }
        }
        if missing().is_some() {
            apt::install(&PACKAGES)?;
        }
        match missing() {
            Some(file) => bail!("there is no {file} although its package is installed"),
            None => Ok(debian),
        }
    }

    /// A `cargo build` that compiles the standard library along.
    pub(super) fn build(&self, workspace: &Path) -> Command {
        let path = env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(self.lld.clone()).chain(env::split_paths(&path));
        let mut command = Command::new(CARGO);
        command
            .current_dir(workspace)
            // Compiling the standard library along is an unstable option, and Debian's is a stable compiler.
            .args(["build", "-Zbuild-std=std,panic_abort"])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTC", RUSTC)
            .env("PATH", env::join_paths(path).unwrap_or_default())
            .env_remove("RUSTUP_TOOLCHAIN");
        command
    }

    /// What the compiler must be told beyond what ours is.
    pub(super) fn flags(&self) -> Vec<String> {
        let libraries = Path::new(START).parent().unwrap_or(Path::new("/")).display();
        let linker = format!("linker={}", self.linker.display());
        let start = format!("link-arg={START}");
        let flags = ["-C", &linker, "-C", "link-self-contained=no", "-L", &libraries.to_string(), "-C", &start];
        let no_sockets = ["--cfg", "vraftls_no_sockets"];
        flags.into_iter().chain(no_sockets).map(str::to_owned).collect()
    }
}

/// The first of [`FILES`] that is not there.
fn missing() -> Option<&'static str> {
    FILES.into_iter().find(|file| !Path::new(file).is_file())
}

//! Node.js, by which the VS Code extension is built and which tests run.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::{steps, tree};

/// The oldest that all our packages run on.
const MAJOR_MIN: u32 = 20;
/// The packages of Debian that have some Node and npm.
const PACKAGES: [&str; 2] = ["nodejs", "npm"];
/// What is taken where those are too old: the program alone, as npm's registry has it.
const VERSION: &str = "22";
/// Where that is put, from the root.
const RUNTIME: &str = "target/node/runtime";
const ADVICE: &str = "install Node.js 20 or newer with npm";

/// A Node that is new enough, with npm.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it lies, unless the PATH leads to it.
    folder: Option<PathBuf>,
}

impl Node {
    /// Finds it, and installs what is missing: npm and some Node by Debian's packages, a newer Node by npm.
    pub(crate) fn ensure() -> Result<Self> {
        let of_path = Self { folder: None };
        if !of_path.has_npm() {
            steps::say("Node.js and npm, which build and test what editors run, are missing; installing them");
            apt::install(&PACKAGES).with_context(|| format!("`npm` does not run; {ADVICE}"))?;
        }
        if of_path.is_new_enough() {
            return Ok(of_path);
        }
        let package = package()?;
        let runtime = tree::root().join(RUNTIME);
        let own = Self { folder: Some(runtime.join("node_modules").join(&package).join("bin")) };
        if !own.is_new_enough() {
            steps::say(&format!("Node.js is older than {MAJOR_MIN}; installing {VERSION} into {RUNTIME}"));
            let mut install = of_path.npm();
            install.args(["install", "--ignore-scripts", "--no-progress", "--no-save", "--loglevel=error", "--prefix"]);
            install.arg(&runtime).arg(format!("{package}@{VERSION}"));
            steps::run(&mut install).with_context(|| format!("no Node.js that is new enough; {ADVICE}"))?;
        }
        if !own.is_new_enough() {
            bail!("the Node.js of {RUNTIME} does not run; {ADVICE}");
        }
        Ok(own)
    }

    /// The PATH on which `node` is this one.
    pub(crate) fn path(&self) -> OsString {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let folders = self.folder.clone().into_iter().chain(std::env::split_paths(&inherited));
        std::env::join_paths(folders).unwrap_or(inherited)
    }

    /// A command of npm, which runs on this Node.
    pub(crate) fn npm(&self) -> Command {
        let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
        command.env("PATH", self.path());
        command
    }

    fn has_npm(&self) -> bool {
        steps::output(self.npm().arg("--version")).is_some()
    }

    fn is_new_enough(&self) -> bool {
        let program = self.folder.as_ref().map_or_else(|| PathBuf::from("node"), |folder| folder.join("node"));
        let version = steps::output(Command::new(program).arg("--version"));
        version.as_deref().and_then(major).is_some_and(|major| major >= MAJOR_MIN)
    }
}

/// The package of npm that has the program for this machine.
fn package() -> Result<String> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => bail!("no package has Node.js for {other}; {ADVICE}"),
    };
    Ok(format!("node-{}-{architecture}", std::env::consts::OS))
}

/// The first number of a version such as `v20.1.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_a_major_number() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("18.0.0"), Some(18));
        assert_eq!(major("unknown"), None);
    }

    #[test]
    fn its_own_folder_is_searched_first() {
        let node = Node { folder: Some(PathBuf::from("own")) };
        let first = std::env::split_paths(&node.path()).next();
        assert_eq!(first, Some(PathBuf::from("own")));
    }
}

//! Library roots of a workspace on this machine: read-only trees outside it that its imports lead to.
//!
//! A root is mounted in the view under `@lib/`. It is read lazily and never enters the replicated state: what is not asked for costs
//! nothing. Which roots there are depends on the language; each language's rules are a module of their own, and `readers` says who reads which.

mod configured;
pub mod node_modules;
mod pushed;
pub mod python;
mod readers;
pub mod rust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use configured::Configured;
pub use pushed::{PushedError, PushedLibraries, PushedRoot};
pub use readers::is_for;
pub(crate) use readers::mounts_for;

/// Finds the environments of the workspace at `root`: its own for every language, and those of the interpreters that sessions
/// configured. Blocks on the disk.
pub fn discover(
    root: &Path,
    python: &python::PythonHints,
    rust: &rust::RustHints,
    configured: Vec<String>,
) -> Environments {
    let mut environments = python::discover_all(root, python, configured);
    rust::discover(root, rust, &mut environments);
    node_modules::discover(root, &mut environments);
    environments
}

/// A library root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mount {
    /// Where the view has it, for example `@lib/site-packages`.
    pub prefix: String,
    /// What it is, in the words of its language.
    pub kind: String,
    /// Where it lies.
    pub directory: PathBuf,
    /// When its list of entries last changed, in nanoseconds since the epoch: something was installed or removed.
    pub modified_ns: u64,
}

impl Mount {
    /// Where on disk a path of the view lies, if it is in this root.
    pub fn on_disk(&self, path: &str) -> Option<PathBuf> {
        let rest = path.strip_prefix(&self.prefix)?;
        match rest.strip_prefix('/') {
            Some(inner) => Some(self.directory.join(inner)),
            None => rest.is_empty().then(|| self.directory.clone()),
        }
    }

    /// The view's path of a file on disk, if it is in this root and has a name that can be written.
    pub fn in_view(&self, file: &Path) -> Option<String> {
        let inner = file.strip_prefix(&self.directory).ok()?;
        let parts: Option<Vec<&str>> = inner.components().map(|part| part.as_os_str().to_str()).collect();
        Some(format!("{}/{}", self.prefix, parts?.join("/")))
    }
}

/// What is known of a project beside its files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Environment {
    /// Library roots in the order in which they are searched.
    pub mounts: Vec<Mount>,
    /// Settings for the analyzer, sorted by name.
    pub settings: Vec<(String, String)>,
}

/// The environments of a workspace: its own, and those of the interpreters that sessions configured for it. All of them are in the view
/// at once, each directory under one name, and a project searches those of its own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Environments {
    /// The one that the workspace has without being told.
    pub own: Environment,
    /// The others, by the interpreters as they were configured.
    pub configured: BTreeMap<String, Environment>,
}

impl Environments {
    /// The environment of a configured interpreter, or the workspace's own; nothing for an interpreter that is not mounted.
    pub fn of(&self, interpreter: Option<&str>) -> Option<&Environment> {
        match interpreter {
            Some(interpreter) => self.configured.get(interpreter),
            None => Some(&self.own),
        }
    }

    /// Every library root once.
    pub fn mounts(&self) -> Vec<Mount> {
        let mut mounts = self.own.mounts.clone();
        for mount in self.configured.values().flat_map(|environment| &environment.mounts) {
            if !mounts.contains(mount) {
                mounts.push(mount.clone());
            }
        }
        mounts
    }
}

//! The libraries of a Rust workspace: the standard library's sources, and the packages of registries and repositories that it uses.
//!
//! Neither cargo nor a compiler is started, since a workspace may say which ones (`rust-toolchain.toml`): what they would say is
//! read from where they keep it. The sources of the standard library are those of the toolchain that the workspace asks for if
//! they are installed, else any; packages are those that lock files name, or, without one, those that would be chosen among what
//! the registry's folder has. Of a repository that a lock file names the whole checkout is a root, since its packages share a manifest
//! and lead to each other by their paths; without a lock file nobody says which revision is meant.

mod packages;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{Environments, Mount};

/// The kind of the standard library's sources.
const STANDARD_LIBRARY: &str = "rust-std";
/// The kind of a package.
const PACKAGE: &str = "rust-package";
/// The kind of a repository, in which packages lie anywhere.
const REPOSITORY: &str = "rust-repository";

/// The languages whose analyzers read these roots, and no others.
pub(super) const LANGUAGES: [&str; 1] = ["rust"];
/// The kinds of these roots, which nobody else reads.
pub(super) const KINDS: [&str; 3] = [STANDARD_LIBRARY, PACKAGE, REPOSITORY];

/// Packages of one workspace beyond which the rest is left out.
const PACKAGES_MAX: usize = 2000;
/// Repositories of one workspace beyond which the rest is left out.
const REPOSITORIES_MAX: usize = 200;

/// Where Rust's tools keep things on this machine.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RustHints {
    /// Cargo's home (`CARGO_HOME`, or `.cargo` in the user's).
    pub cargo: Option<PathBuf>,
    /// Rustup's home (`RUSTUP_HOME`, or `.rustup` in the user's).
    pub rustup: Option<PathBuf>,
    /// The toolchain that is chosen in the shell (`RUSTUP_TOOLCHAIN`).
    pub toolchain: Option<String>,
    /// Other installations: folders that have a `lib/rustlib`.
    pub prefixes: Vec<PathBuf>,
}

/// Adds the libraries of the Rust workspace at `root`, if it is one, to the environment that it has without being told.
pub fn discover(root: &Path, hints: &RustHints, environments: &mut Environments) {
    environments.own.mounts.extend(mounts(root, hints));
}

fn mounts(root: &Path, hints: &RustHints) -> Vec<Mount> {
    let manifests = packages::manifests(root);
    let is_rust = !manifests.is_empty() || root.join("rust-project.json").is_file() || has_sources(root);
    if !is_rust {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(directory) = standard_library(root, hints) {
        found.push(mount("rust-std", STANDARD_LIBRARY, directory));
    }
    let registries = hints.cargo.as_deref().map(registries).unwrap_or_default();
    for (name, directory) in packages::used(root, &manifests, &registries).into_iter().take(PACKAGES_MAX) {
        found.push(mount(&name, PACKAGE, directory));
    }
    let checkouts = hints.cargo.as_deref().map(|cargo| cargo.join("git/checkouts"));
    let repositories = checkouts.map(|folder| packages::repositories(root, &manifests, &folder)).unwrap_or_default();
    for (name, directory) in repositories.into_iter().take(REPOSITORIES_MAX) {
        found.push(mount(&name, REPOSITORY, directory));
    }
    found
}

fn mount(name: &str, kind: &str, directory: PathBuf) -> Mount {
    let modified = fs::metadata(&directory).and_then(|metadata| metadata.modified()).ok();
    let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Mount {
        prefix: format!("@lib/{name}"),
        kind: kind.to_owned(),
        directory,
        modified_ns: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
    }
}

/// Whether Rust lies in the root itself.
fn has_sources(root: &Path) -> bool {
    let mut entries = fs::read_dir(root).into_iter().flatten().flatten();
    entries.any(|entry| entry.path().extension().is_some_and(|suffix| suffix == "rs"))
}

/// The folders in which registries' packages lie unpacked, sorted.
fn registries(cargo: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cargo.join("registry/src")).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// The sources of the standard library of the toolchain that would be used, or of any other.
fn standard_library(root: &Path, hints: &RustHints) -> Option<PathBuf> {
    let mut prefixes: Vec<PathBuf> = Vec::new();
    if let Some(rustup) = &hints.rustup {
        let entries = fs::read_dir(rustup.join("toolchains")).into_iter().flatten().flatten();
        let mut toolchains: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        toolchains.sort();
        let wanted =
            [hints.toolchain.clone(), toolchain_of(root), default_toolchain(rustup), Some("stable".to_owned())];
        for wanted in wanted.into_iter().flatten() {
            prefixes.extend(toolchains.iter().filter(|path| is_toolchain(path, &wanted)).cloned());
        }
        prefixes.extend(toolchains.into_iter().rev());
    }
    prefixes.extend(hints.prefixes.iter().cloned());
    let sources = prefixes.into_iter().map(|prefix| prefix.join("lib/rustlib/src/rust/library"));
    sources.filter(|path| path.join("core/src/lib.rs").is_file()).find_map(|path| path.canonicalize().ok())
}

/// Whether the folder of a toolchain, `stable-x86_64-unknown-linux-gnu`, is the one of a channel or of a whole name.
fn is_toolchain(path: &Path, wanted: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// The channel that a workspace asks for. A path that it names instead is not followed.
fn toolchain_of(root: &Path) -> Option<String> {
    let read = |name: &str| fs::read_to_string(root.join(name)).ok();
    let text = read("rust-toolchain.toml").or_else(|| read("rust-toolchain"))?;
    match text.parse::<toml::Table>() {
        Ok(table) => Some(table.get("toolchain")?.get("channel")?.as_str()?.to_owned()),
        Err(_) => text.lines().next().map(|line| line.trim().to_owned()),
    }
}

fn default_toolchain(rustup: &Path) -> Option<String> {
    let settings: toml::Table = fs::read_to_string(rustup.join("settings.toml")).ok()?.parse().ok()?;
    Some(settings.get("default_toolchain")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().expect("below the scratch directory")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    fn names(root: &Path, hints: &RustHints) -> Vec<String> {
        mounts(root, hints).into_iter().map(|mount| mount.prefix).collect()
    }

    #[test]
    fn the_toolchain_of_the_workspace_wins_over_the_default() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let (root, rustup) = (scratch.path().join("ws"), scratch.path().join("rustup"));
        let library = |name: &str| rustup.join("toolchains").join(name).join("lib/rustlib/src/rust/library");
        for name in ["1.90.0-x", "stable-x", "nightly-x"] {
            write(library(name).join("core/src/lib.rs"), "");
        }
        write(rustup.join("settings.toml"), "default_toolchain = 'nightly-x'");
        write(root.join("src/main.rs"), "");
        let hints = RustHints { rustup: Some(rustup.clone()), ..RustHints::default() };
        assert_eq!(names(&root, &hints), Vec::<String>::new());
        write(root.join("Cargo.toml"), "[package]\nname = 'a'");
        let found = |hints: &RustHints| mounts(&root, hints)[0].directory.clone();
        let canonical = |name: &str| library(name).canonicalize().expect("exists");
        assert_eq!(found(&hints), canonical("nightly-x"));
        write(root.join("rust-toolchain.toml"), "[toolchain]\nchannel = '1.90.0'");
        assert_eq!(found(&hints), canonical("1.90.0-x"));
        write(root.join("rust-toolchain.toml"), "[toolchain]\nchannel = '1.80.0'");
        assert_eq!(found(&hints), canonical("nightly-x"));
        let chosen = RustHints { toolchain: Some("stable".to_owned()), ..hints };
        assert_eq!(found(&chosen), canonical("stable-x"));
    }
}

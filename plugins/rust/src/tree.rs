//! What lies in the view, as far as Rust cares: source files, manifests, lock files, vendored packages and library roots.
//!
//! Only lists are read here, no contents.

use std::collections::BTreeMap;

use semver::Version;
use vraftls_guest_sdk::{Config, Failure, NodeKind, Workspace};

/// What the host calls the sources of the standard library.
pub(crate) const STANDARD_LIBRARY_KIND: &str = "rust-std";
/// What the host calls the sources of a package of a registry.
pub(crate) const PACKAGE_KIND: &str = "rust-package";

/// What the host calls the checkout of a repository.
pub(crate) const REPOSITORY_KIND: &str = "rust-repository";

/// Directories of repositories in which packages are looked for.
const REPOSITORY_DIRECTORIES_MAX: usize = 5000;
/// Files of a workspace beyond which it is not analyzed as a whole.
const FILES_MAX: usize = 60_000;

/// A package that is no member of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Library {
    /// Its version.
    pub(crate) version: Version,
    /// Where it lies.
    pub(crate) directory: String,
}

/// What lies in the view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// The `.rs` files of the workspace, sorted.
    pub(crate) sources: Vec<String>,
    /// The directories with a `Cargo.toml`, parents before what lies in them; empty for the root.
    pub(crate) manifests: Vec<String>,
    /// The directories with a `Cargo.lock`.
    pub(crate) locks: Vec<String>,
    /// Whether `rust-project.json` or `.rust-project.json` lies in the root, and which.
    pub(crate) json: Option<String>,
    /// Packages of registries by name, ascending by version.
    pub(crate) libraries: BTreeMap<String, Vec<Library>>,
    /// Checkouts of repositories.
    pub(crate) repositories: Vec<String>,
    /// The directories in them with a `Cargo.toml`, sorted.
    pub(crate) foreign: Vec<String>,
    /// Where the sources of the standard library lie.
    pub(crate) standard_library: Option<String>,
}

impl Tree {
    /// Lists the view.
    ///
    /// # Errors
    /// [`Failure::Limited`] if there are too many files, [`Failure::Cancelled`] if nobody waits any more.
    pub(crate) fn list(workspace: &dyn Workspace, config: &Config) -> Result<Self, Failure> {
        let mut tree = Self::default();
        let mut vendored = Vec::new();
        let mut waiting = vec![config.root.clone()];
        while let Some(directory) = waiting.pop() {
            if workspace.cancelled() {
                return Err(Failure::Cancelled);
            }
            tree.directory(workspace, directory, &mut waiting, &mut vendored)?;
        }
        let roots = config.libraries.iter().filter(|library| library.kind == PACKAGE_KIND);
        for directory in roots.map(|library| library.path.clone()).chain(vendored) {
            tree.add_library(directory);
        }
        for versions in tree.libraries.values_mut() {
            versions.sort_by(|a, b| a.version.cmp(&b.version).then_with(|| b.directory.cmp(&a.directory)));
        }
        let repositories = config.libraries.iter().filter(|library| library.kind == REPOSITORY_KIND);
        tree.repositories = repositories.map(|library| library.path.clone()).collect();
        tree.foreign = foreign(workspace, &tree.repositories)?;
        let standard = config.libraries.iter().find(|library| library.kind == STANDARD_LIBRARY_KIND);
        tree.standard_library = standard.map(|library| library.path.clone());
        tree.sources.sort();
        tree.manifests.sort();
        tree.locks.sort();
        Ok(tree)
    }

    fn directory(
        &mut self,
        workspace: &dyn Workspace,
        directory: String,
        waiting: &mut Vec<String>,
        vendored: &mut Vec<String>,
    ) -> Result<(), Failure> {
        let entries = workspace.list(&directory);
        let has = |name: &str| entries.iter().any(|entry| entry.kind == NodeKind::File && entry.name == name);
        // Somebody's copy of a package, unless it is what was opened.
        if !directory.is_empty() && has("Cargo.toml") && has(".cargo-checksum.json") {
            vendored.push(directory);
            return Ok(());
        }
        let is_package = has("Cargo.toml");
        if directory.is_empty() {
            let names = ["rust-project.json", ".rust-project.json"];
            self.json = names.into_iter().find(|name| has(name)).map(str::to_owned);
        }
        for entry in &entries {
            let path = if directory.is_empty() { entry.name.clone() } else { format!("{directory}/{}", entry.name) };
            match entry.kind {
                NodeKind::Directory => {
                    let is_product = entry.name == "target" && is_package;
                    let is_hidden = entry.name.starts_with(['.', '@']) || entry.name == "node_modules";
                    if !is_product && !is_hidden {
                        waiting.push(path);
                    }
                }
                NodeKind::File if entry.name.ends_with(".rs") => self.sources.push(path),
                NodeKind::File if entry.name == "Cargo.lock" => self.locks.push(directory.clone()),
                NodeKind::File => {}
            }
        }
        if is_package {
            self.manifests.push(directory);
        }
        if self.sources.len() > FILES_MAX {
            return Err(Failure::Limited(format!("more than {FILES_MAX} Rust files are not analyzed as a whole")));
        }
        Ok(())
    }

    /// Takes in a directory that is called after a package and its version, as registries and `cargo vendor` call it. Where the
    /// version is missing it is looked for in the manifest later.
    fn add_library(&mut self, directory: String) {
        let Some(called) = directory.rsplit('/').next() else { return };
        let parts = called.match_indices('-').find_map(|(at, _)| {
            let version = Version::parse(&called[at + 1..]).ok()?;
            Some((called[..at].to_owned(), version))
        });
        let (name, version) = parts.unwrap_or_else(|| (called.to_owned(), Version::new(0, 0, 0)));
        self.libraries.entry(name).or_default().push(Library { version, directory });
    }
}

/// The directories of repositories with a `Cargo.toml`, sorted.
fn foreign(workspace: &dyn Workspace, repositories: &[String]) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut waiting: Vec<String> = repositories.to_vec();
    let mut n_seen = 0;
    while let Some(directory) = waiting.pop().filter(|_| n_seen < REPOSITORY_DIRECTORIES_MAX) {
        n_seen += 1;
        if workspace.cancelled() {
            return Err(Failure::Cancelled);
        }
        for entry in workspace.list(&directory) {
            match entry.kind {
                NodeKind::Directory if entry.name.starts_with('.') => {}
                NodeKind::Directory if matches!(entry.name.as_str(), "target" | "node_modules") => {}
                NodeKind::Directory => waiting.push(format!("{directory}/{}", entry.name)),
                NodeKind::File if entry.name == "Cargo.toml" => found.push(directory.clone()),
                NodeKind::File => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The `.rs` files below a directory, sorted; nothing of what no library is made of.
pub(crate) fn sources_below(workspace: &dyn Workspace, directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in workspace.list(&directory) {
            let path = if directory.is_empty() { entry.name.clone() } else { format!("{directory}/{}", entry.name) };
            match entry.kind {
                NodeKind::Directory if matches!(entry.name.as_str(), "tests" | "benches" | "examples" | "target") => {}
                NodeKind::Directory if entry.name.starts_with('.') => {}
                NodeKind::Directory => waiting.push(path),
                NodeKind::File if entry.name.ends_with(".rs") && found.len() < FILES_MAX => found.push(path),
                NodeKind::File => {}
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use vraftls_guest_sdk::{Library as Root, MemoryWorkspace};

    use super::*;

    #[test]
    fn the_view_is_sorted_into_what_rust_cares_for() {
        let paths = [
            "Cargo.toml",
            "Cargo.lock",
            "src/lib.rs",
            "target/debug/x.rs",
            "data/target/y.rs",
            "vendor/dep-1.2.0/Cargo.toml",
            "vendor/dep-1.2.0/.cargo-checksum.json",
            "vendor/dep-1.2.0/src/lib.rs",
            "@lib/a-b-0.3.0/src/lib.rs",
        ];
        let workspace = MemoryWorkspace::new(paths.map(|path| (path.to_owned(), String::new())));
        let root = |path: &str, kind: &str| Root { path: path.to_owned(), kind: kind.to_owned() };
        let libraries = vec![
            root("@lib/a-b-0.3.0", PACKAGE_KIND),
            root("@lib/a-b-0.10.0+meta", PACKAGE_KIND),
            root("@lib/rust-std", STANDARD_LIBRARY_KIND),
            root("@lib/site-packages", "site-packages"),
        ];
        let config = Config { root: String::new(), libraries, settings: Vec::new() };
        let tree = Tree::list(&workspace, &config).expect("few files");
        assert_eq!(tree.sources, ["data/target/y.rs", "src/lib.rs"]);
        assert_eq!((tree.manifests, tree.locks), (vec![String::new()], vec![String::new()]));
        let versions: Vec<String> = tree.libraries["a-b"].iter().map(|library| library.version.to_string()).collect();
        assert_eq!(versions, ["0.3.0", "0.10.0+meta"]);
        assert_eq!(tree.libraries["dep"][0].directory, "vendor/dep-1.2.0");
        assert_eq!(tree.libraries.len(), 2);
        assert_eq!(tree.standard_library.as_deref(), Some("@lib/rust-std"));
    }
}

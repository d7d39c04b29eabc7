//! Where things lie in this tree.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).expect("xtask lies two folders below the root")
}

/// The workspace of the plugins, with its own lock file and target directory.
pub(crate) fn plugins() -> PathBuf {
    root().join("plugins")
}

/// A path as a person reads it: from the root of the repository, if it lies there.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

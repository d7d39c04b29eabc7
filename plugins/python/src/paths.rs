//! The three spellings of a path and the way between them: the contract's (`src/a.py`, `@lib/x.py`, `@bundled/stdlib/x.pyi`),
//! the engine's absolute ones (`/src/a.py`, `/@lib/x.py`) and typeshed's (`stdlib/x.pyi`). Knows of no file's existence.

use ruff_db::files::FilePath;
use ruff_db::system::{SystemPath, SystemPathBuf};

/// Where the contract puts the files that the analyzer carries itself.
const BUNDLED: &str = "@bundled/";

/// Where the contract mounts read-only library trees.
const LIBRARIES: &str = "@lib/";

/// The engine's path of a workspace or library path; the empty path is the workspace itself.
pub(crate) fn to_system(path: &str) -> SystemPathBuf {
    SystemPathBuf::from(format!("/{path}"))
}

/// The contract's path of an absolute engine path.
pub(crate) fn from_system(path: &SystemPath) -> &str {
    path.as_str().trim_start_matches('/')
}

/// The path inside typeshed's archive, if the contract's path names a bundled file.
pub(crate) fn to_vendored(path: &str) -> Option<&str> {
    path.strip_prefix(BUNDLED)
}

/// The contract's path of any file the engine knows.
pub(crate) fn from_file_path(path: &FilePath) -> String {
    match path {
        FilePath::System(path) => from_system(path).to_owned(),
        FilePath::Vendored(path) => format!("{BUNDLED}{}", path.as_str()),
        FilePath::SystemVirtual(path) => path.as_str().to_owned(),
    }
}

/// Whether nobody may write there: a library or a bundled file.
pub(crate) fn is_read_only(path: &str) -> bool {
    path.starts_with(BUNDLED) || path.starts_with(LIBRARIES)
}

/// Whether the file of a path is one that the engine parses.
pub(crate) fn is_source(path: &SystemPath) -> bool {
    matches!(path.extension(), Some("py" | "pyi" | "ipynb"))
}

/// Whether the contract allows a path: no `.`, no `..`, no empty component. The engine panics on some that are not.
pub(crate) fn is_proper(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// The path without `.`, `..` and doubled separators, or none where `..` leaves the workspace.
pub(crate) fn normalize(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_the_way_to_the_engine_and_back() {
        for path in ["a.py", "src/a.py", "@lib/site-packages/x.py", ""] {
            assert_eq!(from_system(&to_system(path)), path);
        }
        assert_eq!(to_vendored("@bundled/stdlib/os.pyi"), Some("stdlib/os.pyi"));
        assert_eq!(to_vendored("stdlib/os.pyi"), None);
    }

    #[test]
    fn normalizing_never_leaves_the_workspace() {
        assert_eq!(normalize("./a//b/../c").as_deref(), Some("a/c"));
        assert_eq!(normalize("a/../.."), None);
        assert_eq!(normalize("").as_deref(), Some(""));
    }

    #[test]
    fn paths_that_wander_are_not_proper() {
        assert!(is_proper("a/b.py") && is_proper("@bundled/stdlib/os.pyi") && is_proper("..a/b..py"));
        for path in ["", "/a", "a//b", "a/../b", "./a", "a/"] {
            assert!(!is_proper(path), "{path}");
        }
    }

    #[test]
    fn libraries_and_bundled_files_are_read_only() {
        assert!(is_read_only("@lib/site-packages/x.py") && is_read_only("@bundled/stdlib/os.pyi"));
        assert!(!is_read_only("lib/x.py"));
    }
}

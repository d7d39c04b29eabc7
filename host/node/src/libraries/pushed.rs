//! How the library roots of a workspace lie in the workspace beside it: each root's files below the root's name, and a list of the
//! roots, which is written after all else.
//!
//! What is there without a list is not yet whole, and nobody sees it.

use serde::{Deserialize, Serialize};
use vraftls_vfs::VfsPath;

use super::Environment;

/// Where the view has all library roots.
const VIEW: &str = "@lib/";

/// The version of the list's format.
const VERSION: u32 = 1;

/// The library roots of a workspace, in the order in which they are searched.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PushedLibraries {
    version: u32,
    /// The roots.
    pub roots: Vec<PushedRoot>,
    /// Settings for the analyzers, sorted by name.
    pub settings: Vec<(String, String)>,
}

/// A library root.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PushedRoot {
    /// Where the view has it, for example `@lib/site-packages`.
    pub path: String,
    /// What it is, in the words of its language.
    pub kind: String,
}

/// Why a list of library roots cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PushedError {
    /// It is not one.
    #[error("the list of library roots is damaged: {0}")]
    Damaged(String),
    /// Another version wrote it.
    #[error("the list of library roots has version {0}, this is version {VERSION}")]
    Version(u32),
}

impl PushedLibraries {
    /// The file that is the list.
    pub const FILE: &str = "roots.json";

    /// Those of an environment.
    pub fn of(environment: &Environment) -> Self {
        let root = |mount: &super::Mount| PushedRoot { path: mount.prefix.clone(), kind: mount.kind.clone() };
        Self {
            version: VERSION,
            roots: environment.mounts.iter().map(root).collect(),
            settings: environment.settings.clone(),
        }
    }

    /// The list as the contents of its file.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("texts and numbers alone")
    }

    /// Reads a list.
    ///
    /// # Errors
    /// [`PushedError`], also for a root that does not lie where the view has library roots.
    pub fn decode(bytes: &[u8]) -> Result<Self, PushedError> {
        let list: Self = serde_json::from_slice(bytes).map_err(|error| PushedError::Damaged(error.to_string()))?;
        if list.version != VERSION {
            return Err(PushedError::Version(list.version));
        }
        match list.roots.iter().find(|root| Self::path_of(&root.path).is_none()) {
            Some(other) => Err(PushedError::Damaged(format!("{:?} is no library root", other.path))),
            None => Ok(list),
        }
    }

    /// Where the workspace of libraries has what the view has at a path; none for paths elsewhere.
    pub fn path_of(path: &str) -> Option<VfsPath> {
        VfsPath::new(path.strip_prefix(VIEW)?).ok().filter(|path| !path.is_root())
    }

    /// Where the view has what the workspace of libraries has at a path.
    pub fn in_view(path: &str) -> String {
        format!("{VIEW}{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written_and_nothing_else_is() {
        let root = |path: &str| PushedRoot { path: path.to_owned(), kind: "site-packages".to_owned() };
        let list = PushedLibraries {
            version: VERSION,
            roots: vec![root("@lib/site-packages"), root("@lib/site-packages-1")],
            settings: vec![("python.version".to_owned(), "3.12".to_owned())],
        };
        assert_eq!(PushedLibraries::decode(&list.encode()), Ok(list.clone()));
        let newer = PushedLibraries { version: 2, ..list.clone() };
        assert_eq!(PushedLibraries::decode(&newer.encode()), Err(PushedError::Version(2)));
        for path in ["src", "@lib/../src", "@lib/", "@library/a"] {
            let elsewhere = PushedLibraries { roots: vec![root(path)], ..list.clone() };
            let decoded = PushedLibraries::decode(&elsewhere.encode());
            assert!(matches!(decoded, Err(PushedError::Damaged(_))), "{path}: {decoded:?}");
        }
        assert!(matches!(PushedLibraries::decode(b"{"), Err(PushedError::Damaged(_))));
    }
}

//! The logical path of a file or directory in a workspace.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many bytes a path may have; what Linux calls `PATH_MAX`.
pub const PATH_BYTES_MAX: usize = 4096;

/// The path of a file or directory, relative to its workspace.
///
/// Components are separated by `/`. None of them is empty, `.` or `..`, and there is no NUL, so that one file has one path.
/// The one path without components is the workspace itself, [`VfsPath::root`]; it is a directory and never a file.
/// Paths are ordered as their bytes are. They are not normalized (NFC or NFD): what an operating system calls two files are two.
///
/// Cloning is cheap: the text is shared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VfsPath(Arc<str>);

/// Why a text is no path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PathError {
    /// It is longer than [`PATH_BYTES_MAX`].
    #[error("a path of {0} bytes is longer than the {PATH_BYTES_MAX} allowed")]
    TooLong(usize),
    /// It starts or ends with `/`, or has two in a row.
    #[error("a component of the path is empty")]
    EmptyComponent,
    /// A component is `.` or `..`.
    #[error("a component of the path is `.` or `..`")]
    DotComponent,
    /// It contains a NUL character.
    #[error("the path contains a NUL character")]
    Nul,
}

impl VfsPath {
    /// Checks a text. The empty one is the workspace itself.
    pub fn new(path: &str) -> Result<Self, PathError> {
        check(path)?;
        Ok(Self(path.into()))
    }

    /// The workspace itself.
    pub fn root() -> Self {
        Self("".into())
    }

    /// Whether it is the workspace itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last component; empty for the workspace itself.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, name)| name)
    }

    /// What follows the last dot of its name, as in `py`; none for `Makefile` and `.gitignore`.
    pub fn suffix(&self) -> Option<&str> {
        self.name().rsplit_once('.').and_then(|(stem, suffix)| (!stem.is_empty()).then_some(suffix))
    }

    /// The directory it lies in; none for the workspace itself.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map_or("", |(parent, _)| parent).into()))
    }

    /// Appends components.
    pub fn join(&self, components: &str) -> Result<Self, PathError> {
        match (self.is_root(), components.is_empty()) {
            (true, _) => Self::new(components),
            (_, true) => Ok(self.clone()),
            _ => Self::new(&format!("{}/{components}", self.0)),
        }
    }

    /// What leads from the directory `base` to it; none where it lies elsewhere.
    pub fn strip_prefix(&self, base: &VfsPath) -> Option<&str> {
        if base.is_root() || base == self {
            return Some(&self.0[base.0.len()..]);
        }
        self.0.strip_prefix(&*base.0)?.strip_prefix('/')
    }

    /// Its components, outermost first.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        // `split` gives one empty component for the empty text, which has none.
        self.0.split('/').filter(|component| !component.is_empty())
    }

    /// The directories it lies in, innermost first, without the workspace itself.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.rmatch_indices('/').map(|(at, _)| &self.0[..at])
    }
}

fn check(path: &str) -> Result<(), PathError> {
    if path.len() > PATH_BYTES_MAX {
        return Err(PathError::TooLong(path.len()));
    }
    if path.is_empty() {
        return Ok(());
    }
    if path.contains('\0') {
        return Err(PathError::Nul);
    }
    for component in path.split('/') {
        match component {
            "" => return Err(PathError::EmptyComponent),
            "." | ".." => return Err(PathError::DotComponent),
            _ => {}
        }
    }
    Ok(())
}

impl Borrow<str> for VfsPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for VfsPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for VfsPath {
    type Error = PathError;

    fn try_from(path: &str) -> Result<Self, PathError> {
        Self::new(path)
    }
}

impl std::str::FromStr for VfsPath {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        Self::new(path)
    }
}

impl fmt::Display for VfsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VfsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for VfsPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for VfsPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = VfsPath;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a relative path with `/` between its components")
            }

            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<VfsPath, E> {
                VfsPath::new(path).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_spelling_of_a_path_is_accepted() {
        for path in ["", "a", "a/b", "a.b/.c", "...", "a b", "ä/é", "\\", "@lib/x"] {
            assert_eq!(VfsPath::new(path).map(|path| path.to_string()), Ok(path.to_owned()));
        }
        for path in ["/", "/a", "a/", "a//b"] {
            assert_eq!(VfsPath::new(path), Err(PathError::EmptyComponent), "{path}");
        }
        for path in [".", "..", "a/./b", "a/..", "../a"] {
            assert_eq!(VfsPath::new(path), Err(PathError::DotComponent), "{path}");
        }
        assert_eq!(VfsPath::new("a\0"), Err(PathError::Nul));
        assert!(VfsPath::new(&"a".repeat(PATH_BYTES_MAX)).is_ok());
        assert_eq!(VfsPath::new(&"a".repeat(PATH_BYTES_MAX + 1)), Err(PathError::TooLong(PATH_BYTES_MAX + 1)));
    }

    #[test]
    fn paths_come_apart_and_together() {
        let path = VfsPath::new("src/app/main.test.py").unwrap();
        assert_eq!((path.name(), path.suffix()), ("main.test.py", Some("py")));
        let parent = path.parent().unwrap();
        assert_eq!(parent.as_str(), "src/app");
        assert_eq!(parent.join(path.name()), Ok(path.clone()));
        assert_eq!(path.strip_prefix(&parent), Some("main.test.py"));
        assert_eq!(path.strip_prefix(&VfsPath::new("src/ap").unwrap()), None);
        assert_eq!(path.strip_prefix(&VfsPath::root()), Some("src/app/main.test.py"));
        assert_eq!(path.strip_prefix(&path), Some(""));
        assert_eq!(path.components().collect::<Vec<_>>(), ["src", "app", "main.test.py"]);
        assert_eq!(path.ancestors().collect::<Vec<_>>(), ["src/app", "src"]);
        let top = VfsPath::new(".gitignore").unwrap();
        assert_eq!((top.suffix(), top.parent()), (None, Some(VfsPath::root())));
        assert_eq!(VfsPath::root().parent(), None);
        assert_eq!(VfsPath::root().components().count(), 0);
        assert_eq!(VfsPath::root().join("a"), VfsPath::new("a"));
        assert_eq!(top.join(""), Ok(top.clone()));
        assert_eq!(top.join("../x"), Err(PathError::DotComponent));
    }
}

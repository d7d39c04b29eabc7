//! Identifiers and counters.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Which state of a shard: the index of the last log entry that was applied to it. 0 is the empty state before any entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Revision(pub u64);

/// Which contents of a path: a number that the workspace's counter gave when they were written.
///
/// The counter counts every write in the workspace. So at one path versions grow and never repeat, even when a file is deleted and
/// created again, and a state needs to remember nothing of files that are gone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct FileVersion(pub u64);

/// A workspace. The state machine gives them out from 1 and never gives one out twice; 0 is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct WorkspaceId(pub u32);

/// A session of whoever proposes commands: the index of the log entry that opened it, and so never given out twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ClientId(pub u64);

/// Which command of a session; the first is 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Sequence(pub u64);

macro_rules! display_as_number {
    ($($id:ident),*) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

display_as_number!(Revision, FileVersion, WorkspaceId, ClientId, Sequence);

/// How many bytes a workspace's name may have.
pub const WORKSPACE_NAME_BYTES_MAX: usize = 255;

/// How the name of a workspace ends that has the libraries of another.
const LIBRARIES_SUFFIX: &str = ".libraries";

/// What people call a workspace: not empty, without `/` and without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkspaceName(Arc<str>);

/// Why a text is no name of a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WorkspaceNameError {
    /// It is empty.
    #[error("the name of a workspace is empty")]
    Empty,
    /// It is longer than [`WORKSPACE_NAME_BYTES_MAX`].
    #[error("a workspace's name of {0} bytes is longer than the {WORKSPACE_NAME_BYTES_MAX} allowed")]
    TooLong(usize),
    /// It contains a `/` or a control character.
    #[error("the name of a workspace contains {0:?}")]
    Character(char),
}

impl WorkspaceName {
    /// Checks a text.
    pub fn new(name: &str) -> Result<Self, WorkspaceNameError> {
        if name.is_empty() {
            return Err(WorkspaceNameError::Empty);
        }
        if name.len() > WORKSPACE_NAME_BYTES_MAX {
            return Err(WorkspaceNameError::TooLong(name.len()));
        }
        match name.chars().find(|&char| char == '/' || char.is_control()) {
            Some(char) => Err(WorkspaceNameError::Character(char)),
            None => Ok(Self(name.into())),
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The workspace that has the libraries of this one: the files that its imports lead to outside of it.
    ///
    /// # Errors
    /// The name would be too long.
    pub fn of_libraries(&self) -> Result<Self, WorkspaceNameError> {
        Self::new(&format!("{self}{LIBRARIES_SUFFIX}"))
    }

    /// Whether a workspace of this name has the libraries of another. Nobody opens it by itself.
    pub fn is_of_libraries(&self) -> bool {
        self.0.len() > LIBRARIES_SUFFIX.len() && self.0.ends_with(LIBRARIES_SUFFIX)
    }
}

impl Borrow<str> for WorkspaceName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for WorkspaceName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for WorkspaceName {
    type Err = WorkspaceNameError;

    fn from_str(name: &str) -> Result<Self, WorkspaceNameError> {
        Self::new(name)
    }
}

impl fmt::Display for WorkspaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for WorkspaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for WorkspaceName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for WorkspaceName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = WorkspaceName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a workspace")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<WorkspaceName, E> {
                WorkspaceName::new(name).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_can_type() {
        for name in ["a", "my project", "ü.v2", "@scope"] {
            assert_eq!(WorkspaceName::new(name).map(|name| name.to_string()), Ok(name.to_owned()));
        }
        assert_eq!(WorkspaceName::new(""), Err(WorkspaceNameError::Empty));
        assert_eq!(WorkspaceName::new("a/b"), Err(WorkspaceNameError::Character('/')));
        assert_eq!(WorkspaceName::new("a\n"), Err(WorkspaceNameError::Character('\n')));
        assert_eq!(WorkspaceName::new(&"a".repeat(256)), Err(WorkspaceNameError::TooLong(256)));
    }

    #[test]
    fn libraries_have_a_workspace_beside() {
        let name = |text: &str| WorkspaceName::new(text).unwrap();
        let libraries = name("app").of_libraries().unwrap();
        assert_eq!(libraries, name("app.libraries"));
        assert!(libraries.is_of_libraries());
        assert!(!name("app").is_of_libraries() && !name(".libraries").is_of_libraries());
        assert_eq!(name(&"a".repeat(250)).of_libraries(), Err(WorkspaceNameError::TooLong(260)));
    }
}

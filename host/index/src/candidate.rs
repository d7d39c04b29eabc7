//! What a search over many files finds: candidates by name, and what an analyzer confirmed of them.

use serde::{Deserialize, Serialize};
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

use crate::Roles;

/// A file with the byte offsets at which a name starts in it, ascending.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// The file.
    pub path: VfsPath,
    /// Where.
    pub offsets: Vec<u32>,
}

/// The confirmed occurrences in one file, ascending.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileReferences {
    /// The file.
    pub path: VfsPath,
    /// Its occurrences.
    pub references: Vec<Reference>,
}

/// A confirmed occurrence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reference {
    /// Where.
    pub span: Span,
    /// Its roles.
    pub roles: Roles,
}

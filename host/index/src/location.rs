//! A place in a file.

use serde::{Deserialize, Serialize};
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

/// A place in a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Location {
    /// The file.
    pub path: VfsPath,
    /// The name or token to select.
    pub span: Span,
    /// The whole construct that `span` names; contains `span`.
    pub full: Span,
}

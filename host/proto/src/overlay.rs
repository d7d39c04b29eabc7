//! The unsaved buffers of a session.

use std::collections::BTreeMap;
use std::sync::Arc;

use vraftls_vfs::{ContentDigest, VfsPath};

/// The unsaved buffers of one session at one moment: immutable, shared by all requests that were read while it held.
///
/// A file in it hides every base fact that the file owns. It never enters the replicated state or another session's
/// answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OverlaySet {
    files: BTreeMap<VfsPath, OverlayFile>,
}

impl FromIterator<(VfsPath, OverlayFile)> for OverlaySet {
    /// Of a file that comes twice the last one counts.
    fn from_iter<I: IntoIterator<Item = (VfsPath, OverlayFile)>>(files: I) -> Self {
        Self { files: files.into_iter().collect() }
    }
}

/// An unsaved buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OverlayFile {
    /// Of the bytes of `text`.
    pub digest: ContentDigest,
    /// The text.
    pub text: Arc<str>,
    /// The editor's identifier of its language.
    pub language: Arc<str>,
}

impl OverlaySet {
    /// The set without `path`, and with `file` there if there is one.
    #[must_use]
    pub fn with(&self, path: VfsPath, file: Option<OverlayFile>) -> Self {
        let mut files = self.files.clone();
        match file {
            Some(file) => files.insert(path, file),
            None => files.remove(&path),
        };
        Self { files }
    }

    /// The buffer of a file.
    pub fn get(&self, path: &VfsPath) -> Option<&OverlayFile> {
        self.files.get(path)
    }

    /// The buffers, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&VfsPath, &OverlayFile)> {
        self.files.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

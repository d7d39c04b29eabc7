//! What a session has above the replicated files: its unsaved buffers, and files that are gone for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vraftls_vfs::{ContentDigest, VfsPath};

/// The unsaved buffers of one session at one moment, and the files that are not there for it: immutable, shared by all requests that
/// were read while it held.
///
/// A file in it hides every base fact that the file owns. It never enters the replicated state or another session's
/// answer. No file is both a buffer and removed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OverlaySet {
    files: BTreeMap<VfsPath, OverlayFile>,
    removed: BTreeSet<VfsPath>,
}

impl FromIterator<(VfsPath, OverlayFile)> for OverlaySet {
    /// Of a file that comes twice the last one counts.
    fn from_iter<I: IntoIterator<Item = (VfsPath, OverlayFile)>>(files: I) -> Self {
        Self { files: files.into_iter().collect(), removed: BTreeSet::new() }
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

/// What a set says of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlaid<'a> {
    /// Nothing: it is as in the base.
    Not,
    /// It is this buffer.
    Buffer(&'a OverlayFile),
    /// It is gone.
    Removed,
}

impl OverlaySet {
    /// The set without `path`, and with `file` there if there is one.
    #[must_use]
    pub fn with(&self, path: VfsPath, file: Option<OverlayFile>) -> Self {
        let mut set = self.clone();
        set.removed.remove(&path);
        match file {
            Some(file) => set.files.insert(path, file),
            None => set.files.remove(&path),
        };
        set
    }

    /// The set in which these files are gone, unless it has a buffer of them.
    #[must_use]
    pub fn without(mut self, paths: impl IntoIterator<Item = VfsPath>) -> Self {
        let gone = paths.into_iter().filter(|path| !self.files.contains_key(path));
        self.removed.extend(gone);
        self
    }

    /// The set above another one: where this one says something of a file, that counts.
    #[must_use]
    pub fn above(&self, below: &Self) -> Self {
        let files = below.files.iter().filter(|(path, _)| !self.removed.contains(*path)).chain(&self.files);
        let files: BTreeMap<_, _> = files.map(|(path, file)| (path.clone(), file.clone())).collect();
        let removed = below.removed.union(&self.removed).filter(|path| !files.contains_key(*path)).cloned();
        let removed = removed.collect();
        Self { files, removed }
    }

    /// What the set says of these files.
    #[must_use]
    pub fn only<'a>(&self, paths: impl IntoIterator<Item = &'a VfsPath>) -> Self {
        let mut set = Self::default();
        for path in paths {
            match self.of(path) {
                Overlaid::Not => {}
                Overlaid::Buffer(file) => drop(set.files.insert(path.clone(), file.clone())),
                Overlaid::Removed => drop(set.removed.insert(path.clone())),
            }
        }
        set
    }

    /// What the set says of a file.
    pub fn of(&self, path: &VfsPath) -> Overlaid<'_> {
        match self.files.get(path) {
            Some(file) => Overlaid::Buffer(file),
            None if self.removed.contains(path) => Overlaid::Removed,
            None => Overlaid::Not,
        }
    }

    /// The buffer of a file.
    pub fn get(&self, path: &VfsPath) -> Option<&OverlayFile> {
        self.files.get(path)
    }

    /// The buffers, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&VfsPath, &OverlayFile)> {
        self.files.iter()
    }

    /// The files that are gone, by path.
    pub fn removed(&self) -> impl ExactSizeIterator<Item = &VfsPath> {
        self.removed.iter()
    }

    /// The files that it says something of: the buffers by path, then those that are gone by path.
    pub fn paths(&self) -> impl Iterator<Item = &VfsPath> {
        self.files.keys().chain(&self.removed)
    }

    /// Of how many files it says something.
    pub fn len(&self) -> usize {
        self.files.len() + self.removed.len()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.removed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VfsPath {
        VfsPath::new(text).expect("a path")
    }

    fn set(files: &[(&str, &str)], removed: &[&str]) -> OverlaySet {
        let file = |text: &str| OverlayFile {
            digest: ContentDigest::of(text.as_bytes()),
            text: text.into(),
            language: "python".into(),
        };
        let files: OverlaySet = files.iter().map(|(name, text)| (path(name), file(text))).collect();
        files.without(removed.iter().map(|name| path(name)))
    }

    #[test]
    fn a_file_is_a_buffer_or_gone_and_never_both() {
        let both = set(&[("a", "1")], &["a", "b"]);
        assert_eq!(both, set(&[("a", "1")], &["b"]));
        assert!(matches!(both.of(&path("a")), Overlaid::Buffer(_)));
        assert_eq!((both.of(&path("b")), both.of(&path("c"))), (Overlaid::Removed, Overlaid::Not));
        let back = both.with(path("b"), both.get(&path("a")).cloned());
        assert_eq!(back, set(&[("a", "1"), ("b", "1")], &[]));
        assert_eq!(both.with(path("b"), None), set(&[("a", "1")], &[]));
        assert_eq!((both.len(), set(&[], &["b"]).is_empty()), (2, false));
    }

    #[test]
    fn of_two_sets_the_upper_one_counts() {
        let below = set(&[("a", "below"), ("b", "below"), ("c", "below")], &["d", "e"]);
        let above = set(&[("b", "above"), ("d", "above")], &["c", "f"]);
        assert_eq!(above.above(&below), set(&[("a", "below"), ("b", "above"), ("d", "above")], &["c", "e", "f"]));
        assert_eq!(above.above(&OverlaySet::default()), above);
        assert_eq!(OverlaySet::default().above(&below), below);
        assert_eq!(below.only([&path("a"), &path("d"), &path("x")]), set(&[("a", "below")], &["d"]));
    }
}

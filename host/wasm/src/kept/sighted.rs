//! What an engine saw of the library roots in its life: what has to be the same again for its memory to be right.
//!
//! Of the workspace the manifest has every file; library roots may have hundreds of thousands, of which an engine reads some.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vraftls_query::{BaseFile, DirEntry, NodeKind, View};
use vraftls_vfs::{ContentDigest, VfsPath};

/// More are too many to be compared quickly: such an engine is not kept.
const SIGHTS_MAX: usize = 200_000;

/// What was seen of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Sight {
    /// There was nothing.
    Nothing,
    /// A directory, whose entries nobody asked for.
    Directory,
    /// A directory with entries of this hash.
    Entries([u8; 32]),
    /// A file with contents of this digest.
    File(ContentDigest),
    /// Where links lead from there; only the hash of it is kept.
    Real([u8; 32]),
}

impl Sight {
    /// What a path is, entries left out, if the view says of it that it is this file or none.
    pub(crate) fn of(view: &View, path: &VfsPath, file: Option<BaseFile>) -> Self {
        match file {
            Some(file) => Self::File(file.digest),
            None if view.is_directory(path.as_str()) => Self::Directory,
            None => Self::Nothing,
        }
    }

    /// The entries of a directory.
    pub(crate) fn of_entries(entries: &[DirEntry]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for entry in entries {
            let kind = match entry.kind {
                NodeKind::File => b"/f\n",
                NodeKind::Directory => b"/d\n",
            };
            // No name has a slash.
            hasher.update(entry.name.as_bytes()).update(kind);
        }
        Self::Entries(*hasher.finalize().as_bytes())
    }

    /// Where links lead from a path, if there are any.
    pub(crate) fn of_real(real: Option<&VfsPath>) -> Self {
        // What a view tells is never the empty path.
        Self::Real(*blake3::hash(real.map_or("", VfsPath::as_str).as_bytes()).as_bytes())
    }

    /// Whether a path is still what it was.
    pub(crate) fn holds(&self, view: &View, path: &VfsPath) -> bool {
        match self {
            Self::Real(_) => *self == Self::of_real(view.real(path).as_ref()),
            Self::Entries(_) => *self == Self::of_entries(&view.list(path.as_str())),
            _ => *self == Self::of(view, path, view.file(path)),
        }
    }
}

/// What an engine saw of the library roots so far.
#[derive(Debug, Default)]
pub(crate) struct Sighted {
    /// Of files, and of directories whose entries were not asked for.
    paths: BTreeMap<VfsPath, Sight>,
    /// Of directories.
    entries: BTreeMap<VfsPath, Sight>,
    /// Of links.
    reals: BTreeMap<VfsPath, Sight>,
    /// Whether one path was seen as two things, or too much was seen.
    unsure: bool,
}

impl Sighted {
    /// Whether a path is one of those to be noted.
    pub(crate) fn is_about(path: &VfsPath) -> bool {
        path.as_str() == "@lib" || path.as_str().starts_with("@lib/")
    }

    pub(crate) fn note(&mut self, path: VfsPath, sight: Sight) {
        let is_full = self.len() >= SIGHTS_MAX;
        let seen = match sight {
            Sight::Entries(_) => &mut self.entries,
            Sight::Real(_) => &mut self.reals,
            _ => &mut self.paths,
        };
        match seen.get(&path) {
            Some(before) => self.unsure |= *before != sight,
            None if is_full => self.unsure = true,
            None => drop(seen.insert(path, sight)),
        }
    }

    /// Notes that the engine was told something that nobody can look up again.
    pub(crate) fn doubt(&mut self) {
        self.unsure = true;
    }

    fn len(&self) -> usize {
        self.paths.len() + self.entries.len() + self.reals.len()
    }

    /// All that was seen, unless one thing was seen in two states.
    pub(crate) fn all(&self) -> Option<impl Iterator<Item = (&VfsPath, &Sight)>> {
        (!self.unsure).then(|| self.paths.iter().chain(&self.entries).chain(&self.reals))
    }
}

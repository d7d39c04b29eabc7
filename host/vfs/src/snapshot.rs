//! What readers see: one workspace at one revision.

use std::ops::Bound;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use serde::{Deserialize, Serialize};

use crate::state::Workspace;
use crate::{ContentDigest, FileVersion, Revision, VfsPath, WorkspaceId, WorkspaceName};

/// What is known of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its contents.
    pub digest: ContentDigest,
    /// How many bytes they are.
    pub size_bytes: u64,
    /// Which contents of the path they are.
    pub version: FileVersion,
    /// The revision since which they are there.
    pub revision: Revision,
}

/// What is at a path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EntryKind {
    /// Something with contents.
    File,
    /// Something that files lie in.
    Directory,
}

/// An entry of a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirectoryEntry {
    /// The last component of its path.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// How the contents at a path differ between two snapshots.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChangeKind {
    /// Only the younger one has the file.
    Created,
    /// Both have it, with other contents.
    Changed,
    /// Only the older one has it.
    Removed,
}

/// A file that differs between two snapshots.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The file.
    pub path: VfsPath,
    /// How it differs.
    pub kind: ChangeKind,
}

/// One workspace at one revision, for ever. Clones share their files with it and with the state that it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    id: WorkspaceId,
    workspace: Workspace,
    revision: Revision,
}

impl Snapshot {
    pub(crate) fn new(id: WorkspaceId, workspace: Workspace, revision: Revision) -> Self {
        Self { id, workspace, revision }
    }

    /// Which workspace.
    pub fn workspace(&self) -> WorkspaceId {
        self.id
    }

    /// Its name.
    pub fn name(&self) -> &WorkspaceName {
        &self.workspace.name
    }

    /// The revision of the shard when the snapshot was taken.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The revision at which this workspace last changed. Two snapshots of one workspace that agree in it have the same files.
    pub fn changed(&self) -> Revision {
        self.workspace.changed
    }

    /// How many files there are.
    pub fn n_files(&self) -> usize {
        self.workspace.files.len()
    }

    /// The file at a path.
    pub fn get(&self, path: impl AsRef<str>) -> Option<&FileEntry> {
        self.workspace.files.get(path.as_ref())
    }

    /// What is at a path.
    pub fn kind(&self, path: impl AsRef<str>) -> Option<EntryKind> {
        let path = path.as_ref();
        if self.get(path).is_some() {
            return Some(EntryKind::File);
        }
        self.is_directory(path).then_some(EntryKind::Directory)
    }

    /// Whether files lie below a path. The workspace itself, the empty path, is a directory without any too.
    pub fn is_directory(&self, path: impl AsRef<str>) -> bool {
        is_directory(&self.workspace.files, path.as_ref())
    }

    /// The entries of a directory, sorted by name; empty where there is no such directory.
    ///
    /// Takes time in the number of entries, not in the number of files below them.
    pub fn list(&self, directory: impl AsRef<str>) -> Vec<DirectoryEntry> {
        let prefix = prefix(directory.as_ref());
        let (mut entries, mut from) = (Vec::new(), prefix.clone());
        while let Some(rest) = first_from(&self.workspace.files, &from).and_then(|path| path.strip_prefix(&prefix)) {
            let (name, kind) = match rest.split_once('/') {
                Some((name, _)) => (name, EntryKind::Directory),
                None => (rest, EntryKind::File),
            };
            entries.push(DirectoryEntry { name: name.to_owned(), kind });
            // To the first path behind the entry: behind all that begins with `name/`, or behind `name` itself.
            from.truncate(prefix.len());
            from.push_str(name);
            from.push(match kind {
                EntryKind::Directory => AFTER_SLASH,
                EntryKind::File => '\0',
            });
        }
        // Paths are in another order than names: `a.py` is before `a/b`, but `a` is before `a.py`.
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    /// All files in the order of their paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&VfsPath, &FileEntry)> {
        self.workspace.files.iter()
    }

    /// The files behind a path, which need not exist, in the order of their paths; all of them behind the empty one.
    pub fn files_after(&self, path: &str) -> impl Iterator<Item = (&VfsPath, &FileEntry)> {
        self.workspace.files.range::<_, str>((Bound::Excluded(path), Bound::Unbounded))
    }

    /// The files below a directory, in the order of their paths.
    pub fn files_below(&self, directory: impl AsRef<str>) -> impl Iterator<Item = (&VfsPath, &FileEntry)> {
        let prefix = prefix(directory.as_ref());
        let files = self.workspace.files.range::<_, str>((Bound::Included(prefix.as_str()), Bound::Unbounded));
        files.take_while(move |(path, _)| path.as_str().starts_with(&prefix))
    }

    /// The files whose contents differ from those in `older`, in the order of their paths.
    ///
    /// Skips what the two share, so two snapshots few changes apart are compared in little time.
    pub fn diff(&self, older: &Snapshot) -> impl Iterator<Item = Change> {
        older.workspace.files.diff(&self.workspace.files).filter_map(|item| match item {
            DiffItem::Add(path, _) => Some(Change { path: path.clone(), kind: ChangeKind::Created }),
            DiffItem::Remove(path, _) => Some(Change { path: path.clone(), kind: ChangeKind::Removed }),
            // A file that went away and came back is another version of the same contents.
            DiffItem::Update { old: (_, old), new: (_, new) } if old.digest == new.digest => None,
            DiffItem::Update { old: (path, _), .. } => Some(Change { path: path.clone(), kind: ChangeKind::Changed }),
        })
    }
}

/// The character behind `/`: what is not smaller than `a0` is behind all that begins with `a/`.
const AFTER_SLASH: char = '0';

/// What the paths of all files below a directory begin with.
fn prefix(directory: &str) -> String {
    if directory.is_empty() { String::new() } else { format!("{directory}/") }
}

fn first_from<'a>(files: &'a OrdMap<VfsPath, FileEntry>, from: &str) -> Option<&'a str> {
    files.range::<_, str>((Bound::Included(from), Bound::Unbounded)).next().map(|(path, _)| path.as_str())
}

pub(crate) fn is_directory(files: &OrdMap<VfsPath, FileEntry>, path: &str) -> bool {
    if path.is_empty() {
        return true;
    }
    let prefix = prefix(path);
    first_from(files, &prefix).is_some_and(|file| file.starts_with(&prefix))
}

//! What requests see of a workspace on this machine: the replicated state, with what the disk is known to have beyond it, and library
//! roots.

#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use vraftls_query::{Base, BaseFile, Change, Changes, DirEntry, NodeKind, ReadError};
use vraftls_vfs::{ContentDigest, EntryKind, Revision, Snapshot, VfsPath};

use super::libraries::Libraries;
use super::pending::{PendingFile, text_of};
use crate::contents::ContentStore;

/// A workspace at one moment. Immutable; a new moment is a new value that shares nearly everything.
///
/// While a tree is taken in, most files are `pending`: found on disk, not committed. A request reads those from the disk, so that the first
/// answer need not wait for the whole ingest; when they are committed the contents are the same, and nothing changes for anybody.
#[derive(Clone)]
pub(crate) struct TreeBase {
    pub(crate) snapshot: Snapshot,
    pub(crate) pending: OrdMap<VfsPath, Pending>,
    pub(crate) contents: ContentStore,
    pub(crate) libraries: Arc<Libraries>,
    /// Which contents: see [`Base::generation`].
    generation: u64,
    /// Which library roots: see [`Base::libraries_generation`].
    libraries_generation: u64,
}

/// What the disk has beyond the replicated state.
#[derive(Clone, Debug)]
pub(crate) enum Pending {
    /// The file is new or has other contents.
    Written(Arc<PendingFile>),
    /// The file is gone.
    Removed,
}

/// The same only where it is the very same file: what says whether two bases can differ in it.
impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Written(a), Self::Written(b)) => Arc::ptr_eq(a, b),
            (Self::Removed, Self::Removed) => true,
            _ => false,
        }
    }
}

/// What stands at a path, for telling two bases apart.
enum Standing<'a> {
    Nothing,
    Committed(ContentDigest),
    OnDisk(&'a Arc<PendingFile>),
}

impl TreeBase {
    /// The base of a workspace before its tree was looked at.
    pub(crate) fn new(snapshot: Snapshot, contents: ContentStore, libraries: Arc<Libraries>) -> Self {
        Self { snapshot, pending: OrdMap::new(), contents, libraries, generation: 0, libraries_generation: 0 }
    }

    /// Takes the generation of `older` where the files are the same, and the next one where they are not.
    pub(crate) fn settle_generation(&mut self, older: &TreeBase) {
        let moved = self.changes_since(older) != Changes::Paths(Vec::new());
        self.generation = older.generation + u64::from(moved);
        let has_other_libraries = !Arc::ptr_eq(&self.libraries, &older.libraries);
        self.libraries_generation = older.libraries_generation + u64::from(has_other_libraries);
    }

    fn standing(&self, path: &VfsPath) -> Standing<'_> {
        match self.pending.get(path) {
            Some(Pending::Written(file)) => Standing::OnDisk(file),
            Some(Pending::Removed) => Standing::Nothing,
            None => match self.snapshot.get(path) {
                Some(entry) => Standing::Committed(entry.digest),
                None => Standing::Nothing,
            },
        }
    }

    fn change_of(&self, path: &VfsPath, older: &TreeBase) -> Option<Change> {
        match (older.standing(path), self.standing(path)) {
            (Standing::Nothing, Standing::Nothing) => None,
            (Standing::Nothing, _) => Some(Change::Created(path.clone())),
            (_, Standing::Nothing) => Some(Change::Removed(path.clone())),
            (before, after) => (!same(&before, &after)).then(|| Change::Changed(path.clone())),
        }
    }

    fn pending_below(&self, prefix: &str) -> impl Iterator<Item = (&VfsPath, &Pending)> {
        let prefix = prefix.to_owned();
        let range = self.pending.range::<_, str>((Bound::Included(prefix.as_str()), Bound::Unbounded));
        range.take_while(move |(path, _)| path.as_str().starts_with(&prefix))
    }
}

/// Whether two files have the same contents for sure. A file that nobody read may still be read by whoever holds the older base, and may
/// say something else by then.
fn same(before: &Standing<'_>, after: &Standing<'_>) -> bool {
    let digest = |standing: &Standing<'_>| match standing {
        Standing::Nothing => None,
        Standing::Committed(digest) => Some(*digest),
        Standing::OnDisk(file) => file.digest_if_loaded(),
    };
    match (before, after) {
        (Standing::OnDisk(a), Standing::OnDisk(b)) if Arc::ptr_eq(a, b) => true,
        _ => digest(before) == digest(after) && digest(after).is_some(),
    }
}

impl Base for TreeBase {
    fn revision(&self) -> Revision {
        self.snapshot.revision()
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn libraries_generation(&self) -> u64 {
        self.libraries_generation
    }

    fn file(&self, path: &VfsPath) -> Option<BaseFile> {
        if Libraries::owns(path.as_str()) {
            return self.libraries.file(path.as_str());
        }
        match self.pending.get(path) {
            Some(Pending::Removed) => None,
            Some(Pending::Written(file)) => {
                let loaded = file.load().ok()?;
                Some(BaseFile { digest: loaded.digest, size_bytes: loaded.bytes.len() as u64 })
            }
            None => {
                self.snapshot.get(path).map(|entry| BaseFile { digest: entry.digest, size_bytes: entry.size_bytes })
            }
        }
    }

    fn file_at_hand(&self, path: &VfsPath) -> Option<Option<BaseFile>> {
        let waits = Libraries::owns(path.as_str())
            || matches!(self.pending.get(path), Some(Pending::Written(file)) if file.digest_if_loaded().is_none());
        (!waits).then(|| self.file(path))
    }

    fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError> {
        if Libraries::owns(path.as_str()) {
            return self.libraries.read(path.as_str());
        }
        let committed = match self.pending.get(path) {
            Some(Pending::Written(file)) => return text_of(&file.load()?.bytes),
            Some(Pending::Removed) => None,
            None => self.snapshot.get(path),
        };
        match committed {
            Some(entry) => {
                let bytes = self.contents.get(&entry.digest);
                text_of(&bytes.map_err(|error| ReadError::Unavailable(error.to_string()))?)
            }
            None if self.is_directory(path.as_str()) => Err(ReadError::IsDirectory),
            None => Err(ReadError::NotFound),
        }
    }

    fn list(&self, directory: &str) -> Vec<DirEntry> {
        if Libraries::owns(directory) {
            return self.libraries.list(directory);
        }
        let committed = self.snapshot.list(directory);
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        if self.pending_below(&prefix).next().is_none() {
            let entry = |entry: vraftls_vfs::DirectoryEntry| DirEntry { name: entry.name, kind: kind_of(entry.kind) };
            return committed.into_iter().map(entry).collect();
        }
        let path_of = |name: &str| VfsPath::new(&format!("{prefix}{name}")).ok();
        let mut names: BTreeSet<String> = committed.into_iter().map(|entry| entry.name).collect();
        for (path, _) in self.pending_below(&prefix) {
            let rest = &path.as_str()[prefix.len()..];
            names.insert(rest.split_once('/').map_or(rest, |(first, _)| first).to_owned());
        }
        let kind = |name: &str| {
            let path = path_of(name)?;
            match self.standing(&path) {
                Standing::Nothing => self.is_directory(path.as_str()).then_some(NodeKind::Directory),
                _ => Some(NodeKind::File),
            }
        };
        names.into_iter().filter_map(|name| kind(&name).map(|kind| DirEntry { name, kind })).collect()
    }

    fn is_directory(&self, path: &str) -> bool {
        if Libraries::owns(path) {
            return self.libraries.is_directory(path);
        }
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        path.is_empty()
            || self.pending_below(&prefix).any(|(_, pending)| matches!(pending, Pending::Written(_)))
            || self
                .snapshot
                .files_below(path)
                .any(|(path, _)| !matches!(self.pending.get(path), Some(Pending::Removed)))
    }

    fn followed(&self, path: &VfsPath) -> Option<VfsPath> {
        self.libraries.followed(path.as_str())
    }

    fn files(&self) -> Vec<(VfsPath, BaseFile)> {
        let committed = self.snapshot.iter().map(|(path, _)| path);
        let paths: BTreeSet<&VfsPath> = committed.chain(self.pending.keys()).collect();
        paths.into_iter().filter_map(|path| Some((path.clone(), self.file(path)?))).collect()
    }

    fn changes_since(&self, older: &dyn Base) -> Changes {
        let Some(older) = older.as_any().downcast_ref::<TreeBase>() else { return Changes::Everything };
        if self.snapshot.workspace() != older.snapshot.workspace() {
            return Changes::Everything;
        }
        let added = match Arc::ptr_eq(&self.libraries, &older.libraries) {
            true => Some(Vec::new()),
            false => self.libraries.added_since(&older.libraries),
        };
        let Some(added) = added else { return Changes::Everything };
        let added = added.into_iter().filter_map(|mount| VfsPath::new(&mount.prefix).ok()).map(Change::Created);
        let mut paths: BTreeSet<VfsPath> = self.snapshot.diff(&older.snapshot).map(|change| change.path).collect();
        // Skips what the two share: while a tree is taken in, that is nearly everything.
        paths.extend(older.pending.diff(&self.pending).map(|item| match item {
            DiffItem::Add(path, _) | DiffItem::Remove(path, _) | DiffItem::Update { old: (path, _), .. } => {
                path.clone()
            }
        }));
        let mut changes: Vec<Change> = paths.iter().filter_map(|path| self.change_of(path, older)).collect();
        changes.extend(added);
        changes.sort_unstable_by(|a, b| a.path().cmp(b.path()));
        Changes::Paths(changes)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn kind_of(kind: EntryKind) -> NodeKind {
    match kind {
        EntryKind::File => NodeKind::File,
        EntryKind::Directory => NodeKind::Directory,
    }
}

//! A workspace as all its shards together have it.
//!
//! Every file is in the shard that its slot belongs to, and in no other; what is looked up goes to one shard, what is listed is put
//! together from all of them. So the answer is the same for one shard and for many.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use vraftls_meta::{Slot, SlotMap};
use vraftls_proto::Revisions;
use vraftls_query::{Base, BaseFile, Change, Changes, DirEntry, NodeKind, ReadError};
use vraftls_raft::ids::GroupId;
use vraftls_vfs::{EntryKind, FileEntry, Revision, Snapshot, VfsPath, WorkspaceId};

use super::mirrors::Mirrors;
use crate::contents::{ContentError, ContentStore};
use crate::libraries::PushedLibraries;
use crate::tree::libraries::Libraries;
use crate::tree::pending::text_of;

/// A workspace at one moment of each of its shards. Immutable.
pub(super) struct ShardedBase {
    workspace: WorkspaceId,
    shards: BTreeMap<GroupId, Snapshot>,
    slots: Arc<SlotMap>,
    contents: Contents,
    /// The workspace beside that has what the view has below `@lib/`.
    libraries: Option<Arc<Self>>,
    generation: u64,
    /// Of the libraries alone.
    libraries_generation: u64,
}

/// Where contents are: here, or at a replica of the shard.
#[derive(Clone)]
pub(super) struct Contents {
    pub(super) here: ContentStore,
    pub(super) mirrors: Arc<Mirrors>,
}

impl ShardedBase {
    /// A workspace in which a new generation begins unless it has just the files of `older`.
    pub(super) fn new(
        workspace: WorkspaceId,
        shards: BTreeMap<GroupId, Snapshot>,
        slots: Arc<SlotMap>,
        contents: Contents,
        libraries: Option<Arc<Self>>,
        older: Option<&Self>,
    ) -> Self {
        let mut base = Self { workspace, shards, slots, contents, libraries, generation: 1, libraries_generation: 1 };
        if let Some(older) = older {
            let is_same = |changes: Changes| changes == Changes::Paths(Vec::new());
            let same_libraries = is_same(base.libraries_since(older));
            base.libraries_generation = older.libraries_generation + u64::from(!same_libraries);
            base.generation = older.generation + u64::from(!same_libraries || !is_same(base.files_since(older)));
        }
        base
    }

    /// Whether nothing happened in any shard since, and nothing to the libraries.
    pub(super) fn is_of(
        &self,
        shards: &BTreeMap<GroupId, Snapshot>,
        slots: &SlotMap,
        libraries: Option<&Arc<Self>>,
    ) -> bool {
        let same_libraries = match (&self.libraries, libraries) {
            (Some(known), Some(now)) => Arc::ptr_eq(known, now),
            (known, now) => known.is_none() && now.is_none(),
        };
        let same = |(a, b): ((&GroupId, &Snapshot), (&GroupId, &Snapshot))| {
            a.0 == b.0 && a.1.changed() == b.1.changed() && a.1.revision() == b.1.revision()
        };
        same_libraries
            && self.slots.epoch() == slots.epoch()
            && self.shards.len() == shards.len()
            && self.shards.iter().zip(shards).all(same)
    }

    /// The workspace of the libraries.
    pub(super) fn libraries(&self) -> Option<&Arc<Self>> {
        self.libraries.as_ref()
    }

    /// A file of the libraries, as their workspace knows it.
    fn in_libraries(&self, path: &str) -> Option<(&Self, VfsPath)> {
        Some((self.libraries.as_deref()?, PushedLibraries::path_of(path)?))
    }

    /// A directory of the libraries, and where their workspace has it.
    fn library_directory<'a>(&self, path: &'a str) -> Option<(&Self, &'a str)> {
        let inner = path.strip_prefix(Libraries::PREFIX)?;
        Some((self.libraries.as_deref()?, inner.strip_prefix('/').unwrap_or(inner)))
    }

    /// How the libraries differ from an older base's.
    fn libraries_since(&self, older: &Self) -> Changes {
        let (now, before) = match (&self.libraries, &older.libraries) {
            (None, None) => return Changes::Paths(Vec::new()),
            (Some(now), Some(before)) => (now, before),
            _ => return Changes::Everything,
        };
        let Changes::Paths(changes) = now.files_since(before) else { return Changes::Everything };
        let in_view = |path: &VfsPath| VfsPath::new(&PushedLibraries::in_view(path.as_str())).ok();
        let moved = changes.iter().map(|change| {
            Some(match change {
                Change::Created(path) => Change::Created(in_view(path)?),
                Change::Changed(path) => Change::Changed(in_view(path)?),
                Change::Removed(path) => Change::Removed(in_view(path)?),
            })
        });
        moved.collect::<Option<_>>().map_or(Changes::Everything, Changes::Paths)
    }

    /// How the files differ from an older base's, libraries left out.
    fn files_since(&self, older: &Self) -> Changes {
        let comparable = self.workspace == older.workspace
            && self.slots.epoch() == older.slots.epoch()
            && self.shards.keys().eq(older.shards.keys());
        if !comparable {
            return Changes::Everything;
        }
        let diffs = self.shards.iter().zip(older.shards.values()).flat_map(|((_, now), before)| now.diff(before));
        let mut changes: Vec<Change> = diffs
            .map(|change| match change.kind {
                vraftls_vfs::ChangeKind::Created => Change::Created(change.path),
                vraftls_vfs::ChangeKind::Changed => Change::Changed(change.path),
                vraftls_vfs::ChangeKind::Removed => Change::Removed(change.path),
            })
            .collect();
        changes.sort_unstable_by(|a, b| a.path().cmp(b.path()));
        Changes::Paths(changes)
    }

    fn entry(&self, path: &VfsPath) -> Option<&FileEntry> {
        let group = self.slots.group_of(Slot::of(self.workspace, path))?;
        self.shards.get(&GroupId(group.0))?.get(path)
    }

    /// All files by path, with their entries.
    pub(super) fn entries(&self) -> Vec<(&VfsPath, &FileEntry)> {
        let mut entries: Vec<(&VfsPath, &FileEntry)> = self.shards.values().flat_map(Snapshot::iter).collect();
        entries.sort_unstable_by_key(|(path, _)| *path);
        entries
    }

    /// Files behind a path, by path, at most so many; and whether more follow.
    pub(super) fn entries_after(&self, after: Option<&VfsPath>, n_max: usize) -> (Vec<(VfsPath, FileEntry)>, bool) {
        let mut found: Vec<(VfsPath, FileEntry)> = Vec::new();
        for snapshot in self.shards.values() {
            let behind = snapshot.files_after(after.map_or("", VfsPath::as_str));
            found.extend(behind.take(n_max + 1).map(|(path, entry)| (path.clone(), *entry)));
        }
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let has_more = found.len() > n_max;
        found.truncate(n_max);
        (found, has_more)
    }
}

impl Base for ShardedBase {
    fn revision(&self) -> Revision {
        Revision(0)
    }

    fn revisions(&self) -> Revisions {
        self.shards.iter().map(|(group, snapshot)| (group.0, snapshot.revision())).collect()
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn libraries_generation(&self) -> u64 {
        self.libraries_generation
    }

    fn file(&self, path: &VfsPath) -> Option<BaseFile> {
        if Libraries::owns(path.as_str()) {
            let (libraries, path) = self.in_libraries(path.as_str())?;
            return libraries.file(&path);
        }
        self.entry(path).map(|entry| BaseFile { digest: entry.digest, size_bytes: entry.size_bytes })
    }

    fn file_at_hand(&self, path: &VfsPath) -> Option<Option<BaseFile>> {
        Some(self.file(path))
    }

    fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError> {
        if Libraries::owns(path.as_str()) {
            let (libraries, path) = self.in_libraries(path.as_str()).ok_or(ReadError::NotFound)?;
            return libraries.read(&path);
        }
        match self.entry(path) {
            Some(entry) => match self.contents.here.get(&entry.digest) {
                Ok(bytes) => text_of(&bytes),
                Err(ContentError::Missing(digest)) => {
                    let group = self.slots.group_of(Slot::of(self.workspace, path)).ok_or(ReadError::NotFound)?;
                    text_of(&self.contents.mirrors.read(GroupId(group.0), digest)?)
                }
                Err(error) => Err(ReadError::Unavailable(error.to_string())),
            },
            None if self.is_directory(path.as_str()) => Err(ReadError::IsDirectory),
            None => Err(ReadError::NotFound),
        }
    }

    fn list(&self, directory: &str) -> Vec<DirEntry> {
        if Libraries::owns(directory) {
            let found = self.library_directory(directory);
            return found.map(|(libraries, inner)| libraries.list(inner)).unwrap_or_default();
        }
        let mut names: BTreeMap<String, NodeKind> = BTreeMap::new();
        for entry in self.shards.values().flat_map(|snapshot| snapshot.list(directory)) {
            let kind = match entry.kind {
                EntryKind::File => NodeKind::File,
                EntryKind::Directory => NodeKind::Directory,
            };
            // Two shards that know nothing of each other may call a name a file and a directory; the file is what can be read.
            let known = names.entry(entry.name).or_insert(kind);
            if kind == NodeKind::File {
                *known = kind;
            }
        }
        names.into_iter().map(|(name, kind)| DirEntry { name, kind }).collect()
    }

    fn is_directory(&self, path: &str) -> bool {
        if Libraries::owns(path) {
            return self.library_directory(path).is_some_and(|(libraries, inner)| libraries.is_directory(inner));
        }
        path.is_empty() || self.shards.values().any(|snapshot| snapshot.is_directory(path))
    }

    fn files(&self) -> Vec<(VfsPath, BaseFile)> {
        let file = |entry: &FileEntry| BaseFile { digest: entry.digest, size_bytes: entry.size_bytes };
        self.entries().into_iter().map(|(path, entry)| (path.clone(), file(entry))).collect()
    }

    fn changes_since(&self, older: &dyn Base) -> Changes {
        let Some(older) = older.as_any().downcast_ref::<Self>() else { return Changes::Everything };
        match (self.libraries_since(older), self.files_since(older)) {
            // In order: `@` comes before letters, but not before every character.
            (Changes::Paths(libraries), Changes::Paths(mut changes)) if !libraries.is_empty() => {
                changes.extend(libraries);
                changes.sort_unstable_by(|a, b| a.path().cmp(b.path()));
                Changes::Paths(changes)
            }
            (Changes::Paths(_), files) => files,
            (Changes::Everything, _) => Changes::Everything,
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

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
use crate::tree::pending::text_of;

/// A workspace at one moment of each of its shards. Immutable.
pub(super) struct ShardedBase {
    workspace: WorkspaceId,
    shards: BTreeMap<GroupId, Snapshot>,
    slots: Arc<SlotMap>,
    contents: Contents,
    generation: u64,
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
        older: Option<&Self>,
    ) -> Self {
        let mut base = Self { workspace, shards, slots, contents, generation: 1 };
        if let Some(older) = older {
            let is_same = base.changes_since(older) == Changes::Paths(Vec::new());
            base.generation = older.generation + u64::from(!is_same);
        }
        base
    }

    /// Whether nothing happened in any shard since.
    pub(super) fn is_of(&self, shards: &BTreeMap<GroupId, Snapshot>, slots: &SlotMap) -> bool {
        let same = |(a, b): ((&GroupId, &Snapshot), (&GroupId, &Snapshot))| {
            a.0 == b.0 && a.1.changed() == b.1.changed() && a.1.revision() == b.1.revision()
        };
        self.slots.epoch() == slots.epoch()
            && self.shards.len() == shards.len()
            && self.shards.iter().zip(shards).all(same)
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
        // Analyzers carry what they need of libraries themselves; the cluster has none.
        0
    }

    fn file(&self, path: &VfsPath) -> Option<BaseFile> {
        self.entry(path).map(|entry| BaseFile { digest: entry.digest, size_bytes: entry.size_bytes })
    }

    fn file_at_hand(&self, path: &VfsPath) -> Option<Option<BaseFile>> {
        Some(self.file(path))
    }

    fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError> {
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
        path.is_empty() || self.shards.values().any(|snapshot| snapshot.is_directory(path))
    }

    fn files(&self) -> Vec<(VfsPath, BaseFile)> {
        let file = |entry: &FileEntry| BaseFile { digest: entry.digest, size_bytes: entry.size_bytes };
        self.entries().into_iter().map(|(path, entry)| (path.clone(), file(entry))).collect()
    }

    fn changes_since(&self, older: &dyn Base) -> Changes {
        let Some(older) = older.as_any().downcast_ref::<Self>() else { return Changes::Everything };
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

    fn as_any(&self) -> &dyn Any {
        self
    }
}

//! A workspace as all its shards together have it.
//!
//! Every file is in the shard that its slot belongs to, and in no other; what is looked up goes to one shard, what is listed is put
//! together from all of them. So the answer is the same for one shard and for many.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

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
    /// Where it is such a workspace: its list of roots, once somebody needed it.
    list: OnceLock<Arc<PushedLibraries>>,
    generation: u64,
    /// Of the libraries alone.
    libraries_generation: u64,
}

/// Where a path of a library root leads.
enum Led<'a> {
    /// To this path of the workspace of libraries.
    Library(&'a ShardedBase, String),
    /// To this path of the workspace itself.
    Own(String),
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
        let list = OnceLock::new();
        let mut base =
            Self { workspace, shards, slots, contents, libraries, list, generation: 1, libraries_generation: 1 };
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

    /// The list of roots of this workspace of libraries. Reads it the first time. Where it cannot be had there is none for now: whoever asks
    /// about a workspace with such libraries is told so before.
    fn list_of_roots(&self) -> Option<&PushedLibraries> {
        if self.list.get().is_none() {
            let path = VfsPath::new(PushedLibraries::FILE).expect("a name");
            let list = PushedLibraries::decode(self.read(&path).ok()?.as_bytes()).ok()?;
            // Who else read it read the same.
            let _ = self.list.set(Arc::new(list));
        }
        self.list.get().map(|list| &**list)
    }

    /// Where a path of a library root leads: to a path of the libraries' workspace, or of this one. Links on its way are followed.
    fn led(&self, path: &str) -> Option<Led<'_>> {
        let libraries = self.libraries.as_deref()?;
        let real = match libraries.list_of_roots() {
            Some(list) => list.follow(path)?,
            None => Cow::Borrowed(path),
        };
        match real.strip_prefix(Libraries::PREFIX) {
            Some(inner) if inner.is_empty() || inner.starts_with('/') => {
                Some(Led::Library(libraries, inner.trim_start_matches('/').to_owned()))
            }
            _ => Some(Led::Own(real.into_owned())),
        }
    }

    /// How the libraries differ from an older base's.
    fn libraries_since(&self, older: &Self) -> Changes {
        let (now, before) = match (&self.libraries, &older.libraries) {
            (None, None) => return Changes::Paths(Vec::new()),
            (Some(now), Some(before)) => (now, before),
            _ => return Changes::Everything,
        };
        let Changes::Paths(changes) = now.files_since(before) else { return Changes::Everything };
        // Links may lead elsewhere.
        if changes.iter().any(|change| change.path().as_str() == PushedLibraries::FILE) {
            return Changes::Everything;
        }
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

    /// The entries of a directory of this workspace of libraries, links among them.
    fn list_with_links(&self, directory: &str) -> Vec<DirEntry> {
        let mut entries: BTreeMap<String, NodeKind> =
            self.list(directory).into_iter().map(|entry| (entry.name, entry.kind)).collect();
        for name in self.links_in(directory) {
            entries.entry(name.to_owned()).or_insert(NodeKind::Directory);
        }
        entries.into_iter().map(|(name, kind)| DirEntry { name, kind }).collect()
    }

    fn links_in(&self, directory: &str) -> impl Iterator<Item = &str> {
        let in_view = PushedLibraries::in_view(directory);
        self.list_of_roots().into_iter().flat_map(move |list| list.linked_in(in_view.trim_end_matches('/')))
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
            return match self.led(path.as_str())? {
                Led::Library(libraries, path) => libraries.file(&VfsPath::new(&path).ok()?),
                Led::Own(path) => self.file(&VfsPath::new(&path).ok()?),
            };
        }
        self.entry(path).map(|entry| BaseFile { digest: entry.digest, size_bytes: entry.size_bytes })
    }

    fn file_at_hand(&self, path: &VfsPath) -> Option<Option<BaseFile>> {
        let waits = Libraries::owns(path.as_str())
            && self.libraries.as_deref().is_some_and(|libraries| libraries.list.get().is_none());
        (!waits).then(|| self.file(path))
    }

    fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError> {
        if Libraries::owns(path.as_str()) {
            let valid = |path: &str| VfsPath::new(path).map_err(|_| ReadError::NotFound);
            return match self.led(path.as_str()).ok_or(ReadError::NotFound)? {
                Led::Library(libraries, path) => libraries.read(&valid(&path)?),
                Led::Own(path) => self.read(&valid(&path)?),
            };
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
            return match self.led(directory) {
                Some(Led::Library(libraries, inner)) => libraries.list_with_links(&inner),
                Some(Led::Own(directory)) => self.list(&directory),
                None => Vec::new(),
            };
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
            return match self.led(path) {
                Some(Led::Library(libraries, inner)) => {
                    libraries.is_directory(&inner) || libraries.links_in(&inner).next().is_some()
                }
                Some(Led::Own(path)) => self.is_directory(&path),
                None => false,
            };
        }
        path.is_empty() || self.shards.values().any(|snapshot| snapshot.is_directory(path))
    }

    fn followed(&self, path: &VfsPath) -> Option<VfsPath> {
        let list = self.libraries.as_deref()?.list_of_roots()?;
        Libraries::owns(path.as_str()).then(|| list.follow(path.as_str()))?.and_then(|real| VfsPath::new(&real).ok())
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

//! The engine's view of files, over the `workspace` import. It reads and never writes; it knows no environment, no clock and
//! no processes, and answers every question about them with "there is none".

use std::any::Any;
use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ruff_db::file_revision::FileRevision;
use ruff_db::system::walk_directory::WalkDirectoryBuilder;
use ruff_db::system::{
    DirectoryEntry, FileType, MemoryFileSystem, Metadata, Result, System, SystemPath, SystemPathBuf, SystemVirtualPath,
    WhichError, WhichResult, WritableSystem,
};
use ruff_notebook::{Notebook, NotebookError};
use rustc_hash::FxHashMap;
use vraftls_guest_sdk::{Entry, NodeKind, ReadError, Workspace};

use crate::{index, notebook, paths};

/// Files as the workspace import shows them.
///
/// Every question is a call to the host, so answers are kept until [`WorkspaceSystem::forget`]: one view of the workspace
/// never changes. The engine itself remembers what it was told of a file, so what is kept here stays small.
#[derive(Debug, Clone)]
pub(crate) struct WorkspaceSystem {
    workspace: Arc<dyn Workspace>,
    seen: Arc<Mutex<Seen>>,
}

/// What the host said of the current view.
#[derive(Debug, Default)]
struct Seen {
    metadata: FxHashMap<SystemPathBuf, Option<Metadata>>,
    listings: FxHashMap<SystemPathBuf, Arc<[Entry]>>,
    /// How often a directory's entries changed. The contract gives directories no stamp, and the engine keeps a listing
    /// for as long as the directory's revision stays the same.
    generations: FxHashMap<SystemPathBuf, u64>,
    /// How often any directory may have changed.
    epoch: u64,
}

impl Seen {
    fn directory(&self, path: &SystemPath) -> Metadata {
        let generation = self.generations.get(path).copied().unwrap_or_default();
        let revision = (u128::from(self.epoch) << 64) | u128::from(generation);
        Metadata::new(FileRevision::new(revision), None, FileType::Directory)
    }
}

impl WorkspaceSystem {
    /// A system over the workspace.
    pub(crate) fn new(workspace: Arc<dyn Workspace>) -> Self {
        Self { workspace, seen: Arc::default() }
    }

    /// Drops what was seen of the last view.
    pub(crate) fn forget(&self) {
        let mut seen = self.seen();
        seen.metadata.clear();
        seen.listings.clear();
    }

    /// Notes that the entries of the directory differ in the next view.
    pub(crate) fn touch_directory(&self, path: &SystemPath) {
        *self.seen().generations.entry(path.to_path_buf()).or_default() += 1;
    }

    /// Notes that the entries of every directory may differ in the next view.
    pub(crate) fn touch_all_directories(&self) {
        self.seen().epoch += 1;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // What a panicking thread left is still a set of facts, each true by itself.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn metadata(&self, path: &SystemPath) -> Option<Metadata> {
        let path = SystemPath::absolute(path, self.current_directory());
        if let Some(metadata) = self.seen().metadata.get(&path) {
            return metadata.clone();
        }
        let metadata = self.metadata_of_unseen(&path);
        self.seen().metadata.insert(path, metadata.clone());
        metadata
    }

    fn metadata_of_unseen(&self, path: &SystemPath) -> Option<Metadata> {
        let siblings = path.parent().and_then(|parent| self.seen().listings.get(parent).cloned());
        // Mounts of libraries stand in no listing.
        if let (Some(siblings), Some(name)) = (siblings, path.file_name().filter(|name| !name.starts_with('@'))) {
            // The listing of the parent settles everything but a file's stamp.
            match siblings.iter().find(|entry| entry.name == name).map(|entry| entry.kind) {
                None => return None,
                Some(NodeKind::Directory) => return Some(self.seen().directory(path)),
                Some(NodeKind::File) => {}
            }
        }
        let answers = self.workspace.exists(&[paths::from_system(path).to_owned()]);
        let found = answers.into_iter().next().flatten()?;
        Some(match found.kind {
            NodeKind::File => Metadata::new(FileRevision::from(found.stamp), None, FileType::File),
            NodeKind::Directory => self.seen().directory(path),
        })
    }

    fn entries(&self, path: &SystemPath) -> Arc<[Entry]> {
        if let Some(entries) = self.seen().listings.get(path) {
            return Arc::clone(entries);
        }
        let entries: Arc<[Entry]> = self.workspace.list(paths::from_system(path)).into();
        self.seen().listings.insert(path.to_path_buf(), Arc::clone(&entries));
        entries
    }
}

impl System for WorkspaceSystem {
    fn path_metadata(&self, path: &SystemPath) -> Result<Metadata> {
        self.metadata(path).ok_or_else(|| Error::from(ErrorKind::NotFound))
    }

    fn canonicalize_path(&self, path: &SystemPath) -> Result<SystemPathBuf> {
        self.path_metadata(path)?;
        Ok(SystemPath::absolute(path, self.current_directory()))
    }

    fn is_same_file(&self, first: &SystemPath, second: &SystemPath) -> Result<bool> {
        Ok(self.canonicalize_path(first)? == self.canonicalize_path(second)?)
    }

    fn which(&self, _binary_name: &str) -> WhichResult {
        Err(WhichError::CannotFindBinaryPath)
    }

    fn read_to_string(&self, path: &SystemPath) -> Result<String> {
        let path = SystemPath::absolute(path, self.current_directory());
        let text = self.workspace.read(paths::from_system(&path)).map_err(|error| match error {
            ReadError::NotFound => Error::from(ErrorKind::NotFound),
            ReadError::IsDirectory => Error::from(ErrorKind::IsADirectory),
            ReadError::NotText => Error::from(ErrorKind::InvalidData),
            ReadError::TooLarge(size) => Error::new(ErrorKind::FileTooLarge, format!("the file has {size} bytes")),
            ReadError::Unavailable(reason) => Error::other(reason),
        })?;
        // Every file that the engine parses comes through here, also those that another one imports.
        if paths::is_source(&path) {
            if index::is_too_deep(&text) {
                return Err(Error::new(ErrorKind::Unsupported, "its code is nested too deeply"));
            }
            if index::is_too_branched(path.as_str(), &text) {
                return Err(Error::new(ErrorKind::Unsupported, "one of its scopes has too many names and branches"));
            }
        }
        Ok(text)
    }

    /// The host hands out the code of the cells, never the file.
    fn read_to_notebook(&self, path: &SystemPath) -> std::result::Result<Notebook, NotebookError> {
        notebook::of_text(&self.read_to_string(path)?)
    }

    fn read_virtual_path_to_string(&self, _path: &SystemVirtualPath) -> Result<String> {
        Err(Error::from(ErrorKind::NotFound))
    }

    fn read_virtual_path_to_notebook(&self, _path: &SystemVirtualPath) -> std::result::Result<Notebook, NotebookError> {
        Err(NotebookError::from(Error::from(ErrorKind::NotFound)))
    }

    fn current_directory(&self) -> &SystemPath {
        SystemPath::new("/")
    }

    fn user_config_directory(&self) -> Option<SystemPathBuf> {
        None
    }

    fn cache_dir(&self) -> Option<SystemPathBuf> {
        None
    }

    fn read_directory<'a>(
        &'a self,
        path: &SystemPath,
    ) -> Result<Box<dyn Iterator<Item = Result<DirectoryEntry>> + 'a>> {
        let path = SystemPath::absolute(path, self.current_directory());
        if !self.is_directory(&path) {
            return Err(Error::from(ErrorKind::NotADirectory));
        }
        let entries = self.entries(&path);
        let of_kind = |kind| match kind {
            NodeKind::File => FileType::File,
            NodeKind::Directory => FileType::Directory,
        };
        let entries: Vec<_> =
            entries.iter().map(|entry| Ok(DirectoryEntry::new(path.join(&entry.name), of_kind(entry.kind)))).collect();
        Ok(Box::new(entries.into_iter()))
    }

    /// Nothing in the engine walks trees: which files to look at comes from the host. The walk is empty.
    fn walk_directory(&self, _path: &SystemPath) -> WalkDirectoryBuilder {
        MemoryFileSystem::new().walk_directory("/")
    }

    fn as_writable(&self) -> Option<&dyn WritableSystem> {
        None
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn dyn_clone(&self) -> Box<dyn System> {
        Box::new(self.clone())
    }
}

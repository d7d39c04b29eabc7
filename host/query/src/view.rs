//! What one request sees.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vraftls_index::Roles;
use vraftls_proto::{Candidate, Overlaid, OverlaySet, SymbolMatch};
use vraftls_vfs::VfsPath;

use crate::{Base, BaseFile, Change, Changes, DirEntry, NodeKind, ReadError, is_outside};

/// What one request sees: a pinned base with the session's overlays above. A file in the overlays hides the base's, and one that the
/// overlays say is gone is nowhere, nor is a directory of which nothing else is left.
///
/// What reads here may wait for a disk where the base does: not for the async runtime.
#[derive(Clone)]
pub struct View {
    /// The base.
    pub base: Arc<dyn Base>,
    /// The overlays.
    pub overlays: Arc<OverlaySet>,
    /// Names and symbols of the same base and overlays.
    pub lookup: Arc<dyn Lookup>,
}

/// Names and symbols of a view, by the indexes of its files.
pub trait Lookup: Send + Sync {
    /// The files in which a name occurs in one of the roles (none asks for all), sorted by path.
    fn candidates(&self, name: &str, roles: Roles) -> Vec<Candidate>;

    /// Symbols that match a query, best first.
    fn symbols(&self, query: &str, exact: bool, limit: u32) -> Vec<SymbolMatch>;
}

impl View {
    /// What is known of a file without reading it.
    pub fn file(&self, path: &VfsPath) -> Option<BaseFile> {
        file_in(&*self.base, &self.overlays, path)
    }

    /// The contents of a file.
    pub fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError> {
        read_in(&*self.base, &self.overlays, path)
    }

    /// Whether there is such a directory: in the base, or because an unsaved new file lies in it.
    pub fn is_directory(&self, path: &str) -> bool {
        is_directory_in(&*self.base, &self.overlays, path)
    }

    /// Where in the view the file or directory at a path of a library root really lies, if symbolic links lead there.
    pub fn real(&self, path: &VfsPath) -> Option<VfsPath> {
        let real = self.base.followed(path).filter(|real| real != path && !real.is_root())?;
        (self.file(&real).is_some() || self.is_directory(real.as_str())).then_some(real)
    }

    /// The entries of a directory, unsaved new files included, sorted by name; the empty path is the workspace. Empty
    /// where there is no such directory. Where an unsaved file has the name of a directory it is the file.
    pub fn list(&self, directory: &str) -> Vec<DirEntry> {
        let listed = left_of(&*self.base, &self.overlays, directory);
        let mut own = self.overlays.iter().filter_map(|(file, _)| entry_below(directory, file)).peekable();
        if own.peek().is_none() {
            return listed;
        }
        let mut entries: BTreeMap<String, NodeKind> = BTreeMap::new();
        let listed = listed.iter().map(|entry| (&*entry.name, entry.kind));
        for (name, kind) in listed.chain(own) {
            let known = entries.entry(name.to_owned()).or_insert(kind);
            if kind == NodeKind::File {
                *known = kind;
            }
        }
        entries.into_iter().map(|(name, kind)| DirEntry { name, kind }).collect()
    }

    /// How it differs from an older view of the same workspace: by what differs between their bases and their overlays,
    /// and not where an unsaved buffer has just what the base has.
    pub fn changes_since(&self, older: &View) -> Changes {
        let Changes::Paths(of_base) = self.base.changes_since(&*older.base) else { return Changes::Everything };
        let overlaid: BTreeSet<&VfsPath> = self.overlays.paths().chain(older.overlays.paths()).collect();
        let mut changes: Vec<Change> = of_base.into_iter().filter(|change| !overlaid.contains(change.path())).collect();
        changes.extend(overlaid.into_iter().filter_map(|path| match (older.file(path), self.file(path)) {
            (None, Some(_)) => Some(Change::Created(path.clone())),
            (Some(_), None) => Some(Change::Removed(path.clone())),
            (Some(before), Some(now)) if before.digest != now.digest => Some(Change::Changed(path.clone())),
            (None, None) | (Some(_), Some(_)) => None,
        }));
        changes.sort_unstable_by(|a, b| a.path().cmp(b.path()));
        Changes::Paths(changes)
    }
}

/// What is known of a file in a base with overlays above.
pub(crate) fn file_in(base: &dyn Base, overlays: &OverlaySet, path: &VfsPath) -> Option<BaseFile> {
    match overlays.of(path) {
        Overlaid::Buffer(overlay) => Some(BaseFile { digest: overlay.digest, size_bytes: overlay.text.len() as u64 }),
        Overlaid::Removed => None,
        Overlaid::Not => base.file(path),
    }
}

/// The same, if it is known without waiting for a disk.
pub(crate) fn file_at_hand_in(base: &dyn Base, overlays: &OverlaySet, path: &VfsPath) -> Option<Option<BaseFile>> {
    match overlays.of(path) {
        Overlaid::Not => base.file_at_hand(path),
        Overlaid::Buffer(_) | Overlaid::Removed => Some(file_in(base, overlays, path)),
    }
}

/// The contents of a file in a base with overlays above.
pub(crate) fn read_in(base: &dyn Base, overlays: &OverlaySet, path: &VfsPath) -> Result<Arc<str>, ReadError> {
    let gone = || match is_directory_in(base, overlays, path.as_str()) {
        true => Err(ReadError::IsDirectory),
        false => Err(ReadError::NotFound),
    };
    match overlays.of(path) {
        Overlaid::Buffer(overlay) => Ok(Arc::clone(&overlay.text)),
        Overlaid::Removed => gone(),
        Overlaid::Not => match base.read(path) {
            Err(ReadError::NotFound | ReadError::IsDirectory) if !overlays.is_empty() => gone(),
            read => read,
        },
    }
}

/// Whether there is such a directory in a base with overlays above.
fn is_directory_in(base: &dyn Base, overlays: &OverlaySet, path: &str) -> bool {
    let is_left = || {
        let has_lost = overlays.removed().any(|file| entry_below(path, file).is_some());
        // The workspace is one whatever is left of it.
        !has_lost || path.is_empty() || !left_of(base, overlays, path).is_empty()
    };
    overlays.iter().any(|(file, _)| entry_below(path, file).is_some()) || (base.is_directory(path) && is_left())
}

/// The entries that a directory of a base has without the files that are gone.
fn left_of(base: &dyn Base, overlays: &OverlaySet, directory: &str) -> Vec<DirEntry> {
    let mut listed = base.list(directory);
    let lost: BTreeSet<_> = overlays.removed().filter_map(|file| entry_below(directory, file)).collect();
    if lost.is_empty() {
        return listed;
    }
    let below = |name: &str| if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
    listed.retain(|entry| match entry.kind {
        kind if !lost.contains(&(&*entry.name, kind)) => true,
        NodeKind::File => false,
        NodeKind::Directory => !left_of(base, overlays, &below(&entry.name)).is_empty(),
    });
    listed
}

/// The entry that a file makes in a directory that it lies in, however deep. Libraries are no entries of the workspace.
fn entry_below<'a>(directory: &str, file: &'a VfsPath) -> Option<(&'a str, NodeKind)> {
    let path = file.as_str();
    let rest = match directory {
        "" if is_outside(file) => return None,
        "" => path,
        _ => path.strip_prefix(directory)?.strip_prefix('/')?,
    };
    Some(match rest.split_once('/') {
        Some((name, _)) => (name, NodeKind::Directory),
        None => (rest, NodeKind::File),
    })
}

#[cfg(test)]
mod tests;

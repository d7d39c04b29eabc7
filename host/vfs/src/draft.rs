//! A workspace while a batch changes it.

use std::collections::{BTreeMap, BTreeSet};

use imbl::OrdMap;

use crate::snapshot;
use crate::state::Workspace;
use crate::{
    Conflict, ContentDigest, Contents, Effect, Expected, FileEntry, FileOperation, FileVersion, Revision, VfsPath,
};

/// A workspace, and the reference counts of all contents, on the way from one revision to the next.
pub(crate) struct Draft {
    workspace: Workspace,
    references: OrdMap<ContentDigest, u64>,
    revision: Revision,
    n_changed: u32,
    /// Contents that came inline.
    offered: BTreeMap<ContentDigest, Vec<u8>>,
    /// Contents that lost a last reference; they may have found another since.
    released: BTreeSet<ContentDigest>,
}

/// What a finished draft says.
pub(crate) struct Changes {
    pub(crate) workspace: Workspace,
    pub(crate) references: OrdMap<ContentDigest, u64>,
    /// How many operations changed something.
    pub(crate) n_changed: u32,
    pub(crate) effects: Vec<Effect>,
}

impl Draft {
    pub(crate) fn new(workspace: Workspace, references: OrdMap<ContentDigest, u64>, revision: Revision) -> Self {
        Self { workspace, references, revision, n_changed: 0, offered: BTreeMap::new(), released: BTreeSet::new() }
    }

    /// Does one operation, or says where it found something else than it expected. After that the draft is of no use.
    pub(crate) fn operate(&mut self, operation: FileOperation) -> Result<(), (VfsPath, Conflict)> {
        match operation {
            FileOperation::Write { path, expected, contents } => match self.write(&path, expected, contents) {
                Ok(()) => Ok(()),
                Err(conflict) => Err((path, conflict)),
            },
            FileOperation::Delete { path, expected } => match self.delete(&path, expected) {
                Ok(()) => Ok(()),
                Err(conflict) => Err((path, conflict)),
            },
            FileOperation::Rename { from, to, expected } => self.rename(from, to, expected),
        }
    }

    fn write(&mut self, path: &VfsPath, expected: Expected, contents: Contents) -> Result<(), Conflict> {
        let current = self.workspace.files.get(path).map(|entry| entry.digest);
        match (expected, current) {
            (Expected::Nothing, Some(current)) => return Err(Conflict::Differs { current }),
            (Expected::Digest(expected), Some(current)) if expected != current => {
                return Err(Conflict::Differs { current });
            }
            (Expected::Digest(_), None) => return Err(self.why_missing(path)),
            (_, None) => self.check_free(path)?,
            (_, Some(_)) => {}
        }
        let (digest, size_bytes) = (contents.digest(), contents.size_bytes());
        if let Contents::Inline(bytes) = contents {
            self.offered.insert(digest, bytes);
        }
        if current != Some(digest) {
            self.remove(path);
            self.insert(path.clone(), digest, size_bytes);
            self.n_changed += 1;
        }
        Ok(())
    }

    fn delete(&mut self, path: &VfsPath, expected: Option<ContentDigest>) -> Result<(), Conflict> {
        match (expected, self.workspace.files.get(path).map(|entry| entry.digest)) {
            (Some(expected), Some(current)) if expected != current => Err(Conflict::Differs { current }),
            (Some(_), None) => Err(self.why_missing(path)),
            (None, None) => Ok(()),
            (_, Some(_)) => {
                self.remove(path);
                self.n_changed += 1;
                Ok(())
            }
        }
    }

    fn rename(
        &mut self,
        from: VfsPath,
        to: VfsPath,
        expected: Option<ContentDigest>,
    ) -> Result<(), (VfsPath, Conflict)> {
        let Some(entry) = self.workspace.files.get(&from).copied() else {
            let conflict = self.why_missing(&from);
            return Err((from, conflict));
        };
        if expected.is_some_and(|expected| expected != entry.digest) {
            return Err((from, Conflict::Differs { current: entry.digest }));
        }
        // The file leaves first, so that it is not in its own way (`a` to `a/b`).
        self.remove(&from);
        if let Some(other) = self.workspace.files.get(&to) {
            let conflict = Conflict::Differs { current: other.digest };
            return Err((to, conflict));
        }
        if let Err(conflict) = self.check_free(&to) {
            return Err((to, conflict));
        }
        self.insert(to, entry.digest, entry.size_bytes);
        self.n_changed += 1;
        Ok(())
    }

    /// Takes a file out, if it is there.
    pub(crate) fn remove(&mut self, path: &VfsPath) {
        let Some(entry) = self.workspace.files.remove(path) else { return };
        match self.references.get(&entry.digest).copied() {
            Some(count) if count > 1 => {
                self.references.insert(entry.digest, count - 1);
            }
            _ => {
                self.references.remove(&entry.digest);
                self.released.insert(entry.digest);
            }
        }
    }

    fn insert(&mut self, path: VfsPath, digest: ContentDigest, size_bytes: u64) {
        // Nobody writes 2^64 times; saturating keeps the transition total on a state that somebody made up.
        let version = FileVersion(self.workspace.last_version.0.saturating_add(1));
        self.workspace.last_version = version;
        self.workspace.files.insert(path, FileEntry { digest, size_bytes, version, revision: self.revision });
        *self.references.entry(digest).or_insert(0) += 1;
    }

    /// Why there is no file at a path where there should be one.
    fn why_missing(&self, path: &VfsPath) -> Conflict {
        if snapshot::is_directory(&self.workspace.files, path.as_str()) {
            Conflict::IsDirectory
        } else {
            Conflict::Missing
        }
    }

    /// Whether a new file at a path leaves every path either a file or a directory.
    fn check_free(&self, path: &VfsPath) -> Result<(), Conflict> {
        let files = &self.workspace.files;
        if snapshot::is_directory(files, path.as_str()) {
            return Err(Conflict::IsDirectory);
        }
        match path.ancestors().find_map(|ancestor| files.get_key_value(ancestor)) {
            Some((file, _)) => Err(Conflict::InsideFile { file: file.clone() }),
            None => Ok(()),
        }
    }

    /// What became of the workspace. Effects come in the order of their digests: stores, then releases.
    pub(crate) fn finish(mut self) -> Changes {
        if self.n_changed > 0 {
            self.workspace.changed = self.revision;
        }
        let (references, mut effects) = (self.references, Vec::new());
        for (digest, bytes) in self.offered {
            if references.contains_key(&digest) {
                effects.push(Effect::Store { digest, bytes });
            }
        }
        for digest in self.released {
            if !references.contains_key(&digest) {
                effects.push(Effect::Release { digest });
            }
        }
        Changes { workspace: self.workspace, references, n_changed: self.n_changed, effects }
    }
}

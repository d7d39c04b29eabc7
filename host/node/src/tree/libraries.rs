//! Library roots as requests see them: read lazily from the disk, each file's digest remembered as long as the file looks the same.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use moka::sync::Cache;
use vraftls_query::{BaseFile, DirEntry, NodeKind, ReadError};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::pending::{read_bounded, text_of};
use super::walk::{FILE_BYTES_MAX, Signature, in_view};
use crate::libraries::{Environments, Mount};

/// How many digests are remembered.
const DIGESTS_MAX: u64 = 100_000;

/// The library roots of a workspace. A change in them makes a new value: who holds another one knows that anything may differ.
#[derive(Debug)]
pub(crate) struct Libraries {
    /// The workspace's own directory.
    root: PathBuf,
    environments: Environments,
    /// All of them, each directory once.
    mounts: Vec<Mount>,
    digests: Cache<PathBuf, (Signature, ContentDigest)>,
    /// Found out when a link is followed for the first time.
    real: OnceLock<RealDirectories>,
}

/// Where directories lie, no link on the way. Those that are gone are nowhere.
#[derive(Debug)]
struct RealDirectories {
    root: Option<PathBuf>,
    /// In the order of the mounts.
    mounts: Vec<Option<PathBuf>>,
}

impl Libraries {
    /// Where the view has all library roots.
    pub(crate) const PREFIX: &str = "@lib";

    /// Those of the workspace at `root`.
    pub(crate) fn new(root: PathBuf, environments: Environments) -> Self {
        let (mounts, digests, real) = (environments.mounts(), Cache::new(DIGESTS_MAX), OnceLock::new());
        Self { root, environments, mounts, digests, real }
    }

    /// The library roots after something changed in them, or others were added. What is known of files is kept.
    pub(crate) fn changed(&self, environments: Environments) -> Self {
        let (mounts, digests, real) = (environments.mounts(), self.digests.clone(), OnceLock::new());
        Self { root: self.root.clone(), environments, mounts, digests, real }
    }

    /// The roots that are new since `older`; nothing if others changed or went, so that any file may differ.
    pub(crate) fn added_since(&self, older: &Self) -> Option<Vec<&Mount>> {
        let is_kept = older.mounts.iter().all(|mount| self.mounts.contains(mount));
        is_kept.then(|| self.mounts.iter().filter(|mount| !older.mounts.contains(mount)).collect())
    }

    /// Whether a path of the view lies in a library root.
    pub(crate) fn owns(path: &str) -> bool {
        path.strip_prefix(Self::PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(crate) fn environments(&self) -> &Environments {
        &self.environments
    }

    /// All library roots.
    pub(crate) fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// Where on disk a path of the view lies.
    pub(crate) fn on_disk(&self, path: &str) -> Option<PathBuf> {
        self.mounts.iter().find_map(|mount| mount.on_disk(path))
    }

    /// Where in the view a path leads. The system counts the links on the way, so those that lead round in a circle lead nowhere.
    pub(crate) fn followed(&self, path: &str) -> Option<VfsPath> {
        let found = fs::canonicalize(self.on_disk(path)?).ok()?;
        let real = self.real.get_or_init(|| RealDirectories {
            root: fs::canonicalize(&self.root).ok(),
            mounts: self.mounts.iter().map(|mount| fs::canonicalize(&mount.directory).ok()).collect(),
        });
        let directories = real.mounts.iter().zip(&self.mounts);
        // Of roots within roots the innermost has its own name for what lies in it.
        let around = directories
            .filter_map(|(directory, mount)| Some((directory.as_deref()?, mount)))
            .filter(|(directory, _)| found.starts_with(directory))
            .max_by_key(|(directory, _)| directory.as_os_str().len());
        match around {
            Some((directory, mount)) => {
                VfsPath::new(&mount.prefix).ok()?.join(in_view(directory, &found)?.as_str()).ok()
            }
            None => in_view(real.root.as_deref()?, &found),
        }
    }

    pub(crate) fn file(&self, path: &str) -> Option<BaseFile> {
        let disk = self.on_disk(path)?;
        let metadata =
            fs::metadata(&disk).ok().filter(|metadata| metadata.is_file() && metadata.len() <= FILE_BYTES_MAX)?;
        let signature = Signature::of(&metadata);
        if let Some((known, digest)) = self.digests.get(&disk)
            && known == signature
        {
            return Some(BaseFile { digest, size_bytes: signature.size_bytes });
        }
        let bytes = read_bounded(&disk).ok()?;
        let digest = ContentDigest::of(&bytes);
        self.digests.insert(disk, (signature, digest));
        Some(BaseFile { digest, size_bytes: bytes.len() as u64 })
    }

    pub(crate) fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        let disk = self.on_disk(path).ok_or(ReadError::NotFound)?;
        text_of(&read_bounded(&disk)?)
    }

    pub(crate) fn list(&self, directory: &str) -> Vec<DirEntry> {
        let Some(disk) = self.on_disk(directory) else { return self.list_above(directory) };
        let Ok(entries) = fs::read_dir(disk) else { return Vec::new() };
        let mut found: Vec<DirEntry> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                // A link counts as what it leads to. Of all else the entry says it, without a look at what it names.
                let kind = entry.file_type().ok()?;
                let is_directory = kind.is_dir() || kind.is_symlink() && entry.path().is_dir();
                let kind = if is_directory { NodeKind::Directory } else { NodeKind::File };
                Some(DirEntry { name: entry.file_name().into_string().ok()?, kind })
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// `@lib` itself, that has the roots as entries.
    fn list_above(&self, directory: &str) -> Vec<DirEntry> {
        let name = |mount: &Mount| Some(mount.prefix.strip_prefix(directory)?.strip_prefix('/')?.to_owned());
        let entry = |mount| Some(DirEntry { name: name(mount)?, kind: NodeKind::Directory });
        let mut found: Vec<DirEntry> = self.mounts.iter().filter_map(entry).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    pub(crate) fn is_directory(&self, path: &str) -> bool {
        self.on_disk(path).map_or(path == Self::PREFIX, |disk| disk.is_dir())
    }
}

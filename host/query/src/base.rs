//! The port to whatever holds the files.

use std::any::Any;
use std::sync::Arc;

use vraftls_proto::Revisions;
use vraftls_vfs::{ContentDigest, Revision, VfsPath};

/// One workspace at one revision, library roots (`@lib/`) included: immutable, so that all reads of a call agree.
pub trait Base: Send + Sync + Any {
    /// The revision.
    fn revision(&self) -> Revision;

    /// The revision of each group that has files of it; empty where one log has all of them.
    fn revisions(&self) -> Revisions {
        Revisions::new()
    }

    /// Tells bases of one workspace apart within this process: where it is equal, so is every file, libraries included,
    /// and a later base has a greater one. Part of the keys of semantic answers, because on one machine the disk is
    /// ahead of the revision while files are taken in.
    fn generation(&self) -> u64 {
        self.revision().0
    }

    /// The same for the library roots alone.
    fn libraries_generation(&self) -> u64 {
        self.generation()
    }

    /// What is known of a file. May read a disk, where its digest is not known yet; never called on the async runtime.
    fn file(&self, path: &VfsPath) -> Option<BaseFile>;

    /// The same, if it is known without waiting for a disk, so that a question need not go to another thread for it.
    fn file_at_hand(&self, path: &VfsPath) -> Option<Option<BaseFile>> {
        let _ = path;
        None
    }

    /// The contents of a file. May read a disk; never called on the async runtime.
    fn read(&self, path: &VfsPath) -> Result<Arc<str>, ReadError>;

    /// The entries of a directory, sorted by name; the empty path is the workspace. Empty where there is none.
    fn list(&self, directory: &str) -> Vec<DirEntry>;

    /// Whether there is such a directory.
    fn is_directory(&self, path: &str) -> bool;

    /// Where in the view a path of a library root leads, the symbolic links on its way followed; none where there are none, or where
    /// they lead out of it. Whether the view has anything there is not said. May read a disk; never called on the async runtime.
    fn followed(&self, path: &VfsPath) -> Option<VfsPath> {
        let _ = path;
        None
    }

    /// The files of the workspace, libraries left out, sorted by path.
    fn files(&self) -> Vec<(VfsPath, BaseFile)>;

    /// How it differs from an older base of the same workspace, libraries included.
    fn changes_since(&self, older: &dyn Base) -> Changes;

    /// For an implementation to know its own kind again in [`Base::changes_since`].
    fn as_any(&self) -> &dyn Any;
}

/// What is known of a file without reading it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BaseFile {
    /// Of its bytes.
    pub digest: ContentDigest,
    /// Its size.
    pub size_bytes: u64,
}

/// Whether a path is a file or a directory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NodeKind {
    /// It has contents.
    File,
    /// It has entries.
    Directory,
}

/// An entry of a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirEntry {
    /// The last component of its path.
    pub name: String,
    /// File or directory.
    pub kind: NodeKind,
}

/// How two views differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changes {
    /// In these paths, sorted.
    Paths(Vec<Change>),
    /// In too much to say.
    Everything,
}

/// One difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Change {
    /// A file is new.
    Created(VfsPath),
    /// A file has other contents.
    Changed(VfsPath),
    /// A file is gone.
    Removed(VfsPath),
}

impl Change {
    /// The file.
    pub fn path(&self) -> &VfsPath {
        match self {
            Change::Created(path) | Change::Changed(path) | Change::Removed(path) => path,
        }
    }
}

/// Whether a path leads out of the workspace: into a library, or to a file that an analyzer carries itself.
pub fn is_outside(path: &VfsPath) -> bool {
    is_bundled(path) || path.as_str().starts_with("@lib/")
}

/// Whether a path names a file that an analyzer carries itself.
pub fn is_bundled(path: &VfsPath) -> bool {
    path.as_str().starts_with("@bundled/")
}

/// Why a file could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("no such file")]
    NotFound,
    /// It is a directory.
    #[error("a directory")]
    IsDirectory,
    /// It is no UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// It is larger than is handed out.
    #[error("{0} bytes are more than is handed out")]
    TooLarge(u64),
    /// It could not be read now.
    #[error("{0}")]
    Unavailable(String),
}

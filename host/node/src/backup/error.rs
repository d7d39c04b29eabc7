//! Why a backup is not taken, not sound, or not restored.

use std::io;
use std::path::PathBuf;

use vraftls_raft::error::StorageError;

use crate::contents::ContentError;
use crate::data_dir::DataDirError;
use crate::server::client::AskError;

/// Why a backup is not taken, not sound, or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("cannot use {}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is something already where the backup or the data should be.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// It has no manifest: it was interrupted, or never was a backup.
    #[error("{} is no backup: it has no MANIFEST, which is written when all the rest is there", .0.display())]
    Unfinished(PathBuf),
    /// Another version wrote it.
    #[error("it is a backup of format version {found}; this version knows {known}")]
    UnknownVersion {
        /// What it says.
        found: u32,
        /// What is known.
        known: u32,
    },
    /// It is not what was written.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// Which file of the backup, or what else.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No node of the cluster says how it is.
    #[error("no node says what there is to back up")]
    NoCluster(#[source] Box<AskError>),
    /// No node gives a group.
    #[error("no node gives all of group {group}; the last that was asked")]
    Group {
        /// Which.
        group: u32,
        /// Why the last one did not.
        source: Box<AskError>,
    },
    /// What arrived of a group is not what a node sends.
    #[error("group {group} did not arrive: {reason}")]
    Stream {
        /// Which.
        group: u32,
        /// What is wrong.
        reason: String,
    },
    /// The metadata cannot be that of a new cluster.
    #[error("no cluster can be made of it: {0}")]
    Refused(#[from] vraftls_meta::Refusal),
    /// The data directory cannot be made.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// Contents cannot be kept.
    #[error("the contents cannot be kept")]
    Contents(#[from] ContentError),
    /// A state cannot be written.
    #[error("the state of a group cannot be written")]
    Storage(#[from] StorageError),
}

impl BackupError {
    pub(super) fn damaged(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Damaged { file: file.into(), reason: reason.into() }
    }

    /// For errors of the system, of a file.
    pub(super) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

//! The file that makes a directory a backup: what belongs to it, and the hash of each.
//!
//! JSON, and after it a line with the BLAKE3 of all before. It names no path: the names of the parts follow from the groups' ids.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use vraftls_meta::{ClusterId, GroupId};

use super::BackupError;
use crate::data_dir::write_durably;

/// The version of the manifest and of everything that it names.
const FORMAT_VERSION: u32 = 1;

/// The file.
pub(super) const MANIFEST: &str = "MANIFEST";

/// What a backup consists of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the format.
    pub format_version: u32,
    /// The cluster that it was taken of: 32 hexadecimal digits.
    pub cluster: String,
    /// When the taking began: seconds since 1970.
    pub taken_at: u64,
    /// Its groups, by id; the metadata is group 0.
    pub groups: Vec<GroupPart>,
}

/// A group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroupPart {
    /// Its id.
    pub group: u32,
    /// The log index that its state is of.
    pub index: u64,
    /// How many files it has.
    pub n_files: u64,
    /// Its state: names and digests, or the metadata.
    pub state: Part,
    /// Its contents that no earlier part has.
    pub contents: Part,
}

/// A file of the backup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Their BLAKE3: 64 hexadecimal digits.
    pub blake3: String,
}

/// The file with the state of a group.
pub(super) fn state_file(group: u32) -> String {
    format!("group-{group}.state")
}

/// The file with contents of a group.
pub(super) fn contents_file(group: u32) -> String {
    format!("group-{group}.contents")
}

impl Manifest {
    pub(super) fn new(cluster: String, taken_at: u64, mut groups: Vec<GroupPart>) -> Self {
        groups.sort_by_key(|part| part.group);
        Self { format_version: FORMAT_VERSION, cluster, taken_at, groups }
    }

    /// Makes the parts of a directory a backup, durably.
    pub(super) fn write(&self, directory: &Path) -> Result<(), BackupError> {
        let path = directory.join(MANIFEST);
        let json = serde_json::to_string_pretty(self).map_err(io::Error::other);
        let json = json.map_err(BackupError::at(&path))? + "\n";
        let signed = format!("{json}{}\n", blake3::hash(json.as_bytes()).to_hex());
        write_durably(&path, signed.as_bytes()).map_err(BackupError::at(path))
    }

    /// Reads that of a directory. What it names is not looked at.
    pub(super) fn read(directory: &Path) -> Result<Self, BackupError> {
        let path = directory.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::Unfinished(directory.to_owned()));
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(damaged("it is no text")),
            read => read.map_err(BackupError::at(path))?,
        };
        let json_bytes = text.trim_end().rfind('\n').map_or(0, |end| end + 1);
        let (json, hash) = text.split_at(json_bytes);
        if hash.trim_end() != blake3::hash(json.as_bytes()).to_hex().as_str() {
            return Err(damaged("its hash differs"));
        }
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }
        let malformed = |error: serde_json::Error| damaged(&error.to_string());
        let Version { format_version: found } = serde_json::from_str(json).map_err(malformed)?;
        if found != FORMAT_VERSION {
            return Err(BackupError::UnknownVersion { found, known: FORMAT_VERSION });
        }
        let manifest: Self = serde_json::from_str(json).map_err(malformed)?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), BackupError> {
        if self.cluster.parse::<ClusterId>().is_err() {
            return Err(damaged("it is of no cluster"));
        }
        let groups: BTreeSet<u32> = self.groups.iter().map(|part| part.group).collect();
        if groups.len() != self.groups.len() || !groups.contains(&GroupId::METADATA.0) {
            return Err(damaged("a group is there twice, or the metadata not at all"));
        }
        Ok(())
    }
}

fn damaged(reason: &str) -> BackupError {
    BackupError::damaged(MANIFEST, reason)
}

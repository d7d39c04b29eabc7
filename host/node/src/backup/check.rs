//! Whether a backup is whole and what was written, without any cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use vraftls_meta::{GroupId, State as Metadata};
use vraftls_vfs::State;

use super::group::GroupState;
use super::manifest::{contents_file, state_file};
use super::parts::{read_part, read_records};
use super::{BackupError, Manifest};

/// What a backup has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// What it consists of.
    pub manifest: Manifest,
    /// How many workspaces it has.
    pub n_workspaces: usize,
    /// How many plugins it has.
    pub n_plugins: usize,
    /// How many files it has.
    pub n_files: u64,
    /// How many different contents and components.
    pub n_contents: usize,
    /// How many bytes the backup has on the disk.
    pub size_bytes: u64,
}

/// A backup that is sound.
pub(super) struct Checked {
    pub(super) summary: Summary,
    pub(super) metadata: Metadata,
    /// The shards, by id.
    pub(super) shards: BTreeMap<u32, State>,
}

/// Reads all of a backup, and says what it has. Blocks on the disk.
///
/// # Errors
/// [`BackupError`]: it is not whole, or not what was written.
pub fn verify(directory: &Path) -> Result<Summary, BackupError> {
    check(directory).map(|checked| checked.summary)
}

pub(super) fn check(directory: &Path) -> Result<Checked, BackupError> {
    let manifest = Manifest::read(directory)?;
    let (mut found, mut size_bytes) = (BTreeSet::new(), 0);
    for part in &manifest.groups {
        size_bytes += part.state.size_bytes + part.contents.size_bytes;
        read_records(directory, &contents_file(part.group), &part.contents, |digest, _| {
            found.insert(digest);
            Ok(())
        })?;
    }
    let (mut metadata, mut shards, mut n_files) = (None, BTreeMap::new(), 0);
    for part in &manifest.groups {
        let file = state_file(part.group);
        let bytes = read_part(directory, &file, &part.state)?;
        let state = GroupState::decode(part.group, &bytes).map_err(|reason| BackupError::damaged(&file, reason))?;
        if state.index() != part.index || state.n_files() != part.n_files {
            return Err(BackupError::damaged(&file, "it is not the state that the manifest speaks of"));
        }
        if let Some(digest) = state.contents().difference(&found).next() {
            return Err(BackupError::damaged(&file, format!("its contents {digest} are nowhere")));
        }
        n_files += state.n_files();
        match state {
            GroupState::Metadata(state) => metadata = Some(*state),
            GroupState::Files(state) => drop(shards.insert(part.group, *state)),
        }
    }
    let metadata = metadata.ok_or_else(|| BackupError::damaged(state_file(GroupId::METADATA.0), "it is not there"))?;
    let is_cluster = metadata.cluster().is_some_and(|cluster| cluster.id.to_string() == manifest.cluster);
    let groups: BTreeSet<u32> = metadata.groups().keys().map(|group| group.0).collect();
    if !is_cluster || !groups.iter().eq(std::iter::once(&GroupId::METADATA.0).chain(shards.keys())) {
        return Err(BackupError::damaged(
            state_file(GroupId::METADATA.0),
            "it speaks of another cluster, or other groups",
        ));
    }
    let (n_workspaces, n_plugins) = (metadata.workspaces().len(), metadata.plugins().len());
    let n_contents = found.len();
    let summary = Summary { manifest, n_workspaces, n_plugins, n_files, n_contents, size_bytes };
    Ok(Checked { summary, metadata, shards })
}

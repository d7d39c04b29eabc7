//! Makes the data directory of one node out of a backup: the founder of a new cluster that has what the old one had.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vraftls_meta::{Address, ClusterId, GroupId, Incarnation, NodeId, NodeKind, Registration, State as Metadata};
use vraftls_raft::ids::{LogId, Membership, NodeId as RaftNodeId, Peer};
use vraftls_raft::machine::Applied;

use super::check::{Checked, check};
use super::group::components_of;
use super::manifest::contents_file;
use super::parts::read_records;
use super::{BackupError, Summary};
use crate::cluster::{TOKEN_FILE, keep_component};
use crate::contents::ContentStore;
use crate::data_dir::{Claimed, DataDir, Identity, random_id, sync_directory, write_durably};
use crate::machine::write_state_file;
use crate::server::{DrawnToken, draw_token, keep_secret};

/// Stands in a directory into which a backup is being restored. What has it belongs to no node.
pub(crate) const UNFINISHED: &str = "RESTORING";

/// The store has in memory what it has not written yet: about this much.
const UNSYNCED_BYTES_MAX: usize = 32 << 20;

/// What is to be made of a backup.
#[derive(Clone, Debug)]
pub struct RestoreConfig {
    /// The backup.
    pub backup: PathBuf,
    /// The data directory; empty, or not there yet.
    pub data_directory: PathBuf,
    /// Where the node will be reached. When it starts elsewhere, it tells the cluster.
    pub address: Address,
    /// The id of the node in the new cluster.
    pub node: NodeId,
    /// How many replicas a group shall have; as many as before, without.
    pub replication: Option<u8>,
    /// Lets a new token take the place of all that there were.
    pub new_token: bool,
    /// What this process runs, for others who want the directory.
    pub command: String,
}

/// What was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restored {
    /// The id of the new cluster.
    pub cluster: ClusterId,
    /// Where the new token is, if there is one.
    pub token_file: Option<PathBuf>,
    /// What the backup had.
    pub summary: Summary,
}

/// Restores a backup. Nothing is written before all of it was found to be sound. Blocks on the disk.
///
/// # Errors
/// [`BackupError`]. A data directory that was begun and not finished belongs to no node, and is refused by all.
pub fn restore(config: &RestoreConfig) -> Result<Restored, BackupError> {
    let checked = check(&config.backup)?;
    let directory = &config.data_directory;
    let at = BackupError::at(directory);
    let identity = Identity {
        cluster: random_id().map_err(at)?,
        node: config.node.0,
        incarnation: random_id().map_err(BackupError::at(directory))?,
        ..Identity::of_cluster(false, false)
    };
    let cluster: ClusterId = identity.cluster.parse().expect("it was drawn as one");
    let token = if config.new_token { Some(drawn(directory)?) } else { None };
    let metadata = renewed(&checked.metadata, config, &identity, token.as_ref())?;
    let data_dir = begin(config, identity)?;
    restore_contents(&checked, &config.backup, &data_dir)?;
    restore_states(&checked, &metadata, config, &data_dir)?;
    let token_file = directory.join(TOKEN_FILE);
    if let Some(token) = &token {
        keep_secret(&token_file, &token.text).map_err(BackupError::at(&token_file))?;
    }
    // Everything else is durable.
    let unfinished = directory.join(UNFINISHED);
    fs::remove_file(&unfinished).map_err(BackupError::at(unfinished))?;
    sync_directory(directory).map_err(BackupError::at(directory))?;
    Ok(Restored { cluster, token_file: token.map(|_| token_file), summary: checked.summary })
}

fn drawn(directory: &Path) -> Result<DrawnToken, BackupError> {
    draw_token().map_err(std::io::Error::other).map_err(BackupError::at(directory))
}

/// The metadata of the new cluster.
fn renewed(
    metadata: &Metadata,
    config: &RestoreConfig,
    identity: &Identity,
    token: Option<&DrawnToken>,
) -> Result<Metadata, BackupError> {
    let cluster: ClusterId = identity.cluster.parse().expect("it was drawn as one");
    let incarnation: Incarnation = identity.incarnation.parse().expect("it was drawn as one");
    let registration = Registration { incarnation, address: config.address.clone(), kind: NodeKind::Full };
    let token = token.map(|token| token.hash);
    Ok(metadata.refounded(cluster, config.replication, config.node, registration, token)?)
}

/// Takes the directory, which is nobody's until the end.
fn begin(config: &RestoreConfig, identity: Identity) -> Result<Arc<DataDir>, BackupError> {
    let directory = &config.data_directory;
    let found = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        read => read.map_err(BackupError::at(directory))?.count(),
    };
    if found > 0 {
        return Err(BackupError::NotEmpty(directory.clone()));
    }
    let claimed = Claimed::claim(directory, &config.command)?;
    let unfinished = directory.join(UNFINISHED);
    write_durably(&unfinished, b"a backup is being restored here\n").map_err(BackupError::at(unfinished))?;
    Ok(Arc::new(claimed.named(identity)?))
}

fn restore_contents(checked: &Checked, backup: &Path, data_dir: &Arc<DataDir>) -> Result<(), BackupError> {
    let components = components_of(&checked.metadata);
    let of_files: BTreeSet<_> = checked.shards.values().flat_map(|state| state.contents()).collect();
    let store = ContentStore::of(data_dir)?;
    let mut n_unsynced = 0;
    for part in &checked.summary.manifest.groups {
        read_records(backup, &contents_file(part.group), &part.contents, |digest, bytes| {
            if components.contains(&digest) {
                let directory = data_dir.components();
                keep_component(&directory, &digest, &bytes).map_err(BackupError::at(directory))?;
            }
            if of_files.contains(&digest) {
                store.put(digest, &bytes)?;
                n_unsynced += bytes.len();
            }
            if n_unsynced >= UNSYNCED_BYTES_MAX {
                store.sync()?;
                n_unsynced = 0;
            }
            Ok(())
        })?;
    }
    store.sync()?;
    Ok(())
}

/// Writes the state of each group as that of the only replica of a group that never elected anybody.
fn restore_states(
    checked: &Checked,
    metadata: &Metadata,
    config: &RestoreConfig,
    data_dir: &DataDir,
) -> Result<(), BackupError> {
    for part in &checked.summary.manifest.groups {
        let applied = standing_at(part.index, config);
        let directory = data_dir.groups().join(part.group.to_string());
        if part.group == GroupId::METADATA.0 {
            vraftls_cluster::write_metadata(&directory, &applied, metadata)?;
        } else {
            let state = checked.shards.get(&part.group).expect("every group was checked");
            write_state_file(&directory, &applied, state)?;
        }
    }
    Ok(())
}

/// Where a restored group begins: at the index that it had, before all elections, with one replica.
pub(super) fn standing_at(index: u64, config: &RestoreConfig) -> Applied {
    let node = RaftNodeId(config.node.0);
    let last = LogId { term: 0, leader: node, index };
    let nodes = [(node, Peer::new(config.address.as_str()))].into();
    let membership = Membership { voter_sets: vec![BTreeSet::from([node])], nodes };
    Applied { last: Some(last), membership, membership_at: Some(last) }
}

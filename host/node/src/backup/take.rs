//! Takes a backup of a running cluster: asks its nodes for one group after the other, the metadata last.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::mpsc;
use vraftls_meta::GroupId;
use vraftls_proto::rpc::{ClusterInfo, NodeKindInfo};
use vraftls_vfs::ContentDigest;

use super::group::GroupState;
use super::manifest::{contents_file, state_file};
use super::parts::PartWriter;
use super::stream::{PIECES_MAX, PieceReader, read_stream};
use super::{BackupError, GroupPart, Manifest};
use crate::data_dir::{create_private_dir, sync_directory};
use crate::server::client::{AskError, Client, Method, Sent};
use crate::tree::ingest::blocking;

/// How long a node may take to say how the cluster is.
const STATUS: Duration = Duration::from_secs(20);

/// How long a node may take to begin, or to send the next piece.
const PIECE: Duration = Duration::from_secs(60);

/// How far the taking of a backup is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// The group that is being taken.
    pub group: u32,
    /// How many groups are there already.
    pub n_done: usize,
    /// How many there are.
    pub n_groups: usize,
    /// How many bytes came so far.
    pub n_bytes: u64,
}

/// The status of a cluster, as far as it matters here.
#[derive(Deserialize)]
struct Status {
    cluster: Option<ClusterInfo>,
}

/// What one group came to.
struct Taken {
    state: GroupState,
    part: GroupPart,
    /// The contents that came with it and were not there before.
    new: BTreeSet<ContentDigest>,
}

/// Backs a cluster up into a directory, which must be empty or not there yet. `addresses` are those of nodes; the first that answers says
/// where the others are.
///
/// # Errors
/// [`BackupError`]. What is in the directory then is no backup, and says so.
pub async fn take(
    client: &Client,
    addresses: &[String],
    directory: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<Manifest, BackupError> {
    let taken_at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let cluster = cluster(client, addresses).await?;
    let path = directory.to_owned();
    blocking(move || begin(&path)).await?;
    let data = cluster.groups.iter().map(|group| group.id).filter(|group| *group != GroupId::METADATA.0);
    // The metadata comes last: so it knows everything that the shards speak of.
    let groups: Vec<u32> = data.chain([GroupId::METADATA.0]).collect();
    let (mut seen, mut parts, mut n_bytes) = (Arc::new(BTreeSet::new()), Vec::new(), 0);
    for group in &groups {
        let mut told = |n_more: u64| {
            n_bytes += n_more;
            progress(Progress { group: *group, n_done: parts.len(), n_groups: groups.len(), n_bytes });
        };
        let Taken { state, part, new } =
            any_node(client, addresses, &cluster, *group, directory, &seen, &mut told).await?;
        if let GroupState::Metadata(metadata) = &state {
            let is_same = metadata.cluster().is_some_and(|known| known.id.to_string() == cluster.cluster);
            if !is_same
                || !metadata.groups().keys().map(|group| group.0).eq(cluster.groups.iter().map(|group| group.id))
            {
                return Err(BackupError::Stream { group: *group, reason: "it is that of another cluster".to_owned() });
            }
        }
        Arc::make_mut(&mut seen).extend(new);
        parts.push(part);
    }
    let manifest = Manifest::new(cluster.cluster, taken_at, parts);
    let (path, finished) = (directory.to_owned(), manifest.clone());
    blocking(move || {
        sync_directory(&path).map_err(BackupError::at(&path))?;
        finished.write(&path)
    })
    .await?;
    Ok(manifest)
}

/// Makes the directory, or looks that nothing is in it.
fn begin(directory: &Path) -> Result<(), BackupError> {
    create_private_dir(directory).map_err(BackupError::at(directory))?;
    if fs::read_dir(directory).map_err(BackupError::at(directory))?.next().is_some() {
        return Err(BackupError::NotEmpty(directory.to_owned()));
    }
    Ok(())
}

async fn cluster(client: &Client, addresses: &[String]) -> Result<ClusterInfo, BackupError> {
    let mut failed = None;
    for address in addresses {
        match client.ask::<Status>(address, Method::GET, "/v1/status", Sent::Nothing, STATUS).await {
            Ok(Status { cluster: Some(cluster) }) => return Ok(cluster),
            Ok(Status { cluster: None }) => {}
            Err(error) => failed = Some(error),
        }
    }
    let other =
        || AskError::OtherAnswer { address: addresses.join(","), why: "no cluster is known there yet".to_owned() };
    Err(BackupError::NoCluster(Box::new(failed.unwrap_or_else(other))))
}

/// Who may have a group: its replicas with contents first, then whoever else there is, since replicas move.
fn candidates(cluster: &ClusterInfo, group: u32, addresses: &[String]) -> Vec<String> {
    let replicas = cluster.groups.iter().find(|known| known.id == group).map_or(&[][..], |known| &known.replicas);
    let full = || cluster.nodes.iter().filter(|node| node.kind == NodeKindInfo::Full);
    let has = full().filter(|node| replicas.contains(&node.id)).map(|node| &node.address);
    let mut candidates: Vec<String> = Vec::new();
    for address in has.chain(full().map(|node| &node.address)).chain(addresses) {
        if !candidates.contains(address) {
            candidates.push(address.clone());
        }
    }
    candidates
}

/// Takes a group from the first node that gives all of it.
async fn any_node(
    client: &Client,
    addresses: &[String],
    cluster: &ClusterInfo,
    group: u32,
    directory: &Path,
    seen: &Arc<BTreeSet<ContentDigest>>,
    told: &mut impl FnMut(u64),
) -> Result<Taken, BackupError> {
    let mut failed = None;
    for address in candidates(cluster, group, addresses) {
        let receiver = Receiver { group, directory: directory.to_owned(), seen: Arc::clone(seen) };
        match one_node(client, &address, receiver, told).await {
            Ok(taken) => return Ok(taken),
            // Whoever else has it may do better.
            Err(error @ (BackupError::Group { .. } | BackupError::Stream { .. })) => {
                tracing::warn!(%address, group, error = %crate::chain(&error), "a node does not give a group");
                failed = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(failed.unwrap_or_else(|| BackupError::Stream { group, reason: "there is no node".to_owned() }))
}

async fn one_node(
    client: &Client,
    address: &str,
    receiver: Receiver,
    told: &mut impl FnMut(u64),
) -> Result<Taken, BackupError> {
    let group = receiver.group;
    let refused = |source: AskError| BackupError::Group { group, source: Box::new(source) };
    let mut download = client.download(address, &format!("/v1/backup/groups/{group}"), PIECE).await.map_err(refused)?;
    let (sender, pieces) = mpsc::channel::<Bytes>(PIECES_MAX);
    let receiving = tokio::task::spawn_blocking(move || receiver.receive(PieceReader::new(pieces)));
    let broken = loop {
        match download.next().await {
            Ok(Some(piece)) => {
                told(piece.len() as u64);
                if sender.send(piece).await.is_err() {
                    break None;
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    drop(sender);
    let received = receiving
        .await
        .unwrap_or_else(|error| Err(BackupError::Stream { group, reason: format!("it cannot be received: {error}") }));
    match broken {
        Some(error) => Err(BackupError::Stream { group, reason: error.to_string() }),
        None => received,
    }
}

/// Writes down what arrives of a group.
pub(super) struct Receiver {
    pub(super) group: u32,
    pub(super) directory: PathBuf,
    /// The contents that are there already.
    pub(super) seen: Arc<BTreeSet<ContentDigest>>,
}

impl Receiver {
    fn receive(self, mut input: PieceReader) -> Result<Taken, BackupError> {
        let (state, part, new) = self.receive_from(&mut input)?;
        Ok(Taken { state, part, new })
    }

    /// What is not there yet of contents is written as it comes; the state at the end. Blocks.
    pub(super) fn receive_from(
        self,
        input: &mut dyn std::io::Read,
    ) -> Result<(GroupState, GroupPart, BTreeSet<ContentDigest>), BackupError> {
        let Self { group, directory, seen } = self;
        let mut contents = PartWriter::begin(&directory, &contents_file(group))?;
        let (mut new, mut disk) = (BTreeSet::new(), None);
        let read = read_stream(input, group, |digest, bytes| {
            if seen.contains(&digest) || !new.insert(digest) {
                return Ok(());
            }
            contents.record(digest, bytes).map_err(|error| {
                let told = std::io::Error::new(error.kind(), error.to_string());
                disk = Some(error);
                told
            })
        });
        if let Some(error) = disk {
            return Err(BackupError::Io { path: directory.join(contents_file(group)), source: error });
        }
        let (state, bytes) = read.map_err(|error| BackupError::Stream { group, reason: error.to_string() })?;
        let contents = contents.finish()?;
        let file = state_file(group);
        let mut out = PartWriter::begin(&directory, &file)?;
        out.write(&bytes).map_err(BackupError::at(directory.join(&file)))?;
        let (index, n_files) = (state.index(), state.n_files());
        let part = GroupPart { group, index, n_files, state: out.finish()?, contents };
        Ok((state, part, new))
    }
}

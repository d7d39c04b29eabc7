//! Components by digest, whole files: on every node that needs one, and on a quorum before the metadata speaks of it.
//!
//! They are too large for one message, so a node that is told to keep one fetches it part by part from whoever told it, and says that it
//! has it when its bytes are those of the digest and are on its disk.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use vraftls_meta::NodeId as MetaNodeId;
use vraftls_proto::rpc::Blob;
use vraftls_raft::ids::{NodeId, Peer};
use vraftls_transport::{Lane, Peers};
use vraftls_vfs::ContentDigest;

use super::questions::{self, BLOB_PART, BlobAnswer, BlobQuestion, KEEP_BLOB, KeepBlob};
use crate::data_dir::create_private_dir;
use crate::tree::ingest::blocking;

/// How many bytes one part has.
const PART_BYTES: usize = 4 << 20;

/// What is larger is no component.
const BLOB_BYTES_MAX: u64 = 64 << 20;

/// How long one part may take.
const PART_PATIENCE: Duration = Duration::from_secs(20);

/// How long another node may take to fetch the whole.
const KEEP_PATIENCE: Duration = Duration::from_secs(60);

/// The components that are kept here. Cheap to clone.
#[derive(Clone)]
pub(super) struct Blobs {
    directory: Arc<PathBuf>,
    peers: Peers,
    node: NodeId,
}

/// Why a component is not kept, or cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum BlobError {
    /// The disk.
    #[error("the component cannot be kept or read: {0}")]
    Io(#[from] io::Error),
    /// Nobody has it who can be reached.
    #[error("no node that answers has component {0}")]
    Nowhere(ContentDigest),
    /// Too few nodes keep it.
    #[error("{n} of {n_wanted} nodes keep the component; the last reason: {last}")]
    TooFew {
        /// How many do.
        n: usize,
        /// How many it takes.
        n_wanted: usize,
        /// For people.
        last: String,
    },
}

impl Blobs {
    /// Opens what lies in a directory. Blocks on the disk.
    pub(super) fn open(directory: PathBuf, peers: Peers, node: NodeId) -> io::Result<Self> {
        create_private_dir(&directory)?;
        // What an interrupted run was about to keep.
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|suffix| suffix == "part") {
                fs::remove_file(path)?;
            }
        }
        Ok(Self { directory: Arc::new(directory), peers, node })
    }

    fn path(&self, digest: &ContentDigest) -> PathBuf {
        path_in(&self.directory, digest)
    }

    /// Whether it is kept here.
    pub(super) fn has(&self, digest: &ContentDigest) -> bool {
        self.path(digest).exists()
    }

    /// Keeps a component here durably. Blocks on the disk.
    pub(super) fn keep(&self, digest: &ContentDigest, bytes: &[u8]) -> io::Result<()> {
        keep_component(&self.directory, digest, bytes)
    }

    /// The bytes of a component that is kept here. Blocks on the disk.
    pub(super) fn read(&self, digest: &ContentDigest) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.path(digest))?;
        match ContentDigest::of(&bytes) == *digest {
            true => Ok(bytes),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "a component is damaged on disk")),
        }
    }

    /// A part of a component for another node. Blocks on the disk.
    pub(super) fn part(&self, question: &BlobQuestion) -> io::Result<BlobAnswer> {
        read_part(&self.path(&question.digest), question.offset)
    }

    /// Lets go what is not wanted any more. Blocks on the disk.
    pub(super) fn retain(&self, is_wanted: impl Fn(&ContentDigest) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(&*self.directory)? {
            let path = entry?.path();
            let digest = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if path.extension().is_some_and(|suffix| suffix == "wasm")
                && digest.is_some_and(|digest| !is_wanted(&digest))
            {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// The bytes of a component, from here or from the first of `nodes` that has it; kept here from then on.
    pub(super) async fn get(&self, digest: ContentDigest, nodes: &[(MetaNodeId, Peer)]) -> Result<Bytes, BlobError> {
        let this = self.clone();
        let here = blocking(move || this.has(&digest).then(|| this.read(&digest))).await;
        match here {
            Some(Ok(bytes)) => return Ok(bytes.into()),
            Some(Err(error)) => tracing::error!(%digest, %error, "a component that is kept here cannot be read"),
            None => {}
        }
        for (node, peer) in nodes.iter().filter(|(node, _)| node.0 != self.node.0) {
            match self.fetch(digest, NodeId(node.0), peer).await {
                Ok(bytes) => return Ok(bytes),
                Err(error) => tracing::debug!(%digest, %node, %error, "a component is not there"),
            }
        }
        Err(BlobError::Nowhere(digest))
    }

    /// Fetches a component from a node and keeps it.
    pub(super) async fn fetch(&self, digest: ContentDigest, node: NodeId, peer: &Peer) -> Result<Bytes, BlobError> {
        let mut bytes = Vec::new();
        loop {
            let question = questions::encode(&BlobQuestion { digest, offset: bytes.len() as u64 });
            let asked = self.peers.ask(node, peer, Lane::Blob, BLOB_PART, question, PART_PATIENCE).await;
            let answer = asked.map_err(io::Error::other)?;
            let answer: BlobAnswer = questions::decode(&answer).map_err(io::Error::other)?;
            let Some((n_total, Blob(part))) = answer else { return Err(BlobError::Nowhere(digest)) };
            let is_end = bytes.len() as u64 + part.len() as u64 >= n_total;
            if n_total > BLOB_BYTES_MAX || (part.is_empty() && !is_end) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "that is no component").into());
            }
            bytes.extend(part);
            if is_end {
                break;
            }
        }
        let (this, kept) = (self.clone(), Bytes::from(bytes));
        let whole = kept.clone();
        blocking(move || this.keep(&digest, &kept)).await?;
        Ok(whole)
    }

    /// Keeps a component here and on other nodes, until more than half of all have it durably. The rest go on fetching it.
    pub(super) async fn put(
        &self,
        digest: ContentDigest,
        bytes: Bytes,
        others: Vec<(MetaNodeId, Peer)>,
    ) -> Result<(), BlobError> {
        let this = self.clone();
        blocking(move || this.keep(&digest, &bytes)).await?;
        let n_nodes = others.len() + 1;
        let n_wanted = n_nodes / 2 + 1;
        let question = questions::encode(&KeepBlob { digest, from: self.node.0 });
        let asked = others.into_iter().map(|(node, peer)| {
            let (peers, question) = (self.peers.clone(), question.clone());
            async move {
                let asked = peers.ask(NodeId(node.0), &peer, Lane::Blob, KEEP_BLOB, question, KEEP_PATIENCE).await;
                let answer = asked.map_err(|error| error.to_string())?;
                let kept: Result<(), String> = questions::decode(&answer).map_err(|error| error.to_string())?;
                kept
            }
        });
        let kept = join_all(asked).await;
        let n = 1 + kept.iter().filter(|kept| kept.is_ok()).count();
        if n >= n_wanted {
            return Ok(());
        }
        let last = kept.into_iter().filter_map(Result::err).next_back().unwrap_or_default();
        Err(BlobError::TooFew { n, n_wanted, last })
    }
}

/// Where a component is kept.
fn path_in(directory: &Path, digest: &ContentDigest) -> PathBuf {
    directory.join(format!("{digest}.wasm"))
}

/// Keeps a component in a directory durably. Blocks on the disk.
pub(crate) fn keep_component(directory: &Path, digest: &ContentDigest, bytes: &[u8]) -> io::Result<()> {
    if ContentDigest::of(bytes) != *digest {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the bytes are not those of the digest"));
    }
    create_private_dir(directory)?;
    let path = path_in(directory, digest);
    if path.exists() {
        return Ok(());
    }
    let mut drawn = [0; 8];
    getrandom::fill(&mut drawn).map_err(io::Error::other)?;
    let part = directory.join(format!("{digest}.{:016x}.part", u64::from_le_bytes(drawn)));
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, &path)?;
    File::open(directory)?.sync_all()
}

fn read_part(path: &Path, offset: u64) -> io::Result<BlobAnswer> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let n_total = file.metadata()?.len();
    file.seek(SeekFrom::Start(offset.min(n_total)))?;
    let mut part = Vec::new();
    file.take(PART_BYTES as u64).read_to_end(&mut part)?;
    Ok(Some((n_total, Blob(part))))
}

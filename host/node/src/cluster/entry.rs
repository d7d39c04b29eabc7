//! How a data directory comes to its cluster: it founds one, it is let into one, or it is a part of one already.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use vraftls_cluster::Contacts;
use vraftls_meta::{Address, NodeId, NodeKind};
use vraftls_proto::rpc::ClusterInfo;

use crate::data_dir::{Claimed, DataDir, DataDirError, Identity, random_id, write_durably};
use crate::server::client::{AskError, Client, Join, Joined, Sent};
use crate::server::kind_info;
use crate::tree::ingest::blocking;

/// How long one node that is asked to let this one in may take.
const ASK: Duration = Duration::from_secs(10);

/// How long it is tried to be let in: the others may be starting too.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long after a round of asking the next one comes.
const PAUSE: Duration = Duration::from_millis(300);

/// How long the nodes that are named may take to say which cluster they are of, where a directory is a node's already: it comes back also
/// when none of them is there.
const LOOK: Duration = Duration::from_secs(1);

/// Where a directory that is not a node's yet keeps what it calls itself, so that a node that is let in twice is one node.
const INCARNATION: &str = "INCARNATION";

/// How a node comes to its cluster.
#[derive(Clone, Debug)]
pub enum Entry {
    /// It makes one.
    Found {
        /// Its id in it.
        node: NodeId,
        /// How many replicas a group shall have.
        replication: u8,
        /// How many groups share the files.
        n_data_groups: u32,
    },
    /// It asks nodes of one to be let in.
    Join {
        /// The id it wants; without it the next one.
        node: Option<NodeId>,
        /// Where nodes listen.
        seeds: Vec<String>,
        /// What it is for.
        kind: NodeKind,
    },
    /// It was a part of one when it ended.
    Return,
}

/// Why a directory did not come to a cluster.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// It was not said how it should come to one.
    #[error("{0} belongs to no cluster yet; say --init to make one, or --join with the addresses of its nodes")]
    NoCluster(String),
    /// The directory is another node's.
    #[error("{directory} is that of node {here}, not of {wanted}")]
    OtherNode {
        /// The directory.
        directory: String,
        /// Whose it is.
        here: u64,
        /// Whose it should be.
        wanted: u64,
    },
    /// The directory is a node's of another cluster than it is to come into.
    #[error("{directory} is that of a node of cluster {here}, and {seed} is of cluster {wanted}")]
    OtherCluster {
        /// The directory.
        directory: String,
        /// Its cluster.
        here: String,
        /// A node that was named.
        seed: String,
        /// That node's cluster.
        wanted: String,
    },
    /// The directory is that of an embedded node.
    #[error("{0} is the data directory of an editor's server, not that of a cluster's node")]
    Embedded(String),
    /// Nobody lets it in.
    #[error("no node of the cluster lets this one in; the last one asked: {0}")]
    NotLetIn(#[source] AskError),
    /// The others answer what makes no sense.
    #[error("the cluster's answer makes no sense: {0}")]
    OtherAnswer(String),
}

/// A directory that belongs to a node of a cluster.
pub(super) struct Entered {
    pub(super) data_dir: Arc<DataDir>,
    pub(super) contacts: Contacts,
    /// Whether this very node makes the cluster, or did.
    pub(super) founds: bool,
    pub(super) kind: NodeKind,
}

/// Takes a directory and makes it a node's.
pub(super) async fn enter(
    directory: &Path,
    command: &str,
    address: &Address,
    entry: &Entry,
    client: &Client,
) -> Result<Entered, EntryError> {
    let (path, words) = (directory.to_owned(), command.to_owned());
    let claimed = blocking(move || Claimed::claim(&path, &words)).await?;
    let shown = directory.display().to_string();
    if let Some(identity) = claimed.identity()? {
        let role = identity.role.clone().ok_or_else(|| EntryError::Embedded(shown.clone()))?;
        check_id(entry, &identity, &shown)?;
        if let Entry::Join { seeds, .. } = entry {
            check_cluster(seeds, &identity, &shown, client).await?;
        }
        let kind = if role.is_witness { NodeKind::Witness } else { NodeKind::Full };
        let data_dir = Arc::new(blocking(move || claimed.named(identity)).await?);
        return Ok(Entered { data_dir, contacts: Contacts::new(), founds: role.founded, kind });
    }
    match entry {
        Entry::Found { node, .. } => {
            let fail = |source| DataDirError::Io { path: directory.to_owned(), source };
            let identity = Identity {
                cluster: random_id().map_err(fail)?,
                node: node.0,
                incarnation: incarnation(directory)?,
                ..Identity::of_cluster(true, false)
            };
            let data_dir = Arc::new(blocking(move || claimed.named(identity)).await?);
            Ok(Entered { data_dir, contacts: Contacts::new(), founds: true, kind: NodeKind::Full })
        }
        Entry::Join { node, seeds, kind } => {
            let incarnation = incarnation(directory)?;
            let asked = kind_info(*kind);
            let join = Join {
                incarnation: incarnation.clone(),
                address: address.to_string(),
                kind: asked,
                node: node.map(|node| node.0),
            };
            let joined = ask(seeds, &join, client).await?;
            let contacts = contacts(&joined)?;
            let identity = Identity {
                cluster: joined.cluster,
                node: joined.node,
                incarnation,
                ..Identity::of_cluster(false, *kind == NodeKind::Witness)
            };
            let data_dir = Arc::new(blocking(move || claimed.named(identity)).await?);
            Ok(Entered { data_dir, contacts, founds: false, kind: *kind })
        }
        Entry::Return => Err(EntryError::NoCluster(shown)),
    }
}

fn check_id(entry: &Entry, identity: &Identity, shown: &str) -> Result<(), EntryError> {
    let wanted = match entry {
        Entry::Found { node, .. } | Entry::Join { node: Some(node), .. } => node.0,
        Entry::Join { node: None, .. } | Entry::Return => return Ok(()),
    };
    if wanted == identity.node {
        return Ok(());
    }
    Err(EntryError::OtherNode { directory: shown.to_owned(), here: identity.node, wanted })
}

/// Makes sure that the nodes that are named are of the directory's cluster, as far as they say so soon.
async fn check_cluster(seeds: &[String], identity: &Identity, shown: &str, client: &Client) -> Result<(), EntryError> {
    let asked = seeds.iter().map(|seed| async move {
        let said = client.ask::<ClusterInfo>(seed, axum::http::Method::GET, "/v1/cluster", Sent::Nothing, LOOK).await;
        said.ok().map(|info| (seed, info.cluster))
    });
    let other = join_all(asked).await.into_iter().flatten().find(|(_, cluster)| *cluster != identity.cluster);
    let Some((seed, wanted)) = other else { return Ok(()) };
    let (directory, here, seed) = (shown.to_owned(), identity.cluster.clone(), seed.clone());
    Err(EntryError::OtherCluster { directory, here, seed, wanted })
}

/// What the directory calls itself: the same until it is somebody's.
fn incarnation(directory: &Path) -> Result<String, DataDirError> {
    let file = directory.join(INCARNATION);
    let fail = |source| DataDirError::Io { path: file.clone(), source };
    match fs::read_to_string(&file) {
        Ok(known) if known.len() == 32 => return Ok(known),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail(error)),
    }
    let drawn = random_id().map_err(fail)?;
    write_durably(&file, drawn.as_bytes()).map_err(fail)?;
    Ok(drawn)
}

/// Asks one node after the other until one lets this one in, or says that it never will.
async fn ask(seeds: &[String], join: &Join, client: &Client) -> Result<Joined, EntryError> {
    let since = Instant::now();
    let sent = Sent::json(join).map_err(|error| EntryError::OtherAnswer(error.to_string()))?;
    let mut last = AskError::Unreachable {
        address: "--join".to_owned(),
        source: io::Error::new(io::ErrorKind::InvalidInput, "no address was given"),
    };
    let mut is_told = false;
    loop {
        for seed in seeds {
            match client.ask(seed, axum::http::Method::POST, "/v1/nodes", sent.clone(), ASK).await {
                Ok(joined) => return Ok(joined),
                // It will not say otherwise: the id is taken, or the directory was another's.
                Err(error @ AskError::Refused { status: 400..=420, .. }) => return Err(EntryError::NotLetIn(error)),
                Err(error) => {
                    let error_shown = crate::chain(&error);
                    match is_told {
                        true => tracing::info!(%seed, error = %error_shown, "not let in yet"),
                        false => {
                            tracing::warn!(%seed, error = %error_shown, patience = ?PATIENCE, "not let in yet, and tries on")
                        }
                    }
                    last = error;
                }
            }
        }
        is_told = true;
        if seeds.is_empty() || since.elapsed() >= PATIENCE {
            return Err(EntryError::NotLetIn(last));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn contacts(joined: &Joined) -> Result<Contacts, EntryError> {
    let contact = |member: &crate::server::client::Member| {
        let address = Address::new(&member.address).map_err(|error| EntryError::OtherAnswer(error.to_string()))?;
        Ok((NodeId(member.node), address))
    };
    joined.members.iter().map(contact).collect()
}

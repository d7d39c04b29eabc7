//! The node: everything started in order, held together, and ended in order.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use vraftls_cache::{DiskTier, DiskTierConfig, OffloadPool, Tier};
use vraftls_cluster::{Cluster, ClusterConfig, Membership, Timing};
use vraftls_meta::{Address, NodeKind, Registration, Request, State, TokenHash};
use vraftls_proto::rendezvous::{ENGINE, rank};
use vraftls_query::{BoxFuture, QueryConfig, QueryService};
use vraftls_raft::ids::{NodeId, Peer};
use vraftls_raft::log::{LogStore, LogStoreConfig};
use vraftls_transport::{Dial, Identity, Local, Peers, PeersConfig};
use vraftls_vfs::ContentDigest;

use super::base::Contents;
use super::bases::{Bases, Standings};
use super::blobs::Blobs;
use super::commits::Commits;
use super::entry::{self, Entered, Entry, EntryError};
use super::machines::{Machines, SharedMachines};
use super::mirrors::Mirrors;
use super::overlays::Overlays;
use super::service::{Answering, Door, DoorService};
use super::shared_facts::{OwnFacts, SharedFacts};
use crate::contents::{ContentError, ContentStore};
use crate::data_dir::{DataDir, DataDirError};
use crate::plugins::{self, ComponentSource, PluginError, PluginKeeper, Plugins, SourceError, Wanted, wanted};
use crate::references::References;
use crate::server::client::Client;
use crate::server::{draw_token, keep_secret};
use crate::sessions::Sessions;
use crate::stop::Stopper;
use crate::sweep::{Sweep, SweepConfig};
use crate::tree::ingest::blocking;

/// Threads that wait for the disk, or for what another node has cached, on behalf of questions.
const DISK_THREADS: usize = 8;

/// Jobs that may wait for them.
const DISK_JOBS_MAX: usize = 4096;

/// How many bytes of facts the disk keeps.
const DISK_CACHE_BYTES: u64 = 256 << 20;

/// How long after a failure it is tried again to say where this node is.
const REGISTER_PAUSE: Duration = Duration::from_secs(1);

/// How long one attempt of that may take.
const REGISTER: Duration = Duration::from_secs(10);

/// How many workspaces are kept warm: each costs the memory of its index.
const N_WARM_WORKSPACES_MAX: usize = 64;

/// How many nodes keep the index of a workspace.
const N_WARM: usize = 2;

/// When the metadata did not change for so long, components go that it does not speak of.
const TIDY: Duration = Duration::from_secs(3600);

/// Where the founding node keeps the first token, for whoever may read its directory.
pub(crate) const TOKEN_FILE: &str = "admin-token";

/// What a cluster's node is told when it starts. The environment of the process is read by whoever makes this, never here.
#[derive(Clone)]
pub struct ClusterNodeConfig {
    /// The directory that the node owns.
    pub data_directory: PathBuf,
    /// Where others reach this node.
    pub address: Address,
    /// What this process runs, for others who want the directory.
    pub command: String,
    /// Where analyzers lie (`*.wasm`), with precompiled artifacts beside them. The installation vouches for what lies there.
    pub plugin_directories: Vec<PathBuf>,
    /// Where artifacts are kept that had to be compiled; the data directory where there is none.
    pub artifact_directory: Option<PathBuf>,
    /// How it comes to its cluster.
    pub entry: Entry,
    /// How it connects to other nodes.
    pub dialer: Arc<dyn Dial>,
    /// How it asks to be let in.
    pub client: Client,
    /// How patient the cluster is.
    pub timing: Timing,
    /// How contents that no file has any more are collected.
    pub sweep: SweepConfig,
}

/// Why a cluster's node does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenClusterError {
    /// Its directory does not come to a cluster.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Its directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// What the directory says of itself is no identity.
    #[error("the directory's identity cannot be read: {0}")]
    Identity(#[from] vraftls_meta::ParseIdError),
    /// The analyzers cannot be loaded.
    #[error("the analyzers cannot be loaded")]
    Plugins(#[from] PluginError),
    /// The log cannot be opened.
    #[error("the log cannot be opened")]
    Storage(#[from] vraftls_raft::error::StorageError),
    /// The contents cannot be opened.
    #[error("the contents cannot be opened")]
    Contents(#[from] ContentError),
    /// The second tier of the cache cannot be opened.
    #[error("the cache cannot be opened")]
    Cache(#[from] vraftls_cache::OpenDiskTierError),
    /// A thread cannot be started, or a directory made.
    #[error("the system refuses")]
    Io(#[from] std::io::Error),
    /// The groups do not start.
    #[error("the groups do not start")]
    Groups(#[from] vraftls_cluster::StartError),
}

/// A node of a cluster.
pub struct ClusterNode {
    pub(super) data_dir: Arc<DataDir>,
    pub(super) cluster: Arc<Cluster<SharedMachines>>,
    pub(super) log: LogStore,
    pub(super) peers: Peers,
    pub(super) local: Arc<Local>,
    pub(super) plugins: Arc<PluginKeeper>,
    pub(super) answering: Arc<Answering>,
    door: Arc<Door>,
    pub(super) stopper: Stopper,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// What is opened before the groups, each on a thread that may block.
struct Stores {
    contents: ContentStore,
    log: LogStore,
    plugins: Plugins,
    disk_tier: DiskTier,
}

impl ClusterNode {
    /// Starts a node on its data directory.
    ///
    /// # Errors
    /// [`OpenClusterError`].
    pub async fn start(config: ClusterNodeConfig) -> Result<Arc<Self>, OpenClusterError> {
        let entered =
            entry::enter(&config.data_directory, &config.command, &config.address, &config.entry, &config.client)
                .await?;
        let Entered { data_dir, contacts, founds, kind } = entered;
        let stores = {
            let (data_dir, config) = (data_dir.clone(), config.clone());
            blocking(move || open_stores(&data_dir, &config)).await?
        };
        let identity = identity_of(&data_dir)?;
        let door = Arc::new(Door::default());
        let local = Arc::new(Local::new(identity, Arc::new(DoorService(Arc::clone(&door)))));
        let peers = Peers::new(identity, Arc::clone(&config.dialer), PeersConfig::default());
        let references = References::new();
        // Until every shard has said what it needs, nothing goes.
        let starting = references.hold();
        let metadata = Arc::new(OnceLock::new());
        let machines = Machines {
            contents: stores.contents.clone(),
            references: references.clone(),
            peers: peers.clone(),
            metadata: Arc::clone(&metadata),
            node: identity.node,
            is_witness: kind == NodeKind::Witness,
            runtime: Handle::current(),
            running: Mutex::new(BTreeMap::new()),
        };
        let registration = Registration { incarnation: identity.incarnation, address: config.address.clone(), kind };
        let membership = match &config.entry {
            Entry::Found { replication, n_data_groups, .. } if founds => Membership::Found {
                cluster: identity.cluster,
                replication: *replication,
                n_data_groups: *n_data_groups,
                registration: registration.clone(),
                token: Some(first_token(&data_dir)?),
            },
            _ => Membership::Member,
        };
        let groups = ClusterConfig {
            directory: data_dir.groups(),
            address: config.address.clone(),
            is_witness: kind == NodeKind::Witness,
            contacts,
            timing: config.timing,
        };
        let machines = SharedMachines(Arc::new(machines));
        let cluster = Cluster::start(
            groups,
            identity.node,
            membership,
            stores.log.clone(),
            peers.clone(),
            Arc::clone(&local),
            machines,
        )
        .await?;
        drop(metadata.set(cluster.metadata()));
        drop(starting);
        let blobs = Blobs::open(data_dir.components(), peers.clone(), identity.node)?;
        let Stores { contents, log, plugins, disk_tier } = stores;
        let answering = answering(&cluster, &contents, &references, &peers, blobs, disk_tier)?;
        let plugins = PluginKeeper::new(plugins, Arc::clone(&answering.queries));
        door.set(Some(Arc::clone(&answering)));
        let stopper = Stopper::new();
        let sweep = Sweep::new(config.sweep, contents, references);
        let tasks = vec![
            tokio::spawn(Arc::clone(&answering.bases).follow()),
            tokio::spawn(Arc::clone(&answering.mirrors).run()),
            tokio::spawn(sweep.run(stopper.listener())),
            tokio::spawn(tidy(Arc::clone(&answering))),
            tokio::spawn(keep_warm(Arc::clone(&answering))),
            tokio::spawn(say_where(Arc::clone(&cluster), registration)),
            tokio::spawn(keep_plugins(Arc::clone(&answering), Arc::clone(&plugins))),
        ];
        let tasks = Mutex::new(tasks);
        Ok(Arc::new(Self { data_dir, cluster, log, peers, local, plugins, answering, door, stopper, tasks }))
    }

    /// Its data directory.
    pub fn data_dir(&self) -> &DataDir {
        &self.data_dir
    }

    /// Its id.
    pub fn node(&self) -> NodeId {
        self.cluster.node()
    }

    /// Who answers connections of other nodes and of guests.
    pub fn local(&self) -> Arc<Local> {
        Arc::clone(&self.local)
    }

    /// The other nodes that keep components.
    pub(super) fn other_full_nodes(&self) -> Vec<(vraftls_meta::NodeId, Peer)> {
        let nodes = full_nodes(&self.cluster.metadata().borrow());
        nodes.into_iter().filter(|(node, _)| node.0 != self.node().0).collect()
    }

    /// Where the first token of admins is kept, on the node that founded the cluster.
    pub fn token_file(&self) -> PathBuf {
        self.data_dir.path().join(TOKEN_FILE)
    }

    /// Says that it is about to end, and hands over what it leads, so that nobody waits for it.
    pub async fn drain(&self) {
        self.stopper.stop();
        self.cluster.hand_over().await;
    }

    /// Ends what runs, and makes everything durable. Does nothing the second time.
    pub async fn shutdown(&self) {
        self.stopper.stop();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.iter().for_each(JoinHandle::abort);
        for task in tasks {
            drop(task.await);
        }
        let engines_closed = self.plugins.close();
        self.answering.standings.end();
        self.answering.mirrors.end();
        self.door.set(None);
        self.cluster.shutdown().await;
        if let Err(error) = engines_closed.await {
            tracing::error!(%error, "the engines could not be closed");
        }
        if let Err(error) = self.log.close().await {
            tracing::error!(error = %error.chain(), "the log could not be closed");
        }
    }
}

fn answering(
    cluster: &Arc<Cluster<SharedMachines>>,
    contents: &ContentStore,
    references: &References,
    peers: &Peers,
    blobs: Blobs,
    disk_tier: DiskTier,
) -> Result<Arc<Answering>, OpenClusterError> {
    let mirrors = Arc::new(Mirrors::new(Arc::clone(cluster), peers.clone()));
    let everywhere = Contents { here: contents.clone(), mirrors: Arc::clone(&mirrors) };
    let bases = Arc::new(Bases::new(Arc::clone(cluster), everywhere));
    let disk_tier = Arc::new(disk_tier);
    let own_facts = Arc::new(OwnFacts::new(Arc::clone(&disk_tier)));
    let shared = SharedFacts::new(Arc::clone(&own_facts), Arc::clone(cluster), peers.clone());
    let lower: Vec<Arc<dyn Tier>> = vec![disk_tier, Arc::new(shared)];
    let threads = Arc::new(OffloadPool::new(DISK_THREADS, DISK_JOBS_MAX)?);
    let queries = Arc::new(QueryService::new(bases.clone(), lower, threads, QueryConfig::default()));
    let standings = Standings::new(Arc::clone(&bases), Arc::clone(&queries));
    let commits = Commits {
        cluster: Arc::clone(cluster),
        contents: contents.clone(),
        references: references.clone(),
        peers: peers.clone(),
    };
    Ok(Arc::new(Answering {
        cluster: Arc::clone(cluster),
        contents: contents.clone(),
        references: references.clone(),
        bases,
        mirrors,
        own_facts,
        standings,
        queries,
        overlays: Overlays::new(),
        commits,
        blobs,
        sessions: Sessions::default(),
    }))
}

/// Opens what lies in the data directory and loads the analyzers, all at the same time. Blocks on the disk.
fn open_stores(data_dir: &Arc<DataDir>, config: &ClusterNodeConfig) -> Result<Stores, OpenClusterError> {
    let artifacts = config.artifact_directory.clone().unwrap_or_else(|| data_dir.artifacts());
    std::thread::scope(|scope| {
        let engines = data_dir.engines();
        let plugins = scope.spawn(move || plugins::load(&config.plugin_directories, &artifacts, Some(&engines)));
        let cache = DiskTierConfig { budget_bytes: DISK_CACHE_BYTES };
        let disk_tier = scope.spawn(move || DiskTier::open(&data_dir.cache(), cache));
        let contents = ContentStore::of(data_dir)?;
        let log = LogStore::open(&data_dir.log(), LogStoreConfig::default())?;
        let joined = |_| std::io::Error::other("a thread that opens the stores panicked");
        let plugins = plugins.join().map_err(joined)??;
        let disk_tier = disk_tier.join().map_err(joined)??;
        Ok(Stores { contents, log, plugins, disk_tier })
    })
}

fn identity_of(data_dir: &DataDir) -> Result<Identity, OpenClusterError> {
    let known = data_dir.identity();
    Ok(Identity { cluster: known.cluster.parse()?, node: NodeId(known.node), incarnation: known.incarnation.parse()? })
}

/// The token that admins of a new cluster show: drawn once, however often it takes to found the cluster.
fn first_token(data_dir: &DataDir) -> Result<TokenHash, OpenClusterError> {
    let file = data_dir.path().join(TOKEN_FILE);
    match std::fs::read_to_string(&file) {
        Ok(known) => return Ok(TokenHash::of(known.trim().as_bytes())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let drawn = draw_token().map_err(std::io::Error::other)?;
    keep_secret(&file, &drawn.text)?;
    Ok(drawn.hash)
}

/// Lets go of what is kept for workspaces and plugins that the cluster has no more.
async fn tidy(answering: Arc<Answering>) {
    let mut metadata = answering.cluster.metadata();
    loop {
        let changed = tokio::time::timeout(TIDY, metadata.changed()).await;
        let known = metadata.borrow_and_update().clone();
        match changed {
            Ok(Ok(())) => answering.standings.retain(|workspace| known.workspaces().contains_key(&workspace)),
            Ok(Err(_)) => return,
            // Nothing changed for so long that no component is on its way into the metadata.
            Err(_) => {
                let blobs = answering.blobs.clone();
                let is_known = move |digest: &ContentDigest| {
                    known.plugins().values().any(|plugin| plugin.component(digest).is_some())
                };
                if let Err(error) = blocking(move || blobs.retain(is_known)).await {
                    tracing::warn!(%error, "components that nobody wants stay");
                }
            }
        }
    }
}

/// Keeps the indexes of the workspaces that this node is the first or the second to be asked about: so that the second can answer at once
/// when the first is gone.
async fn keep_warm(answering: Arc<Answering>) {
    let mut metadata = answering.cluster.metadata();
    let me = answering.cluster.node().0;
    loop {
        let known = metadata.borrow_and_update().clone();
        let full = known.nodes().iter().filter(|(_, about)| about.is_full() && !about.draining);
        let full: Vec<u64> = full.map(|(node, _)| node.0).collect();
        for workspace in known.workspaces().keys().take(N_WARM_WORKSPACES_MAX) {
            let mut ranked = full.clone();
            rank(ENGINE, &workspace.0.to_le_bytes(), &mut ranked, |node| *node);
            if ranked.iter().take(N_WARM).any(|node| *node == me) {
                answering.standings.of(*workspace);
            }
        }
        if metadata.changed().await.is_err() {
            return;
        }
    }
}

/// Tells the cluster where this node is, if it was elsewhere before.
async fn say_where(cluster: Arc<Cluster<SharedMachines>>, registration: Registration) {
    let node = vraftls_meta::NodeId(cluster.node().0);
    let mut metadata = cluster.metadata();
    let known = metadata.wait_for(|known| known.nodes().contains_key(&node)).await;
    let is_known =
        known.is_ok_and(|known| known.nodes().get(&node).is_some_and(|about| about.registration == registration));
    if is_known {
        return;
    }
    loop {
        let request = Request::RegisterNode { node: Some(node), registration: registration.clone() };
        match cluster.change(request, Instant::now() + REGISTER).await {
            Ok(_) => return tracing::info!(address = %registration.address, "the cluster knows where this node is now"),
            Err(vraftls_cluster::ChangeError::Refused(refusal)) => {
                return tracing::error!(%refusal, "the cluster does not want to know where this node is");
            }
            Err(error) => tracing::warn!(%error, "the cluster cannot be told where this node is"),
        }
        tokio::time::sleep(REGISTER_PAUSE).await;
    }
}

/// Keeps the analyzers that the metadata says are active.
async fn keep_plugins(answering: Arc<Answering>, plugins: Arc<PluginKeeper>) {
    let mut metadata = answering.cluster.metadata();
    let first = Arc::new(wanted(&metadata.borrow_and_update()));
    let (sender, receiver) = watch::channel(first);
    let follow = async {
        while metadata.changed().await.is_ok() {
            let now: Wanted = wanted(&metadata.borrow_and_update());
            sender.send_if_modified(|known| {
                let differs = **known != now;
                if differs {
                    *known = Arc::new(now);
                }
                differs
            });
        }
    };
    let source: Arc<dyn ComponentSource> = Arc::new(Components(Arc::clone(&answering)));
    tokio::join!(follow, plugins.run(receiver, source));
}

/// Components from this node's disk, or from another node.
struct Components(Arc<Answering>);

impl ComponentSource for Components {
    fn component(&self, digest: ContentDigest) -> BoxFuture<'_, Result<Bytes, SourceError>> {
        Box::pin(async move {
            let nodes = full_nodes(&self.0.cluster.metadata().borrow());
            self.0.blobs.get(digest, &nodes).await.map_err(|error| SourceError(error.to_string()))
        })
    }
}

/// The nodes that keep components, with where they are.
fn full_nodes(metadata: &State) -> Vec<(vraftls_meta::NodeId, Peer)> {
    let full = metadata.nodes().iter().filter(|(_, about)| about.is_full());
    full.map(|(node, about)| (*node, Peer::new(about.registration.address.as_str()))).collect()
}

//! The replicas that run on this node, and what can be done with one without knowing what it replicates.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use vraftls_meta::State;
use vraftls_raft::config::GroupConfig;
use vraftls_raft::error::{InitializeError, StorageError};
use vraftls_raft::group::Group;
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::log::LogStore;
use vraftls_raft::network::{AppendChannel, BoxFuture, Chunk, Destination, Frame, Lane, Network, NetworkError};
use vraftls_raft::pulse::Pulse;
use vraftls_transport::{Local, Peers};

use crate::answer::Replica;
use crate::meta_machine::MetaMachine;
use crate::{ClusterConfig, Contacts, DataMachines, StartError};

/// The group of the metadata.
pub(crate) const METADATA: GroupId = GroupId(vraftls_meta::GroupId::METADATA.0);

/// A metadata entry is small: a snapshot point costs a file of some kilobytes.
const METADATA_SNAPSHOT_AFTER: u64 = 2000;

/// Files are small for the most part: some thousand entries are read again in a moment.
const DATA_SNAPSHOT_AFTER: u64 = 4096;

/// Some entries have up to about 1 MiB: so much is kept at most twice over.
const DATA_SNAPSHOT_AFTER_BYTES: u64 = 32 << 20;

/// For replicas that were away for a moment.
const DATA_ENTRIES_KEPT: u64 = 256;

/// A witness keeps contents only as entries of its log that were not purged yet, and sends them to nobody: so few of them, and none
/// below a snapshot point.
const WITNESS_SNAPSHOT_AFTER: u64 = 128;

/// The replicas of one node.
pub(crate) struct Hosted<D: DataMachines> {
    pub(crate) node: NodeId,
    pub(crate) config: ClusterConfig,
    pub(crate) log: LogStore,
    pub(crate) metadata: watch::Receiver<Arc<State>>,
    pub(crate) meta: Group<MetaMachine>,
    meta_replica: Arc<dyn Replica>,
    network: Arc<dyn Network>,
    /// On which all groups that lead here show it.
    pulse: Pulse,
    local: Arc<Local>,
    machines: D,
    data: Mutex<BTreeMap<GroupId, DataGroup<D::Machine>>>,
    changed: watch::Sender<u64>,
}

/// A shard's replica here, with the state after every commit.
pub(crate) struct DataGroup<M: vraftls_raft::machine::StateMachine> {
    pub(crate) group: Group<M>,
    pub(crate) state: watch::Receiver<vraftls_vfs::State>,
    replica: Arc<dyn Replica>,
}

impl<M: vraftls_raft::machine::StateMachine> Clone for DataGroup<M> {
    fn clone(&self) -> Self {
        Self { group: self.group.clone(), state: self.state.clone(), replica: Arc::clone(&self.replica) }
    }
}

impl<D: DataMachines> Hosted<D> {
    /// Starts the replica of the metadata, that every node has.
    pub(crate) async fn start(
        config: ClusterConfig,
        node: NodeId,
        log: LogStore,
        peers: Peers,
        local: Arc<Local>,
        machines: D,
    ) -> Result<Self, StartError> {
        let directory = config.directory.join(METADATA.to_string());
        let opened = blocking("opening the metadata", move || MetaMachine::open(&directory)).await;
        let (machine, metadata) = opened?;
        let contacts = config.contacts.clone();
        let network: Arc<dyn Network> = Arc::new(Addressed { peers, metadata: metadata.clone(), contacts });
        let pulse = Pulse::start(config.timing.heartbeat);
        let settings = GroupConfig {
            snapshot_after_entries: METADATA_SNAPSHOT_AFTER,
            ..group_config(&config, METADATA, node, &pulse)
        };
        let meta = Group::start(settings, &log, machine, Arc::clone(&network)).await?;
        local.attach(METADATA, meta.endpoint());
        let (data, changed) = (Mutex::default(), watch::Sender::new(0));
        let meta_replica: Arc<dyn Replica> = Arc::new(meta.clone());
        Ok(Self { node, config, log, metadata, meta, meta_replica, network, pulse, local, machines, data, changed })
    }

    fn data(&self) -> MutexGuard<'_, BTreeMap<GroupId, DataGroup<D::Machine>>> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shards that have a replica here.
    pub(crate) fn all(&self) -> Vec<(GroupId, DataGroup<D::Machine>)> {
        self.data().iter().map(|(id, group)| (*id, group.clone())).collect()
    }

    /// Any replica, the metadata's included.
    pub(crate) fn replica(&self, group: GroupId) -> Option<Arc<dyn Replica>> {
        match group {
            METADATA => Some(Arc::clone(&self.meta_replica)),
            _ => self.data().get(&group).map(|found| Arc::clone(&found.replica)),
        }
    }

    /// Counts the changes of what runs here.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Where a group's state lies.
    pub(crate) fn directory(&self, group: GroupId) -> PathBuf {
        self.config.directory.join(group.to_string())
    }

    /// Starts a shard's replica from what the disk has of it.
    pub(crate) async fn open(self: &Arc<Self>, id: GroupId) -> Result<DataGroup<D::Machine>, StartError> {
        let (hosted, directory) = (Arc::clone(self), self.directory(id));
        let opened = blocking("opening a shard", move || hosted.machines.open(id, &directory)).await;
        let (machine, state) = opened?;
        let (snapshot_after_entries, entries_kept) =
            if self.config.is_witness { (WITNESS_SNAPSHOT_AFTER, 0) } else { (DATA_SNAPSHOT_AFTER, DATA_ENTRIES_KEPT) };
        let settings = GroupConfig {
            snapshot_after_entries,
            snapshot_after_bytes: DATA_SNAPSHOT_AFTER_BYTES,
            entries_kept,
            ..group_config(&self.config, id, self.node, &self.pulse)
        };
        let started = Group::start(settings, &self.log, machine, Arc::clone(&self.network)).await;
        let group = started.inspect_err(|_| self.machines.closed(id))?;
        let asked = group.clone();
        self.machines.started(id, Arc::new(move || asked.last_log_index()));
        self.local.attach(id, group.endpoint());
        let replica: Arc<dyn Replica> = Arc::new(group.clone());
        let opened = DataGroup { group, state, replica };
        self.data().insert(id, opened.clone());
        self.changed.send_modify(|n| *n += 1);
        Ok(opened)
    }

    /// Forms a shard out of the replica here alone, unless it was formed before.
    pub(crate) async fn form(&self, group: &DataGroup<D::Machine>) -> Result<(), InitializeError> {
        match group.group.initialize_single(Peer::new(self.config.address.as_str())).await {
            Ok(()) | Err(InitializeError::AlreadyFormed { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Says that a shard has again everything that it had.
    pub(crate) fn recovered(&self, id: GroupId) {
        self.machines.recovered(id);
    }

    /// Ends a shard's replica. What the disk has of it stays.
    pub(crate) async fn close(&self, id: GroupId) {
        let found = self.data().remove(&id);
        self.local.detach(id);
        self.machines.closing(id);
        self.changed.send_modify(|n| *n += 1);
        if let Some(found) = found {
            found.group.shutdown().await;
        }
        self.machines.closed(id);
    }

    /// Removes what the disk has of a shard that does not run here.
    pub(crate) async fn erase(self: &Arc<Self>, id: GroupId) -> Result<(), StorageError> {
        let hosted = Arc::clone(self);
        blocking("erasing a shard", move || {
            // The log goes last: with it goes what this replica promised.
            match std::fs::remove_dir_all(hosted.directory(id)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StorageError::io("removing a shard's state", error));
                }
                _ => {}
            }
            hosted.log.remove_group(id)?;
            hosted.machines.erased(id);
            Ok(())
        })
        .await
    }

    /// Ends all replicas.
    pub(crate) async fn shutdown(&self) {
        let ids: Vec<GroupId> = self.data().keys().copied().collect();
        futures_util::future::join_all(ids.into_iter().map(|id| self.close(id))).await;
        self.local.detach(METADATA);
        self.meta.shutdown().await;
    }
}

/// Does something that blocks on the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(StorageError::io(what, std::io::Error::other(error))))
}

fn group_config(config: &ClusterConfig, group: GroupId, node: NodeId, pulse: &Pulse) -> GroupConfig {
    let spool = config.directory.join(group.to_string()).join("received");
    let timing = config.timing;
    GroupConfig {
        pulse: Some(pulse.clone()),
        election_timeout_min: timing.election.0,
        election_timeout_max: timing.election.1,
        may_lead: !config.is_witness,
        ..GroupConfig::new(group, node, spool)
    }
}

/// Carries messages to where nodes are now. What a group's log says of addresses may be old.
struct Addressed {
    peers: Peers,
    metadata: watch::Receiver<Arc<State>>,
    contacts: Contacts,
}

/// Where a node is, as far as is known.
pub(crate) fn address_of(state: &State, contacts: &Contacts, node: NodeId) -> Option<Peer> {
    let node = vraftls_meta::NodeId(node.0);
    let known = state.nodes().get(&node).map(|known| &known.registration.address);
    known.or_else(|| contacts.get(&node)).map(|address| Peer::new(address.as_str()))
}

impl Addressed {
    fn readdress(&self, to: Destination) -> Destination {
        let peer = address_of(&self.metadata.borrow(), &self.contacts, to.node).unwrap_or(to.peer);
        Destination { peer, ..to }
    }
}

impl Network for Addressed {
    fn call(
        &self,
        to: Destination,
        lane: Lane,
        request: Frame,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
        self.peers.call(self.readdress(to), lane, request, deadline)
    }

    fn open_append(&self, to: Destination) -> BoxFuture<'static, Result<AppendChannel, NetworkError>> {
        self.peers.open_append(self.readdress(to))
    }

    fn send_snapshot(
        &self,
        to: Destination,
        header: Frame,
        chunks: mpsc::Receiver<Chunk>,
        deadline: Duration,
    ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
        self.peers.send_snapshot(self.readdress(to), header, chunks, deadline)
    }
}

/// So far in the future that nobody waits for it.
pub(crate) fn some_day() -> Instant {
    Instant::now() + Duration::from_secs(86_400 * 365)
}

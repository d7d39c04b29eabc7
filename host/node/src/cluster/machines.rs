//! The shards' state machines on this node, and how they fetch contents from the other replicas.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use vraftls_cluster::DataMachines;
use vraftls_meta::{GroupId as MetaGroupId, NodeId as MetaNodeId, State as Metadata};
use vraftls_raft::error::StorageError;
use vraftls_raft::ids::{GroupId, Membership, NodeId, Peer};
use vraftls_transport::{Lane, Peers};
use vraftls_vfs::{ContentDigest, State};

use super::questions::{self, OFFER, OfferQuestion, WireOffer};
use crate::contents::ContentStore;
use crate::fetch::{AskError, FetchContents, Source};
use crate::machine::{Keeping, Opened, VfsMachine};
use crate::references::{Hold, LogEnd, Offer, References};

/// How long one replica may take to hand contents out.
const ASK: Duration = Duration::from_secs(20);

/// The metadata, once the node has its groups.
pub(super) type MetadataCell = Arc<OnceLock<watch::Receiver<Arc<Metadata>>>>;

/// Makes the shards' state machines.
pub(super) struct Machines {
    pub(super) contents: ContentStore,
    pub(super) references: References,
    pub(super) peers: Peers,
    pub(super) metadata: MetadataCell,
    pub(super) node: NodeId,
    pub(super) is_witness: bool,
    pub(super) runtime: Handle,
    /// What ends with each shard.
    pub(super) running: Mutex<BTreeMap<GroupId, Running>>,
}

/// What belongs to a shard while it runs here.
pub(super) struct Running {
    stop: watch::Sender<bool>,
    /// Dropped when the shard has read its log again.
    recovering: Option<Hold>,
}

/// The same, shared.
pub(super) struct SharedMachines(pub(super) Arc<Machines>);

impl DataMachines for SharedMachines {
    type Machine = VfsMachine;

    fn open(&self, group: GroupId, directory: &Path) -> Result<(VfsMachine, watch::Receiver<State>), StorageError> {
        let this = &self.0;
        let (stop, stopped) = watch::channel(false);
        let keeping = if this.is_witness {
            Keeping::Names
        } else {
            let others = Others {
                group,
                node: this.node,
                peers: this.peers.clone(),
                metadata: Arc::clone(&this.metadata),
                runtime: this.runtime.clone(),
                stopped,
            };
            Keeping::among(group, this.contents.clone(), this.references.clone(), Arc::new(others))
        };
        let Opened { machine, state, recovering } = VfsMachine::open(directory, keeping)?;
        let running = Running { stop, recovering };
        this.running.lock().unwrap_or_else(PoisonError::into_inner).insert(group, running);
        Ok((machine, state))
    }

    fn started(&self, group: GroupId, log_end: LogEnd) {
        self.0.references.set_log_end(group, Some(log_end));
    }

    fn recovered(&self, group: GroupId) {
        if let Some(running) = self.0.running.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&group) {
            running.recovering = None;
        }
    }

    fn closing(&self, group: GroupId) {
        if let Some(running) = self.0.running.lock().unwrap_or_else(PoisonError::into_inner).get(&group) {
            running.stop.send_replace(true);
        }
    }

    fn closed(&self, group: GroupId) {
        self.0.references.set_log_end(group, None);
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&group);
    }

    fn erased(&self, group: GroupId) {
        self.0.references.forget(group);
    }
}

/// The other replicas of a shard.
struct Others {
    group: GroupId,
    node: NodeId,
    peers: Peers,
    metadata: MetadataCell,
    runtime: Handle,
    stopped: watch::Receiver<bool>,
}

impl Others {
    fn metadata(&self) -> Option<Arc<Metadata>> {
        self.metadata.get().map(|metadata| metadata.borrow().clone())
    }

    /// Waits for something on the runtime, from the machine's own thread, unless the shard is to stop.
    fn wait<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut stopped = self.stopped.clone();
        self.runtime.block_on(async {
            tokio::select! {
                done = work => Some(done),
                _ = stopped.wait_for(|is_stopped| *is_stopped) => None,
            }
        })
    }
}

impl FetchContents for Others {
    fn sources(&self, known: &Membership) -> Vec<Source> {
        let metadata = self.metadata();
        let about = |node: NodeId| metadata.as_ref().and_then(|known| known.nodes().get(&MetaNodeId(node.0)).cloned());
        let group = metadata.as_ref().and_then(|known| known.groups().get(&MetaGroupId(self.group.0)));
        // Who is just leaving may be the only one that has what came last.
        let leaving = group.and_then(|group| group.change).and_then(|change| change.remove);
        let replicas = group.into_iter().flat_map(|group| &group.replicas).copied().chain(leaving);
        let replicas = replicas.map(|node| NodeId(node.0));
        let members = known.nodes.keys().copied();
        let nodes: std::collections::BTreeSet<NodeId> = replicas.chain(members).collect();
        let source = |node: NodeId| match about(node) {
            Some(about) if !about.is_full() => None,
            Some(about) => Some(Source { node, peer: Peer::new(about.registration.address.as_str()) }),
            None => known.nodes.get(&node).map(|peer| Source { node, peer: peer.clone() }),
        };
        nodes.into_iter().filter(|node| *node != self.node).filter_map(source).collect()
    }

    fn ask(&self, source: &Source, digests: &[ContentDigest]) -> Result<Vec<Offer>, AskError> {
        let question = questions::encode(&OfferQuestion { group: self.group.0, digests: digests.to_vec() });
        let asked = self.wait(self.peers.ask(source.node, &source.peer, Lane::Blob, OFFER, question, ASK));
        let answer = asked.ok_or_else(|| AskError("stopped".to_owned()))?;
        let answer = answer.map_err(|error| AskError(error.to_string()))?;
        let offers: Vec<WireOffer> = questions::decode(&answer).map_err(|error| AskError(error.to_string()))?;
        Ok(offers.into_iter().map(Offer::from).collect())
    }

    fn pause(&self, at_most: Duration) {
        self.wait(tokio::time::sleep(at_most));
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow() || self.stopped.has_changed().is_err()
    }
}

//! A node's part in its cluster: everything started, held together and ended.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use vraftls_meta::{Applied, ClusterId, Refusal, Registration, Request, State, TokenHash};
use vraftls_raft::error::InitializeError;
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::log::LogStore;
use vraftls_raft::status::{GroupStatus, Role};
use vraftls_transport::{Local, Peers, ServiceError};

use crate::ask::Asker;
use crate::driver::Driver;
use crate::hosted::{Hosted, METADATA, blocking};
use crate::meta_machine::MetaMachine;
use crate::once::Once;
use crate::reconcile::Reconciler;
use crate::stop::Stop;
use crate::{AskError, ChangeError, ClusterConfig, DataMachines, NodeReport, StartError, rpc};

/// How long the first replica of a cluster may take to begin.
const BEGIN: Duration = Duration::from_secs(30);

/// How long handing over a leadership may take when a node ends.
const HAND_OVER: Duration = Duration::from_secs(2);

/// How a node comes to its cluster.
#[derive(Clone, Debug)]
pub enum Membership {
    /// It makes it. Repeating it changes nothing.
    Found {
        /// The cluster's id, drawn at random and kept with the data directory.
        cluster: ClusterId,
        /// How many replicas a group shall have.
        replication: u8,
        /// How many groups share the files.
        n_data_groups: u32,
        /// This node.
        registration: Registration,
        /// The first token that admins show.
        token: Option<TokenHash>,
    },
    /// It was registered before, or just now.
    Member,
}

/// A node's part in its cluster.
pub struct Cluster<D: DataMachines> {
    asker: Asker<D>,
    once: Arc<Once>,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// A shard's replica here: what it has, and how it is.
pub struct Shard {
    /// Which group.
    pub group: GroupId,
    /// The files after every commit.
    pub state: watch::Receiver<vraftls_vfs::State>,
}

impl<D: DataMachines> Cluster<D> {
    /// Starts the groups that this node had when it ended, and follows the metadata from then on.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        config: ClusterConfig,
        node: NodeId,
        membership: Membership,
        log: LogStore,
        peers: Peers,
        local: Arc<Local>,
        machines: D,
    ) -> Result<Arc<Self>, StartError> {
        let known = log.clone();
        let on_disk = blocking("looking which groups there are", move || known.groups()).await?;
        let hosted = Arc::new(Hosted::start(config, node, log, peers.clone(), local, machines).await?);
        let (stop, listener) = Stop::pair();
        let once = Arc::new(Once::new(METADATA));
        let asker = Asker { hosted, peers };
        let this = Arc::new(Self { asker: asker.clone(), once, stop, tasks: Mutex::default() });
        if let Membership::Found { cluster, replication, n_data_groups, registration, token } = membership {
            let node = vraftls_meta::NodeId(node.0);
            let request = Request::Bootstrap { cluster, replication, n_data_groups, node, registration, token };
            this.found(request, cluster).await?;
        }
        let driver = Driver::new(asker.clone(), Arc::new(Once::new(METADATA)));
        let mut reconciler = Reconciler::new(asker.clone(), on_disk);
        // What ran here before runs again before anybody asks.
        let state = asker.hosted.metadata.borrow().clone();
        reconciler.step(&state).await;
        let tasks = vec![tokio::spawn(reconciler.run(listener.clone())), tokio::spawn(driver.run(listener))];
        *this.tasks.lock().unwrap_or_else(PoisonError::into_inner) = tasks;
        Ok(this)
    }

    /// Forms the metadata group out of this node alone, and makes the cluster in it; each only if it was not done before.
    async fn found(&self, request: Request, cluster: ClusterId) -> Result<(), StartError> {
        let meta = &self.asker.hosted.meta;
        match meta.initialize_single(Peer::new(self.asker.hosted.config.address.as_str())).await {
            Ok(()) | Err(InitializeError::AlreadyFormed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let has_cluster = |metadata: &watch::Receiver<Arc<State>>| metadata.borrow().cluster().map(|found| found.id);
        if has_cluster(&self.asker.hosted.metadata).is_none() {
            match self.once.propose::<MetaMachine, D>(&self.asker, request, Instant::now() + BEGIN).await {
                Ok(_) | Err(ChangeError::Refused(Refusal::ClusterExists { .. })) => {}
                Err(error) => return Err(StartError::Bootstrap(error.to_string())),
            }
        }
        match has_cluster(&self.asker.hosted.metadata) {
            Some(found) if found != cluster => Err(StartError::Bootstrap(format!("it belongs to cluster {found}"))),
            _ => Ok(()),
        }
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.asker.hosted.node
    }

    /// The metadata as this node knows it, which may be a little old.
    pub fn metadata(&self) -> watch::Receiver<Arc<State>> {
        self.asker.hosted.metadata.clone()
    }

    /// The metadata as it was when this was called, or newer.
    ///
    /// # Errors
    /// [`AskError`]: nobody leads the metadata, or this node cannot follow it.
    pub async fn newest_metadata(&self, deadline: Instant) -> Result<Arc<State>, AskError> {
        self.catch_up(METADATA, false, deadline).await?;
        Ok(self.asker.hosted.metadata.borrow().clone())
    }

    /// Returns when the replica of a group here has everything that was acknowledged anywhere when this was called; gives the index that
    /// was waited for. `by_lease` trusts the leader's clock instead of asking a quorum.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn catch_up(&self, group: GroupId, by_lease: bool, deadline: Instant) -> Result<u64, AskError> {
        let index = self.asker.read_index(group, by_lease, deadline).await?;
        self.wait_applied(group, index, deadline).await?;
        Ok(index)
    }

    /// The index that a linearizable read of a group anywhere must wait for. `by_lease` trusts the leader's clock.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn read_index(&self, group: GroupId, by_lease: bool, deadline: Instant) -> Result<u64, AskError> {
        self.asker.read_index(group, by_lease, deadline).await
    }

    /// Returns when the replica of a group here has applied an entry.
    ///
    /// # Errors
    /// [`AskError`]: it has not in time, or there is no replica here.
    pub async fn wait_applied(&self, group: GroupId, index: u64, deadline: Instant) -> Result<(), AskError> {
        let last = |last: &str| AskError::NoLeader { group, last: last.to_owned() };
        let replica = self.asker.hosted.replica(group).ok_or_else(|| last("it does not run here"))?;
        replica.wait_applied(index, deadline).await.map_err(|error| last(&error.to_string()))
    }

    /// Changes the metadata once, wherever it is led, and waits until the change can be read here, as far as the deadline allows.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change(&self, request: Request, deadline: Instant) -> Result<Applied, ChangeError<Refusal>> {
        let (index, applied) = self.once.propose::<MetaMachine, D>(&self.asker, request, deadline).await?;
        // It happened, whether or not it can be seen here already.
        drop(self.wait_applied(METADATA, index, deadline).await);
        Ok(applied)
    }

    /// Proposes an encoded command that carries its number to a group, wherever it is led. Gives the index and the encoded response.
    ///
    /// # Errors
    /// [`AskError`]. After [`AskError::Unknown`] the same command must be proposed again before anything else is believed.
    pub async fn propose(
        &self,
        group: GroupId,
        command: Arc<[u8]>,
        deadline: Instant,
    ) -> Result<(u64, Vec<u8>), AskError> {
        self.asker.propose(group, command, deadline).await
    }

    /// Hands a group's leadership to a node.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn transfer_leader(&self, group: GroupId, to: NodeId, deadline: Instant) -> Result<(), AskError> {
        self.asker.transfer(group, to, deadline).await
    }

    /// The shards that have a replica here.
    pub fn shards(&self) -> Vec<Shard> {
        let all = self.asker.hosted.all().into_iter();
        all.map(|(group, found)| Shard { group, state: found.state }).collect()
    }

    /// Counts the changes of [`Self::shards`].
    pub fn shards_changed(&self) -> watch::Receiver<u64> {
        self.asker.hosted.changed()
    }

    /// A group as its replica here sees it.
    pub fn status(&self, group: GroupId) -> Option<GroupStatus> {
        self.asker.hosted.replica(group).map(|replica| replica.status())
    }

    /// This node and its groups now.
    pub fn report(&self) -> NodeReport {
        self.asker.hosted.report()
    }

    /// Another node and its groups, if it answers in time.
    pub async fn report_of(&self, node: NodeId, within: Duration) -> Option<NodeReport> {
        self.asker.report(node, within).await
    }

    /// Where a node is.
    pub fn address(&self, node: NodeId) -> Option<Peer> {
        self.asker.address(node)
    }

    /// Answers what another node asks about groups; see [`crate::CONTROL`].
    ///
    /// # Errors
    /// [`ServiceError`]: it cannot be understood.
    pub async fn answer(&self, question: Bytes) -> Result<Bytes, ServiceError> {
        let question = rpc::decode(&question).map_err(|error| ServiceError(error.to_string()))?;
        Ok(rpc::encode(&self.asker.hosted.answer(question).await))
    }

    /// Hands over whatever this node leads, as far as others can lead it, so that nobody waits for an election when it ends.
    pub async fn hand_over(&self) {
        let metadata = self.metadata().borrow().clone();
        let led = |id: GroupId| {
            let status = self.status(id)?;
            let may_lead = |node: &NodeId| {
                let about = metadata.nodes().get(&vraftls_meta::NodeId(node.0));
                *node != self.node() && about.is_some_and(|about| about.is_full() && !about.draining)
            };
            let heirs = status.membership.voters().into_iter().filter(may_lead);
            // The one that is the least behind.
            let heir = heirs.min_by_key(|node| (status.lag_entries(*node).unwrap_or(u64::MAX), *node));
            (status.role == Role::Leader).then_some((id, heir?))
        };
        let groups = self.shards().into_iter().map(|shard| shard.group).chain([METADATA]);
        let handing = groups.filter_map(led).map(|(group, to)| async move {
            if let Err(error) = self.transfer_leader(group, to, Instant::now() + HAND_OVER).await {
                tracing::warn!(%group, %to, %error, "a leadership is not handed over");
            }
        });
        futures_util::future::join_all(handing).await;
    }

    /// Ends everything. The log store is closed by whoever opened it.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            let abort = task.abort_handle();
            if tokio::time::timeout(HAND_OVER, task).await.is_err() {
                abort.abort();
            }
        }
        self.asker.hosted.shutdown().await;
    }
}

//! A node that is nothing but its metadata.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use vraftls_meta::{
    Address, Applied, ClusterId, Command, Component, GroupId, Incarnation, NodeId, NodeKind, Registration, Request,
    State, TokenHash, Word,
};
use vraftls_node::TierStats;
use vraftls_node::server::admin::{Admin, Answering, ChangeError, LocalStatus, Pieces, PushError, Pushed, lanes};
use vraftls_node::server::report::{ClusterStatus, NodeStatus, NotReady};
use vraftls_node::server::{Upload, kind_info};
use vraftls_query::CacheStats;
use vraftls_raft::ids::{GroupId as RaftGroup, LogId, Membership, NodeId as RaftNode, Peer};
use vraftls_raft::log::LogStatsSnapshot;
use vraftls_raft::status::{GroupStatus, Role};
use vraftls_transport::{Identity, Local, Method, Service, ServiceError};
use vraftls_vfs::{ClientId, ContentDigest, Revision, Sequence};

/// What admins show to the fake.
pub(crate) const TOKEN: &str = "secret";

pub(crate) const CLUSTER: ClusterId = ClusterId::from_bytes([7; 16]);

pub(crate) fn identity(node: u64) -> Identity {
    let incarnation = Incarnation::from_bytes([node as u8; 16]);
    Identity { cluster: CLUSTER, node: RaftNode(node), incarnation }
}

struct Metadata {
    state: State,
    client: ClientId,
    n_requests: u64,
}

/// The node.
pub(crate) struct Fake {
    metadata: Mutex<Metadata>,
    pub(crate) not_ready: Mutex<Vec<NotReady>>,
    /// What becomes of the next changes, if it is not what the metadata says.
    pub(crate) change_error: Mutex<Option<ChangeError>>,
    /// Changes wait while this is so.
    pub(crate) is_held: watch::Sender<bool>,
    /// How many changes wait.
    pub(crate) n_waiting: watch::Sender<usize>,
    pub(crate) transfers: Mutex<Vec<(GroupId, NodeId)>>,
    local: Option<Arc<Local>>,
}

impl Fake {
    /// Node 1 of a cluster of one.
    pub(crate) fn new() -> Arc<Self> {
        let mut state = State::new();
        let opened = state.apply(Revision(1), Command::OpenSession);
        let Ok(Applied::SessionOpened { client }) = opened else { panic!("{opened:?}") };
        let fake = Self::of(Metadata { state, client, n_requests: 0 }, Some(Local::new(identity(1), Arc::new(Echo))));
        let registration = Registration {
            incarnation: Incarnation::from_bytes([1; 16]),
            address: Address::new("127.0.0.1:9001").unwrap(),
            kind: NodeKind::Full,
        };
        fake.propose(Request::Bootstrap {
            cluster: CLUSTER,
            replication: 3,
            n_data_groups: 2,
            node: NodeId(1),
            registration,
            token: Some(TokenHash::of(TOKEN.as_bytes())),
        })
        .unwrap();
        Arc::new(fake)
    }

    /// A node that does not know its cluster yet.
    pub(crate) fn starting() -> Arc<Self> {
        let metadata = Metadata { state: State::new(), client: ClientId(0), n_requests: 0 };
        let fake = Self::of(metadata, None);
        fake.not_ready.lock().unwrap().push(NotReady::Starting);
        Arc::new(fake)
    }

    fn of(metadata: Metadata, local: Option<Local>) -> Self {
        Self {
            metadata: Mutex::new(metadata),
            not_ready: Mutex::default(),
            change_error: Mutex::default(),
            is_held: watch::Sender::new(false),
            n_waiting: watch::Sender::new(0),
            transfers: Mutex::default(),
            local: local.map(Arc::new),
        }
    }

    pub(crate) fn propose(&self, request: Request) -> Result<Applied, ChangeError> {
        let mut metadata = self.metadata.lock().unwrap();
        metadata.n_requests += 1;
        let sequence = Sequence(metadata.n_requests);
        let command = Command::Once { client: metadata.client, sequence, request };
        let index = Revision(metadata.state.revision().0 + 1);
        Ok(metadata.state.apply(index, command)?)
    }

    fn group(&self) -> GroupStatus {
        let id = |index| LogId { term: 4, leader: RaftNode(1), index };
        let voters = BTreeSet::from([RaftNode(1), RaftNode(2)]);
        let nodes = voters.iter().map(|node| (*node, Peer::new(format!("127.0.0.1:900{}", node.0))));
        GroupStatus {
            group: RaftGroup(1),
            node: RaftNode(1),
            role: Role::Leader,
            term: 4,
            leader: Some(RaftNode(1)),
            last_log_index: Some(12),
            committed: Some(id(11)),
            applied: Some(id(10)),
            snapshot: Some(id(6)),
            purged: None,
            membership: Membership { nodes: nodes.collect(), voter_sets: vec![voters] },
            membership_at: Some(id(2)),
            matched: BTreeMap::from([(RaftNode(1), Some(id(12))), (RaftNode(2), Some(id(9)))]),
            quorum_acked_ms_ago: Some(250),
            stopped: None,
        }
    }
}

impl Admin for Fake {
    fn metadata(&self) -> Arc<State> {
        Arc::new(self.metadata.lock().unwrap().state.clone())
    }

    fn change(&self, request: Request) -> Answering<'_, Result<Applied, ChangeError>> {
        Box::pin(async move {
            self.n_waiting.send_modify(|n| *n += 1);
            drop(self.is_held.subscribe().wait_for(|is_held| !is_held).await);
            match self.change_error.lock().unwrap().clone() {
                Some(error) => Err(error),
                None => self.propose(request),
            }
        })
    }

    fn transfer_leader(&self, group: GroupId, to: NodeId) -> Answering<'_, Result<(), ChangeError>> {
        self.transfers.lock().unwrap().push((group, to));
        let known = self.metadata().groups().contains_key(&group);
        Box::pin(ready(if known { Ok(()) } else { Err(vraftls_meta::Refusal::NoSuchGroup { group }.into()) }))
    }

    fn rebalance(&self) -> Answering<'_, Result<usize, ChangeError>> {
        Box::pin(ready(Ok(3)))
    }

    fn push_plugin(&self, upload: Upload) -> Answering<'_, Result<Pushed, PushError>> {
        Box::pin(async move {
            let bytes = upload.collect().await?;
            let Some(version) = bytes.strip_prefix(b"component ") else {
                return Err(PushError::Unsound { why: "it begins with something else".to_owned() });
            };
            let component = Component {
                digest: ContentDigest::of(&bytes),
                size_bytes: bytes.len() as u64,
                version: Word::new(std::str::from_utf8(version).unwrap().trim_end_matches('.')).unwrap(),
            };
            let plugin = Word::new("toy").unwrap();
            self.propose(Request::PushPlugin { plugin: plugin.clone(), component: component.clone() })?;
            Ok(Pushed { plugin, component })
        })
    }

    fn backup(&self, group: GroupId) -> Answering<'_, Result<Pieces, ChangeError>> {
        let (sender, pieces) = tokio::sync::mpsc::channel(2);
        let why = || "it is kept elsewhere".to_owned();
        Box::pin(async move {
            match group.0 {
                1 => sender.try_send(Ok("everything".into())).map(|()| pieces).map_err(|_| ChangeError::Stopping),
                2 => {
                    let broken = std::io::Error::other("the disk");
                    sender.try_send(Ok("some".into())).map_err(|_| ChangeError::Stopping)?;
                    sender.try_send(Err(broken)).map(|()| pieces).map_err(|_| ChangeError::Stopping)
                }
                _ => Err(ChangeError::Impossible { why: why() }),
            }
        })
    }

    fn status(&self) -> LocalStatus {
        let mut log = LogStatsSnapshot { barriers: 3, entries: 7, bytes: 700, ..LogStatsSnapshot::default() };
        (log.latency_us_sum, log.latency_us_max) = (2600, 2000);
        (log.latency_buckets[9], log.latency_buckets[11]) = (2, 1);
        let answered = self.local.as_ref().map(|local| lanes(local.stats())).unwrap_or_default();
        LocalStatus {
            node: NodeId(1),
            groups: vec![self.group()],
            log,
            sent: vec![],
            answered,
            caches: Some(no_caches()),
            sandbox: Some(vraftls_wasm::Counters { traps: 5, ..Default::default() }),
        }
    }

    fn cluster_status(&self) -> Answering<'_, ClusterStatus> {
        let metadata = self.metadata();
        let nodes = metadata.nodes().iter().map(|(id, node)| NodeStatus {
            node: id.0,
            address: node.registration.address.to_string(),
            kind: kind_info(node.registration.kind),
            draining: node.draining,
            report: None,
            error: Some("it did not answer".to_owned()),
        });
        Box::pin(ready(ClusterStatus { nodes: nodes.collect() }))
    }

    fn readiness(&self) -> Vec<NotReady> {
        self.not_ready.lock().unwrap().clone()
    }

    fn peer_local(&self) -> Option<Arc<Local>> {
        self.local.clone()
    }
}

fn no_caches() -> CacheStats {
    CacheStats {
        facts_in_memory: TierStats::default(),
        facts_below: vec![("disk", TierStats::default())],
        answers_in_memory: TierStats::default(),
        held_bytes: 99,
    }
}

/// Answers with what it was asked.
struct Echo;

impl Service for Echo {
    fn answer(
        &self,
        _from: Identity,
        _method: Method,
        question: Bytes,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Bytes, ServiceError>> + Send>> {
        Box::pin(ready(Ok(question)))
    }
}

/// How long anything may take that is not meant to fail.
pub(crate) const SOON: Duration = Duration::from_secs(30);

//! Groups of three replicas that talk over real sockets: elections, writes, catching up by a snapshot, a transfer of leadership,
//! what a quorum that is cut off is not allowed to say, and how many messages many groups need that have nothing to do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use vraftls_meta::{ClusterId, Incarnation};
use vraftls_raft::config::GroupConfig;
use vraftls_raft::group::{Group, ReadGuard};
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::kv::{MemoryKv, OrderedKv};
use vraftls_raft::log::{LogStore, LogStoreConfig};
use vraftls_raft::membership::{BasedOn, MembershipChange};
use vraftls_raft::network::BoxFuture;
use vraftls_raft::pulse::Pulse;
use vraftls_raft::register::{Command, Operation, Register};
use vraftls_raft::state_store::StateStore;
use vraftls_transport::{
    Dial, Dialed, Identity, Lane, Local, Method, Peers, PeersConfig, Service, ServiceError, TcpDialer, serve, websocket,
};

const N_GROUPS: u32 = 4;

struct Nothing;

impl Service for Nothing {
    fn answer(&self, _: Identity, _: Method, _: Bytes) -> BoxFuture<'static, Result<Bytes, ServiceError>> {
        Box::pin(std::future::ready(Err(ServiceError("nothing is served".to_owned()))))
    }
}

/// Connects by TCP until it is cut off.
#[derive(Clone, Default)]
struct Dialer {
    is_cut: Arc<AtomicBool>,
}

impl Dial for Dialer {
    fn dial(&self, peer: Peer) -> Dialed {
        match self.is_cut.load(Ordering::SeqCst) {
            true => Box::pin(std::future::ready(Err(std::io::ErrorKind::NetworkUnreachable.into()))),
            false => TcpDialer.dial(peer),
        }
    }
}

/// A node that listens on a socket of its own.
struct Node {
    id: NodeId,
    peer: Peer,
    peers: Peers,
    dialer: Dialer,
    local: Arc<Local>,
    log: LogStore,
    pulse: Pulse,
    spool: tempfile::TempDir,
    listening: tokio::task::JoinHandle<()>,
}

/// Agrees to speak WebSocket, as the node's HTTP server does.
async fn agree(stream: &mut TcpStream) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
    let request = String::from_utf8(request).ok()?;
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-key").then_some(value)
    })?;
    assert!(request.starts_with("GET /v1/peer "), "{request}");
    let accept = derive_accept_key(key.as_bytes());
    let reply = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(reply.as_bytes()).await.ok()
}

impl Node {
    async fn start(id: u64) -> Self {
        let cluster = ClusterId::from_bytes([3; 16]);
        let incarnation = Incarnation::from_bytes([id as u8; 16]);
        let identity = Identity { cluster, node: NodeId(id), incarnation };
        let local = Arc::new(Local::new(identity, Arc::new(Nothing)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = Peer::new(listener.local_addr().unwrap().to_string());
        let served = Arc::clone(&local);
        let listening = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let served = Arc::clone(&served);
                connections.spawn(async move {
                    if agree(&mut stream).await.is_some() {
                        drop(serve(served, websocket(stream).await).await);
                    }
                });
            }
        });
        let dialer = Dialer::default();
        let log: Arc<dyn OrderedKv> = Arc::new(MemoryKv::default());
        Self {
            id: NodeId(id),
            peer,
            peers: Peers::new(identity, Arc::new(dialer.clone()), PeersConfig::default()),
            dialer,
            local,
            log: LogStore::open_on(log, LogStoreConfig::default()).unwrap(),
            pulse: Pulse::start(Duration::from_millis(40)),
            spool: tempfile::tempdir().unwrap(),
            listening,
        }
    }

    async fn group(&self, group: u32) -> Group<Register> {
        let spool = self.spool.path().join(group.to_string());
        let mut config = GroupConfig::new(GroupId(group), self.id, spool);
        config.pulse = Some(self.pulse.clone());
        config.election_timeout_min = Duration::from_millis(200);
        config.election_timeout_max = Duration::from_millis(400);
        config.snapshot_after_entries = 50;
        config.entries_kept = 10;
        let state: Arc<dyn OrderedKv> = Arc::new(MemoryKv::default());
        let machine = Register::open(StateStore::open_on(state).unwrap()).unwrap();
        let replica = Group::start(config, &self.log, machine, Arc::new(self.peers.clone())).await.unwrap();
        self.local.attach(GroupId(group), replica.endpoint());
        replica
    }

    /// Nobody reaches it any more, and it reaches nobody.
    fn cut_off(&self) {
        self.dialer.is_cut.store(true, Ordering::SeqCst);
        self.listening.abort();
        for node in 0..10 {
            self.peers.forget(NodeId(node));
        }
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn set(key: String, value: Vec<u8>) -> Command {
    Command { now_ms: 0, operation: Operation::Set { key: key.into_bytes(), value, expires_ms: None } }
}

/// The replica that leads a group and can prove it.
async fn leader(replicas: &[Group<Register>]) -> &Group<Register> {
    loop {
        let among: Vec<NodeId> = replicas.iter().map(Group::node).collect();
        let is_one = |node: NodeId| among.contains(&node);
        let status =
            replicas[0].wait_for("a leader", soon(), |status| status.leader.is_some_and(is_one)).await.unwrap();
        let leading = replicas.iter().find(|replica| Some(replica.node()) == status.leader).unwrap();
        if leading.read_barrier(ReadGuard::ReadIndex, soon()).await.is_ok() {
            return leading;
        }
    }
}

async fn value_of(replica: &Group<Register>, key: &str) -> Option<Vec<u8>> {
    let key = key.as_bytes().to_vec();
    replica.inspect(move |register, _| register.get(&key).map(<[u8]>::to_vec)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_replicate_over_sockets() {
    let nodes = join_all((1..=3).map(Node::start)).await;
    let members: BTreeMap<NodeId, Peer> = nodes.iter().map(|node| (node.id, node.peer.clone())).collect();
    let mut groups = Vec::new();
    for group in 0..N_GROUPS {
        let replicas = join_all(nodes.iter().map(|node| node.group(group))).await;
        replicas[0].initialize(members.clone()).await.unwrap();
        groups.push(replicas);
    }
    for replicas in &groups {
        let leading = leader(replicas).await;
        let writes = (0..40).map(|n| {
            let command = set(format!("k{n}"), vec![n; 10_000]);
            async move { leading.propose(&command, soon()).await.unwrap().log_index }
        });
        let last = join_all(writes).await.into_iter().max().unwrap();
        for replica in replicas {
            replica.wait_applied(last, soon()).await.unwrap();
            assert_eq!(value_of(replica, "k39").await, Some(vec![39; 10_000]));
        }
    }
    let stats = nodes[0].peers.stats().lane(Lane::Control);
    assert!(stats.n_records > 0 && stats.n_messages <= stats.n_records, "{stats:?}");

    // A new node is sent a snapshot: what it needs is no longer in the log.
    let late = Node::start(4).await;
    let replicas = &groups[1];
    let leading = leader(replicas).await;
    let more: Vec<Command> = (0..600).map(|n| set(format!("more{n}"), vec![1])).collect();
    for written in leading.propose_many(&more, soon()).await {
        written.unwrap();
    }
    leading.trigger_snapshot().await.unwrap();
    let purged = |status: &vraftls_raft::status::GroupStatus| status.purged.is_some();
    leading.wait_for("the log to be purged", soon(), purged).await.unwrap();
    let joined = late.group(1).await;
    let learner = MembershipChange::AddLearners(BTreeMap::from([(late.id, late.peer.clone())]));
    leading.change_membership(learner, BasedOn::Anything, soon()).await.unwrap();
    let last = leading.propose(&set("last".to_owned(), vec![2]), soon()).await.unwrap().log_index;
    joined.wait_applied(last, soon()).await.unwrap();
    assert_eq!(value_of(&joined, "more599").await, Some(vec![1]));
    assert!(leading_node(&nodes, leading).peers.stats().lane(Lane::Snapshot).n_records > 2);

    // Whoever led and is cut off is followed by another, and says no more that it leads.
    let replicas = &groups[2];
    let leading = leader(replicas).await;
    let node = leading_node(&nodes, leading);
    node.cut_off();
    let others: Vec<Group<Register>> = replicas.iter().filter(|replica| replica.node() != node.id).cloned().collect();
    let next = leader(&others).await;
    next.propose(&set("after".to_owned(), vec![3]), soon()).await.unwrap();
    let ids: BTreeSet<NodeId> = others.iter().map(Group::node).collect();
    assert!(ids.contains(&next.node()));
    for replicas in groups {
        join_all(replicas.iter().map(Group::shutdown)).await;
    }
    joined.shutdown().await;
}

fn leading_node<'n>(nodes: &'n [Node], leading: &Group<Register>) -> &'n Node {
    nodes.iter().find(|node| node.id == leading.node()).unwrap()
}

/// Records and messages that nodes sent on the lane of heartbeats: their own, and answers.
fn carried(nodes: &[Node]) -> (u64, u64) {
    let lanes =
        nodes.iter().flat_map(|node| [node.peers.stats().lane(Lane::Control), node.local.stats().lane(Lane::Control)]);
    lanes.fold((0, 0), |(records, messages), lane| (records + lane.n_records, messages + lane.n_messages))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_that_have_nothing_to_do_share_their_heartbeats() {
    const N_IDLE: u32 = 32;
    /// So many beats of every group with both its followers, and their answers.
    const N_RECORDS: u64 = 20 * N_IDLE as u64 * 4;
    let nodes = join_all((1..=3).map(Node::start)).await;
    let members: BTreeMap<NodeId, Peer> = nodes.iter().map(|node| (node.id, node.peer.clone())).collect();
    let mut groups = Vec::new();
    for group in 0..N_IDLE {
        let replicas = join_all(nodes.iter().map(|node| node.group(group))).await;
        replicas[group as usize % nodes.len()].initialize(members.clone()).await.unwrap();
        groups.push(replicas);
    }
    for replicas in &groups {
        leader(replicas).await;
    }
    let (records, messages) = carried(&nodes);
    let deadline = soon();
    let (records, messages) = loop {
        let (now_records, now_messages) = carried(&nodes);
        if now_records >= records + N_RECORDS {
            break (now_records - records, now_messages - messages);
        }
        assert!(Instant::now() < deadline, "the groups fell silent after {} records", now_records - records);
        tokio::time::sleep(nodes[0].pulse.interval()).await;
    };
    assert!(messages * 3 < records, "{records} records in {messages} messages");
    join_all(groups.iter().flatten().map(Group::shutdown)).await;
}

//! Groups of one to three replicas in one process: elections, replication, snapshots, changes of membership.
//!
//! Nothing here sleeps: every wait is for a condition, with a deadline that only a failure reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vraftls_raft::config::GroupConfig;
use vraftls_raft::error::{ErrorClass, InitializeError, MembershipError, ProposeError, ReadError, StartError};
use vraftls_raft::group::{Group, ReadGuard};
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::kv::{Failure, MemoryKv, OrderedKv};
use vraftls_raft::log::{LogStore, LogStoreConfig};
use vraftls_raft::membership::{BasedOn, MembershipChange};
use vraftls_raft::network::Lane;
use vraftls_raft::network::memory::MemoryNetwork;
use vraftls_raft::register::{Command, Operation, Register, Response};
use vraftls_raft::state_store::StateStore;
use vraftls_raft::status::{GroupStatus, Role};

/// The disks of one node, which outlive its process.
struct Disks {
    log: Arc<MemoryKv>,
    states: BTreeMap<GroupId, Arc<MemoryKv>>,
}

impl Disks {
    fn new() -> Self {
        Self { log: Arc::default(), states: BTreeMap::new() }
    }

    /// What a loss of power leaves.
    fn after_power_loss(&self) -> Self {
        let lose = |kv: &Arc<MemoryKv>| Arc::new(kv.after_power_loss(0));
        Self { log: lose(&self.log), states: self.states.iter().map(|(group, kv)| (*group, lose(kv))).collect() }
    }
}

/// A running node.
struct Node {
    id: NodeId,
    log: LogStore,
    spool: tempfile::TempDir,
    network: MemoryNetwork,
}

impl Node {
    fn start(id: u64, disks: &Disks, network: &MemoryNetwork) -> Self {
        let log = Arc::clone(&disks.log) as Arc<dyn OrderedKv>;
        Self {
            id: NodeId(id),
            log: LogStore::open_on(log, LogStoreConfig::default()).expect("the log opens"),
            spool: tempfile::tempdir().expect("a directory"),
            network: network.clone(),
        }
    }

    async fn group(&self, disks: &mut Disks, adjust: impl FnOnce(&mut GroupConfig)) -> Group<Register> {
        let mut config = GroupConfig::new(GroupId(0), self.id, "");
        adjust(&mut config);
        config.spool_dir = self.spool.path().join(config.group.to_string());
        let group = config.group;
        let state = Arc::clone(disks.states.entry(group).or_default()) as Arc<dyn OrderedKv>;
        let machine = Register::open(StateStore::open_on(state).expect("the state opens")).expect("the state loads");
        let replica =
            Group::start(config, &self.log, machine, self.network.access(self.id)).await.expect("the group starts");
        self.network.attach(self.id, group, replica.endpoint());
        replica
    }
}

/// Quick elections, so that tests are quick. Ratios as in the defaults.
fn quick(config: &mut GroupConfig) {
    config.heartbeat_interval = Duration::from_millis(40);
    config.election_timeout_min = Duration::from_millis(200);
    config.election_timeout_max = Duration::from_millis(400);
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn set(key: &str, value: &str) -> Command {
    Command { now_ms: 0, operation: Operation::Set { key: key.into(), value: value.into(), expires_ms: None } }
}

async fn get(group: &Group<Register>, key: &str) -> Option<Vec<u8>> {
    let key = key.as_bytes().to_vec();
    group.inspect(move |register, _| register.get(&key).map(<[u8]>::to_vec)).await.expect("the machine runs")
}

fn peer(node: NodeId) -> Peer {
    Peer::new(format!("memory:{node}"))
}

/// Three nodes with any number of groups of three.
struct Cluster {
    network: MemoryNetwork,
    disks: Vec<Disks>,
    nodes: Vec<Node>,
    replicas: Vec<Group<Register>>,
}

impl Cluster {
    async fn start() -> Self {
        let network = MemoryNetwork::new();
        let mut disks: Vec<Disks> = (0..3).map(|_| Disks::new()).collect();
        let nodes: Vec<Node> = (1..=3).map(|id| Node::start(id, &disks[id as usize - 1], &network)).collect();
        let mut replicas = Vec::new();
        for (node, disks) in nodes.iter().zip(&mut disks) {
            replicas.push(node.group(disks, quick).await);
        }
        let members = nodes.iter().map(|node| (node.id, peer(node.id))).collect();
        replicas[0].initialize(members).await.expect("the group is formed");
        Self { network, disks, nodes, replicas }
    }

    /// Waits until all of `among` see the same leader, one of them.
    async fn leader(&self, among: &[usize]) -> usize {
        loop {
            let first = &self.replicas[among[0]];
            let is_one_of_us = |leader: NodeId| among.iter().any(|i| self.nodes[*i].id == leader);
            let status =
                first.wait_for("a leader", soon(), |s| s.leader.is_some_and(is_one_of_us)).await.expect("elected");
            let leader = among.iter().copied().find(|i| Some(self.nodes[*i].id) == status.leader).expect("one of them");
            if self.replicas[leader].read_barrier(ReadGuard::ReadIndex, soon()).await.is_ok() {
                return leader;
            }
        }
    }

    async fn propose(&self, leader: usize, command: Command) -> u64 {
        self.replicas[leader].propose(&command, soon()).await.expect("the leader takes it").log_index
    }
}

async fn state_digest(group: &Group<Register>) -> Vec<u8> {
    let (_, view) = group.snapshot_view().await.expect("the machine runs");
    let mut bytes = Vec::new();
    view.write_to(&mut bytes).expect("memory takes it");
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_one_leads_at_once_and_again_after_a_restart() {
    let mut disks = Disks::new();
    let network = MemoryNetwork::new();
    for restart in 0..3 {
        let started = Instant::now();
        let node = Node::start(1, &disks, &network);
        let group = node.group(&mut disks, |_| {}).await;
        match group.initialize_single(peer(NodeId(1))).await {
            Ok(()) => assert_eq!(restart, 0),
            Err(InitializeError::AlreadyFormed { .. }) => assert!(restart > 0),
            Err(other) => panic!("{other}"),
        }
        group.wait_for("leadership", soon(), |status| status.role == Role::Leader).await.expect("leads");
        group.read_barrier(ReadGuard::ReadIndex, soon()).await.expect("reads");
        // The election timeouts of the defaults are 600 ms and more: nothing waited for one.
        assert!(started.elapsed() < Duration::from_millis(500), "took {:?}", started.elapsed());
        for earlier in 0..restart {
            assert_eq!(get(&group, &format!("k{earlier}")).await, Some(b"v".to_vec()));
        }
        group.propose(&set(&format!("k{restart}"), "v"), soon()).await.expect("commits");
        group.shutdown().await;
        drop(group);
        node.log.close().await.expect("closes");
        disks = disks.after_power_loss();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_was_shut_down_can_be_started_again_beside_others() {
    let (mut disks, network) = (Disks::new(), MemoryNetwork::new());
    let node = Node::start(1, &disks, &network);
    let other = node.group(&mut disks, |config| config.group = GroupId(1)).await;
    other.initialize_single(peer(node.id)).await.expect("forms");
    for restart in 0..5 {
        let group = node.group(&mut disks, |_| {}).await;
        if restart == 0 {
            group.initialize_single(peer(node.id)).await.expect("forms");
        } else {
            let key = format!("k{}", restart - 1);
            assert_eq!(get(&group, &key).await, Some(b"v".to_vec()));
        }
        group.propose(&set(&format!("k{restart}"), "v"), soon()).await.expect("commits");
        let handle = group.clone();
        group.shutdown().await;
        let late = handle.propose(&set("late", "v"), soon()).await.expect_err("it was shut down");
        assert_eq!(late.class(), ErrorClass::Unknown);
        assert!(handle.inspect(|_, _| ()).await.is_err());
        other.propose(&set("k", "v"), soon()).await.expect("is not disturbed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn responses_carry_the_index_and_what_was_there_before() {
    let (mut disks, network) = (Disks::new(), MemoryNetwork::new());
    let node = Node::start(1, &disks, &network);
    let group = node.group(&mut disks, |_| {}).await;
    group.initialize_single(peer(NodeId(1))).await.expect("forms");
    let first = group.propose(&set("a", "1"), soon()).await.expect("commits");
    let second = group.propose(&set("a", "2"), soon()).await.expect("commits");
    assert_eq!(first.response, Response::Value(None));
    assert_eq!(second.response, Response::Value(Some(b"1".to_vec())));
    assert_eq!(second.log_index, first.log_index + 1);

    let commands: Vec<Command> = (0..100).map(|i| set("b", &i.to_string())).collect();
    let barriers = node.log.stats().barriers;
    let results = group.propose_many(&commands, soon()).await;
    for (i, result) in results.into_iter().enumerate() {
        let proposed = result.expect("commits");
        assert_eq!(proposed.log_index, second.log_index + 1 + i as u64);
        let before = i.checked_sub(1).map(|before| before.to_string().into_bytes());
        assert_eq!(proposed.response, Response::Value(before));
    }
    assert!(node.log.stats().barriers - barriers < 20, "a batch shares its barriers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_admitted_is_refused_before_it_is_proposed() {
    let (mut disks, network) = (Disks::new(), MemoryNetwork::new());
    let node = Node::start(1, &disks, &network);
    let group = node
        .group(&mut disks, |config| {
            config.command_bytes_max = 1000;
            config.proposals_in_flight_max = 2;
        })
        .await;
    let before_forming = group.propose(&set("a", "1"), soon()).await.expect_err("nobody leads");
    assert_eq!(before_forming.class(), ErrorClass::Retry);
    group.initialize_single(peer(NodeId(1))).await.expect("forms");
    group.read_barrier(ReadGuard::ReadIndex, soon()).await.expect("leads");
    let last = group.status().last_log_index;

    let too_large = group.propose(&set("a", &"x".repeat(1000)), soon()).await.expect_err("over the limit");
    assert_eq!(too_large.class(), ErrorClass::Reject);
    let commands = [set("a", "1"), set("a", "2"), set("a", "3")];
    for result in group.propose_many(&commands, soon()).await {
        assert!(matches!(result, Err(ProposeError::Busy { .. })));
    }
    assert_eq!(group.status().last_log_index, last, "nothing was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_contradict_each_other_and_groups_opened_twice_do_not_start() {
    let (mut disks, network) = (Disks::new(), MemoryNetwork::new());
    let node = Node::start(1, &disks, &network);
    let machine = || Register::open(StateStore::open_on(Arc::new(MemoryKv::default())).expect("opens")).expect("loads");
    let mut config = GroupConfig::new(GroupId(0), node.id, node.spool.path());
    config.election_timeout_min = config.heartbeat_interval;
    let refused = Group::start(config.clone(), &node.log, machine(), network.access(node.id)).await;
    assert!(matches!(refused, Err(StartError::Config { .. })));

    let _running = node.group(&mut disks, |_| {}).await;
    quick(&mut config);
    config.spool_dir = node.spool.path().join("second");
    let refused = Group::start(config, &node.log, machine(), network.access(node.id)).await;
    assert!(matches!(refused, Err(StartError::AlreadyOpen { group: GroupId(0) })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_barrier_stops_the_group_and_leaves_the_outcome_unknown() {
    let (mut disks, network) = (Disks::new(), MemoryNetwork::new());
    let node = Node::start(1, &disks, &network);
    let group = node.group(&mut disks, |_| {}).await;
    group.initialize_single(peer(NodeId(1))).await.expect("forms");
    group.propose(&set("a", "1"), soon()).await.expect("commits");
    disks.log.fail_at_next(Failure::Barrier);
    let error = group.propose(&set("a", "2"), soon()).await.expect_err("the disk failed");
    assert_eq!(error.class(), ErrorClass::Unknown);
    let stopped = group.wait_for("the stop", soon(), |status| status.stopped.is_some()).await.expect("stops");
    assert!(stopped.stopped.is_some_and(|reason| reason.contains("barrier")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_agree_and_a_new_leader_has_everything_acknowledged() {
    let cluster = Cluster::start().await;
    let first = cluster.leader(&[0, 1, 2]).await;
    for i in 0..50 {
        cluster.propose(first, set(&format!("k{i}"), &i.to_string())).await;
    }
    cluster.network.cut_off(cluster.nodes[first].id);
    let rest: Vec<usize> = (0..3).filter(|i| *i != first).collect();
    let second = cluster.leader(&rest).await;
    for i in 0..50 {
        assert_eq!(get(&cluster.replicas[second], &format!("k{i}")).await, Some(i.to_string().into_bytes()));
    }
    let last = cluster.propose(second, set("after", "failover")).await;

    let alone =
        cluster.replicas[first].read_barrier(ReadGuard::ReadIndex, Instant::now() + Duration::from_secs(1)).await;
    assert!(alone.is_err(), "a leader that is cut off must not answer linearizable reads");
    cluster.network.heal();
    for replica in &cluster.replicas {
        replica.wait_applied(last, soon()).await.expect("catches up");
    }
    let leader = cluster.leader(&[0, 1, 2]).await;
    let index = cluster.replicas[leader].read_index(ReadGuard::ReadIndex, soon()).await.expect("leads");
    let mut digests = BTreeSet::new();
    for replica in &cluster.replicas {
        replica.wait_applied(index, soon()).await.expect("catches up");
        digests.insert(state_digest(replica).await);
    }
    assert_eq!(digests.len(), 1, "the same log gives the same state");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_redirect_and_serve_reads_at_an_index() {
    let cluster = Cluster::start().await;
    let leader = cluster.leader(&[0, 1, 2]).await;
    let follower = &cluster.replicas[(leader + 1) % 3];
    let index = cluster.propose(leader, set("a", "1")).await;
    follower.wait_applied(index, soon()).await.expect("replicates");
    assert_eq!(get(follower, "a").await, Some(b"1".to_vec()));

    let id = cluster.nodes[leader].id;
    match follower.propose(&set("a", "2"), soon()).await {
        Err(ProposeError::NotLeader { leader: Some(hint) }) => {
            assert_eq!((hint.node, hint.peer), (id, Some(peer(id))));
        }
        other => panic!("{other:?}"),
    }
    match follower.read_barrier(ReadGuard::ReadIndex, soon()).await {
        Err(ReadError::NotLeader { leader: Some(hint) }) => assert_eq!(hint.node, id),
        other => panic!("{other:?}"),
    }
    cluster.replicas[leader].read_barrier(ReadGuard::Lease, soon()).await.expect("the lease is fresh");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leadership_moves_on_request() {
    let cluster = Cluster::start().await;
    let first = cluster.leader(&[0, 1, 2]).await;
    let second = (first + 1) % 3;
    cluster.propose(first, set("a", "1")).await;
    let to = cluster.nodes[second].id;
    cluster.replicas[first].transfer_leader(to, soon()).await.expect("hands over");
    cluster.replicas[second].wait_for("leadership", soon(), |s| s.role == Role::Leader).await.expect("leads");
    cluster.propose(cluster.leader(&[0, 1, 2]).await, set("a", "2")).await;
    let stranger = cluster.replicas[cluster.leader(&[0, 1, 2]).await].transfer_leader(NodeId(9), soon()).await;
    assert!(matches!(stranger, Err(MembershipError::Invalid { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_heir_that_cannot_be_reached_does_not_keep_the_group_from_writing() {
    let cluster = Cluster::start().await;
    let first = cluster.leader(&[0, 1, 2]).await;
    let (heir, third) = ((first + 1) % 3, (first + 2) % 3);
    cluster.propose(first, set("a", "1")).await;
    let to = cluster.nodes[heir].id;
    cluster.network.cut_off(to);
    let handed_over = cluster.replicas[first].transfer_leader(to, soon()).await;
    assert!(matches!(handed_over, Err(MembershipError::Unknown { .. })), "{handed_over:?}");
    let led = |status: &GroupStatus| status.leader.is_some() && status.leader != Some(to);
    for replica in [first, third] {
        cluster.replicas[replica].wait_for("another leader", soon(), led).await.expect("one of the two leads");
    }
    cluster.propose(cluster.leader(&[first, third]).await, set("a", "2")).await;
    // By now its silence is known.
    let leader = cluster.leader(&[first, third]).await;
    let handed_over = cluster.replicas[leader].transfer_leader(to, soon()).await;
    assert!(matches!(handed_over, Err(MembershipError::Conflict { .. })), "{handed_over:?}");
    cluster.propose(leader, set("a", "3")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_learner_that_joins_after_a_purge_gets_a_snapshot_and_can_be_promoted() {
    let network = MemoryNetwork::new();
    let mut disks = Disks::new();
    let node = Node::start(1, &disks, &network);
    let small = |config: &mut GroupConfig| {
        quick(config);
        config.snapshot_after_entries = 50;
        config.entries_kept = 10;
    };
    let group = node.group(&mut disks, small).await;
    group.initialize_single(peer(node.id)).await.expect("forms");
    for i in 0..2000 {
        let value = "x".repeat(500);
        group.propose(&set(&format!("k{}", i % 700), &value), soon()).await.expect("commits");
    }
    group.wait_for("a purge", soon(), |status| status.purged.is_some()).await.expect("purges");

    let mut second_disks = Disks::new();
    let second = Node::start(2, &second_disks, &network);
    let learner = second.group(&mut second_disks, small).await;
    let change = MembershipChange::AddLearners(BTreeMap::from([(second.id, peer(second.id))]));
    let based_on = BasedOn::Membership(group.status().membership_at);
    group.change_membership(change.clone(), based_on, soon()).await.expect("adds");
    let stale = group.change_membership(change, based_on, soon()).await;
    assert!(matches!(stale, Err(MembershipError::Conflict { .. })), "{stale:?}");

    let index = group.read_barrier(ReadGuard::ReadIndex, soon()).await.expect("leads");
    learner.wait_applied(index, soon()).await.expect("catches up");
    assert!(network.n_sent(Lane::Snapshot) >= 1, "the log alone could not do it");
    assert_eq!(state_digest(&learner).await, state_digest(&group).await);
    assert_eq!(learner.status().role, Role::Learner);

    let promote = MembershipChange::Promote(BTreeSet::from([second.id]));
    group.change_membership(promote, BasedOn::Anything, soon()).await.expect("promotes");
    let membership = group.status().membership;
    assert_eq!(membership.voter_sets, [BTreeSet::from([node.id, second.id])], "the joint configuration is over");

    // The installed state and the log survive a loss of power together.
    let index = group.propose(&set("last", "one"), soon()).await.expect("commits").log_index;
    learner.wait_applied(index, soon()).await.expect("catches up");
    learner.shutdown().await;
    network.detach(second.id);
    drop(learner);
    second.log.close().await.expect("closes");
    let mut second_disks = second_disks.after_power_loss();
    let second = Node::start(2, &second_disks, &network);
    let learner = second.group(&mut second_disks, small).await;
    learner.wait_applied(index, soon()).await.expect("recovers");
    assert_eq!(state_digest(&learner).await, state_digest(&group).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voter_that_leaves_is_not_asked_any_more() {
    let cluster = Cluster::start().await;
    let leader = cluster.leader(&[0, 1, 2]).await;
    let gone = (leader + 1) % 3;
    let change = MembershipChange::RemoveVoters(BTreeSet::from([cluster.nodes[gone].id]));
    cluster.replicas[leader].change_membership(change, BasedOn::Anything, soon()).await.expect("removes");
    let membership = cluster.replicas[leader].status().membership;
    assert_eq!(membership.nodes.len(), 2);
    assert_eq!(membership.voters().len(), 2);
    cluster.network.detach(cluster.nodes[gone].id);
    cluster.propose(leader, set("a", "1")).await;
    let nobody = MembershipChange::RemoveVoters(membership.voters());
    let refused = cluster.replicas[leader].change_membership(nobody, BasedOn::Anything, soon()).await;
    assert!(matches!(refused, Err(MembershipError::Invalid { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_cluster_that_loses_power_keeps_what_it_acknowledged() {
    let mut cluster = Cluster::start().await;
    let leader = cluster.leader(&[0, 1, 2]).await;
    let commands: Vec<Command> = (0..200).map(|i| set(&format!("k{i}"), &"v".repeat(i * 10))).collect();
    for result in cluster.replicas[leader].propose_many(&commands, soon()).await {
        result.expect("commits");
    }
    let left: Vec<Disks> = cluster.disks.iter().map(Disks::after_power_loss).collect();
    for replica in &cluster.replicas {
        replica.shutdown().await;
    }
    cluster.disks = left;
    cluster.replicas.clear();
    cluster.nodes = (1..=3).map(|id| Node::start(id, &cluster.disks[id as usize - 1], &cluster.network)).collect();
    for (node, disks) in cluster.nodes.iter().zip(&mut cluster.disks) {
        cluster.replicas.push(node.group(disks, quick).await);
    }
    let leader = cluster.leader(&[0, 1, 2]).await;
    for i in 0..200 {
        assert_eq!(get(&cluster.replicas[leader], &format!("k{i}")).await, Some("v".repeat(i * 10).into_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_on_one_log_store_are_independent() {
    let (mut disks, network) = (Disks::new(), MemoryNetwork::new());
    let node = Node::start(1, &disks, &network);
    let mut groups = Vec::new();
    for id in 0..16 {
        let group = node.group(&mut disks, |config| config.group = GroupId(id)).await;
        group.initialize_single(peer(node.id)).await.expect("forms");
        groups.push(group);
    }
    let proposals = groups.iter().enumerate().map(|(i, group)| {
        let value = i.to_string();
        async move {
            for n in 0..20 {
                group.propose(&set(&format!("k{n}"), &value), soon()).await.expect("commits");
            }
        }
    });
    futures_util::future::join_all(proposals).await;
    for (i, group) in groups.iter().enumerate() {
        assert_eq!(get(group, "k7").await, Some(i.to_string().into_bytes()));
    }
    groups[3].shutdown().await;
    groups[4].propose(&set("still", "here"), soon()).await.expect("commits");
}

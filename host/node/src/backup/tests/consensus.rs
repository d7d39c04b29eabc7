//! A restored group is one that consensus goes on with: it is led, written, stopped and started, and gets replicas.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use vraftls_raft::config::GroupConfig;
use vraftls_raft::group::{Group, ReadGuard};
use vraftls_raft::ids::{GroupId, NodeId as RaftNodeId, Peer};
use vraftls_raft::log::{LogStore, LogStoreConfig};
use vraftls_raft::membership::{BasedOn, MembershipChange};
use vraftls_raft::network::memory::MemoryNetwork;
use vraftls_raft::status::Role;

use super::*;
use crate::machine::{Keeping, Opened, VfsMachine};
use crate::references::References;

const GROUP: GroupId = GroupId(1);

/// A replica that runs.
struct Replica {
    group: Group<VfsMachine>,
    state: watch::Receiver<State>,
    log: LogStore,
}

impl Replica {
    async fn start(data: &Path, node: u64, network: &MemoryNetwork) -> Self {
        let directory: PathBuf = data.join("groups").join(GROUP.to_string());
        // The second one is a witness: what it has of the state is what consensus gave it.
        let keeping = match node {
            1 => Keeping::alone(GROUP, ContentStore::open(&data.join("contents")).expect("opens"), References::new()),
            _ => Keeping::Names,
        };
        let Opened { machine, state, .. } = VfsMachine::open(&directory, keeping).expect("opens");
        let log = LogStore::open(&data.join("log"), LogStoreConfig::default()).expect("opens");
        let mut config = GroupConfig::new(GROUP, RaftNodeId(node), directory.join("received"));
        config.heartbeat_interval = Duration::from_millis(40);
        (config.election_timeout_min, config.election_timeout_max) =
            (Duration::from_millis(200), Duration::from_millis(400));
        let group = Group::start(config, &log, machine, network.access(RaftNodeId(node))).await.expect("starts");
        network.attach(RaftNodeId(node), GROUP, group.endpoint());
        Self { group, state, log }
    }

    async fn stop(self) {
        self.group.shutdown().await;
        self.log.close().await.expect("closes");
    }

    async fn open_session(&self) -> u64 {
        self.group.propose(&Command::OpenSession, soon()).await.expect("it leads").log_index
    }

    fn has_files(&self) -> usize {
        self.state.borrow().snapshot(WorkspaceId(1)).map_or(0, |files| files.n_files())
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn peer(node: u64) -> (RaftNodeId, Peer) {
    (RaftNodeId(node), Peer::new(format!("memory:{node}")))
}

#[tokio::test]
async fn a_restored_group_goes_on_at_the_index_that_it_had() {
    let backup = taken();
    let (first, second) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    restore(&restored_to(backup.path(), first.path())).expect("it is sound");
    let network = MemoryNetwork::new();

    let replica = Replica::start(first.path(), 1, &network).await;
    let status = replica.group.status();
    assert_eq!((status.role, status.term), (Role::Leader, 1), "nobody else can lead");
    assert_eq!(replica.has_files(), 3);
    // Its first entry as the leader is 4.
    assert_eq!(replica.open_session().await, 5);
    replica.stop().await;

    // What it wrote comes out of its log, above the state that the backup had.
    let replica = Replica::start(first.path(), 1, &network).await;
    replica.group.read_barrier(ReadGuard::ReadIndex, soon()).await.expect("it leads");
    let later = replica.open_session().await;
    assert_eq!(later, 7);
    let again = replica.group.initialize_single(peer(1).1).await;
    assert!(again.is_err(), "it has a history: {again:?}");
    replica.group.trigger_snapshot().await.expect("it runs");
    let is_there = |status: &vraftls_raft::status::GroupStatus| status.snapshot.is_some_and(|at| at.index >= later);
    replica.group.wait_for("the snapshot", soon(), is_there).await.expect("it is taken");
    replica.stop().await;

    // Now the state on the disk is ahead of the backup.
    let replica = Replica::start(first.path(), 1, &network).await;
    assert_eq!(replica.has_files(), 3);
    let other = Replica::start(second.path(), 2, &network).await;
    let learner = MembershipChange::AddLearners(BTreeMap::from([peer(2)]));
    replica.group.change_membership(learner, BasedOn::Anything, soon()).await.expect("adds");
    let promote = MembershipChange::Promote(BTreeSet::from([RaftNodeId(2)]));
    replica.group.change_membership(promote, BasedOn::Anything, soon()).await.expect("promotes");
    let last = replica.open_session().await;
    for one in [&replica, &other] {
        one.group.wait_applied(last, soon()).await.expect("it catches up");
        assert_eq!(one.has_files(), 3);
    }
    assert_eq!(replica.state.borrow().digest(), other.state.borrow().digest());
    assert_eq!(replica.group.status().membership.voters().len(), 2);
    replica.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_replica_can_come_before_anything_was_written() {
    let backup = taken();
    let (first, second) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    restore(&restored_to(backup.path(), first.path())).expect("it is sound");
    let network = MemoryNetwork::new();
    let replica = Replica::start(first.path(), 1, &network).await;
    let other = Replica::start(second.path(), 2, &network).await;
    let learner = MembershipChange::AddLearners(BTreeMap::from([peer(2)]));
    let at = replica.group.change_membership(learner, BasedOn::Anything, soon()).await.expect("adds").index;
    other.group.wait_applied(at, soon()).await.expect("it catches up by a snapshot of the restored state");
    assert_eq!(other.has_files(), 3);
    replica.stop().await;
    other.stop().await;
}

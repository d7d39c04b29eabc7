//! A simulated node: disks that outlive it, and one life after the other on them.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Notify;
use vraftls_harness::Random;
use vraftls_raft::config::GroupConfig;
use vraftls_raft::group::Group;
use vraftls_raft::ids::{GroupId, NodeId};
use vraftls_raft::kv::OrderedKv;
use vraftls_raft::log::{LogStore, LogStoreConfig};
use vraftls_raft::pulse::Pulse;
use vraftls_raft::state_store::StateStore;

use crate::disk::{Flaw, SimDisk};
use crate::machine::{Kind, Machine, Witness};
use crate::network::Life;
use crate::world::World;

/// Group 0 is a register, group 1 files, and so on.
pub(crate) fn kind_of(group: GroupId) -> Kind {
    if group.0.is_multiple_of(2) { Kind::Register } else { Kind::Files }
}

/// What survives a crash.
pub(crate) struct Disks {
    log: Arc<SimDisk>,
    states: BTreeMap<GroupId, Arc<SimDisk>>,
}

impl Disks {
    /// Empty ones; the flaw is the log's.
    pub(crate) fn new(groups: &[GroupId], flaw: Option<Flaw>) -> Self {
        let states = groups.iter().map(|group| (*group, Arc::new(SimDisk::new(None)))).collect();
        Self { log: Arc::new(SimDisk::new(flaw)), states }
    }

    /// What a loss of power leaves, luck included.
    fn after_power_loss(&self, random: &mut Random) -> Self {
        let mut lose = |disk: &SimDisk| {
            // Mostly everything is lost that was not synced: that is the worst, and the likeliest with little of it.
            let n_lucky = if random.once_in(3) { random.below(disk.n_unsynced() + 1) } else { 0 };
            Arc::new(disk.after_power_loss(n_lucky))
        };
        let log = lose(&self.log);
        Self { log, states: self.states.iter().map(|(group, disk)| (*group, lose(disk))).collect() }
    }
}

/// A process that runs. Clones are handles to it.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) life: Life,
    pub(crate) groups: BTreeMap<GroupId, Group<Machine>>,
    lives: Arc<AtomicBool>,
    /// Tells of the end of this life.
    death: Arc<Notify>,
    log: LogStore,
    /// Where snapshots are received.
    _spool: Arc<TempDir>,
}

impl Running {
    /// What comes of `work` on this node; nothing if it crashes meanwhile.
    pub(crate) async fn during_life<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        if !self.lives.load(Ordering::Relaxed) {
            return None;
        }
        tokio::select! {
            biased;
            () = self.death.notified() => None,
            result = work => Some(result),
        }
    }
}

/// Starts a node on its disks.
pub(crate) async fn start(world: &World, life: Life, disks: &Disks) -> Result<Running, String> {
    let (node, _) = life;
    let failed = |what: &str, error: &dyn std::error::Error| {
        let cause = error.source().map_or_else(String::new, |source| format!(": {source}"));
        format!("node {node} does not start again: {what}: {error}{cause}")
    };
    let network = world.network.begin(life);
    let log = Arc::clone(&disks.log) as Arc<dyn OrderedKv>;
    // Little is held in memory, so that followers are often served from the disk.
    let config = LogStoreConfig { tail_bytes_max: 400 };
    let log = LogStore::open_on(log, config).map_err(|error| failed("the log", &error))?;
    let spool = tempfile::tempdir().map_err(|error| failed("no directory", &error))?;
    let lives = Arc::new(AtomicBool::new(true));
    let mut groups = BTreeMap::new();
    let pulse = Pulse::start(Duration::from_millis(50));
    for (group, disk) in &disks.states {
        let disk = Arc::clone(disk) as Arc<dyn OrderedKv>;
        let store = StateStore::open_on(disk).map_err(|error| failed("a state", &error))?;
        let ledger = Arc::clone(&world.ledger);
        let witness = Witness { group: *group, life, lives: Arc::clone(&lives), ledger };
        let machine = Machine::open(kind_of(*group), store, witness).map_err(|error| failed("a state", &error))?;
        let config = config_of(*group, node, &spool, &pulse);
        let replica = Group::start(config, &log, machine, Arc::clone(&network))
            .await
            .map_err(|error| failed("a group", &error))?;
        world.network.attach(node, *group, replica.endpoint());
        groups.insert(*group, replica);
    }
    let death = Arc::new(Notify::new());
    Ok(Running { life, groups, lives, death, log, _spool: Arc::new(spool) })
}

fn config_of(group: GroupId, node: NodeId, spool: &TempDir, pulse: &Pulse) -> GroupConfig {
    let mut config = GroupConfig::new(group, node, spool.path().join(group.to_string()));
    config.pulse = Some(pulse.clone());
    config.election_timeout_min = Duration::from_millis(200);
    config.election_timeout_max = Duration::from_millis(400);
    // Snapshots and purges all the time.
    config.snapshot_after_entries = 20;
    config.entries_kept = 5;
    config.snapshot_timeout = Duration::from_secs(5);
    config
}

/// Ends a life without warning; what is left of the disks. Its tasks run on for a while, where nobody sees them.
pub(crate) fn crash(world: &World, running: Running, disks: &Disks, random: &mut Random) -> Disks {
    let left = disks.after_power_loss(random);
    world.network.end(running.life.0);
    running.lives.store(false, Ordering::Relaxed);
    running.death.notify_waiters();
    tokio::spawn(async move {
        for replica in running.groups.values() {
            replica.shutdown().await;
        }
        // Nothing of it is of any use; what fails here failed because it was shut down.
        drop(running.log.close().await);
    });
    left
}

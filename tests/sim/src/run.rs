//! One simulation from its seed to its verdict: first everything goes wrong, then nothing does, and all must be well again.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use vraftls_harness::Random;
use vraftls_raft::group::ReadGuard;
use vraftls_raft::ids::{GroupId, NodeId};
use vraftls_raft::membership::{BasedOn, MembershipChange};
use vraftls_raft::simulation;
use vraftls_raft::status::Role;
use vraftls_vfs::{Request, WorkspaceName};

use crate::client::{Client, End, Reads};
use crate::disk::Flaw;
use crate::faults::{Faults, peer};
use crate::history::{self, Operation};
use crate::ledger::digest;
use crate::linearizable::{self, Verdict};
use crate::machine::Kind;
use crate::network::{SimNetwork, Weather};
use crate::node::{Running, kind_of};
use crate::nodes::Nodes;
use crate::world::World;

/// How long everything may take to be well again, by the simulated clock.
const HEALING: Duration = Duration::from_secs(60);

/// How long the checker may search for one key.
const SEARCH: Duration = Duration::from_secs(30);

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Decides everything.
    pub seed: u64,
    /// How many nodes there are; the first three form the groups.
    pub n_nodes: u64,
    /// Every second one a register, every second one files.
    pub n_groups: u32,
    /// How many clients work at the same time.
    pub n_clients: u32,
    /// How many things go wrong.
    pub n_faults: usize,
    /// How clients read.
    pub reads: Reads,
    /// What is wrong with the disks under the logs.
    pub flaw: Option<Flaw>,
    /// Leaves the members and leaders of groups as they are.
    pub keeps_members: bool,
}

impl Plan {
    /// The usual one: five nodes, four groups, six clients, forty faults.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            n_nodes: 5,
            n_groups: 4,
            n_clients: 6,
            n_faults: 40,
            reads: Reads::ReadIndex,
            flaw: None,
            keeps_members: false,
        }
    }
}

/// A simulation in which all was well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What clients did, as far as it is judged.
    pub n_operations: usize,
    /// Operations of which nobody knows how they ended.
    pub n_unknown: usize,
    /// Commands that were committed.
    pub n_commands: u64,
    /// Messages between nodes.
    pub n_messages: u64,
    /// Simulated time, in milliseconds.
    pub lasted_ms: u64,
    /// Of all that happened: two runs with the same digest did the same.
    pub trace: u64,
}

/// A simulation in which something was not.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed, for another run.
    pub seed: u64,
    /// What is wrong.
    pub what: String,
    /// What happened before.
    pub trace: Vec<String>,
    /// What clients saw.
    pub history: Vec<Operation>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        write!(f, "seed {}: {}", self.seed, self.what)
    }
}

/// Runs a simulation on this thread.
///
/// # Errors
/// The invariant that does not hold, with the seed.
///
/// # Panics
/// If this thread runs a simulation or a runtime already.
pub fn run(plan: &Plan) -> Result<Outcome, Box<Failure>> {
    let _simulated = simulation::enter(plan.seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without input and output needs nothing of the system");
    runtime.block_on(simulate(plan))
}

async fn simulate(plan: &Plan) -> Result<Outcome, Box<Failure>> {
    let random = |part: u64| Random::new(plan.seed.wrapping_mul(1_000_003).wrapping_add(part));
    let world = Arc::new(World::new(SimNetwork::new(random(1)), plan.n_groups, plan.n_nodes));
    let verdict = live(plan, &world, random).await;
    let (trace, lines) = world.trace();
    let history = world.history();
    if let Err(what) = verdict {
        return Err(Box::new(Failure { seed: plan.seed, what, trace: lines, history }));
    }
    let n_commands = world.ledger().n_commands();
    Ok(Outcome {
        n_operations: history.len(),
        n_unknown: history.iter().filter(|operation| operation.completed.is_none()).count(),
        n_commands,
        n_messages: world.network.n_sent(),
        lasted_ms: world.now_ms(),
        trace,
    })
}

async fn live(plan: &Plan, world: &Arc<World>, random: impl Fn(u64) -> Random) -> Result<(), String> {
    let mut nodes = Nodes::new(Arc::clone(world), plan.flaw);
    nodes.start_all().await?;
    form_groups(world, random(2)).await?;
    let (stop, stopped) = watch::channel(false);
    let clients: Vec<_> = (0..plan.n_clients)
        .map(|id| {
            let client = Client::new(id, Arc::clone(world), random(100 + u64::from(id)), plan.reads);
            tokio::spawn(client.work(stopped.clone()))
        })
        .collect();
    let mut faults = Faults::new(Arc::clone(world), random(3), plan.keeps_members);
    for _ in 0..plan.n_faults {
        faults.step(&mut nodes).await?;
        check(world)?;
    }
    world.tell(|| "all faults end".to_owned());
    world.network.mend();
    world.network.set_weather(Weather::CALM);
    nodes.start_all().await?;
    stop.send_replace(true);
    for client in clients {
        client.await.map_err(|error| format!("a client failed: {error}"))?;
    }
    heal(world, Instant::now() + HEALING).await?;
    read_everything(world, random(4), plan.reads).await;
    check(world)?;
    judge(&world.history())
}

/// What holds at any time.
fn check(world: &World) -> Result<(), String> {
    let running: Vec<Running> = world.running().values().cloned().collect();
    for running in running {
        for (group, member) in &running.groups {
            let status = member.status();
            if let Some(reason) = status.stopped {
                return Err(format!("group {group} stopped on node {}: {reason}", running.life.0));
            }
            if status.role == Role::Leader {
                world.ledger().leads(*group, status.term, running.life);
            }
        }
    }
    world.ledger().violation().map_or(Ok(()), |violation| Err(violation.to_owned()))
}

/// The first three nodes are the members of all groups, and files have a workspace.
async fn form_groups(world: &Arc<World>, random: Random) -> Result<(), String> {
    let mut founder = Client::new(u32::MAX, Arc::clone(world), random, Reads::ReadIndex);
    for (number, &group) in world.groups.iter().enumerate() {
        let members: Vec<NodeId> = world.nodes.iter().copied().take(3).collect();
        let first = world.node(members[number % members.len()]).ok_or("all nodes run at first")?;
        let members = members.into_iter().map(|node| (node, peer(node))).collect();
        first.groups[&group].initialize(members).await.map_err(|error| format!("group {group}: {error}"))?;
        if kind_of(group) == Kind::Files {
            let name = WorkspaceName::new("w").expect("it is a name");
            let create = founder.numbered(group, Request::CreateWorkspace { name }).await;
            let create = create.ok_or("no session was opened in a group that has just been formed")?;
            let End::Done { .. } = founder.propose(group, &create, true).await else {
                return Err(format!("group {group}: no workspace was made in a group that has just been formed"));
            };
        }
    }
    Ok(())
}

/// Waits until each group has a leader and one set of voters, and all its members the same state.
async fn heal(world: &World, deadline: Instant) -> Result<(), String> {
    for &group in &world.groups {
        loop {
            check(world)?;
            let healed = heal_group(world, group, deadline.min(Instant::now() + Duration::from_secs(5))).await;
            match healed {
                Ok(()) => break,
                Err(why) if Instant::now() >= deadline => {
                    let seen: Vec<_> =
                        world.running().values().map(|running| running.groups[&group].status()).collect();
                    return Err(format!("group {group} is not well again after {HEALING:?}: {why}\n{seen:#?}"));
                }
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }
    Ok(())
}

async fn heal_group(world: &World, group: GroupId, until: Instant) -> Result<(), String> {
    let running: Vec<Running> = world.running().values().cloned().collect();
    let members = || running.iter().map(|running| &running.groups[&group]);
    let leader = members().find(|member| member.status().role == Role::Leader).ok_or("nobody leads")?;
    if leader.status().membership.voter_sets.len() > 1 {
        let finish = leader.change_membership(MembershipChange::FinishJoint, BasedOn::Anything, until).await;
        finish.map_err(|error| error.to_string())?;
    }
    let index = leader.read_barrier(ReadGuard::ReadIndex, until).await.map_err(|error| error.to_string())?;
    let membership = leader.status().membership;
    let mut states = BTreeSet::new();
    for member in members().filter(|member| membership.nodes.contains_key(&member.node())) {
        member.wait_applied(index, until).await.map_err(|error| format!("node {}: {error}", member.node()))?;
        let (applied, view) = member.snapshot_view().await.map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        view.write_to(&mut bytes).map_err(|error| error.to_string())?;
        states.insert((applied.last.map(|last| last.index), digest(&bytes)));
    }
    if states.len() == 1 { Ok(()) } else { Err(format!("its members differ: {states:?}")) }
}

/// What was acknowledged is there, on every node that belongs to the group: the last reads of the history.
async fn read_everything(world: &Arc<World>, random: Random, reads: Reads) {
    let mut reader = Client::new(u32::MAX - 1, Arc::clone(world), random, reads);
    for &group in &world.groups.clone() {
        reader.read_all(group).await;
    }
}

fn judge(history: &[Operation]) -> Result<(), String> {
    match linearizable::check(history, SEARCH) {
        Verdict::Linearizable => Ok(()),
        Verdict::Undecided { key } => Err(format!("key {key}: no verdict within {SEARCH:?}")),
        Verdict::Violated { key, history } => {
            Err(format!("key {key}: no single value could have had this history:\n{}", history::to_lines(&history)))
        }
    }
}

//! What goes wrong in a simulation, one thing after the other, as its generator decides.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vraftls_harness::Random;
use vraftls_raft::group::Group;
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::membership::{BasedOn, MembershipChange};
use vraftls_raft::status::{GroupStatus, Role};

use crate::machine::Machine;
use crate::network::Weather;
use crate::nodes::Nodes;
use crate::world::World;

/// A group never has fewer voters.
const VOTERS_MIN: usize = 3;

/// How long a change of members or leaders is waited for.
const CHANGE_PATIENCE: Duration = Duration::from_secs(3);

/// The faults of one run.
pub(crate) struct Faults {
    world: Arc<World>,
    random: Random,
    /// Leaves the members and leaders of groups as they are.
    pub(crate) keeps_members: bool,
}

impl Faults {
    pub(crate) fn new(world: Arc<World>, random: Random, keeps_members: bool) -> Self {
        Self { world, random, keeps_members }
    }

    /// Lets some time pass, then does one thing.
    pub(crate) async fn step(&mut self, nodes: &mut Nodes) -> Result<(), String> {
        tokio::time::sleep(Duration::from_millis(20 + self.random.below(500) as u64)).await;
        match self.random.below(24) {
            0..4 => self.crash(nodes),
            4..9 => self.restart(nodes).await?,
            9 => self.split(),
            10 => self.cut_one_way(),
            11..15 => self.mend(),
            15 => self.change_weather(),
            16 => self.freeze(),
            17 | 18 => self.transfer(),
            19 => self.take_snapshots().await,
            20..23 => self.change_members(),
            _ if self.random.once_in(3) => self.lose_power(nodes).await?,
            _ => {}
        }
        Ok(())
    }

    fn tell(&self, line: String) {
        self.world.tell(|| line);
    }

    fn any_node(&mut self) -> NodeId {
        self.world.nodes[self.random.below(self.world.nodes.len())]
    }

    fn crash(&mut self, nodes: &mut Nodes) {
        let running: Vec<NodeId> = self.world.running().keys().copied().collect();
        // Most of the time most of them run; a minority of any group is down at once.
        if running.len() + 2 > self.world.nodes.len()
            && let Some(node) = self.random.one_of(&running).copied()
        {
            self.tell(format!("node {node} crashes"));
            nodes.crash(node, &mut self.random);
        }
    }

    async fn restart(&mut self, nodes: &mut Nodes) -> Result<(), String> {
        let down = nodes.down();
        if let Some(node) = self.random.one_of(&down).copied() {
            self.tell(format!("node {node} starts"));
            nodes.start(node).await?;
        }
        Ok(())
    }

    /// All nodes at once.
    async fn lose_power(&mut self, nodes: &mut Nodes) -> Result<(), String> {
        self.tell("the power fails".to_owned());
        let running: Vec<NodeId> = self.world.running().keys().copied().collect();
        for node in running {
            nodes.crash(node, &mut self.random);
        }
        nodes.start_all().await
    }

    fn split(&mut self) {
        let n_apart = 1 + self.random.below(self.world.nodes.len() / 2);
        let apart = self.random.choose(self.world.nodes.clone(), n_apart);
        self.tell(format!("{apart:?} are apart from the others"));
        for &one in &self.world.nodes {
            for &other in &self.world.nodes {
                if apart.contains(&one) != apart.contains(&other) {
                    self.world.network.cut(one, other);
                }
            }
        }
    }

    fn cut_one_way(&mut self) {
        let (from, to) = (self.any_node(), self.any_node());
        if from != to {
            self.tell(format!("nothing gets from {from} to {to}"));
            self.world.network.cut(from, to);
        }
    }

    fn mend(&mut self) {
        self.tell("everybody is connected".to_owned());
        self.world.network.mend();
    }

    fn change_weather(&mut self) {
        let weather = match self.random.below(4) {
            0 => Weather::CALM,
            1 => Weather { lost: 20, twice: 50, delay_ms_max: 10 },
            2 => Weather { lost: 100, twice: 100, delay_ms_max: 30 },
            _ => Weather { lost: 5, twice: 0, delay_ms_max: 120 },
        };
        self.tell(format!("{weather:?}"));
        self.world.network.set_weather(weather);
    }

    fn freeze(&mut self) {
        let (node, ms) = (self.any_node(), 100 + self.random.below(1500) as u64);
        self.tell(format!("node {node} is frozen for {ms} ms"));
        self.world.network.freeze(node, Instant::now() + Duration::from_millis(ms));
    }

    /// Any group that somebody leads, and its leader.
    fn any_leader(&mut self) -> Option<(GroupId, Group<Machine>, GroupStatus)> {
        let group = self.world.groups[self.random.below(self.world.groups.len())];
        let running = self.world.running();
        let mut members = running.values().filter_map(|running| running.groups.get(&group));
        let member = members.find(|member| member.status().role == Role::Leader)?;
        Some((group, member.clone(), member.status()))
    }

    fn transfer(&mut self) {
        if self.keeps_members {
            return;
        }
        let Some((group, leader, status)) = self.any_leader() else { return };
        let voters: Vec<NodeId> = status.membership.voters().into_iter().collect();
        let Some(to) = self.random.one_of(&voters).copied() else { return };
        self.tell(format!("group {group}: {} hands over to {to}", status.node));
        tokio::spawn(async move {
            // It may come to nothing, as all that a fault does.
            drop(leader.transfer_leader(to, Instant::now() + CHANGE_PATIENCE).await);
        });
    }

    async fn take_snapshots(&mut self) {
        let running: Vec<_> = self.world.running().values().cloned().collect();
        for running in running {
            for member in running.groups.values() {
                // A node that ends meanwhile takes none.
                drop(member.trigger_snapshot().await);
            }
        }
    }

    fn change_members(&mut self) {
        if self.keeps_members {
            return;
        }
        let Some((group, leader, status)) = self.any_leader() else { return };
        let Some(change) = self.choose_change(&status) else { return };
        self.tell(format!("group {group}: {change:?}"));
        let based_on = BasedOn::Membership(status.membership_at);
        let world = Arc::clone(&self.world);
        tokio::spawn(async move {
            let outcome = leader.change_membership(change, based_on, Instant::now() + CHANGE_PATIENCE).await;
            world.tell(|| format!("group {group}: members {:?}", outcome.map_err(|error| error.to_string())));
        });
    }

    fn choose_change(&mut self, status: &GroupStatus) -> Option<MembershipChange> {
        let membership = &status.membership;
        if membership.voter_sets.len() > 1 {
            return Some(MembershipChange::FinishJoint);
        }
        let (voters, learners) = (membership.voters(), membership.learners());
        let strangers: Vec<NodeId> =
            self.world.nodes.iter().copied().filter(|node| !membership.nodes.contains_key(node)).collect();
        let learners: Vec<NodeId> = learners.into_iter().collect();
        let voters: Vec<NodeId> = voters.into_iter().collect();
        match self.random.below(4) {
            0 => {
                let node = self.random.one_of(&strangers).copied()?;
                Some(MembershipChange::AddLearners([(node, peer(node))].into()))
            }
            1 => Some(MembershipChange::Promote(BTreeSet::from([*self.random.one_of(&learners)?]))),
            2 if voters.len() > VOTERS_MIN => {
                let node = BTreeSet::from([*self.random.one_of(&voters)?]);
                Some(if self.random.once_in(2) {
                    MembershipChange::RemoveVoters(node)
                } else {
                    MembershipChange::Demote(node)
                })
            }
            3 => Some(MembershipChange::RemoveLearners(BTreeSet::from([*self.random.one_of(&learners)?]))),
            _ => None,
        }
    }
}

/// Where a node is.
pub(crate) fn peer(node: NodeId) -> Peer {
    Peer::new(format!("sim:{node}"))
}

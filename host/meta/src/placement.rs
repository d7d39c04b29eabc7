//! Where replicas and leaders should be: pure functions of the metadata and of who is alive.
//!
//! Replicas: a group has as many full replicas as the cluster wants, as far as there are nodes for them; where there are fewer, and
//! an even number, a witness is added if there is one, because an even number survives no more losses than one less. A node that is
//! drained gives its replicas to others, or gives them up if the others suffice. A node that is dead is replaced where another
//! can take over, and never just given up: it may come back, and fewer copies are no remedy for a lost one. Among nodes that may have a
//! replica it goes to the one that has the fewest, and replicas move while two nodes differ by two.
//!
//! Leaders: the nodes that have replicas lead as equally many groups as the replicas allow. That is a matching problem: from a
//! node that leads two more than another a chain of transfers is sought, each from the leader of a group to another of its
//! replicas, that ends at a node that leads few. If there is no such chain, no other choice of leaders is more even (as with augmenting
//! paths in Harvey, Ladner, Lovász and Tamir, "Semi-matchings for bipartite graphs and load balancing", 2006).
//!
//! Equal inputs give equal plans, and carrying a plan out makes the next one shorter: `tests/placement` holds both.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{Epoch, Group, GroupId, Node, NodeId, State};

/// A change of replicas to be proposed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlannedMove {
    /// Of which group.
    pub group: GroupId,
    /// The epoch of its replicas.
    pub epoch: Epoch,
    /// The node that gets a replica.
    pub add: Option<NodeId>,
    /// The node that loses its replica.
    pub remove: Option<NodeId>,
}

/// A leader that should hand over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlannedTransfer {
    /// Of which group.
    pub group: GroupId,
    /// Its leader.
    pub from: NodeId,
    /// The replica that should lead.
    pub to: NodeId,
}

/// The changes of replicas that should begin now, so that no more than `n_moves_max` are under way. `alive` are the nodes that can be
/// reached, or could be until so short a time ago that they may come back.
pub fn plan_moves(state: &State, alive: &BTreeSet<NodeId>, n_moves_max: usize) -> Vec<PlannedMove> {
    let n_under_way = state.groups().values().filter(|group| group.change.is_some()).count();
    let mut planner = Planner::new(state, alive);
    let mut planned = Vec::new();
    // What is missing comes before what is uneven.
    for step in [Planner::mend, Planner::level] {
        for (id, group) in state.groups().iter().filter(|(_, group)| group.change.is_none()) {
            if n_under_way + planned.len() >= n_moves_max {
                return planned;
            }
            if planned.iter().any(|planned: &PlannedMove| planned.group == *id) {
                continue;
            }
            if let Some((add, remove)) = step(&planner, group) {
                planner.count(add, remove);
                planned.push(PlannedMove { group: *id, epoch: group.epoch, add, remove });
            }
        }
    }
    planned
}

/// How many replicas each group shall have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Replicas {
    /// That keep contents.
    pub(crate) n_full: usize,
    /// That only vote.
    pub(crate) n_witnesses: usize,
}

impl Replicas {
    /// All that vote.
    pub(crate) fn sum(self) -> usize {
        self.n_full + self.n_witnesses
    }
}

/// What a group shall have where so many replicas are wanted and these nodes are to have them.
pub(crate) fn replicas_wanted<'n>(replication: u8, staying: impl Iterator<Item = &'n Node> + Clone) -> Replicas {
    let wanted = usize::from(replication);
    let count = |is_full: bool| staying.clone().filter(|node| node.is_full() == is_full).count();
    let n_full = wanted.min(count(true));
    let n_witnesses = usize::from(n_full % 2 == 0 && n_full > 0 && n_full < wanted && count(false) > 0);
    Replicas { n_full, n_witnesses }
}

type Change = (Option<NodeId>, Option<NodeId>);

/// Who may have replicas. Loads count what a node has when the changes under way and those planned are done.
struct Planner {
    /// The full nodes that may get a replica, with their loads.
    full: BTreeMap<NodeId, usize>,
    /// The same of witnesses.
    witnesses: BTreeMap<NodeId, usize>,
    /// The nodes that are not drained, dead ones included, and whether they are full.
    staying: BTreeMap<NodeId, bool>,
    /// The witnesses that are drained: a group has no second one beside them.
    leaving_witnesses: BTreeSet<NodeId>,
    /// How many full replicas a group shall have.
    n_full: usize,
    /// How many witnesses.
    n_witnesses: usize,
}

impl Planner {
    fn new(state: &State, alive: &BTreeSet<NodeId>) -> Self {
        let staying: BTreeMap<NodeId, bool> =
            state.nodes().iter().filter(|(_, node)| !node.draining).map(|(id, node)| (*id, node.is_full())).collect();
        let load = |id: &NodeId| state.groups().values().filter(|group| will_have(group, *id)).count();
        let loads = |wanted: bool| {
            let nodes = staying.iter().filter(|(id, is_full)| **is_full == wanted && alive.contains(id));
            nodes.map(|(id, _)| (*id, load(id))).collect()
        };
        let replication = state.cluster().map_or(0, |cluster| cluster.replication);
        let Replicas { n_full, n_witnesses } =
            replicas_wanted(replication, state.nodes().values().filter(|node| !node.draining));
        let leaving_witnesses =
            state.nodes().iter().filter(|(_, node)| node.draining && !node.is_full()).map(|(id, _)| *id).collect();
        Self { full: loads(true), witnesses: loads(false), staying, leaving_witnesses, n_full, n_witnesses }
    }

    /// Brings a group nearer to the replicas that it should have.
    fn mend(&self, group: &Group) -> Option<Change> {
        if self.n_full == 0 {
            // Nobody could take anything over.
            return None;
        }
        let replicas = || group.replicas.iter().copied();
        let n_wanted = self.n_full + self.n_witnesses;
        let leaving = replicas().find(|node| !self.staying.contains_key(node));
        let dead = replicas().find(|node| self.staying.contains_key(node) && !self.is_alive(*node));
        for (nodes, is_full, n) in [(&self.full, true, self.n_full), (&self.witnesses, false, self.n_witnesses)] {
            if replicas().filter(|node| nodes.contains_key(node)).count() >= n {
                continue;
            }
            if let Some(add) = self.emptiest(nodes, group) {
                let is_complete = group.replicas.len() >= n_wanted;
                let instead_of = dead.or_else(|| self.excess(group, !is_full)).filter(|_| is_complete);
                let other_witness = replicas().find(|node| !is_full && self.is_witness(*node));
                return Some((Some(add), other_witness.or(leaving).or(instead_of)));
            }
        }
        let n_staying = replicas().filter(|node| self.staying.contains_key(node)).count();
        // A witness is no reason to let the last contents go.
        let n_staying_full = replicas().filter(|node| self.staying.get(node) == Some(&true)).count();
        let unneeded = leaving.filter(|_| n_staying >= n_wanted && n_staying_full >= self.n_full);
        let unneeded = unneeded.or_else(|| self.excess(group, true)).or_else(|| self.excess(group, false));
        unneeded.map(|node| (None, Some(node)))
    }

    /// A replica that a group has too many, if it has more of its kind than it should.
    fn excess(&self, group: &Group, is_full: bool) -> Option<NodeId> {
        let n_wanted = if is_full { self.n_full } else { self.n_witnesses };
        let of_kind = || group.replicas.iter().copied().filter(|node| self.staying.get(node) == Some(&is_full));
        if of_kind().count() <= n_wanted {
            return None;
        }
        let nodes = if is_full { &self.full } else { &self.witnesses };
        of_kind().find(|node| !self.is_alive(*node)).or_else(|| self.fullest(nodes, group))
    }

    fn is_witness(&self, node: NodeId) -> bool {
        self.leaving_witnesses.contains(&node) || self.staying.get(&node) == Some(&false)
    }

    fn is_alive(&self, node: NodeId) -> bool {
        self.full.contains_key(&node) || self.witnesses.contains_key(&node)
    }

    /// Moves a replica of a group from a node that has many to one that has few.
    fn level(&self, group: &Group) -> Option<Change> {
        [&self.full, &self.witnesses].into_iter().find_map(|nodes| {
            let (from, to) = (self.fullest(nodes, group)?, self.emptiest(nodes, group)?);
            (nodes.get(&from)? >= &(nodes.get(&to)? + 2)).then_some((Some(to), Some(from)))
        })
    }

    /// The node with the fewest replicas that has none of the group.
    fn emptiest(&self, nodes: &BTreeMap<NodeId, usize>, group: &Group) -> Option<NodeId> {
        let others = nodes.iter().filter(|(node, _)| !group.replicas.contains(node));
        others.min_by_key(|(node, load)| (**load, **node)).map(|(node, _)| *node)
    }

    /// The node with the most replicas that has one of the group.
    fn fullest(&self, nodes: &BTreeMap<NodeId, usize>, group: &Group) -> Option<NodeId> {
        let those = nodes.iter().filter(|(node, _)| group.replicas.contains(node));
        those.max_by_key(|(node, load)| (**load, **node)).map(|(node, _)| *node)
    }

    fn count(&mut self, add: Option<NodeId>, remove: Option<NodeId>) {
        for nodes in [&mut self.full, &mut self.witnesses] {
            if let Some(load) = add.and_then(|node| nodes.get_mut(&node)) {
                *load += 1;
            }
            if let Some(load) = remove.and_then(|node| nodes.get_mut(&node)) {
                *load = load.saturating_sub(1);
            }
        }
    }
}

/// Whether a node will have a replica of a group when the change that is under way is done.
fn will_have(group: &Group, node: NodeId) -> bool {
    let (add, remove) = group.change.map_or((None, None), |change| (change.add, change.remove));
    add == Some(node) || (group.replicas.contains(&node) && remove != Some(node))
}

/// The transfers that make the leaders more even, or none; to be carried out in their order. `leaders` are the groups whose leader
/// is known. Nodes that are drained, or not in `alive`, are given no group and hand theirs over.
pub fn plan_transfers(
    state: &State,
    alive: &BTreeSet<NodeId>,
    leaders: &BTreeMap<GroupId, NodeId>,
) -> Vec<PlannedTransfer> {
    let may_lead =
        |id: &NodeId| alive.contains(id) && state.nodes().get(id).is_some_and(|node| node.is_full() && !node.draining);
    let mut counts: BTreeMap<NodeId, usize> =
        state.nodes().keys().filter(|id| may_lead(id)).map(|id| (*id, 0)).collect();
    leaders.values().for_each(|leader| {
        counts.entry(*leader).and_modify(|count| *count += 1);
    });
    // Whose group anybody else should lead.
    let unfit = leaders.iter().find(|(id, leader)| {
        let has_heir = state.groups().get(id).is_some_and(|group| group.replicas.iter().any(may_lead));
        !may_lead(leader) && has_heir
    });
    if let Some((group, from)) = unfit {
        let heirs = state.groups()[group].replicas.iter().filter_map(|node| Some((*counts.get(node)?, *node)));
        return heirs.min().map(|(_, to)| PlannedTransfer { group: *group, from: *from, to }).into_iter().collect();
    }
    let mut nodes: Vec<(usize, NodeId)> = counts.iter().map(|(node, count)| (*count, *node)).collect();
    nodes.sort_unstable_by(|a, b| b.cmp(a));
    nodes.into_iter().find_map(|(_, node)| chain(state, leaders, &counts, node)).unwrap_or_default()
}

/// The shortest chain of transfers from a node to one that leads at least two fewer.
fn chain(
    state: &State,
    leaders: &BTreeMap<GroupId, NodeId>,
    counts: &BTreeMap<NodeId, usize>,
    start: NodeId,
) -> Option<Vec<PlannedTransfer>> {
    let mut reached: BTreeMap<NodeId, Option<PlannedTransfer>> = BTreeMap::from([(start, None)]);
    let mut waiting = VecDeque::from([start]);
    while let Some(node) = waiting.pop_front() {
        if counts[&node] + 2 <= counts[&start] {
            return Some(walk_back(&reached, node));
        }
        for (group, _) in leaders.iter().filter(|(_, leader)| **leader == node) {
            let replicas = state.groups().get(group).map(|group| &group.replicas).into_iter().flatten();
            for to in replicas.filter(|to| counts.contains_key(to)) {
                if !reached.contains_key(to) {
                    reached.insert(*to, Some(PlannedTransfer { group: *group, from: node, to: *to }));
                    waiting.push_back(*to);
                }
            }
        }
    }
    None
}

fn walk_back(reached: &BTreeMap<NodeId, Option<PlannedTransfer>>, end: NodeId) -> Vec<PlannedTransfer> {
    let mut transfers = Vec::new();
    let mut at = end;
    while let Some(Some(transfer)) = reached.get(&at) {
        transfers.push(*transfer);
        at = transfer.from;
    }
    transfers.reverse();
    transfers
}

//! Plans of replicas and leaders: they come to an end, and what they end in is what they promise.

mod cluster;

use std::collections::{BTreeMap, BTreeSet};

use cluster::Cluster;
use proptest::prelude::*;
use vraftls_meta::{GroupId, MoveStep, NodeId, NodeKind, Refusal, Request, State, plan_moves, plan_transfers};

/// Carries plans out until there is none left, and says how many changes that took.
fn settle(cluster: &mut Cluster, alive: &BTreeSet<NodeId>, n_moves_max: usize) -> usize {
    let n_at_most = 64 * cluster.state.groups().len();
    for n_moves in 0.. {
        assert!(n_moves <= n_at_most, "plans go on for ever");
        let plan = plan_moves(&cluster.state, alive, n_moves_max);
        assert_eq!(plan, plan_moves(&cluster.state, alive, n_moves_max));
        assert!(plan.len() <= n_moves_max);
        if plan.is_empty() {
            return n_moves;
        }
        for planned in plan {
            let before = cluster.state.groups()[&planned.group].clone();
            assert!(planned.remove.is_none() || planned.add.is_some() || before.replicas.len() > 1);
            cluster.change_replicas(planned);
        }
    }
    unreachable!("the loop ends by returning")
}

fn loads(state: &State, nodes: &BTreeSet<NodeId>) -> Vec<usize> {
    let load = |node: &NodeId| state.groups().values().filter(|group| group.replicas.contains(node)).count();
    nodes.iter().map(load).collect()
}

fn spread(counts: &[usize]) -> usize {
    counts.iter().max().unwrap_or(&0) - counts.iter().min().unwrap_or(&0)
}

fn nodes_of(state: &State, kind: NodeKind) -> BTreeSet<NodeId> {
    let staying = state.nodes().iter().filter(|(_, node)| !node.draining && node.registration.kind == kind);
    staying.map(|(id, _)| *id).collect()
}

fn assert_settled(state: &State, replication: usize) {
    let (full, witnesses) = (nodes_of(state, NodeKind::Full), nodes_of(state, NodeKind::Witness));
    let n_full = replication.min(full.len());
    let n_witnesses = usize::from(n_full % 2 == 0 && n_full < replication && !witnesses.is_empty());
    for (id, group) in state.groups() {
        assert_eq!(group.change, None);
        assert_eq!(group.replicas.intersection(&full).count(), n_full, "full replicas of group {id}");
        assert_eq!(group.replicas.intersection(&witnesses).count(), n_witnesses, "witnesses of group {id}");
        assert_eq!(group.replicas.len(), n_full + n_witnesses, "replicas of group {id} on drained nodes");
    }
    assert!(spread(&loads(state, &full)) <= 1, "{:?}", loads(state, &full));
    assert!(spread(&loads(state, &witnesses)) <= 1, "{:?}", loads(state, &witnesses));
}

#[test]
fn a_cluster_that_grows_spreads_out() {
    let mut cluster = Cluster::new(3, 8);
    for n in 2..=3 {
        cluster.register(n, NodeKind::Full);
    }
    let alive: BTreeSet<NodeId> = cluster.state.nodes().keys().copied().collect();
    settle(&mut cluster, &alive, 2);
    assert_settled(&cluster.state, 3);
    assert_eq!(loads(&cluster.state, &alive), [9, 9, 9]);
}

#[test]
fn two_nodes_and_a_witness_make_a_quorum_of_three() {
    let mut cluster = Cluster::new(3, 4);
    cluster.register(2, NodeKind::Full);
    cluster.register(3, NodeKind::Witness);
    let alive = BTreeSet::from([NodeId(1), NodeId(2), NodeId(3)]);
    settle(&mut cluster, &alive, 4);
    assert_settled(&cluster.state, 3);
    // A third node that keeps contents takes the witness's place.
    cluster.register(4, NodeKind::Full);
    settle(&mut cluster, &BTreeSet::from([1, 2, 3, 4].map(NodeId)), 4);
    assert_settled(&cluster.state, 3);
}

#[test]
fn a_dead_node_is_replaced_and_never_just_given_up() {
    let mut cluster = Cluster::new(3, 4);
    for n in 2..=3 {
        cluster.register(n, NodeKind::Full);
    }
    settle(&mut cluster, &BTreeSet::from([1, 2, 3].map(NodeId)), 4);
    let without_3 = BTreeSet::from([1, 2].map(NodeId));
    assert_eq!(plan_moves(&cluster.state, &without_3, 4), []);
    cluster.register(4, NodeKind::Full);
    settle(&mut cluster, &BTreeSet::from([1, 2, 4].map(NodeId)), 4);
    assert!(cluster.state.groups().values().all(|group| group.replicas == BTreeSet::from([1, 2, 4].map(NodeId))));
}

#[test]
fn nothing_is_planned_while_as_much_as_may_be_is_under_way() {
    let mut cluster = Cluster::new(3, 4);
    cluster.register(2, NodeKind::Full);
    let alive = BTreeSet::from([1, 2].map(NodeId));
    let planned = plan_moves(&cluster.state, &alive, 1)[0];
    let id = cluster.begin(planned);
    assert_eq!(plan_moves(&cluster.state, &alive, 1), []);
    assert_eq!(plan_moves(&cluster.state, &alive, 2).len(), 1);
    cluster.advance(planned.group, id, MoveStep::Switching);
    assert_eq!(plan_moves(&cluster.state, &alive, 1), []);
}

/// Carries transfers out until there is none left.
fn settle_leaders(state: &State, alive: &BTreeSet<NodeId>, leaders: &mut BTreeMap<GroupId, NodeId>) {
    for n_rounds in 0.. {
        assert!(n_rounds <= 4 * leaders.len(), "transfers go on for ever");
        let plan = plan_transfers(state, alive, leaders);
        if plan.is_empty() {
            return;
        }
        for transfer in plan {
            assert_eq!(leaders.insert(transfer.group, transfer.to), Some(transfer.from));
            assert!(state.groups()[&transfer.group].replicas.contains(&transfer.to));
        }
    }
}

#[derive(Debug, Clone)]
enum Event {
    Register(NodeKind),
    Drain(usize, bool),
    Kill(usize),
    Revive(usize),
    Settle,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Register(NodeKind::Full)),
        1 => Just(Event::Register(NodeKind::Witness)),
        2 => (0_usize..12, any::<bool>()).prop_map(|(node, draining)| Event::Drain(node, draining)),
        1 => (0_usize..12).prop_map(Event::Kill),
        1 => (0_usize..12).prop_map(Event::Revive),
        3 => Just(Event::Settle),
    ]
}

proptest! {
    #[test]
    fn plans_end_in_an_even_cluster(
        replication in 1_u8..=5, n_groups in 1_u32..12, n_moves_max in 1_usize..5,
        events in prop::collection::vec(event(), 1..24),
    ) {
        let mut cluster = Cluster::new(replication, n_groups);
        let mut alive = BTreeSet::from([NodeId(1)]);
        for event in events {
            let ids: Vec<NodeId> = cluster.state.nodes().keys().copied().collect();
            match event {
                Event::Register(kind) => {
                    let node = ids.len() as u64 + 1;
                    cluster.register(node, kind);
                    alive.insert(NodeId(node));
                }
                Event::Drain(node, draining) => {
                    let node = ids[node % ids.len()];
                    cluster.done(Request::SetDraining { node, draining });
                }
                Event::Kill(node) => drop(alive.remove(&ids[node % ids.len()])),
                Event::Revive(node) => drop(alive.insert(ids[node % ids.len()])),
                Event::Settle => drop(settle(&mut cluster, &alive, n_moves_max)),
            }
        }
        // Whoever was dead comes back, and somebody stays who keeps contents.
        alive = cluster.state.nodes().keys().copied().collect();
        cluster.done(Request::SetDraining { node: NodeId(1), draining: false });
        settle(&mut cluster, &alive, n_moves_max);
        assert_settled(&cluster.state, replication.into());
    }

    #[test]
    fn a_node_is_relieved_where_no_group_loses_a_replica_by_it_and_nowhere_else(
        replication in 1_u8..=5, n_groups in 1_u32..8, are_full in prop::collection::vec(prop::bool::weighted(0.7), 0..6),
        others_drained in prop::collection::btree_set(0_usize..6, 0..3), node in 0_usize..6,
    ) {
        let mut cluster = Cluster::new(replication, n_groups);
        for (n, is_full) in (2..).zip(are_full) {
            cluster.register(n, if is_full { NodeKind::Full } else { NodeKind::Witness });
        }
        let alive: BTreeSet<NodeId> = cluster.state.nodes().keys().copied().collect();
        let ids: Vec<NodeId> = alive.iter().copied().collect();
        for other in others_drained.iter().filter(|other| **other != 0 && **other < ids.len()) {
            cluster.done(Request::SetDraining { node: ids[*other], draining: true });
        }
        settle(&mut cluster, &alive, 4);
        let node = ids[node % ids.len()];
        let was_draining = cluster.state.nodes()[&node].draining;
        let counts = |state: &State| {
            let is_full = |node: &&NodeId| state.nodes()[*node].registration.kind == NodeKind::Full;
            let count = |group: &vraftls_meta::Group| (group.replicas.iter().filter(is_full).count(), group.replicas.len());
            state.groups().values().map(count).collect::<Vec<_>>()
        };
        let before = counts(&cluster.state);
        let relieved = cluster.propose(Request::Relieve { node });
        prop_assert_eq!(cluster.state.nodes()[&node].draining, was_draining || relieved.is_ok());
        if let Err(refusal) = &relieved {
            prop_assert!(matches!(refusal, Refusal::FewerReplicas { node: named, .. } if *named == node), "{}", refusal);
            cluster.done(Request::SetDraining { node, draining: true });
        }
        settle(&mut cluster, &alive, 4);
        let is_less = |(before, after): (&(usize, usize), &(usize, usize))| after.0 < before.0 || after.1 < before.1;
        let after = counts(&cluster.state);
        // Where nobody is left to take anything over, nothing is given up either.
        let has_heir = cluster.state.nodes().values().any(|node| node.is_full() && !node.draining);
        prop_assert_eq!(before.iter().zip(&after).any(is_less), relieved.is_err() && has_heir, "{:?} {:?}", before, after);
    }

    #[test]
    fn leaders_are_as_even_as_replicas_allow(
        n_nodes in 1_u64..7, replication in 1_u8..=5, n_groups in 1_u32..24, seed in any::<u64>(),
        drained in prop::option::of(0_u64..6),
    ) {
        let mut cluster = Cluster::new(replication, n_groups);
        for node in 2..=n_nodes {
            cluster.register(node, NodeKind::Full);
        }
        let alive: BTreeSet<NodeId> = (1..=n_nodes).map(NodeId).collect();
        settle(&mut cluster, &alive, 4);
        if let Some(drained) = drained.filter(|_| n_nodes > 1) {
            cluster.done(Request::SetDraining { node: NodeId(drained % n_nodes + 1), draining: true });
        }
        let pick = |group: GroupId, replicas: &BTreeSet<NodeId>| {
            let n = seed.rotate_left(group.0).wrapping_mul(0x9e37_79b9) as usize % replicas.len();
            *replicas.iter().nth(n).unwrap()
        };
        let groups = cluster.state.groups();
        let mut leaders: BTreeMap<GroupId, NodeId> =
            groups.iter().map(|(id, group)| (*id, pick(*id, &group.replicas))).collect();
        settle_leaders(&cluster.state, &alive, &mut leaders);
        let full = nodes_of(&cluster.state, NodeKind::Full);
        for (id, leader) in &leaders {
            let could = groups[id].replicas.iter().any(|node| full.contains(node));
            prop_assert!(full.contains(leader) || !could, "a drained node leads group {}", id);
        }
        // Where every node has a replica of every group, nothing stands in the way of an even spread.
        if groups.values().all(|group| full.is_subset(&group.replicas)) {
            let counts: Vec<usize> =
                full.iter().map(|node| leaders.values().filter(|leader| *leader == node).count()).collect();
            prop_assert!(spread(&counts) <= 1, "{:?}", counts);
        }
    }
}

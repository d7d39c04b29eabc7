//! Which nodes there are.

use std::collections::BTreeSet;

use crate::apply::Executed;
use crate::placement;
use crate::state::{Cluster, Group, N_DATA_GROUPS_MAX, N_NODES_MAX, NODE_ID_MAX, Node, REPLICATION_MAX, Tables};
use crate::{Applied, Bounded, Counted, Epoch, GroupId, NodeId, Refusal, Registration, SlotMap, TokenHash, Word};

/// What the token that was given with the cluster is called.
pub const FIRST_TOKEN: &str = "admin";

impl Tables {
    /// Makes the cluster. Repeating it is refused, with the cluster that there is: whoever proposed it may be satisfied with that.
    pub(crate) fn bootstrap(
        &mut self,
        cluster: Cluster,
        n_data_groups: u32,
        node: NodeId,
        registration: Registration,
        token: Option<TokenHash>,
    ) -> Executed {
        if let Some(cluster) = &self.cluster {
            return Err(Refusal::ClusterExists { cluster: cluster.id });
        }
        bounded(Bounded::Replication, cluster.replication.into(), 1, REPLICATION_MAX.into())?;
        bounded(Bounded::DataGroups, n_data_groups, 1, N_DATA_GROUPS_MAX)?;
        node_id_in_bounds(node)?;
        let data_groups: Vec<GroupId> = (1..=n_data_groups).map(GroupId).collect();
        let group = Group { replicas: BTreeSet::from([node]), epoch: Epoch(1), change: None };
        self.groups = [GroupId::METADATA].iter().chain(&data_groups).map(|id| (*id, group.clone())).collect();
        self.slots = SlotMap::even(&data_groups);
        self.nodes.insert(node, Node { registration, draining: false });
        if let Some(token) = token {
            self.tokens.insert(Word::new(FIRST_TOKEN).expect("it is a word"), token);
        }
        self.cluster = Some(cluster);
        Ok(Applied::NodeRegistered { node })
    }

    /// Makes a node a part of the cluster, or notes its new address.
    pub(crate) fn register(&mut self, wanted: Option<NodeId>, registration: Registration) -> Executed {
        let known = self.nodes.iter().find(|(_, node)| node.registration.incarnation == registration.incarnation);
        let known = known.map(|(id, node)| (*id, node.registration.kind));
        if let Some((id, kind)) = known
            && (kind != registration.kind || wanted.is_some_and(|wanted| wanted != id))
        {
            return Err(Refusal::OtherNode { node: id });
        }
        if self.retired.values().any(|incarnation| *incarnation == registration.incarnation) {
            return Err(Refusal::IncarnationRetired);
        }
        let id = match known {
            Some((id, _)) => id,
            None => self.new_node_id(wanted)?,
        };
        let has_address =
            |(other, node): &(&NodeId, &Node)| **other != id && node.registration.address == registration.address;
        if let Some((node, _)) = self.nodes.iter().find(has_address) {
            return Err(Refusal::AddressTaken { node: *node });
        }
        let draining = self.nodes.get(&id).is_some_and(|node| node.draining);
        self.nodes.insert(id, Node { registration, draining });
        Ok(Applied::NodeRegistered { node: id })
    }

    /// An id that nobody had: the wanted one, or the one after the greatest.
    fn new_node_id(&self, wanted: Option<NodeId>) -> Result<NodeId, Refusal> {
        if self.nodes.len() + self.retired.len() >= N_NODES_MAX {
            return Err(Refusal::TooMany { what: Counted::Nodes });
        }
        let used = |id: &NodeId| self.nodes.contains_key(id) || self.retired.contains_key(id);
        let greatest = self.nodes.keys().chain(self.retired.keys()).max().copied().unwrap_or_default();
        let id = wanted.unwrap_or(NodeId(greatest.0 + 1));
        node_id_in_bounds(id)?;
        if used(&id) { Err(Refusal::NodeIdTaken { node: id }) } else { Ok(id) }
    }

    pub(crate) fn set_draining(&mut self, node: NodeId, draining: bool) -> Executed {
        self.nodes.get_mut(&node).ok_or(Refusal::NoSuchNode { node })?.draining = draining;
        Ok(Applied::Done)
    }

    pub(crate) fn relieve(&mut self, node: NodeId) -> Executed {
        let known = self.nodes.get(&node).ok_or(Refusal::NoSuchNode { node })?;
        if !known.draining {
            let staying = |but: Option<NodeId>| {
                let those = self.nodes.iter().filter(move |(id, known)| !known.draining && Some(**id) != but);
                placement::replicas_wanted(
                    self.cluster.map_or(0, |cluster| cluster.replication),
                    those.map(|(_, node)| node),
                )
            };
            let (now, then) = (staying(None), staying(Some(node)));
            if then.n_full < now.n_full || then.sum() < now.sum() {
                let count = |replicas: placement::Replicas| u32::try_from(replicas.sum()).unwrap_or(u32::MAX);
                return Err(Refusal::FewerReplicas { node, wanted: count(now), left: count(then) });
            }
        }
        self.set_draining(node, true)
    }

    pub(crate) fn remove_node(&mut self, node: NodeId) -> Executed {
        let Some(known) = self.nodes.get(&node) else { return Err(Refusal::NoSuchNode { node }) };
        if let Some((group, _)) = self.groups.iter().find(|(_, group)| group.involves(node)) {
            return Err(Refusal::NodeInUse { node, group: *group });
        }
        self.retired.insert(node, known.registration.incarnation);
        self.nodes.remove(&node);
        Ok(Applied::Done)
    }
}

pub(crate) fn node_id_in_bounds(node: NodeId) -> Result<(), Refusal> {
    bounded(Bounded::NodeIds, u32::try_from(node.0).unwrap_or(0), 1, NODE_ID_MAX)
}

pub(crate) fn bounded(what: Bounded, value: u32, min: u32, max: u32) -> Result<(), Refusal> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(Refusal::OutOfBounds { what, min, max }) }
}

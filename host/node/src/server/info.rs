//! What everybody may know of a cluster who may speak with it: enough to find whoever has something.

use std::collections::BTreeMap;

use vraftls_meta::{GroupId, N_SLOTS, NodeKind, State};
use vraftls_proto::rpc::{ClusterInfo, GroupInfo, NodeInfo, NodeKindInfo, SlotsInfo, WorkspaceInfo};
use vraftls_raft::status::GroupStatus;

/// What the metadata says, and who leads as far as the groups here know; none before there is a cluster.
pub fn cluster_info(state: &State, groups: &[GroupStatus]) -> Option<ClusterInfo> {
    let leaders: BTreeMap<u32, u64> =
        groups.iter().filter_map(|group| Some((group.group.0, group.leader?.0))).collect();
    let nodes = state.nodes().iter().map(|(id, node)| NodeInfo {
        id: id.0,
        address: node.registration.address.to_string(),
        kind: kind_info(node.registration.kind),
        draining: node.draining,
    });
    let groups = state.groups().iter().map(|(id, group)| GroupInfo {
        id: id.0,
        epoch: group.epoch.0,
        replicas: group.replicas.iter().map(|node| node.0).collect(),
        leader: leaders.get(&id.0).copied(),
    });
    Some(ClusterInfo {
        cluster: state.cluster()?.id.to_string(),
        revision: state.revision().0,
        nodes: nodes.collect(),
        groups: groups.collect(),
        slots: SlotsInfo { epoch: state.slots().epoch().0, groups: slots(state) },
        workspaces: workspaces(state),
    })
}

/// What a node is for, in the words of guests.
pub fn kind_info(kind: NodeKind) -> NodeKindInfo {
    match kind {
        NodeKind::Full => NodeKindInfo::Full,
        NodeKind::Witness => NodeKindInfo::Witness,
    }
}

/// The workspaces of a cluster.
pub(super) fn workspaces(state: &State) -> Vec<WorkspaceInfo> {
    let workspaces = state.workspaces().iter();
    workspaces.map(|(id, name)| WorkspaceInfo { id: id.0, name: name.as_str().to_owned() }).collect()
}

fn slots(state: &State) -> Vec<u32> {
    let mut groups = Vec::new();
    for group in state.groups().keys().filter(|group| **group != GroupId::METADATA) {
        for slot in state.slots().slots_of(*group) {
            groups.resize(usize::from(N_SLOTS), 0);
            groups[usize::from(slot.number())] = group.0;
        }
    }
    groups
}

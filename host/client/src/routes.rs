//! Who is asked what.

use vraftls_meta::{Address, ClusterId, Slot};
use vraftls_proto::rendezvous::{ENGINE, rank};
use vraftls_proto::rpc::{ClusterInfo, NodeInfo, NodeKindInfo};
use vraftls_raft::ids::{NodeId, Peer};
use vraftls_vfs::{VfsPath, WorkspaceId};

/// What a cluster said of itself, checked. Immutable: when it is said anew, there are other routes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Routes {
    cluster: ClusterId,
    info: ClusterInfo,
}

/// A node, as it is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Target {
    pub(crate) node: NodeId,
    pub(crate) peer: Peer,
}

impl Routes {
    /// The routes of a cluster that says this of itself.
    ///
    /// # Errors
    /// Why no cluster can be like this.
    pub fn new(info: ClusterInfo) -> Result<Self, String> {
        info.check().map_err(|error| error.to_string())?;
        if let Some(node) = info.nodes.iter().find(|node| Address::new(&node.address).is_err()) {
            return Err(format!("node {} has no address", node.id));
        }
        let cluster = info.cluster.parse().map_err(|_| "its id is no id".to_owned())?;
        Ok(Self { cluster, info })
    }

    /// The cluster.
    pub fn cluster(&self) -> ClusterId {
        self.cluster
    }

    /// What it said.
    pub fn info(&self) -> &ClusterInfo {
        &self.info
    }

    /// The group that has a file; none before there are groups.
    pub fn group_of(&self, workspace: WorkspaceId, path: &VfsPath) -> Option<u32> {
        self.info.slots.groups.get(usize::from(Slot::of(workspace, path).number())).copied()
    }

    /// The epoch in which a group has its files: what a commit names.
    pub fn epoch(&self) -> u64 {
        self.info.slots.epoch
    }

    /// The groups that have files, ascending.
    pub fn data_groups(&self) -> Vec<u32> {
        let mut groups = self.info.slots.groups.clone();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// Where a node is, if there is such a node.
    pub(crate) fn target(&self, node: NodeId) -> Option<Target> {
        self.info.node(node.0).map(target)
    }

    /// The nodes that can answer questions about a workspace, first the one that should: it has a warm engine.
    pub(crate) fn engines(&self, workspace: WorkspaceId) -> Vec<Target> {
        self.ranked(ENGINE, &workspace.0.to_le_bytes(), |_| true)
    }

    /// The nodes that can answer for the files of a group, best first: those that have them.
    pub(crate) fn owners(&self, workspace: WorkspaceId, group: u32) -> Vec<Target> {
        let key = [workspace.0.to_le_bytes(), group.to_le_bytes()].concat();
        let replicas = self.info.group(group).map_or(&[][..], |group| &group.replicas);
        self.ranked("vraftls owner 1", &key, |node| replicas.contains(&node.id))
    }

    /// The nodes that can propose to a group or reach its replicas, first the one that leads it as far as is known.
    pub(crate) fn members(&self, group: u32) -> Vec<Target> {
        let Some(known) = self.info.group(group) else { return Vec::new() };
        let mut members =
            self.ranked("vraftls member 1", &group.to_le_bytes(), |node| known.replicas.contains(&node.id));
        members.sort_by_key(|member| Some(member.node.0) != known.leader);
        members
    }

    /// Full nodes that fit, best first; those that are about to go come last.
    fn ranked(&self, purpose: &str, key: &[u8], fits: impl Fn(&NodeInfo) -> bool) -> Vec<Target> {
        let is_full = |node: &&NodeInfo| node.kind == NodeKindInfo::Full && fits(node);
        let mut nodes: Vec<&NodeInfo> = self.info.nodes.iter().filter(is_full).collect();
        rank(purpose, key, &mut nodes, |node| node.id);
        nodes.sort_by_key(|node| node.draining);
        nodes.into_iter().map(target).collect()
    }
}

fn target(node: &NodeInfo) -> Target {
    Target { node: NodeId(node.id), peer: Peer::new(&node.address) }
}

#[cfg(test)]
mod tests {
    use vraftls_proto::rpc::{GroupInfo, N_SLOTS, SlotsInfo};

    use super::*;

    fn node(id: u64) -> NodeInfo {
        NodeInfo { id, address: format!("127.0.0.1:{}", 9000 + id), kind: NodeKindInfo::Full, draining: false }
    }

    fn info() -> ClusterInfo {
        let group = |id, replicas: &[u64]| GroupInfo { id, epoch: 1, replicas: replicas.to_vec(), leader: None };
        ClusterInfo {
            cluster: "01".repeat(16),
            revision: 1,
            nodes: (1..=4).map(node).collect(),
            groups: vec![group(0, &[1, 2, 3]), group(1, &[1, 2, 4]), group(2, &[2, 3])],
            slots: SlotsInfo { epoch: 5, groups: (0..N_SLOTS).map(|slot| 1 + slot as u32 % 2).collect() },
            workspaces: Vec::new(),
        }
    }

    fn ids(targets: &[Target]) -> Vec<u64> {
        let mut ids: Vec<u64> = targets.iter().map(|target| target.node.0).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn a_file_has_the_group_of_its_slot() {
        let routes = Routes::new(info()).unwrap();
        let (workspace, path) = (WorkspaceId(1), VfsPath::new("a.py").unwrap());
        let slot = Slot::of(workspace, &path).number();
        assert_eq!(routes.group_of(workspace, &path), Some(1 + u32::from(slot) % 2));
        assert_eq!((routes.data_groups(), routes.epoch()), (vec![1, 2], 5));
        let empty = Routes::new(ClusterInfo { slots: SlotsInfo::default(), ..info() }).unwrap();
        assert_eq!((empty.group_of(workspace, &path), empty.data_groups()), (None, Vec::new()));
    }

    #[test]
    fn witnesses_are_not_asked_and_draining_nodes_come_last() {
        let mut info = info();
        info.nodes[3].kind = NodeKindInfo::Witness;
        let best = Routes::new(info.clone()).unwrap().engines(WorkspaceId(1))[0].node;
        info.nodes[best.0 as usize - 1].draining = true;
        let routes = Routes::new(info).unwrap();
        let engines = routes.engines(WorkspaceId(1));
        assert_eq!(ids(&engines), [1, 2, 3]);
        assert_eq!(engines[2].node, best);
        assert_eq!(ids(&routes.owners(WorkspaceId(1), 1)), [1, 2]);
        assert_eq!(ids(&routes.owners(WorkspaceId(1), 9)), [0_u64; 0]);
    }

    #[test]
    fn whoever_leads_a_group_is_asked_first() {
        for leader in [1, 2, 4] {
            let mut info = info();
            info.groups[1].leader = Some(leader);
            let members = Routes::new(info).unwrap().members(1);
            assert_eq!((members[0].node, ids(&members)), (NodeId(leader), vec![1, 2, 4]));
        }
    }

    #[test]
    fn what_no_cluster_says_gives_no_routes() {
        let mut nowhere = info();
        nowhere.nodes[0].address = "127.0.0.1".into();
        assert!(Routes::new(nowhere).is_err());
        assert!(Routes::new(ClusterInfo { nodes: Vec::new(), ..info() }).is_err());
    }
}

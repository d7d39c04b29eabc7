//! What `GET /v1/cluster` says, without any token: who the nodes of a cluster are and which group has which files.
//!
//! It is JSON. Fields are only ever added; a reader ignores those that it does not know.

use serde::{Deserialize, Serialize};

/// How many slots a shard map has. Part of the format of every cluster.
pub const N_SLOTS: usize = 1024;

/// A cluster as a guest has to know it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClusterInfo {
    /// Its id: 32 lower-case hexadecimal digits.
    pub cluster: String,
    /// Which state of the metadata this is; of two of one cluster the one with the greater number is the later. 0 from a node that
    /// does not say.
    #[serde(default)]
    pub revision: u64,
    /// Its nodes, by id.
    pub nodes: Vec<NodeInfo>,
    /// Its groups, by id, that of the metadata (0) included.
    pub groups: Vec<GroupInfo>,
    /// Which group has which files.
    pub slots: SlotsInfo,
    /// Its workspaces, by id.
    pub workspaces: Vec<WorkspaceInfo>,
}

/// A node.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Its id; never 0.
    pub id: u64,
    /// `host:port`.
    pub address: String,
    /// What it is for.
    pub kind: NodeKindInfo,
    /// Whether it is about to go. It still answers, but nobody should begin with it.
    pub draining: bool,
}

/// What a node is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKindInfo {
    /// It keeps contents and answers questions.
    Full,
    /// It votes, and no more.
    Witness,
}

/// A group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroupInfo {
    /// Its id.
    pub id: u32,
    /// Counts the changes of its replicas.
    pub epoch: u64,
    /// The nodes that have one.
    pub replicas: Vec<u64>,
    /// The node that leads it, as far as whoever answers knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<u64>,
}

/// Which group has which files.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SlotsInfo {
    /// Counts the changes of the map.
    pub epoch: u64,
    /// The group of each slot; empty before there are groups.
    pub groups: Vec<u32>,
}

/// A workspace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WorkspaceInfo {
    /// Its id.
    pub id: u32,
    /// What people call it.
    pub name: String,
}

/// Something calls itself a cluster and cannot be one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this describes no cluster: {0}")]
pub struct ClusterInfoError(String);

impl ClusterInfo {
    /// Whether a cluster can be like this: an id that is one, nodes and groups each once and by id, a map that is whole and names
    /// groups that exist.
    ///
    /// # Errors
    /// [`ClusterInfoError`] says what cannot be.
    pub fn check(&self) -> Result<(), ClusterInfoError> {
        let that = |holds: bool, what: &str| if holds { Ok(()) } else { Err(ClusterInfoError(what.to_owned())) };
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        that(self.cluster.len() == 32 && self.cluster.bytes().all(is_digit), "its id is no id")?;
        that(self.nodes.first().is_some_and(|node| node.id > 0), "it has no node, or one without an id")?;
        that(self.nodes.is_sorted_by(|a, b| a.id < b.id), "its nodes are not by id")?;
        that(self.groups.is_sorted_by(|a, b| a.id < b.id), "its groups are not by id")?;
        that(self.workspaces.is_sorted_by(|a, b| a.id < b.id), "its workspaces are not by id")?;
        let n_slots = self.slots.groups.len();
        that(n_slots == 0 || n_slots == N_SLOTS, "its shard map is not whole")?;
        let exists = |group: &u32| self.groups.binary_search_by_key(group, |known| known.id).is_ok();
        that(self.slots.groups.iter().all(exists), "its shard map names a group that it does not have")
    }

    /// A group.
    pub fn group(&self, id: u32) -> Option<&GroupInfo> {
        let idx = self.groups.binary_search_by_key(&id, |group| group.id).ok()?;
        self.groups.get(idx)
    }

    /// A node.
    pub fn node(&self, id: u64) -> Option<&NodeInfo> {
        let idx = self.nodes.binary_search_by_key(&id, |node| node.id).ok()?;
        self.nodes.get(idx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> ClusterInfo {
        ClusterInfo {
            cluster: "a5".repeat(16),
            revision: 40,
            nodes: vec![
                NodeInfo { id: 1, address: "127.0.0.1:9257".into(), kind: NodeKindInfo::Full, draining: false },
                NodeInfo { id: 4, address: "[::1]:1".into(), kind: NodeKindInfo::Witness, draining: true },
            ],
            groups: vec![
                GroupInfo { id: 0, epoch: 1, replicas: vec![1, 4], leader: None },
                GroupInfo { id: 1, epoch: 3, replicas: vec![1], leader: Some(1) },
            ],
            slots: SlotsInfo { epoch: 1, groups: vec![1; N_SLOTS] },
            workspaces: vec![WorkspaceInfo { id: 1, name: "my project".into() }],
        }
    }

    #[test]
    fn a_cluster_is_this_json_for_ever() {
        let mut info = info();
        info.slots.groups.clear();
        let json = concat!(
            r#"{"cluster":"a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5","revision":40,"nodes":["#,
            r#"{"id":1,"address":"127.0.0.1:9257","kind":"full","draining":false},"#,
            r#"{"id":4,"address":"[::1]:1","kind":"witness","draining":true}],"#,
            r#""groups":[{"id":0,"epoch":1,"replicas":[1,4]},{"id":1,"epoch":3,"replicas":[1],"leader":1}],"#,
            r#""slots":{"epoch":1,"groups":[]},"workspaces":[{"id":1,"name":"my project"}]}"#,
        );
        assert_eq!(serde_json::to_string(&info).unwrap(), json);
        assert_eq!(serde_json::from_str::<ClusterInfo>(json).unwrap(), info);
        let newer = json.replacen('{', r#"{"later":[1],"#, 1);
        assert_eq!(serde_json::from_str::<ClusterInfo>(&newer).unwrap(), info);
    }

    #[test]
    fn what_no_cluster_can_be_is_seen() {
        assert_eq!(info().check(), Ok(()));
        let wrong: [fn(&mut ClusterInfo); 8] = [
            |info| info.cluster = "A5".repeat(16),
            |info| info.cluster = String::new(),
            |info| info.nodes.clear(),
            |info| info.nodes[0].id = 0,
            |info| info.nodes[1].id = 1,
            |info| info.groups.swap(0, 1),
            |info| info.slots.groups[7] = 9,
            |info| info.slots.groups.truncate(N_SLOTS - 1),
        ];
        for (at, change) in wrong.into_iter().enumerate() {
            let mut info = info();
            change(&mut info);
            assert!(info.check().is_err(), "{at}");
        }
    }

    #[test]
    fn nodes_and_groups_are_found_by_id() {
        let info = info();
        assert_eq!(info.node(4).map(|node| node.kind), Some(NodeKindInfo::Witness));
        assert_eq!(info.group(1).and_then(|group| group.leader), Some(1));
        assert!(info.node(2).is_none() && info.group(2).is_none());
    }
}

//! What is said of nodes, as JSON: plain numbers and words.

use serde::{Deserialize, Serialize};
use vraftls_cluster::NodeReport;
use vraftls_proto::rpc::NodeKindInfo;

/// What all nodes of a cluster say of themselves.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ClusterStatus {
    /// The nodes, by their ids.
    pub nodes: Vec<NodeStatus>,
}

/// A node, as the metadata has it and as it says itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its id.
    pub node: u64,
    /// Where others reach it.
    pub address: String,
    /// What it is for.
    pub kind: NodeKindInfo,
    /// Whether it is being relieved of everything.
    pub draining: bool,
    /// What it says; none if it did not answer.
    pub report: Option<NodeReport>,
    /// Why it did not answer.
    pub error: Option<String>,
}

/// A change of a group's replicas that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveStatus {
    /// The group.
    pub group: u32,
    /// The change.
    pub id: u64,
    /// The node that gets a replica.
    pub add: Option<u64>,
    /// The node that loses its replica.
    pub remove: Option<u64>,
    /// How far it is, in a word.
    pub step: String,
}

/// Why a node should get no work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReady {
    /// It is not done with starting.
    Starting,
    /// It is being relieved of everything, or ends.
    Draining,
    /// Groups that it has a replica of have no leader, as far as it knows.
    NoLeader {
        /// Which.
        groups: Vec<u32>,
    },
    /// Its disk does not do what it should.
    Disk {
        /// What it does, for people.
        why: String,
    },
}

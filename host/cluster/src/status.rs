//! What a node says of itself to the others.

use serde::{Deserialize, Serialize};
use vraftls_raft::status::{GroupStatus, Role};

/// A node and its groups at one moment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NodeReport {
    /// Which node.
    pub node: u64,
    /// The version of its program.
    pub version: String,
    /// The revision of the metadata that it knows.
    pub metadata_revision: u64,
    /// The groups that run there, ascending.
    pub groups: Vec<GroupReport>,
}

/// A replica at one moment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct GroupReport {
    /// Which group.
    pub group: u32,
    /// Whether it leads.
    pub is_leader: bool,
    /// Its term.
    pub term: u64,
    /// Who leads, as far as it knows.
    pub leader: Option<u64>,
    /// The last entry of its log.
    pub last_log: u64,
    /// The last entry known to be committed.
    pub committed: u64,
    /// The last entry applied.
    pub applied: u64,
    /// The state is durable at least up to here.
    pub snapshot: u64,
    /// Entries up to here are gone.
    pub purged: u64,
    /// Who votes.
    pub voters: Vec<u64>,
    /// Who replicates without a vote.
    pub learners: Vec<u64>,
    /// Whether a change of voters is half done.
    pub is_joint: bool,
    /// On a leader: how many entries each other replica lacks; none for one that never answered.
    pub lags: Vec<(u64, Option<u64>)>,
    /// Why it stopped, if it did.
    pub stopped: Option<String>,
}

impl GroupReport {
    /// A replica's own view of its group.
    pub fn of(status: &GroupStatus) -> Self {
        let index = |id: Option<vraftls_raft::ids::LogId>| id.map_or(0, |id| id.index);
        let lag = |(node, matched): (&vraftls_raft::ids::NodeId, &Option<vraftls_raft::ids::LogId>)| {
            (node.0, matched.and(status.lag_entries(*node)))
        };
        Self {
            group: status.group.0,
            is_leader: status.role == Role::Leader,
            term: status.term,
            leader: status.leader.map(|node| node.0),
            last_log: status.last_log_index.unwrap_or(0),
            committed: index(status.committed),
            applied: index(status.applied),
            snapshot: index(status.snapshot),
            purged: index(status.purged),
            voters: status.membership.voters().into_iter().map(|node| node.0).collect(),
            learners: status.membership.learners().into_iter().map(|node| node.0).collect(),
            is_joint: status.membership.voter_sets.len() > 1,
            lags: status.matched.iter().filter(|(node, _)| **node != status.node).map(lag).collect(),
            stopped: status.stopped.clone(),
        }
    }
}

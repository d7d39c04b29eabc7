//! What a group can tell about itself, for dashboards, tests and placement.

use std::collections::BTreeMap;

use crate::ids::{GroupId, LogId, Membership, NodeId};

/// The part a node plays in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Replicates, does not vote.
    Learner,
    /// Votes and replicates.
    Follower,
    /// Stands for election.
    Candidate,
    /// Decides the order of entries.
    Leader,
    /// Has stopped.
    Stopped,
}

/// Who leads a group, as one replica sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leadership {
    /// What this replica is.
    pub role: Role,
    /// Who leads; none if that is not known.
    pub leader: Option<NodeId>,
}

/// A group as seen by one of its nodes at one moment. Values may be a little older than the moment, never newer.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupStatus {
    /// Which group.
    pub group: GroupId,
    /// The node that reports.
    pub node: NodeId,
    /// Its part.
    pub role: Role,
    /// The current term.
    pub term: u64,
    /// The leader, as far as this node knows.
    pub leader: Option<NodeId>,
    /// The last entry in this node's log, flushed or not.
    pub last_log_index: Option<u64>,
    /// The last entry known to be committed.
    pub committed: Option<LogId>,
    /// The last entry applied to this node's state machine.
    pub applied: Option<LogId>,
    /// The last snapshot point: the state is durable at least up to here.
    pub snapshot: Option<LogId>,
    /// Entries up to here are gone from the log.
    pub purged: Option<LogId>,
    /// The membership in force (an uncommitted one counts from the moment it is in the log).
    pub membership: Membership,
    /// The entry that brought the membership; changes are based on it.
    pub membership_at: Option<LogId>,
    /// On a leader: the last entry that each follower and learner is known to hold.
    pub matched: BTreeMap<NodeId, Option<LogId>>,
    /// On a leader: milliseconds since a quorum last answered it.
    pub quorum_acked_ms_ago: Option<u64>,
    /// Why the group stopped, if it did.
    pub stopped: Option<String>,
}

impl GroupStatus {
    /// How many entries `node` is behind this leader's log; `None` if this node does not lead or does not know it.
    pub fn lag_entries(&self, node: NodeId) -> Option<u64> {
        let matched = self.matched.get(&node)?;
        let next = |index: Option<u64>| index.map_or(0, |index| index + 1);
        Some(next(self.last_log_index).saturating_sub(next(matched.map(|id| id.index))))
    }
}

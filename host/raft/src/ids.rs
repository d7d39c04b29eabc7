//! Names of things in consensus: nodes, groups, log positions, memberships.
//!
//! Plain values with public fields. They are what this room shows to others; the consensus library's own types stay
//! inside, and so do the bytes these are stored as (see [`crate::codec`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Names one process of the cluster for its whole life.
///
/// Invariant: an id is never given to a second process, nor to the same process after its disk was wiped. A reused id
/// can form a quorum out of votes that the first owner gave, which is how committed entries get lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u64> for NodeId {
    fn from(id: u64) -> Self {
        Self(id)
    }
}

/// Names one Raft group of the cluster. Group 0 is the metadata group, by convention of the callers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A position in a group's log: which leader proposed the entry, and where it stands.
///
/// Ordered by term, then leader, then index, as the log's up-to-dateness is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// Term of the leader that proposed the entry.
    pub term: u64,
    /// The leader that proposed the entry.
    pub leader: NodeId,
    /// Position in the log. The first entry of a group has index 0; there are no holes.
    pub index: u64,
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}.{}", self.term, self.leader, self.index)
    }
}

/// How to reach a member. Replicated with the membership.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// Opaque to this room; the [`Network`](crate::network::Network) in use gives it a meaning (`host:port`, say).
    pub address: String,
}

impl Peer {
    /// A peer at `address`.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into() }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// Who votes and who only listens.
///
/// More than one voter set means a joint configuration: a decision needs a majority of every set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Membership {
    /// The voter sets; one in the steady state, two while a change is under way, none before the group was formed.
    pub voter_sets: Vec<BTreeSet<NodeId>>,
    /// Every member, voter or learner, with its address. A member in no voter set is a learner.
    pub nodes: BTreeMap<NodeId, Peer>,
}

impl Membership {
    /// All voters of all sets.
    pub fn voters(&self) -> BTreeSet<NodeId> {
        self.voter_sets.iter().flatten().copied().collect()
    }

    /// Members that replicate but do not vote.
    pub fn learners(&self) -> BTreeSet<NodeId> {
        let voters = self.voters();
        self.nodes.keys().copied().filter(|node| !voters.contains(node)).collect()
    }

    /// Whether `node` is the only voter, so that it can elect itself without asking anybody.
    pub fn is_sole_voter(&self, node: NodeId) -> bool {
        !self.voter_sets.is_empty() && self.voters() == BTreeSet::from([node])
    }
}

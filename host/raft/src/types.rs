//! The consensus library's types, configured once for every group.
//!
//! One configuration with opaque bytes serves all groups whatever their state machines are: the log store, the wire
//! and the consensus core are compiled once and know no command. Typed values appear only in
//! [`Group`](crate::group::Group) and in the adapter around the machine.

use std::fmt;
use std::sync::Arc;

use openraft::alias;

use crate::ids::{self, NodeId, Peer};
use crate::machine::Applied;
use crate::runtime::Runtime;

openraft::declare_raft_types!(
    /// Commands and responses are encoded bytes. Leader ids order totally (term, then node), so two candidates of one
    /// term need no second election.
    pub(crate) Types:
        D = CommandBytes,
        R = ResponseBytes,
        NodeId = NodeId,
        Node = Peer,
        AsyncRuntime = Runtime,
);

pub(crate) type Entry = alias::EntryOf<Types>;
pub(crate) type Vote = alias::VoteOf<Types>;
pub(crate) type LeaderId = alias::LeaderIdOf<Types>;
pub(crate) type LogId = alias::LogIdOf<Types>;
pub(crate) type Payload = alias::PayloadOf<Types>;
pub(crate) type Membership = openraft::Membership<NodeId, Peer>;
pub(crate) type StoredMembership = alias::StoredMembershipOf<Types>;
pub(crate) type SnapshotMeta = alias::SnapshotMetaOf<Types>;
pub(crate) type AppendRequest = openraft::raft::AppendEntriesRequest<Types>;
pub(crate) type AppendResponse = openraft::raft::AppendEntriesResponse<Types>;
pub(crate) type AppendOutcome = openraft::raft::StreamAppendResult<Types>;
pub(crate) type VoteRequest = openraft::raft::VoteRequest<Types>;
pub(crate) type VoteResponse = openraft::raft::VoteResponse<Types>;
pub(crate) type TransferRequest = openraft::raft::TransferLeaderRequest<Types>;
pub(crate) type TransferResponse = openraft::raft::TransferLeaderResponse<Types>;
pub(crate) type SnapshotResponse = openraft::raft::SnapshotResponse<Types>;
pub(crate) type Callback = openraft::storage::IOFlushed<Types>;

/// An encoded command. Cloning shares the bytes: the same ones go to the log, to each follower and to the machine.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CommandBytes(pub(crate) Arc<[u8]>);

impl fmt::Debug for CommandBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "command of {} bytes", self.0.len())
    }
}

impl fmt::Display for CommandBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An encoded response; empty for entries that carry no command.
pub(crate) type ResponseBytes = Vec<u8>;

pub(crate) fn log_id_out(id: &LogId) -> ids::LogId {
    ids::LogId { term: id.leader_id.term, leader: id.leader_id.node_id, index: id.index }
}

pub(crate) fn log_id_in(id: &ids::LogId) -> LogId {
    LogId::new(LeaderId { term: id.term, node_id: id.leader }, id.index)
}

pub(crate) fn membership_out(membership: &Membership) -> ids::Membership {
    ids::Membership {
        voter_sets: membership.get_joint_config().clone(),
        nodes: membership.nodes().map(|(id, peer)| (*id, peer.clone())).collect(),
    }
}

/// Fails for a membership that names a voter without saying where it is; none such was ever written by us.
pub(crate) fn membership_in(membership: ids::Membership) -> Result<Membership, String> {
    if membership.voter_sets.is_empty() && membership.nodes.is_empty() {
        return Ok(Membership::default());
    }
    Membership::new(membership.voter_sets, membership.nodes).map_err(|error| error.to_string())
}

pub(crate) fn applied_out(last: Option<&LogId>, membership: &StoredMembership) -> Applied {
    Applied {
        last: last.map(log_id_out),
        membership: membership_out(membership.membership()),
        membership_at: membership.log_id().as_ref().map(log_id_out),
    }
}

pub(crate) fn applied_in(applied: &Applied) -> Result<(Option<LogId>, StoredMembership), String> {
    let membership = membership_in(applied.membership.clone())?;
    let stored = StoredMembership::new(applied.membership_at.as_ref().map(log_id_in), membership);
    Ok((applied.last.as_ref().map(log_id_in), stored))
}

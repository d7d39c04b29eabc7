//! Changing who belongs to a group, and who leads it.
//!
//! A change of voters passes through a joint configuration in two entries. If whoever drives it dies between them the
//! joint configuration stays in force, safely but with two majorities to ask: [`MembershipChange::FinishJoint`], or any
//! other change, completes it.

use std::collections::{BTreeMap, BTreeSet};

use openraft::errors::{ChangeMembershipError, ClientWriteError, RaftError};
use openraft::{ChangeMembers, Precondition};
use tokio::time::{Instant, timeout_at};

use crate::error::{MembershipError, UnknownReason};
use crate::group::{Group, leader_hint};
use crate::ids::{LogId, NodeId, Peer};
use crate::machine::StateMachine;
use crate::types::{self, Types};

/// What is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MembershipChange {
    /// Nodes that replicate from now on, without a vote. A node that is a member already is left as it is.
    AddLearners(BTreeMap<NodeId, Peer>),
    /// Learners that get a vote. Callers should wait until they have caught up, or commits wait for them.
    Promote(BTreeSet<NodeId>),
    /// Voters that lose their vote and stay as learners.
    Demote(BTreeSet<NodeId>),
    /// Voters that leave the group.
    RemoveVoters(BTreeSet<NodeId>),
    /// Learners that leave the group.
    RemoveLearners(BTreeSet<NodeId>),
    /// Nothing; a joint configuration that was left behind is completed.
    FinishJoint,
}

/// On what a change is conditioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BasedOn {
    /// The membership in force was brought by this entry; see [`GroupStatus`](crate::status::GroupStatus).
    Membership(Option<LogId>),
    /// Nothing: for a human at a console.
    Anything,
}

impl MembershipChange {
    /// The change in the core's terms, and whether voters that fall out stay as learners.
    fn into_core(self) -> (ChangeMembers<NodeId, Peer>, bool) {
        match self {
            Self::AddLearners(nodes) => (ChangeMembers::AddNodes(nodes), true),
            Self::Promote(nodes) => (ChangeMembers::AddVoterIds(nodes), true),
            Self::Demote(nodes) => (ChangeMembers::RemoveVoters(nodes), true),
            Self::RemoveVoters(nodes) => (ChangeMembers::RemoveVoters(nodes), false),
            Self::RemoveLearners(nodes) => (ChangeMembers::RemoveNodes(nodes), false),
            Self::FinishJoint => (ChangeMembers::AddVoterIds(BTreeSet::new()), true),
        }
    }
}

impl<M: StateMachine> Group<M> {
    /// Changes the membership and waits until the new one is committed. Leader only. Returns the entry that brought it.
    ///
    /// The change goes on when the deadline passes: half a change is worse than a late one.
    ///
    /// # Errors
    /// [`MembershipError`], whose [`class`](MembershipError::class) says what to do.
    pub async fn change_membership(
        &self,
        change: MembershipChange,
        based_on: BasedOn,
        deadline: Instant,
    ) -> Result<LogId, MembershipError> {
        let (change, retain) = change.into_core();
        let precondition = match based_on {
            BasedOn::Anything => None,
            BasedOn::Membership(at) => {
                Some(Precondition::LastMembershipLogId { last_membership_log_id: at.as_ref().map(types::log_id_in) })
            }
        };
        let raft = self.raft().clone();
        let changing = tokio::spawn(async move { raft.change_membership_if(change, retain, precondition).await });
        let stopped = |reason: String| MembershipError::Unknown { reason: UnknownReason::Stopped(reason) };
        match timeout_at(deadline, changing).await {
            Err(_) => Err(MembershipError::Unknown { reason: UnknownReason::Deadline }),
            Ok(Err(error)) => Err(stopped(error.to_string())),
            Ok(Ok(Err(RaftError::Fatal(fatal)))) => Err(stopped(fatal.to_string())),
            Ok(Ok(Err(RaftError::APIError(error)))) => Err(change_error(error)),
            Ok(Ok(Ok(written))) => Ok(types::log_id_out(&written.log_id)),
        }
    }

    /// Asks the leader to hand over to `to`, a voter that is close behind, and waits until `to` leads as this replica
    /// sees it. Leader only. Proposals are refused meanwhile.
    ///
    /// # Errors
    /// [`MembershipError::Invalid`] if `to` has no vote, [`MembershipError::Unknown`] if it does not lead in time: the
    /// old leader may lead on.
    pub async fn transfer_leader(&self, to: NodeId, deadline: Instant) -> Result<(), MembershipError> {
        let status = self.status();
        if status.leader != Some(self.node()) {
            let hint = |node| crate::error::LeaderHint { node, peer: status.membership.nodes.get(&node).cloned() };
            return Err(MembershipError::NotLeader { leader: status.leader.map(hint) });
        }
        if !status.membership.voters().contains(&to) {
            return Err(MembershipError::Invalid { detail: format!("node {to} is not a voter") });
        }
        let stopped = |reason: String| MembershipError::Unknown { reason: UnknownReason::Stopped(reason) };
        self.raft().trigger().transfer_leader(to).await.map_err(|fatal| stopped(fatal.to_string()))?;
        match self.wait_for("the new leader", deadline, |status| status.leader == Some(to)).await {
            Ok(_) => Ok(()),
            Err(crate::error::WaitError::Deadline { .. }) => {
                Err(MembershipError::Unknown { reason: UnknownReason::Deadline })
            }
            Err(crate::error::WaitError::Stopped { reason }) => Err(stopped(reason)),
        }
    }
}

fn change_error(error: ClientWriteError<Types>) -> MembershipError {
    match error {
        ClientWriteError::ForwardToLeader(forward) => MembershipError::NotLeader { leader: leader_hint(&forward) },
        ClientWriteError::LogEntryDiscarded(_) => MembershipError::Unknown { reason: UnknownReason::LeaderChanged },
        ClientWriteError::PreconditionFailed(found) => MembershipError::Conflict { detail: found.to_string() },
        ClientWriteError::ChangeMembershipError(error) => match error {
            ChangeMembershipError::InProgress(_) | ChangeMembershipError::UncommittedLeaderLog(_) => {
                MembershipError::Conflict { detail: error.to_string() }
            }
            ChangeMembershipError::EmptyMembership(_)
            | ChangeMembershipError::LearnerNotFound(_)
            | ChangeMembershipError::UnsupportedMembershipTransition(_)
            | ChangeMembershipError::NodeMetadataChanged(_) => MembershipError::Invalid { detail: error.to_string() },
        },
    }
}

//! Changing who belongs to a group, and who leads it.
//!
//! A change of voters passes through a joint configuration in two entries. If whoever drives it dies between them the
//! joint configuration stays in force, safely but with two majorities to ask: [`MembershipChange::FinishJoint`], or any
//! other change, completes it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use openraft::errors::{ChangeMembershipError, ClientWriteError, RaftError};
use openraft::{ChangeMembers, Precondition};
use tokio::time::{Instant, timeout_at};

use crate::error::{MembershipError, UnknownReason, WaitError};
use crate::group::{Group, leader_hint};
use crate::ids::{LogId, NodeId, Peer};
use crate::machine::StateMachine;
use crate::types::{self, Types};

/// An heir refuses as long as it has not every entry on its disk. It is asked again after so long.
const REMIND: Duration = Duration::from_millis(10);

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
    /// [`MembershipError::Invalid`] if `to` has no vote, [`MembershipError::Conflict`] if it was not heard lately,
    /// [`MembershipError::Unknown`] if it does not lead in time: anybody may lead then, or nobody for the time of an
    /// election.
    pub async fn transfer_leader(&self, to: NodeId, deadline: Instant) -> Result<(), MembershipError> {
        let status = self.status();
        if status.leader != Some(self.node()) {
            let hint = |node| crate::error::LeaderHint { node, peer: status.membership.nodes.get(&node).cloned() };
            return Err(MembershipError::NotLeader { leader: status.leader.map(hint) });
        }
        if !status.membership.voters().contains(&to) {
            return Err(MembershipError::Invalid { detail: format!("node {to} is not a voter") });
        }
        if to == self.node() {
            return Ok(());
        }
        if self.silence_of(to).is_none_or(|silence| silence > self.heard_within()) {
            return Err(MembershipError::Conflict { detail: format!("node {to} was not heard lately") });
        }
        let stopped = |reason: String| MembershipError::Unknown { reason: UnknownReason::Stopped(reason) };
        self.raft().trigger().transfer_leader(to).await.map_err(|fatal| stopped(fatal.to_string()))?;
        let this = self.clone();
        match timeout_at(deadline, tokio::spawn(async move { this.await_heir(to, status.term).await })).await {
            Err(_) => Err(MembershipError::Unknown { reason: UnknownReason::Deadline }),
            Ok(Err(error)) => Err(stopped(error.to_string())),
            Ok(Ok(handed_over)) => handed_over,
        }
    }

    /// Waits until `to` leads, and reminds it. A leader that was told to hand over takes no proposals any more, and still keeps others from
    /// being elected: if the heir does not take over, it must not lead on.
    async fn await_heir(&self, to: NodeId, term: u64) -> Result<(), MembershipError> {
        let patience = Instant::now() + self.hand_over_within();
        let unknown = |reason| Err(MembershipError::Unknown { reason });
        loop {
            let remind = patience.min(Instant::now() + REMIND);
            match self.wait_for_leadership("the new leader", remind, |now| now.leader == Some(to)).await {
                Ok(_) => return Ok(()),
                Err(WaitError::Deadline { .. }) => {}
                Err(WaitError::Stopped { reason }) => return unknown(UnknownReason::Stopped(reason)),
            }
            let status = self.status();
            let leads_on = status.term == term && status.leader == Some(self.node());
            if Instant::now() >= patience {
                if leads_on {
                    tracing::warn!(group = %self.group(), %to, "the heir does not lead; leadership is given up");
                    self.give_up_leadership(to, term).await;
                }
                return unknown(UnknownReason::Deadline);
            }
            if leads_on && let Err(fatal) = self.raft().trigger().transfer_leader(to).await {
                return unknown(UnknownReason::Stopped(fatal.to_string()));
            }
        }
    }

    /// Gives the heir the vote that it did not ask for: with it this replica leads no more. As safe as any vote, since
    /// one that is asked for again is checked against the log again.
    async fn give_up_leadership(&self, to: NodeId, term: u64) {
        let leader_id = types::LeaderId { term: term + 1, node_id: to };
        let vote = types::Vote { leader_id, committed: false };
        let mut request = types::VoteRequest::new(vote, self.log().last());
        request.leadership_transfer = true;
        if let Err(error) = self.raft().vote(request).await {
            tracing::warn!(group = %self.group(), %error, "leadership could not be given up");
        }
    }

    /// How long ago a member last answered, as far as this leader knows.
    fn silence_of(&self, node: NodeId) -> Option<Duration> {
        use openraft::Instant as _;
        use openraft::async_runtime::WatchReceiver as _;
        let heard = self.raft().metrics().borrow_watched().heartbeat.as_ref()?.get(&node).cloned()?;
        Some(heard?.elapsed())
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

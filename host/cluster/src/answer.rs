//! The side that answers: what can be asked of a replica that runs here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use vraftls_raft::codec::Codec;
use vraftls_raft::error::{LeaderHint, MembershipError, ProposeError, ReadError, WaitError};
use vraftls_raft::group::{Group, ReadGuard};
use vraftls_raft::ids::{Membership, NodeId, Peer};
use vraftls_raft::machine::StateMachine;
use vraftls_raft::membership::{BasedOn, MembershipChange};
use vraftls_raft::status::{GroupStatus, Leadership};

use crate::DataMachines;
use crate::hosted::Hosted;
use crate::rpc::{Answer, Change, Question, Refusal};
use crate::status::{GroupReport, NodeReport};

/// No question waits longer, whatever it says.
const WITHIN_MAX: Duration = Duration::from_secs(60);

/// A replica, whatever it replicates.
pub(crate) trait Replica: Send + Sync {
    /// Proposes an encoded command; gives the index and the encoded response.
    fn propose(&self, command: Arc<[u8]>, deadline: Instant) -> BoxFuture<'_, Result<(u64, Vec<u8>), Refusal>>;
    /// The index that a linearizable read must wait for.
    fn read_index(&self, guard: ReadGuard, deadline: Instant) -> BoxFuture<'_, Result<u64, Refusal>>;
    /// Returns when an entry is applied here.
    fn wait_applied(&self, index: u64, deadline: Instant) -> BoxFuture<'_, Result<(), ReadError>>;
    /// Makes the members as a change wants them.
    fn change(&self, change: Change, deadline: Instant) -> BoxFuture<'_, Result<(), Refusal>>;
    /// Hands the leadership over.
    fn transfer(&self, to: NodeId, deadline: Instant) -> BoxFuture<'_, Result<(), Refusal>>;
    /// Returns when another node than this leads, as far as this replica knows; never, if that cannot be known any more.
    fn led_by_another(&self, than: NodeId) -> BoxFuture<'_, NodeId>;
    /// Who leads, as far as this replica knows.
    fn leader(&self) -> Option<NodeId>;
    /// The group as this replica sees it.
    fn status(&self) -> GroupStatus;
}

impl<M: StateMachine> Replica for Group<M> {
    fn propose(&self, command: Arc<[u8]>, deadline: Instant) -> BoxFuture<'_, Result<(u64, Vec<u8>), Refusal>> {
        async move {
            // One that cannot be read would stop every replica.
            <M::Codec as Codec<M::Command>>::decode(&command)
                .map_err(|error| Refusal::Never(format!("no command: {error}")))?;
            self.propose_encoded(command, deadline).await.map_err(propose_refusal)
        }
        .boxed()
    }

    fn read_index(&self, guard: ReadGuard, deadline: Instant) -> BoxFuture<'_, Result<u64, Refusal>> {
        async move { Group::read_index(self, guard, deadline).await.map_err(read_refusal) }.boxed()
    }

    fn wait_applied(&self, index: u64, deadline: Instant) -> BoxFuture<'_, Result<(), ReadError>> {
        Group::wait_applied(self, index, deadline).boxed()
    }

    fn change(&self, change: Change, deadline: Instant) -> BoxFuture<'_, Result<(), Refusal>> {
        async move {
            let status = self.status();
            // A follower's membership may be old, so only a leader knows that there is nothing to do.
            if status.leader != Some(self.node()) {
                return Err(Refusal::NotLeader { leader: status.leader.map(|node| node.0) });
            }
            let Some(change) = still_to_do(&status.membership, change) else { return Ok(()) };
            let changed = self.change_membership(change, BasedOn::Membership(status.membership_at), deadline).await;
            changed.map(drop).map_err(membership_refusal)
        }
        .boxed()
    }

    fn transfer(&self, to: NodeId, deadline: Instant) -> BoxFuture<'_, Result<(), Refusal>> {
        async move {
            if self.status().leader == Some(to) {
                return Ok(());
            }
            self.transfer_leader(to, deadline).await.map_err(membership_refusal)
        }
        .boxed()
    }

    fn led_by_another(&self, than: NodeId) -> BoxFuture<'_, NodeId> {
        async move {
            let other = |now: Leadership| now.leader.filter(|leader| *leader != than);
            let deadline = Instant::now() + WITHIN_MAX;
            let waited = self.wait_for_leadership("another leader", deadline, |now| other(now).is_some());
            match waited.await.ok().and_then(other) {
                Some(leader) => leader,
                None => std::future::pending().await,
            }
        }
        .boxed()
    }

    fn leader(&self) -> Option<NodeId> {
        self.leadership().leader
    }

    fn status(&self) -> GroupStatus {
        Group::status(self)
    }
}

/// What is left of a change, if anything is.
fn still_to_do(membership: &Membership, change: Change) -> Option<MembershipChange> {
    let is_joint = membership.voter_sets.len() > 1;
    if is_joint {
        // Whoever began it is gone; the rest of the change comes after.
        return Some(MembershipChange::FinishJoint);
    }
    let votes = |node: u64| membership.voters().contains(&NodeId(node));
    let is_member = |node: u64| membership.nodes.contains_key(&NodeId(node));
    let one = |node: u64| BTreeSet::from([NodeId(node)]);
    match change {
        Change::AddLearner { node, address } => (!is_member(node))
            .then(|| MembershipChange::AddLearners(BTreeMap::from([(NodeId(node), Peer::new(address))]))),
        Change::Promote { node } => (!votes(node)).then(|| MembershipChange::Promote(one(node))),
        Change::Demote { node } => votes(node).then(|| MembershipChange::Demote(one(node))),
        Change::RemoveVoter { node } => match (votes(node), is_member(node)) {
            (true, _) => Some(MembershipChange::RemoveVoters(one(node))),
            (false, true) => Some(MembershipChange::RemoveLearners(one(node))),
            (false, false) => None,
        },
        Change::RemoveLearner { node } => {
            (is_member(node) && !votes(node)).then(|| MembershipChange::RemoveLearners(one(node)))
        }
        Change::FinishJoint => None,
    }
}

fn hint(leader: Option<LeaderHint>) -> Refusal {
    Refusal::NotLeader { leader: leader.map(|hint| hint.node.0) }
}

fn propose_refusal(error: ProposeError) -> Refusal {
    match error {
        ProposeError::NotLeader { leader } => hint(leader),
        ProposeError::Busy { retry_after } => {
            Refusal::Busy { retry_after_ms: u32::try_from(retry_after.as_millis()).unwrap_or(u32::MAX) }
        }
        ProposeError::TooLarge { bytes, bytes_max } => {
            Refusal::TooLarge { bytes: bytes as u64, bytes_max: bytes_max as u64 }
        }
        ProposeError::Unknown { reason } => Refusal::Unknown(reason.to_string()),
        error @ ProposeError::BadResponse { .. } => Refusal::Unknown(error.to_string()),
    }
}

fn read_refusal(error: ReadError) -> Refusal {
    match error {
        ReadError::NotLeader { leader } => hint(leader),
        error @ (ReadError::NoQuorum | ReadError::Deadline) => Refusal::NotNow(error.to_string()),
        error @ ReadError::Stopped { .. } => Refusal::NotNow(error.to_string()),
    }
}

fn membership_refusal(error: MembershipError) -> Refusal {
    match error {
        MembershipError::NotLeader { leader } => hint(leader),
        error @ MembershipError::Conflict { .. } => Refusal::NotNow(error.to_string()),
        error @ MembershipError::Invalid { .. } => Refusal::Never(error.to_string()),
        error @ MembershipError::Unknown { .. } => Refusal::Unknown(error.to_string()),
    }
}

/// Whether a leader led on until a wait ended.
pub(crate) fn is_stopped(error: &WaitError) -> bool {
    matches!(error, WaitError::Stopped { .. })
}

impl<D: DataMachines> Hosted<D> {
    /// Answers a question of another node, or of this one to itself.
    pub(crate) async fn answer(&self, question: Question) -> Answer {
        let deadline = |within_ms: u32| Instant::now() + Duration::from_millis(within_ms.into()).min(WITHIN_MAX);
        let replica = |group: u32| self.replica(vraftls_raft::ids::GroupId(group)).ok_or(Refusal::NotHosted);
        let answered = async {
            Ok(match question {
                Question::Propose { group, command, within_ms } => {
                    let (index, response) = replica(group)?.propose(command, deadline(within_ms)).await?;
                    Answer::Proposed { index, response }
                }
                Question::ReadIndex { group, by_lease, within_ms } => {
                    let guard = if by_lease { ReadGuard::Lease } else { ReadGuard::ReadIndex };
                    Answer::ReadIndex(replica(group)?.read_index(guard, deadline(within_ms)).await?)
                }
                Question::Change { group, change, within_ms } => {
                    replica(group)?.change(change, deadline(within_ms)).await?;
                    Answer::Done
                }
                Question::Transfer { group, to, within_ms } => {
                    replica(group)?.transfer(NodeId(to), deadline(within_ms)).await?;
                    Answer::Done
                }
                Question::Report => Answer::Report(self.report()),
            })
        };
        answered.await.unwrap_or_else(Answer::Refused)
    }

    /// This node and its groups now.
    pub(crate) fn report(&self) -> NodeReport {
        let data = self.all().into_iter().map(|(_, group)| GroupReport::of(&group.group.status()));
        NodeReport {
            node: self.node.0,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            metadata_revision: self.metadata.borrow().revision().0,
            groups: std::iter::once(GroupReport::of(&self.meta.status())).chain(data).collect(),
        }
    }
}

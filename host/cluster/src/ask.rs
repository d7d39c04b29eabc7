//! Finding whoever leads a group, and asking again until it answers or time is up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::network::NetworkError;
use vraftls_transport::{Lane, Peers};

use crate::hosted::{Hosted, METADATA, address_of};
use crate::rpc::{self, Answer, CONTROL, Change, Question, Refusal};
use crate::{AskError, DataMachines, NodeReport};

/// How long one attempt waits at most: a leader that is gone is not waited for until the end.
const ATTEMPT: Duration = Duration::from_secs(3);

/// How long before the next attempt, when there is nobody better to ask.
const PAUSE: Duration = Duration::from_millis(25);

/// Asks whoever leads.
pub(crate) struct Asker<D: DataMachines> {
    pub(crate) hosted: Arc<Hosted<D>>,
    pub(crate) peers: Peers,
}

impl<D: DataMachines> Clone for Asker<D> {
    fn clone(&self) -> Self {
        Self { hosted: Arc::clone(&self.hosted), peers: self.peers.clone() }
    }
}

/// What an attempt came to.
enum Attempt {
    Answered(Answer),
    /// Somebody else should be asked; nothing happened.
    Elsewhere(Option<NodeId>, String),
    /// Later; nothing happened.
    Later(Duration, String),
    /// It may have happened.
    Unknown(String),
}

impl<D: DataMachines> Asker<D> {
    /// Proposes a numbered command, as often as it takes; gives the index and the encoded response.
    pub(crate) async fn propose(
        &self,
        group: GroupId,
        command: Arc<[u8]>,
        deadline: Instant,
    ) -> Result<(u64, Vec<u8>), AskError> {
        let question = |within_ms| Question::Propose { group: group.0, command: command.clone(), within_ms };
        match self.ask(group, question, deadline).await? {
            Answer::Proposed { index, response } => Ok((index, response)),
            other => Err(unexpected(group, &other)),
        }
    }

    /// The index that a linearizable read of a group must wait for.
    pub(crate) async fn read_index(&self, group: GroupId, by_lease: bool, deadline: Instant) -> Result<u64, AskError> {
        let question = |within_ms| Question::ReadIndex { group: group.0, by_lease, within_ms };
        match self.ask(group, question, deadline).await? {
            Answer::ReadIndex(index) => Ok(index),
            other => Err(unexpected(group, &other)),
        }
    }

    /// Makes the members of a group as a change wants them.
    pub(crate) async fn change(&self, group: GroupId, change: Change, deadline: Instant) -> Result<(), AskError> {
        let question = |within_ms| Question::Change { group: group.0, change: change.clone(), within_ms };
        self.ask(group, question, deadline).await.map(drop)
    }

    /// Hands a group's leadership over.
    pub(crate) async fn transfer(&self, group: GroupId, to: NodeId, deadline: Instant) -> Result<(), AskError> {
        let question = |within_ms| Question::Transfer { group: group.0, to: to.0, within_ms };
        self.ask(group, question, deadline).await.map(drop)
    }

    /// How a node is.
    pub(crate) async fn report(&self, node: NodeId, within: Duration) -> Option<NodeReport> {
        if node == self.hosted.node {
            return Some(self.hosted.report());
        }
        match self.ask_node(node, &Question::Report, within).await {
            Attempt::Answered(Answer::Report(report)) if report.node == node.0 => Some(report),
            _ => None,
        }
    }

    async fn ask(
        &self,
        group: GroupId,
        question: impl Fn(u32) -> Question,
        deadline: Instant,
    ) -> Result<Answer, AskError> {
        let mut target = self.known_leader(group);
        let mut tried: BTreeSet<NodeId> = BTreeSet::new();
        let (mut unknown, mut busy, mut last) = (None, None, "nobody was asked".to_owned());
        loop {
            let node = match target.take().or_else(|| self.next_candidate(group, &tried)) {
                Some(node) => node,
                None => {
                    tried.clear();
                    if !pause(PAUSE, deadline).await {
                        break;
                    }
                    match self.known_leader(group).or_else(|| self.next_candidate(group, &tried)) {
                        Some(node) => node,
                        None => continue,
                    }
                }
            };
            let within = ATTEMPT.min(deadline.saturating_duration_since(Instant::now()));
            if within.is_zero() {
                break;
            }
            let within_ms = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
            tried.insert(node);
            busy = None;
            match self.ask_while_it_leads(group, node, &question(within_ms), within).await {
                Attempt::Answered(Answer::Refused(refusal)) => return Err(AskError::refused(group, &refusal)),
                Attempt::Answered(answer) => return Ok(answer),
                Attempt::Elsewhere(hint, reason) => {
                    target = hint.filter(|hint| !tried.contains(hint));
                    last = reason;
                }
                Attempt::Later(retry_after, reason) => {
                    busy = Some(retry_after);
                    (target, last) = (Some(node), reason);
                    if !pause(retry_after, deadline).await {
                        break;
                    }
                }
                Attempt::Unknown(reason) => {
                    unknown = Some(reason);
                    tried.remove(&node);
                    if !pause(PAUSE, deadline).await {
                        break;
                    }
                    target = self.known_leader(group);
                }
            }
        }
        Err(match (unknown, busy) {
            (Some(reason), _) => AskError::Unknown { group, reason },
            (None, Some(retry_after)) => AskError::Busy { group, retry_after },
            (None, None) => AskError::NoLeader { group, last },
        })
    }

    /// Asks a node, but no longer than until the replica here learns that another leads: one that stands still or is cut off would be
    /// waited for in vain. Whoever is asked although another leads is waited for.
    async fn ask_while_it_leads(&self, group: GroupId, node: NodeId, question: &Question, within: Duration) -> Attempt {
        let asked = self.ask_node(node, question, within);
        let Some(replica) = self.hosted.replica(group) else { return asked.await };
        let another_leads = replica.leader().is_some_and(|leader| leader != node);
        if node == self.hosted.node || another_leads {
            return asked.await;
        }
        unless(asked, replica.led_by_another(node), question.may_have_effect()).await
    }

    async fn ask_node(&self, node: NodeId, question: &Question, within: Duration) -> Attempt {
        if node == self.hosted.node {
            return judge(self.hosted.answer(question.clone()).await);
        }
        let Some(peer) = self.address(node) else {
            return Attempt::Elsewhere(None, format!("where node {node} is is not known"));
        };
        let asked: Result<Bytes, NetworkError> =
            self.peers.ask(node, &peer, Lane::Service, CONTROL, rpc::encode(question), within).await;
        match asked {
            Ok(bytes) => match rpc::decode(&bytes) {
                Ok(answer) => judge(answer),
                Err(error) => Attempt::Unknown(error.to_string()),
            },
            Err(error @ NetworkError::Deadline { .. }) => Attempt::Unknown(error.to_string()),
            // A connection that ended may have carried the question.
            Err(error @ NetworkError::Unreachable { .. }) if question.may_have_effect() => {
                Attempt::Unknown(error.to_string())
            }
            Err(error) => Attempt::Elsewhere(None, error.to_string()),
        }
    }

    pub(crate) fn address(&self, node: NodeId) -> Option<Peer> {
        address_of(&self.hosted.metadata.borrow(), &self.hosted.config.contacts, node)
    }

    /// Who leads, as far as the replica here knows.
    fn known_leader(&self, group: GroupId) -> Option<NodeId> {
        self.hosted.replica(group)?.leader()
    }

    /// A node that has a replica and was not asked yet.
    fn next_candidate(&self, group: GroupId, tried: &BTreeSet<NodeId>) -> Option<NodeId> {
        let state = self.hosted.metadata.borrow().clone();
        let known = state.groups().get(&vraftls_meta::GroupId(group.0));
        let mut candidates: BTreeSet<NodeId> = known
            .into_iter()
            .flat_map(|known| known.replicas.iter().copied().chain(known.change.and_then(|change| change.add)))
            .map(|node| NodeId(node.0))
            .collect();
        if group == METADATA && known.is_none() {
            candidates.extend(self.hosted.config.contacts.keys().map(|node| NodeId(node.0)));
        }
        candidates.into_iter().find(|node| !tried.contains(node))
    }
}

impl Question {
    /// Whether it matters that it was carried although no answer came back.
    fn may_have_effect(&self) -> bool {
        matches!(self, Self::Propose { .. })
    }
}

/// Waits for an attempt until another node leads.
async fn unless(
    asked: impl Future<Output = Attempt>,
    led_by_another: impl Future<Output = NodeId>,
    may_have_effect: bool,
) -> Attempt {
    tokio::select! {
        attempt = asked => attempt,
        leader = led_by_another => {
            let reason = format!("node {leader} leads by now");
            if may_have_effect { Attempt::Unknown(reason) } else { Attempt::Elsewhere(Some(leader), reason) }
        }
    }
}

fn judge(answer: Answer) -> Attempt {
    match answer {
        Answer::Refused(refusal) => match refusal {
            Refusal::NotLeader { leader } => Attempt::Elsewhere(leader.map(NodeId), refusal.to_string()),
            Refusal::NotHosted => Attempt::Elsewhere(None, refusal.to_string()),
            Refusal::Busy { retry_after_ms } => {
                Attempt::Later(Duration::from_millis(retry_after_ms.into()), refusal.to_string())
            }
            Refusal::NotNow(reason) => Attempt::Later(PAUSE, reason),
            Refusal::Unknown(reason) => Attempt::Unknown(reason),
            refusal @ (Refusal::TooLarge { .. } | Refusal::Never(_)) => Attempt::Answered(Answer::Refused(refusal)),
        },
        answer => Attempt::Answered(answer),
    }
}

/// Waits, unless that would be too long.
async fn pause(duration: Duration, deadline: Instant) -> bool {
    if Instant::now() + duration >= deadline {
        return false;
    }
    tokio::time::sleep(duration).await;
    true
}

fn unexpected(group: GroupId, answer: &Answer) -> AskError {
    AskError::Unknown { group, reason: format!("the answer to another question: {answer:?}") }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn who_leads_no_more_is_not_waited_for() {
        let asked = unless(pending(), ready(NodeId(2)), true).await;
        assert!(matches!(asked, Attempt::Unknown(_)), "it may have been done");
        let asked = unless(pending(), ready(NodeId(2)), false).await;
        assert!(matches!(asked, Attempt::Elsewhere(Some(NodeId(2)), _)), "asking again harms nothing");
        let answered = unless(ready(Attempt::Answered(Answer::Done)), pending(), true).await;
        assert!(matches!(answered, Attempt::Answered(Answer::Done)));
    }
}

//! Files on their way into the shards: contents first, on a quorum of a shard's replicas, then the commit that speaks of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;
use vraftls_cluster::{AskError, Cluster};
use vraftls_meta::{GroupId as MetaGroupId, State as Metadata};
use vraftls_proto::rpc::{Blob, Commit, CommitError, GroupError};
use vraftls_raft::codec::Codec;
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_transport::{Lane, Peers};
use vraftls_vfs::{Applied, ClientId, Command, ContentDigest, Refusal, Request, Response};

use super::machines::SharedMachines;
use super::questions::{self, KEEP, LACKS};
use crate::contents::{ContentError, ContentStore};
use crate::machine::VfsCodec;
use crate::references::{References, TooManyLeases};
use crate::tree::ingest::blocking;

/// How long a replica may take to say what it lacks, or to keep what it is given.
const REPLICA: Duration = Duration::from_secs(20);

/// How long replicas that are slower than a quorum are waited for.
const GRACE: Duration = Duration::from_millis(100);

/// How long a commit is pursued: an election, and what follows it. Whoever asks goes to the next node after that, which may reach a leader
/// that this one cannot.
const COMMIT: Duration = Duration::from_secs(4);

/// Brings files in.
pub(super) struct Commits {
    pub(super) cluster: Arc<Cluster<SharedMachines>>,
    pub(super) contents: ContentStore,
    pub(super) references: References,
    pub(super) peers: Peers,
}

/// Why contents are not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    /// They cannot be stored.
    #[error(transparent)]
    Contents(#[from] ContentError),
    /// Too many wait to be committed.
    #[error(transparent)]
    Leases(#[from] TooManyLeases),
}

impl Commits {
    /// How many replicas must keep contents before a commit may speak of them: as many as are left of any majority without its witness, so
    /// that whoever leads next has them or finds somebody who does. See ADR 0017.
    fn n_quorum(&self, group: u32) -> usize {
        let metadata: Arc<Metadata> = self.cluster.metadata().borrow().clone();
        let Some(known) = metadata.groups().get(&MetaGroupId(group)) else { return 1 };
        let is_full = |node| metadata.nodes().get(node).is_none_or(vraftls_meta::Node::is_full);
        let n_witnesses = known.replicas.iter().filter(|node| !is_full(*node)).count();
        (known.replicas.len() / 2 + 1).saturating_sub(n_witnesses).max(1)
    }

    /// The replicas of a group that keep contents.
    fn full_replicas(&self, group: u32) -> Result<Vec<(NodeId, Peer)>, GroupError> {
        let metadata: Arc<Metadata> = self.cluster.metadata().borrow().clone();
        let known = metadata.groups().get(&MetaGroupId(group)).filter(|_| group != MetaGroupId::METADATA.0);
        let known = known.ok_or(GroupError::NoSuchGroup(group))?;
        let full = known.replicas.iter().filter_map(|node| {
            let about = metadata.nodes().get(node).filter(|about| about.is_full())?;
            Some((NodeId(node.0), Peer::new(about.registration.address.as_str())))
        });
        Ok(full.collect())
    }

    /// Which contents are not held by a quorum of a group's replicas, as far as is known: who is slow is not waited for.
    pub(super) async fn missing(
        &self,
        group: u32,
        digests: Vec<ContentDigest>,
    ) -> Result<Vec<ContentDigest>, GroupError> {
        let replicas = self.full_replicas(group)?;
        let n_quorum = self.n_quorum(group);
        let asked = replicas.iter().map(|(node, peer)| self.lacks(*node, peer, &digests));
        let answers = gather(asked, n_quorum, Option::is_some).await;
        let answers: Vec<BTreeSet<ContentDigest>> = answers.into_iter().flatten().collect();
        if answers.len() < n_quorum {
            return Err(GroupError::Unavailable(format!("{} of {} replicas answer", answers.len(), replicas.len())));
        }
        let n_having = |digest: &ContentDigest| answers.iter().filter(|lacking| !lacking.contains(digest)).count();
        Ok(digests.into_iter().filter(|digest| n_having(digest) < n_quorum).collect())
    }

    async fn lacks(&self, node: NodeId, peer: &Peer, digests: &[ContentDigest]) -> Option<BTreeSet<ContentDigest>> {
        if node == self.cluster.node() {
            return Some(self.lacking_here(digests.to_vec()).await.ok()?.into_iter().collect());
        }
        let question = questions::encode(&digests);
        let answer = self.peers.ask(node, peer, Lane::Blob, LACKS, question, REPLICA).await.ok()?;
        let lacking: Vec<ContentDigest> = questions::decode(&answer).ok()?;
        Some(lacking.into_iter().collect())
    }

    /// Which contents this node does not hold; the others it goes on holding for a while.
    pub(super) async fn lacking_here(&self, digests: Vec<ContentDigest>) -> Result<Vec<ContentDigest>, KeepError> {
        let (contents, references) = (self.contents.clone(), self.references.clone());
        blocking(move || {
            let mut lacking = Vec::new();
            for digest in digests {
                // What is said to be here stays long enough to be committed.
                references.lease(digest, std::time::Instant::now())?;
                if !contents.has(&digest)? {
                    lacking.push(digest);
                }
            }
            Ok(lacking)
        })
        .await
    }

    /// Keeps contents on a quorum of a group's replicas. Who is slow is not waited for, and fetches what it lacks when it hears of it.
    pub(super) async fn put(&self, group: u32, blobs: Vec<Blob>) -> Result<(), GroupError> {
        let replicas = self.full_replicas(group)?;
        let n_quorum = self.n_quorum(group);
        let blobs = Arc::new(blobs);
        let question = questions::encode(&*blobs);
        let kept = replicas.iter().map(|(node, peer)| {
            let (blobs, question) = (Arc::clone(&blobs), question.clone());
            async move {
                if *node == self.cluster.node() {
                    return self.keep_here(blobs).await.map_err(|error| crate::chain(&error));
                }
                let asked = self.peers.ask(*node, peer, Lane::Blob, KEEP, question, REPLICA).await;
                let answer = asked.map_err(|error| error.to_string())?;
                let kept: Result<(), String> = questions::decode(&answer).map_err(|error| error.to_string())?;
                kept
            }
        });
        let kept = gather(kept, n_quorum, Result::is_ok).await;
        let n_kept = kept.iter().filter(|kept| kept.is_ok()).count();
        if n_kept >= n_quorum {
            return Ok(());
        }
        let last = kept.into_iter().filter_map(Result::err).next_back().unwrap_or_default();
        Err(GroupError::Unavailable(format!("{n_kept} of {} replicas keep the contents: {last}", replicas.len())))
    }

    /// Keeps contents on this node, durably.
    pub(super) async fn keep_here(&self, blobs: Arc<Vec<Blob>>) -> Result<(), KeepError> {
        let (contents, references) = (self.contents.clone(), self.references.clone());
        blocking(move || {
            for Blob(bytes) in &*blobs {
                let digest = ContentDigest::of(bytes);
                references.lease(digest, std::time::Instant::now())?;
                contents.put(digest, bytes)?;
            }
            Ok(contents.sync()?)
        })
        .await
    }

    /// Opens a session with a group.
    pub(super) async fn open_session(&self, group: u32) -> Result<ClientId, CommitError> {
        match self.propose(group, &Command::OpenSession).await? {
            Ok(Applied::SessionOpened { client }) => Ok(client),
            other => Err(CommitError::Unknown(format!("the answer to another question: {other:?}"))),
        }
    }

    /// Commits changes of files.
    pub(super) async fn commit(&self, commit: Commit) -> Result<Response, CommitError> {
        let Commit { group, epoch, workspace, client, sequence, operations } = commit;
        let request = Request::ShardBatch { workspace, epoch, operations };
        let command = Command::Once { client, sequence, request };
        command.check().map_err(|error| CommitError::Refused(error.to_string()))?;
        match self.propose(group, &command).await? {
            Err(Refusal::WrongEpoch { current }) => Err(CommitError::WrongEpoch { current }),
            response => Ok(response),
        }
    }

    async fn propose(&self, group: u32, command: &Command) -> Result<Response, CommitError> {
        let is_known = self.cluster.metadata().borrow().groups().contains_key(&MetaGroupId(group));
        if !is_known || group == MetaGroupId::METADATA.0 {
            return Err(CommitError::Refused(GroupError::NoSuchGroup(group).to_string()));
        }
        let proposed = self.cluster.propose(GroupId(group), command.encode().into(), Instant::now() + COMMIT).await;
        let (_, response) = proposed.map_err(commit_error)?;
        VfsCodec::decode(&response).map_err(|error| CommitError::Unknown(error.to_string()))
    }
}

/// What whoever commits is told.
fn commit_error(error: AskError) -> CommitError {
    match error {
        // As far as can be seen from here; from another node, all may be well.
        AskError::NoLeader { .. } => CommitError::NotLeader { leader: None },
        AskError::Busy { retry_after, .. } => CommitError::Busy { retry_after },
        AskError::Refused { reason, .. } => CommitError::Refused(reason),
        AskError::Unknown { reason, .. } => CommitError::Unknown(reason),
    }
}

/// What several replicas say: all of them, or, once enough have said what counts, those that follow within a moment.
async fn gather<T>(
    asked: impl Iterator<Item = impl Future<Output = T>>,
    n_enough: usize,
    counts: impl Fn(&T) -> bool,
) -> Vec<T> {
    let mut waiting: FuturesUnordered<_> = asked.collect();
    let mut answers = Vec::new();
    while answers.iter().filter(|answer| counts(answer)).count() < n_enough {
        match waiting.next().await {
            Some(answer) => answers.push(answer),
            None => return answers,
        }
    }
    let rest = async {
        while let Some(answer) = waiting.next().await {
            answers.push(answer);
        }
    };
    // Whether or not they came: those that count are enough.
    drop(tokio::time::timeout(GRACE, rest).await);
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_no_leader_sends_askers_to_others() {
        let lonely = AskError::NoLeader { group: GroupId(1), last: "nobody answers".to_owned() };
        assert_eq!(commit_error(lonely), CommitError::NotLeader { leader: None });
    }

    #[tokio::test]
    async fn who_never_answers_is_not_waited_for() {
        let replica = |answer: Option<u8>| async move {
            match answer {
                Some(answer) => answer,
                None => std::future::pending().await,
            }
        };
        let answers = gather([Some(1), None, Some(2)].map(replica).into_iter(), 2, |_| true).await;
        assert_eq!(answers.iter().sum::<u8>(), 3);
        let all = gather([Some(1), Some(2)].map(replica).into_iter(), 5, |_| true).await;
        assert_eq!(all.len(), 2, "when no more can come, what came is all");
    }
}

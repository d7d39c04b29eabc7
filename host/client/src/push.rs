//! Contents and commits: questions to the members of one group.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vraftls_proto::rpc::{Blob, Commit, CommitError, GroupError, Missing, OpenSession, Put, Question};
use vraftls_raft::ids::NodeId;
use vraftls_vfs::{Applied, ClientId, ContentDigest, Refusal};

use crate::cluster::Inner;
use crate::fail_over::left;
use crate::routes::Target;
use crate::{CallError, Cluster, ReachError};

/// How long to wait before a group is asked again that has no leader or answers nothing.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest that a node may have others wait for it.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// After so many hints who leads a group, some time may pass.
const N_HINTS_IN_A_ROW: u32 = 3;

/// Why nothing was committed, as far as can be told.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommitFailure {
    /// The state machine refused, and changed nothing.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The files are not the group's by now, and nothing was changed. The routes that the client has are new: divide the files again.
    #[error("the files belong to other groups since epoch {current}")]
    WrongEpoch {
        /// The epoch.
        current: u64,
    },
    /// It can never be committed; nothing was changed.
    #[error("not to be committed: {0}")]
    Senseless(String),
    /// No member of the group took it, and nothing was changed.
    #[error("not committed: {0}")]
    NotTaken(String),
    /// It may have been committed, or may still be. Commit it again with the same number, or look.
    #[error("it is unknown whether it was committed: {0}")]
    Unknown(String),
}

/// What a member of a group said to something that only one of them can do.
enum Turn<T> {
    /// It is done, or can never be.
    Done(T),
    /// Another can.
    Elsewhere(Option<u64>),
    /// The same can, later.
    Later(Duration),
}

impl Cluster {
    /// Which of these contents the replicas of a group do not hold, in their order.
    ///
    /// # Errors
    /// What the group says, or why it does not.
    pub async fn missing(
        &self,
        group: u32,
        digests: Vec<ContentDigest>,
        patience: Duration,
    ) -> Result<Vec<ContentDigest>, CallError<GroupError>> {
        self.inner.ask_group(group, &Missing { group, digests }, patience).await
    }

    /// Keeps contents on a quorum of the replicas of a group. Repeating it harms nothing.
    ///
    /// # Errors
    /// What the group says, or why it does not.
    pub async fn put(
        &self,
        group: u32,
        contents: Vec<Vec<u8>>,
        patience: Duration,
    ) -> Result<(), CallError<GroupError>> {
        let contents = contents.into_iter().map(Blob).collect();
        self.inner.ask_group(group, &Put { group, contents }, patience).await
    }

    /// Opens a session for commits to a group.
    ///
    /// # Errors
    /// [`CommitFailure`]. Another session may be open then, which harms nobody.
    pub async fn open_session(&self, group: u32, patience: Duration) -> Result<ClientId, CommitFailure> {
        self.inner.ask_leader(group, &OpenSession { group }, patience).await
    }

    /// Commits changes, once however often they have to be sent: the same number goes to one member of the group after the other until
    /// one answers or the time is over.
    ///
    /// # Errors
    /// [`CommitFailure`].
    pub async fn commit(&self, commit: &Commit, patience: Duration) -> Result<Applied, CommitFailure> {
        match self.inner.ask_leader(commit.group, commit, patience).await? {
            Ok(applied) => Ok(applied),
            Err(Refusal::WrongEpoch { current }) => Err(self.inner.wrong_epoch(current).await),
            Err(refusal) => Err(refusal.into()),
        }
    }
}

impl Inner {
    /// Asks the members of a group, first the one that leads it, until one answers.
    async fn ask_group<Q, T>(
        self: &Arc<Self>,
        group: u32,
        question: &Q,
        patience: Duration,
    ) -> Result<T, CallError<GroupError>>
    where
        Q: Question<Answer = Result<T, GroupError>>,
    {
        let started = Instant::now();
        let mut failure = CallError::Reach(ReachError::Unreachable(format!("nobody has group {group}")));
        loop {
            let mut pause = PAUSE;
            for target in self.suspects_last(self.routes().members(group)) {
                let Ok(left) = left(started, patience) else { return Err(failure) };
                failure = match self.call(&target, question, left).await {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(error @ GroupError::NoSuchGroup(_))) => return Err(CallError::Said(error)),
                    Ok(Err(error)) => {
                        if let GroupError::Busy { retry_after } = &error {
                            pause = pause.max(*retry_after).min(PAUSE_MAX);
                        }
                        CallError::Said(error)
                    }
                    Err(error @ ReachError::TooLong(_)) => return Err(error.into()),
                    Err(error) => error.into(),
                };
            }
            if self.pause_and_refresh(started, patience, pause).await.is_err() {
                return Err(failure);
            }
        }
    }

    /// Asks the member of a group that leads it, wherever it is meanwhile, until it answers.
    async fn ask_leader<Q, T>(
        self: &Arc<Self>,
        group: u32,
        question: &Q,
        patience: Duration,
    ) -> Result<T, CommitFailure>
    where
        Q: Question<Answer = Result<T, CommitError>>,
    {
        let started = Instant::now();
        // From the first doubt on, only an answer can say what became of it.
        let (mut doubt, mut why, mut hint) = (false, format!("nobody has group {group}"), None);
        let mut n_hints = 0_u32;
        loop {
            let mut pause = PAUSE;
            for target in self.leader_first(group, hint.take()) {
                let Ok(left) = left(started, patience) else { return Err(not_committed(doubt, why)) };
                match self.call_if_there(&target, question, left).await {
                    Ok(answer) => match self.turn(answer, &mut doubt, &mut why).await {
                        Turn::Done(done) => return done,
                        Turn::Elsewhere(leader) => {
                            hint = leader.map(NodeId).filter(|leader| *leader != target.node);
                            // Who is said to lead is asked at once, unless everybody says so of another.
                            if hint.is_some() {
                                n_hints += 1;
                                pause = if n_hints.is_multiple_of(N_HINTS_IN_A_ROW) { PAUSE } else { Duration::ZERO };
                                break;
                            }
                        }
                        Turn::Later(after) => {
                            (pause, hint) = (after.clamp(PAUSE, PAUSE_MAX), Some(target.node));
                            break;
                        }
                    },
                    Err(ReachError::TooLong(error)) => return Err(CommitFailure::Senseless(error.to_string())),
                    Err(error) => {
                        // A node that refuses did not do it; of others nobody knows.
                        doubt |= !matches!(error, ReachError::Refused { .. });
                        why = error.to_string();
                    }
                }
            }
            let paused = match hint {
                Some(_) => pause_within(started, patience, pause).await,
                None => self.pause_and_refresh(started, patience, pause).await,
            };
            if paused.is_err() {
                return Err(not_committed(doubt, why));
            }
        }
    }

    async fn turn<T>(
        self: &Arc<Self>,
        answer: Result<T, CommitError>,
        doubt: &mut bool,
        why: &mut String,
    ) -> Turn<Result<T, CommitFailure>> {
        let error = match answer {
            Ok(answer) => return Turn::Done(Ok(answer)),
            Err(error) => error,
        };
        *why = error.to_string();
        match error {
            CommitError::NotLeader { leader } => Turn::Elsewhere(leader),
            CommitError::Busy { retry_after } => Turn::Later(retry_after),
            CommitError::Unknown(_) => {
                *doubt = true;
                Turn::Elsewhere(None)
            }
            // An earlier try may still take effect: whoever divides the files again must not do so in doubt.
            CommitError::WrongEpoch { .. } if *doubt => Turn::Done(Err(CommitFailure::Unknown(why.clone()))),
            CommitError::WrongEpoch { current } => Turn::Done(Err(self.wrong_epoch(current).await)),
            CommitError::Refused(reason) => Turn::Done(Err(CommitFailure::Senseless(reason))),
        }
    }

    /// The members of a group in the order in which they are asked.
    fn leader_first(&self, group: u32, hint: Option<NodeId>) -> Vec<Target> {
        let routes = self.routes();
        let mut members = self.suspects_last(routes.members(group));
        if let Some(leader) = hint {
            members.retain(|member| member.node != leader);
            // One that the routes do not name yet is known by now, or soon.
            members.splice(0..0, routes.target(leader));
        }
        members
    }

    async fn wrong_epoch(self: &Arc<Self>, current: u64) -> CommitFailure {
        if self.routes().epoch() < current
            && let Err(error) = self.refresh().await
        {
            tracing::debug!(%error, "the routes to the cluster are old");
        }
        CommitFailure::WrongEpoch { current }
    }

    /// Waits and asks for routes; an error when the time is over before.
    async fn pause_and_refresh(
        self: &Arc<Self>,
        started: Instant,
        patience: Duration,
        pause: Duration,
    ) -> Result<(), ReachError> {
        let left = left(started, patience)?;
        let both = async { tokio::join!(self.refresh(), tokio::time::sleep(pause)).0 };
        match tokio::time::timeout(left, both).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the routes to the cluster are old");
                Ok(())
            }
            Err(_) => Err(ReachError::Deadline(patience)),
        }
    }
}

async fn pause_within(started: Instant, patience: Duration, pause: Duration) -> Result<(), ReachError> {
    tokio::time::sleep(pause.min(left(started, patience)?)).await;
    Ok(())
}

fn not_committed(doubt: bool, why: String) -> CommitFailure {
    if doubt { CommitFailure::Unknown(why) } else { CommitFailure::NotTaken(why) }
}

//! This node's replica of the files, as the rest of the node uses it: proposals that take effect once, and the state after them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use vraftls_raft::error::{ErrorClass, ProposeError, UnknownReason};
use vraftls_raft::group::Group;
use vraftls_vfs::{Applied, ClientId, Command, CommandLimitError, Refusal, Request, Sequence, State, VfsPath};

use crate::machine::VfsMachine;

/// How long a proposal is repeated before its outcome is reported as unknown.
const PROPOSE_DEADLINE: Duration = Duration::from_secs(30);

/// How long one attempt waits.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(10);

/// How long to wait before a repetition.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// This node's replica of the files. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Replica(Arc<Inner>);

struct Inner {
    group: Group<VfsMachine>,
    state: watch::Receiver<State>,
    /// None until the first request, and after the state machine gave the session up.
    session: Mutex<Option<Session>>,
    /// One request at a time: the state machine wants the numbers of a session in order, within its window.
    turn: Semaphore,
}

#[derive(Clone, Copy)]
struct Session {
    client: ClientId,
    last: Sequence,
}

/// Why a request did not take effect, or may not have.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplicaError {
    /// It did nothing.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// Somebody else changed the file in the meantime; it did nothing.
    #[error("{0} was changed by somebody else in the meantime")]
    Conflict(VfsPath),
    /// It is too large or malformed; it was not proposed.
    #[error("cannot be proposed")]
    Unproposable(#[from] CommandLimitError),
    /// It may have taken effect, or may still.
    #[error("the outcome is unknown")]
    Unknown(#[source] ProposeError),
    /// The group cannot take it, now or ever.
    #[error("not proposed")]
    NotProposed(#[source] ProposeError),
    /// The state machine answered another command.
    #[error("the state machine gave an answer to another question")]
    WrongAnswer,
}

impl Replica {
    pub(crate) fn new(group: Group<VfsMachine>, state: watch::Receiver<State>) -> Self {
        Self(Arc::new(Inner { group, state, session: Mutex::new(None), turn: Semaphore::new(1) }))
    }

    /// The group behind it.
    pub(crate) fn group(&self) -> &Group<VfsMachine> {
        &self.0.group
    }

    /// The state after everything that was proposed here and answered.
    pub(crate) fn state(&self) -> State {
        self.0.state.borrow().clone()
    }

    /// Does something once, and waits until it can be read here.
    pub(crate) async fn propose(&self, request: Request) -> Result<Applied, ReplicaError> {
        let _turn = self.0.turn.acquire().await.expect("turns are never closed");
        let Session { client, last: sequence } = self.next_number().await?;
        let command = Command::Once { client, sequence, request };
        command.check()?;
        let answer = self.propose_command(&command).await?;
        if matches!(answer, Err(Refusal::NoSuchSession { .. })) {
            // The next request opens another session; what became of this one nobody can tell any more.
            self.set_session(None);
        }
        Ok(answer?)
    }

    async fn next_number(&self) -> Result<Session, ReplicaError> {
        let known = *self.0.session.lock().unwrap_or_else(PoisonError::into_inner);
        let mut session = match known {
            Some(session) => session,
            None => match self.propose_command(&Command::OpenSession).await?? {
                Applied::SessionOpened { client } => Session { client, last: Sequence(0) },
                _ => return Err(ReplicaError::WrongAnswer),
            },
        };
        session.last.0 += 1;
        self.set_session(Some(session));
        Ok(session)
    }

    fn set_session(&self, session: Option<Session>) {
        *self.0.session.lock().unwrap_or_else(PoisonError::into_inner) = session;
    }

    /// Proposes until there is an answer: the command's number makes repetitions harmless.
    async fn propose_command(&self, command: &Command) -> Result<vraftls_vfs::Response, ReplicaError> {
        let deadline = Instant::now() + PROPOSE_DEADLINE;
        loop {
            let attempt = deadline.min(Instant::now() + ATTEMPT_DEADLINE);
            let error = match self.0.group.propose(command, attempt).await {
                Ok(proposed) => return Ok(proposed.response),
                Err(error) => error,
            };
            match error.class() {
                _ if matches!(&error, ProposeError::Unknown { reason: UnknownReason::Stopped(_) }) => {
                    return Err(ReplicaError::Unknown(error));
                }
                ErrorClass::Retry | ErrorClass::Redirect if Instant::now() >= deadline => {
                    return Err(ReplicaError::NotProposed(error));
                }
                ErrorClass::Unknown if Instant::now() >= deadline => return Err(ReplicaError::Unknown(error)),
                ErrorClass::Reject => return Err(ReplicaError::NotProposed(error)),
                ErrorClass::Retry | ErrorClass::Redirect | ErrorClass::Unknown => {
                    tokio::time::sleep(RETRY_INTERVAL).await;
                }
            }
        }
    }
}

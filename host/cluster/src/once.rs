//! Proposals that take effect once: each has a number of a session, and is sent with the same number until there is an answer.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::Instant;
use vraftls_raft::codec::Codec;
use vraftls_raft::ids::GroupId;
use vraftls_raft::machine::StateMachine;
use vraftls_vfs::{ClientId, Sequence};

use crate::ask::Asker;
use crate::{ChangeError, DataMachines};

/// Commands that carry the number of a session.
pub trait Numbered: Sized + Send + Sync {
    /// What is to be done.
    type Request: Send;
    /// What was done.
    type Applied: Send;
    /// Why nothing was.
    type Refusal: std::error::Error + Clone + Send + 'static;

    /// Opens a session.
    fn open() -> Self;
    /// Does something once.
    fn once(client: ClientId, sequence: Sequence, request: Self::Request) -> Self;
    /// The session that was opened.
    fn opened(applied: &Self::Applied) -> Option<ClientId>;
    /// Whether the state machine does not know the session any more.
    fn is_session_lost(refusal: &Self::Refusal) -> bool;
}

impl Numbered for vraftls_meta::Command {
    type Request = vraftls_meta::Request;
    type Applied = vraftls_meta::Applied;
    type Refusal = vraftls_meta::Refusal;

    fn open() -> Self {
        Self::OpenSession
    }

    fn once(client: ClientId, sequence: Sequence, request: Self::Request) -> Self {
        Self::Once { client, sequence, request }
    }

    fn opened(applied: &Self::Applied) -> Option<ClientId> {
        match applied {
            vraftls_meta::Applied::SessionOpened { client } => Some(*client),
            _ => None,
        }
    }

    fn is_session_lost(refusal: &Self::Refusal) -> bool {
        matches!(refusal, vraftls_meta::Refusal::NoSuchSession { .. })
    }
}

impl Numbered for vraftls_vfs::Command {
    type Request = vraftls_vfs::Request;
    type Applied = vraftls_vfs::Applied;
    type Refusal = vraftls_vfs::Refusal;

    fn open() -> Self {
        Self::OpenSession
    }

    fn once(client: ClientId, sequence: Sequence, request: Self::Request) -> Self {
        Self::Once { client, sequence, request }
    }

    fn opened(applied: &Self::Applied) -> Option<ClientId> {
        match applied {
            vraftls_vfs::Applied::SessionOpened { client } => Some(*client),
            _ => None,
        }
    }

    fn is_session_lost(refusal: &Self::Refusal) -> bool {
        matches!(refusal, vraftls_vfs::Refusal::NoSuchSession { .. })
    }
}

/// One proposer's session with a group.
pub(crate) struct Once {
    group: GroupId,
    /// None until the first request, and after the state machine gave the session up.
    session: Mutex<Option<(ClientId, Sequence)>>,
    /// One request at a time: a session's numbers come in order, within its window.
    turn: Semaphore,
}

type Applied<M> = <<M as StateMachine>::Command as Numbered>::Applied;
type Refusal<M> = <<M as StateMachine>::Command as Numbered>::Refusal;

impl Once {
    pub(crate) fn new(group: GroupId) -> Self {
        Self { group, session: Mutex::new(None), turn: Semaphore::new(1) }
    }

    /// Does something once, wherever the group is led. Gives the log index at which it happened.
    pub(crate) async fn propose<M, D>(
        &self,
        asker: &Asker<D>,
        request: <M::Command as Numbered>::Request,
        deadline: Instant,
    ) -> Result<(u64, Applied<M>), ChangeError<Refusal<M>>>
    where
        M: StateMachine<Response = Result<Applied<M>, Refusal<M>>>,
        M::Command: Numbered,
        D: DataMachines,
    {
        let _turn = self.turn.acquire().await.expect("turns are never closed");
        let (client, sequence) = self.next_number::<M, D>(asker, deadline).await?;
        let command = M::Command::once(client, sequence, request);
        let (index, answer) = self.send::<M, D>(asker, &command, deadline).await?;
        if answer.as_ref().is_err_and(M::Command::is_session_lost) {
            // The next request opens another one; what became of this one nobody can tell any more.
            self.set(None);
        }
        answer.map(|applied| (index, applied)).map_err(ChangeError::Refused)
    }

    async fn next_number<M, D>(
        &self,
        asker: &Asker<D>,
        deadline: Instant,
    ) -> Result<(ClientId, Sequence), ChangeError<Refusal<M>>>
    where
        M: StateMachine<Response = Result<Applied<M>, Refusal<M>>>,
        M::Command: Numbered,
        D: DataMachines,
    {
        let known = *self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let (client, last) = match known {
            Some(known) => known,
            None => {
                let (_, opened) = self.send::<M, D>(asker, &M::Command::open(), deadline).await?;
                let opened = opened.map_err(ChangeError::Refused)?;
                let client = M::Command::opened(&opened).ok_or(ChangeError::WrongAnswer { group: self.group })?;
                (client, Sequence(0))
            }
        };
        let next = Sequence(last.0 + 1);
        self.set(Some((client, next)));
        Ok((client, next))
    }

    fn set(&self, session: Option<(ClientId, Sequence)>) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = session;
    }

    async fn send<M, D>(
        &self,
        asker: &Asker<D>,
        command: &M::Command,
        deadline: Instant,
    ) -> Result<(u64, M::Response), ChangeError<Refusal<M>>>
    where
        M: StateMachine,
        M::Command: Numbered,
        D: DataMachines,
    {
        let mut bytes = Vec::new();
        <M::Codec as Codec<M::Command>>::encode(command, &mut bytes);
        let (index, response) = asker.propose(self.group, bytes.into(), deadline).await?;
        let response = <M::Codec as Codec<M::Response>>::decode(&response);
        Ok((index, response.map_err(|_| ChangeError::WrongAnswer { group: self.group })?))
    }
}

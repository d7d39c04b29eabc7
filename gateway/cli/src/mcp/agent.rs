//! The session that answers an agent: opened once, opened again if whoever had the node is gone, closed in the end.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};

use super::texts::Reply;
use super::tools::{Tool, answer};
use crate::client::{AskError, Opening, Session};
use crate::folder::FolderArguments;
use crate::serving::Stay;

/// Calls that are worked on at once.
const N_CALLS_MAX: u32 = 16;

/// Calls that are read and not answered. One more is refused.
const N_WAITING_MAX: usize = 256;

/// How long calls may still run when the agent is gone.
const DRAIN_DEADLINE: Duration = Duration::from_secs(5);

/// Symbols that a search may give: one more than is shown, so that it can be said that there are more.
pub(super) const N_SYMBOLS_MAX: u32 = 201;

/// What answers an agent.
pub(super) struct Agent {
    root: PathBuf,
    arguments: FolderArguments,
    deadline: Duration,
    current: Mutex<Arc<OnceCell<Session>>>,
    running: Semaphore,
    waiting: Semaphore,
}

impl Agent {
    pub(super) fn new(root: PathBuf, arguments: FolderArguments, deadline: Duration) -> Self {
        let running = Semaphore::new(N_CALLS_MAX as usize);
        Self { root, arguments, deadline, current: Mutex::default(), running, waiting: Semaphore::new(N_WAITING_MAX) }
    }

    /// The folder, without symbolic links.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Opens the session before anybody asks. Why it could not be opened is told to who asks.
    pub(super) async fn warm_up(&self) {
        if let Err(error) = self.current().get_or_try_init(|| self.open()).await {
            tracing::warn!(error = format!("{error:#}"), "the folder cannot be opened");
        }
    }

    async fn open(&self) -> anyhow::Result<Session> {
        let Self { root, arguments, deadline, .. } = self;
        let opening = Opening {
            n_symbols_max: Some(N_SYMBOLS_MAX),
            ..Opening::new("vraftls mcp", Stay::Long, root, arguments, *deadline)
        };
        Session::open(&opening).await
    }

    fn current(&self) -> Arc<OnceCell<Session>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets go of a session that ended, unless that was done already.
    fn forget(&self, ended: &Arc<OnceCell<Session>>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, ended) {
            *current = Arc::default();
        }
    }

    /// Answers a call.
    pub(super) async fn call(&self, tool: Tool, arguments: serde_json::Value) -> anyhow::Result<Reply> {
        let Ok(_waiting) = self.waiting.try_acquire() else {
            anyhow::bail!("{N_WAITING_MAX} calls wait for their answers already");
        };
        let _running = self.running.acquire().await?;
        let cell = self.current();
        match self.call_in(&cell, tool, arguments.clone()).await {
            // Whoever had the node is gone. Somebody else has it now, or this process.
            Err(error) if matches!(error.downcast_ref(), Some(AskError::Ended(_))) => {
                self.forget(&cell);
                drop(cell);
                self.call_in(&self.current(), tool, arguments).await
            }
            answered => answered,
        }
    }

    async fn call_in(
        &self,
        cell: &OnceCell<Session>,
        tool: Tool,
        arguments: serde_json::Value,
    ) -> anyhow::Result<Reply> {
        let session = cell.get_or_try_init(|| self.open()).await?;
        // Agents write files and ask at once.
        session.catch_up().await?;
        let n_partial = session.n_partial();
        let reply = answer(session, tool, arguments).await?;
        anyhow::ensure!(session.n_partial() == n_partial, "only a part of the folder could be asked; ask again");
        Ok(reply)
    }

    /// Ends the session, when the calls that still run are done or have taken too long.
    pub(super) async fn close(&self) -> anyhow::Result<()> {
        let done = tokio::time::timeout(DRAIN_DEADLINE, self.running.acquire_many(N_CALLS_MAX)).await;
        let cell = std::mem::take(&mut *self.current.lock().unwrap_or_else(PoisonError::into_inner));
        match Arc::into_inner(cell).and_then(OnceCell::into_inner) {
            Some(session) => session.close().await,
            None => {
                tracing::debug!(done = done.is_ok(), "there is no session to close, or a call still has it");
                Ok(())
            }
        }
    }
}

//! The calls that wait for one engine.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use vraftls_proto::SessionId;
use vraftls_query::{EngineCall, Fault, Reply};

use crate::host_state::Waiter;

/// A call with whoever waits for it.
pub(crate) struct Job {
    pub(crate) call: EngineCall,
    pub(crate) waiter: Waiter,
    pub(crate) reply: oneshot::Sender<Result<Reply, Fault>>,
}

/// A bounded queue with one reader, who says what it is at.
pub(crate) struct Mailbox {
    state: Mutex<State>,
    wake: Condvar,
    n_jobs_max: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    running: Option<Running>,
    closed: bool,
}

/// The call that an engine is at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) session: SessionId,
    pub(crate) since: Instant,
}

/// How busy an engine is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) n_waiting: usize,
    pub(crate) running: Option<Running>,
}

impl Load {
    pub(crate) fn is_idle(&self) -> bool {
        self.n_waiting == 0 && self.running.is_none()
    }
}

/// What a reader gets.
pub(crate) enum Taken {
    /// A call, which runs from now on.
    Job(Box<Job>),
    /// Nothing came for so long.
    Idle,
    /// Nothing will come any more.
    Closed,
}

impl Mailbox {
    pub(crate) fn new(n_jobs_max: usize) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), n_jobs_max }
    }

    pub(crate) fn load(&self) -> Load {
        let state = self.lock();
        Load { n_waiting: state.jobs.len(), running: state.running }
    }

    /// Queues a call; false, with the job dropped, where there is no room.
    pub(crate) fn push(&self, job: Job) -> bool {
        let mut state = self.lock();
        if state.closed || state.jobs.len() >= self.n_jobs_max {
            return false;
        }
        state.jobs.push_back(job);
        drop(state);
        self.wake.notify_one();
        true
    }

    /// The next call, or what there is instead. A closed mailbox is emptied first.
    pub(crate) fn take(&self, idle_max: Duration) -> Taken {
        let nothing = |state: &mut State| state.jobs.is_empty() && !state.closed;
        let waited = self.wake.wait_timeout_while(self.lock(), idle_max, nothing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match state.jobs.pop_front() {
            Some(job) => {
                state.running = Some(Running { session: job.call.session, since: Instant::now() });
                Taken::Job(Box::new(job))
            }
            None if state.closed => Taken::Closed,
            None => Taken::Idle,
        }
    }

    /// The reader is done with the call that it took.
    pub(crate) fn done(&self) {
        self.lock().running = None;
    }

    /// Takes nothing more; what is in it is still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_all();
    }

    /// Closes it if nothing waits or runs.
    pub(crate) fn close_if_idle(&self) -> bool {
        let mut state = self.lock();
        if !state.jobs.is_empty() || state.running.is_some() {
            return false;
        }
        state.closed = true;
        drop(state);
        self.wake.notify_all();
        true
    }

    /// Drops what waits, and takes nothing more.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let dropped = std::mem::take(&mut state.jobs);
        drop(state);
        drop(dropped);
        self.wake.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

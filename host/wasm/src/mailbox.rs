//! The calls that wait for one engine, between those who ask and the thread that serves.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use vraftls_query::{EngineCall, Fault, Reply};

use crate::call_queue::{Call, Full, Room};
use crate::counters::CounterCells;
use crate::host_state::Waiter;
use crate::schedule::{Running, Schedule};

/// A call with whoever waits for it.
pub(crate) struct Job {
    pub(crate) call: EngineCall,
    pub(crate) waiter: Waiter,
    pub(crate) reply: oneshot::Sender<Result<Reply, Fault>>,
}

/// A bounded queue with one reader, who says what it is at. Calls that nobody waits for any more are answered here, and never
/// reach the reader.
pub(crate) struct Mailbox {
    state: Mutex<State>,
    wake: Condvar,
    counters: Arc<CounterCells>,
}

struct State {
    schedule: Schedule<Job>,
    /// Takes nothing more.
    closed: bool,
    /// Nor is done what is in it.
    abandoned: bool,
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
    Call(Box<Call<Job>>),
    /// Nothing came for so long.
    Idle,
    /// Nothing will come any more.
    Closed,
}

impl Mailbox {
    pub(crate) fn new(room: Room, counters: Arc<CounterCells>) -> Self {
        let state = State { schedule: Schedule::new(room), closed: false, abandoned: false };
        Self { state: Mutex::new(state), wake: Condvar::new(), counters }
    }

    pub(crate) fn load(&self) -> Load {
        let state = self.lock();
        Load { n_waiting: state.schedule.n_waiting(), running: state.schedule.running() }
    }

    /// Queues a call; false, with the job dropped, where there is no room.
    pub(crate) fn push(&self, job: Job) -> bool {
        let (session, urgency) = (job.call.session, job.call.question.urgency());
        let call = Call { session, urgency, n_preempted: 0, job };
        let mut given_up = Vec::new();
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        let pushed = state.schedule.push(call, Instant::now(), Job::is_given_up, &mut given_up);
        drop(state);
        self.dismiss(given_up);
        match pushed {
            Ok(()) => self.wake.notify_one(),
            Err(Full::Session) => self.counters.refused_flooding.increment(),
            Err(Full::Queue) => {}
        }
        pushed.is_ok()
    }

    /// The next call, or what there is instead. A closed mailbox is emptied first.
    pub(crate) fn take(&self, idle_max: Duration) -> Taken {
        loop {
            let nothing = |state: &mut State| state.schedule.n_waiting() == 0 && !state.closed;
            let waited = self.wake.wait_timeout_while(self.lock(), idle_max, nothing);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            let mut given_up = Vec::new();
            let started = state.schedule.start(Instant::now(), Job::is_given_up, &mut given_up);
            let closed = state.closed;
            drop(state);
            let any_given_up = !given_up.is_empty();
            self.dismiss(given_up);
            match started {
                Some(mut started) => {
                    if started.overtakes {
                        self.counters.overtakings.increment();
                    }
                    started.call.job.waiter.make_way = started.make_way;
                    return Taken::Call(Box::new(started.call));
                }
                None if any_given_up => {}
                None if closed => return Taken::Closed,
                None => return Taken::Idle,
            }
        }
    }

    /// The reader is done with the call that it took.
    pub(crate) fn done(&self) {
        self.lock().schedule.done();
    }

    /// The reader stopped the call that it took because it was asked to make way: it is taken again later.
    pub(crate) fn put_back(&self, call: Call<Job>) {
        self.counters.preempted.increment();
        let mut state = self.lock();
        if !state.abandoned {
            return state.schedule.put_back(call);
        }
        state.schedule.done();
        drop(state);
        // Whoever waits for it is told so by its end.
        drop(call);
    }

    /// Takes nothing more; what is in it is still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_all();
    }

    /// Closes it if nothing waits or runs.
    pub(crate) fn close_if_idle(&self) -> bool {
        let mut state = self.lock();
        if !state.schedule.is_idle() {
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
        (state.closed, state.abandoned) = (true, true);
        let dropped = state.schedule.take_all();
        drop(state);
        drop(dropped);
        self.wake.notify_all();
    }

    /// Answers calls that nobody waits for any more, or not in time.
    fn dismiss(&self, jobs: Vec<Job>) {
        for Job { waiter, reply, .. } in jobs {
            self.counters.skipped.increment();
            // The asker may have gone; then nobody is interested.
            let _ = reply.send(Err(waiter.given_up().unwrap_or(Fault::Cancelled)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    fn is_given_up(&self) -> bool {
        self.waiter.given_up().is_some()
    }
}

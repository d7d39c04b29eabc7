//! What one engine is at, what waits for it, and when the one makes way for the other. Pure: the time is told.

use std::time::Instant;

use vraftls_proto::SessionId;
use vraftls_query::{CancelFlag, Urgency};

use crate::call_queue::{Call, CallQueue, Full, Room};

/// How often a call makes way for more urgent ones. After that it runs to its end. What its analyzer found out before is still known
/// to it, so that each run gets further than the last.
pub(crate) const PREEMPTED_MAX: u32 = 3;

/// What an engine is at, and what waits for it.
#[derive(Debug)]
pub(crate) struct Schedule<T> {
    waiting: CallQueue<T>,
    running: Option<AtWork>,
}

#[derive(Debug)]
struct AtWork {
    running: Running,
    make_way: CancelFlag,
}

/// The call that an engine is at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) session: SessionId,
    since: Instant,
    urgency: Urgency,
    /// Whether it is put back for something more urgent.
    makes_way: bool,
    /// Since when it is asked to.
    asked: Option<Instant>,
}

/// A call that runs from now on.
#[derive(Debug)]
pub(crate) struct Started<T> {
    pub(crate) call: Call<T>,
    /// Set when it should stop and be put back.
    pub(crate) make_way: CancelFlag,
    /// It goes before a less urgent one.
    pub(crate) overtakes: bool,
}

impl Running {
    /// Since when it keeps a call of this urgency waiting. What makes way for it does so from the moment at which it was asked to.
    pub(crate) fn holds_up_since(&self, urgency: Urgency, now: Instant) -> Instant {
        match self.makes_way && urgency < self.urgency {
            true => self.asked.unwrap_or(now),
            false => self.since,
        }
    }
}

impl<T> Schedule<T> {
    pub(crate) fn new(room: Room) -> Self {
        Self { waiting: CallQueue::new(room), running: None }
    }

    pub(crate) fn n_waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn running(&self) -> Option<Running> {
        self.running.as_ref().map(|at_work| at_work.running)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.len() == 0
    }

    /// Queues a call, and asks the one that runs to make way if it is less urgent. Where there is no room, calls that are given up
    /// make some; they are handed out.
    pub(crate) fn push(
        &mut self,
        call: Call<T>,
        now: Instant,
        is_given_up: impl Fn(&T) -> bool,
        given_up: &mut Vec<T>,
    ) -> Result<(), Full> {
        if self.waiting.check_room(call.session, call.urgency).is_err() {
            given_up.append(&mut self.waiting.take_given_up(is_given_up));
            self.waiting.check_room(call.session, call.urgency)?;
        }
        if let Some(AtWork { running, make_way }) = &mut self.running
            && running.makes_way
            && call.urgency < running.urgency
        {
            running.asked.get_or_insert(now);
            make_way.cancel();
        }
        self.waiting.push(call);
        Ok(())
    }

    /// Starts the next call. Those that are given up are handed out on the way.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        is_given_up: impl Fn(&T) -> bool,
        given_up: &mut Vec<T>,
    ) -> Option<Started<T>> {
        let turn = self.waiting.next(is_given_up, given_up)?;
        let make_way = CancelFlag::default();
        let running = Running {
            session: turn.call.session,
            since: now,
            urgency: turn.call.urgency,
            // Whose turn came because it had waited long enough has it.
            makes_way: !turn.is_due && turn.call.n_preempted < PREEMPTED_MAX,
            asked: None,
        };
        self.running = Some(AtWork { running, make_way: make_way.clone() });
        Some(Started { call: turn.call, make_way, overtakes: turn.overtakes })
    }

    /// The call that ran is done with.
    pub(crate) fn done(&mut self) {
        self.running = None;
    }

    /// The call that ran made way: it waits again, as the next of its class. It had its place, so it is not refused.
    pub(crate) fn put_back(&mut self, mut call: Call<T>) {
        self.running = None;
        call.n_preempted += 1;
        self.waiting.put_back(call);
    }

    /// All that waits.
    pub(crate) fn take_all(&mut self) -> Vec<T> {
        self.waiting.take_given_up(|_| true)
    }
}

#[cfg(test)]
mod tests;

//! The order of the calls that wait for one engine. Pure: knows no thread, no clock, and not what a call is about.
//!
//! The more urgent go first, but nobody starves: a call that is next in its class waits for at most [`OVERTAKEN_MAX`] more urgent ones
//! (and, between two classes that both waited as long, for the one of the other). Within a class sessions take turns, and the calls of
//! one session keep their order.

use std::collections::{BTreeMap, VecDeque};

use vraftls_proto::SessionId;
use vraftls_query::Urgency;

/// How many more urgent calls go before the next one of a class, at most, before it is its turn.
pub(crate) const OVERTAKEN_MAX: u32 = 8;

/// A call with what decides on its turn.
#[derive(Debug)]
pub(crate) struct Call<T> {
    pub(crate) session: SessionId,
    pub(crate) urgency: Urgency,
    /// How often it ran already and made way for another.
    pub(crate) n_preempted: u32,
    pub(crate) job: T,
}

/// How many calls may wait. Of both numbers background takes half at most and patient calls three quarters, so that neither keeps
/// out a person who waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) calls_max: usize,
    pub(crate) per_session_max: usize,
}

/// Why a call does not fit in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Full {
    /// Its session has as many as one may have.
    Session,
    /// All sessions together have.
    Queue,
}

/// A call whose turn has come.
#[derive(Debug)]
pub(crate) struct Turn<T> {
    pub(crate) call: Call<T>,
    /// A less urgent one waits on.
    pub(crate) overtakes: bool,
    /// It goes before more urgent ones, because enough of them went before it.
    pub(crate) is_due: bool,
}

/// The calls that wait.
#[derive(Debug)]
pub(crate) struct CallQueue<T> {
    room: Room,
    /// The most urgent first.
    lanes: [Lane<T>; Urgency::ALL.len()],
}

/// The calls of one class.
#[derive(Debug)]
struct Lane<T> {
    /// Each session that has calls once; the first is next.
    turns: VecDeque<SessionId>,
    /// Never an empty list.
    calls: BTreeMap<SessionId, VecDeque<Call<T>>>,
    n_calls: usize,
    /// How many more urgent calls went since one of this class did, or since the first came.
    n_overtaken: u32,
}

impl Room {
    fn share(max: usize, urgency: Urgency) -> usize {
        let share = match urgency {
            Urgency::Interactive => max,
            Urgency::Patient => max / 4 * 3,
            Urgency::Background => max / 2,
        };
        share.max(1)
    }
}

impl<T> CallQueue<T> {
    pub(crate) fn new(room: Room) -> Self {
        Self { room, lanes: Urgency::ALL.map(|_| Lane::default()) }
    }

    pub(crate) fn len(&self) -> usize {
        self.lanes.iter().map(|lane| lane.n_calls).sum()
    }

    fn len_of(&self, session: SessionId) -> usize {
        self.lanes.iter().filter_map(|lane| lane.calls.get(&session)).map(VecDeque::len).sum()
    }

    /// Whether there is room for another call.
    pub(crate) fn check_room(&self, session: SessionId, urgency: Urgency) -> Result<(), Full> {
        if self.len_of(session) >= Room::share(self.room.per_session_max, urgency) {
            return Err(Full::Session);
        }
        match self.len() < Room::share(self.room.calls_max, urgency) {
            true => Ok(()),
            false => Err(Full::Queue),
        }
    }

    /// Puts a call behind the others of its session and class.
    pub(crate) fn push(&mut self, call: Call<T>) {
        self.lanes[call.urgency as usize].push(call);
    }

    /// Puts a call back that ran already: it is the next of its class.
    pub(crate) fn put_back(&mut self, call: Call<T>) {
        self.lanes[call.urgency as usize].push_front(call);
    }

    /// Takes out whoever's turn it is. Calls that are given up are passed by on the way, at no cost to anybody's turn.
    pub(crate) fn next(&mut self, is_given_up: impl Fn(&T) -> bool, given_up: &mut Vec<T>) -> Option<Turn<T>> {
        self.lanes.iter_mut().for_each(|lane| lane.drop_first(&is_given_up, given_up));
        let first = self.lanes.iter().position(|lane| lane.n_calls > 0)?;
        let due = self.lanes.iter().rposition(|lane| lane.n_overtaken >= OVERTAKEN_MAX);
        let chosen = due.unwrap_or(first);
        let call = self.lanes[chosen].pop()?;
        let mut overtakes = false;
        for lane in self.lanes[chosen + 1..].iter_mut().filter(|lane| lane.n_calls > 0) {
            lane.n_overtaken += 1;
            overtakes = true;
        }
        Some(Turn { call, overtakes, is_due: chosen != first })
    }

    /// Takes out all calls that are given up.
    pub(crate) fn take_given_up(&mut self, is_given_up: impl Fn(&T) -> bool) -> Vec<T> {
        let mut given_up = Vec::new();
        self.lanes.iter_mut().for_each(|lane| lane.drop_all(&is_given_up, &mut given_up));
        given_up
    }
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self { turns: VecDeque::new(), calls: BTreeMap::new(), n_calls: 0, n_overtaken: 0 }
    }
}

impl<T> Lane<T> {
    fn push(&mut self, call: Call<T>) {
        let calls = self.calls.entry(call.session).or_default();
        if calls.is_empty() {
            self.turns.push_back(call.session);
        }
        calls.push_back(call);
        self.n_calls += 1;
    }

    fn push_front(&mut self, call: Call<T>) {
        let session = call.session;
        self.turns.retain(|waiting| *waiting != session);
        self.turns.push_front(session);
        self.calls.entry(session).or_default().push_front(call);
        self.n_calls += 1;
    }

    /// The next call; its session goes to the end.
    fn pop(&mut self) -> Option<Call<T>> {
        let session = self.turns.pop_front()?;
        let calls = self.calls.get_mut(&session)?;
        let call = calls.pop_front();
        match calls.is_empty() {
            true => drop(self.calls.remove(&session)),
            false => self.turns.push_back(session),
        }
        self.n_calls -= 1;
        self.n_overtaken = 0;
        call
    }

    /// Drops calls that are given up until the next one is not.
    fn drop_first(&mut self, is_given_up: impl Fn(&T) -> bool, given_up: &mut Vec<T>) {
        while let Some(session) = self.turns.front()
            && let Some(calls) = self.calls.get_mut(session)
        {
            let first = calls.pop_front_if(|call| is_given_up(&call.job));
            let Some(first) = first else { return };
            if calls.is_empty() {
                self.calls.remove(session);
                self.turns.pop_front();
            }
            self.n_calls -= 1;
            given_up.push(first.job);
        }
        // Nobody waits, so nobody is overtaken.
        self.n_overtaken = 0;
    }

    fn drop_all(&mut self, is_given_up: impl Fn(&T) -> bool, given_up: &mut Vec<T>) {
        self.calls.retain(|_, calls| {
            let (dropped, kept): (VecDeque<_>, VecDeque<_>) =
                std::mem::take(calls).into_iter().partition(|call| is_given_up(&call.job));
            given_up.extend(dropped.into_iter().map(|call| call.job));
            *calls = kept;
            !calls.is_empty()
        });
        self.turns.retain(|session| self.calls.contains_key(session));
        self.n_calls = self.calls.values().map(VecDeque::len).sum();
    }
}

#[cfg(test)]
mod tests;

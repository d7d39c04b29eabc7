//! Who proposed what, so that a command proposed twice takes effect once.
//!
//! The scheme is that of Ongaro, "Consensus: Bridging Theory and Practice" (2014), section 6.3: a session is opened by a log
//! entry, and the state machine remembers the answers to its commands. Two things are bounded here where the thesis leaves it open:
//! a session keeps its [`SESSION_WINDOW`] youngest answers, and the table its [`N_SESSIONS_MAX`] most recently used sessions. "Recent"
//! is counted in log indexes, which all replicas agree on, never in time. What is given up is refused and never applied, so
//! the bounds cost availability to a proposer that falls far behind, and never exactness.
//!
//! The table knows nothing of the commands: every state machine that takes proposals keeps one, with answers of its own.

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::{ClientId, Revision, Sequence};

/// How many sessions are remembered. A node or a gateway process needs one.
pub const N_SESSIONS_MAX: usize = 1024;

/// How many answers of a session are remembered: how many requests it may have in flight.
pub const SESSION_WINDOW: usize = 128;

/// The answers of type `R` given to one proposer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Session<R> {
    /// The log index of its last command.
    pub(crate) last_used: Revision,
    /// All sequences up to this one are given up.
    pub(crate) forgotten: Sequence,
    /// The answers to younger ones, at most [`SESSION_WINDOW`].
    pub(crate) responses: OrdMap<Sequence, R>,
}

/// All sessions of a state machine that answers with `R`. Clones share what they have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionTable<R> {
    pub(crate) sessions: OrdMap<ClientId, Session<R>>,
}

impl<R> Default for SessionTable<R> {
    fn default() -> Self {
        Self { sessions: OrdMap::new() }
    }
}

/// What the table knows of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recall<R> {
    /// Nothing: it has to be executed.
    New,
    /// It was executed, with this answer.
    Known(R),
    /// It is so old that its answer was given up. Whether it took effect is unknown.
    Forgotten {
        /// The youngest sequence of the session that is given up.
        forgotten: Sequence,
    },
    /// The session was never opened, or was not used for so long that others took its place.
    NoSuchSession,
}

/// A session as it is written down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionRecord<R> {
    /// Its id.
    pub client: ClientId,
    /// The log index of its last command.
    pub last_used: Revision,
    /// All sequences up to this one are given up.
    pub forgotten: Sequence,
    /// The answers to younger ones, ascending.
    pub answers: Vec<(Sequence, R)>,
}

impl<R: Clone> SessionTable<R> {
    /// All sessions, ascending.
    pub fn records(&self) -> impl ExactSizeIterator<Item = SessionRecord<R>> {
        self.sessions.iter().map(|(client, session)| SessionRecord {
            client: *client,
            last_used: session.last_used,
            forgotten: session.forgotten,
            answers: session.responses.iter().map(|(sequence, response)| (*sequence, response.clone())).collect(),
        })
    }

    /// Takes a session that was written down at a log index. They come in their order, into a table that was empty.
    ///
    /// # Errors
    /// What no table says of a session.
    pub fn restore(&mut self, record: SessionRecord<R>, revision: Revision) -> Result<(), &'static str> {
        let SessionRecord { client, last_used, forgotten, answers } = record;
        let require = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
        require(self.sessions.len() < N_SESSIONS_MAX, "too many sessions")?;
        require(self.sessions.get_max().is_none_or(|(last, _)| *last < client), "sessions out of order")?;
        require(client.0 <= last_used.0 && last_used <= revision, "a session used in the future")?;
        require(answers.len() <= SESSION_WINDOW, "a session with too many answers")?;
        let mut last = forgotten;
        for (sequence, _) in &answers {
            require(last < *sequence, "answers out of order")?;
            last = *sequence;
        }
        self.sessions.insert(client, Session { last_used, forgotten, responses: answers.into_iter().collect() });
        Ok(())
    }

    /// Opens a session at a log index. The one that was not used for the longest time makes room for it.
    pub fn open(&mut self, index: Revision) -> ClientId {
        let client = ClientId(index.0);
        if self.sessions.len() >= N_SESSIONS_MAX {
            // Opening is rare and the table small, so a search does where a second index would have to be kept in step.
            let oldest = self.sessions.iter().min_by_key(|(client, session)| (session.last_used, **client));
            if let Some(oldest) = oldest.map(|(client, _)| *client) {
                self.sessions.remove(&oldest);
            }
        }
        self.sessions.insert(client, Session { last_used: index, forgotten: Sequence(0), responses: OrdMap::new() });
        client
    }

    /// Looks up a command that is applied at a log index.
    pub fn recall(&mut self, client: ClientId, sequence: Sequence, index: Revision) -> Recall<R> {
        let Some(session) = self.sessions.get_mut(&client) else { return Recall::NoSuchSession };
        session.last_used = index;
        match session.responses.get(&sequence) {
            Some(response) => Recall::Known(response.clone()),
            None if sequence <= session.forgotten => Recall::Forgotten { forgotten: session.forgotten },
            None => Recall::New,
        }
    }

    /// Keeps the answer to a command that was new, and gives up the oldest if there are too many.
    pub fn remember(&mut self, client: ClientId, sequence: Sequence, response: R) {
        let Some(session) = self.sessions.get_mut(&client) else { return };
        session.responses.insert(sequence, response);
        if session.responses.len() > SESSION_WINDOW
            && let Some(oldest) = session.responses.get_min().map(|(sequence, _)| *sequence)
        {
            session.responses.remove(&oldest);
            session.forgotten = oldest;
        }
    }
}

//! Who proposed what, so that a command proposed twice takes effect once.
//!
//! The scheme is that of Ongaro, "Consensus: Bridging Theory and Practice" (2014), section 6.3: a session is opened by a log
//! entry, and the state machine remembers the answers to its commands. Two things are bounded here where the thesis leaves it open:
//! a session keeps its [`SESSION_WINDOW`] youngest answers, and the table its [`N_SESSIONS_MAX`] most recently used sessions. "Recent"
//! is counted in log indexes, which all replicas agree on, never in time. What is given up is refused and never applied, so
//! the bounds cost availability to a proposer that falls far behind, and never exactness.

use imbl::OrdMap;

use crate::{ClientId, Refusal, Response, Revision, Sequence};

/// How many sessions are remembered. A node or a gateway process needs one.
pub const N_SESSIONS_MAX: usize = 1024;

/// How many answers of a session are remembered: how many requests it may have in flight.
pub const SESSION_WINDOW: usize = 128;

/// The answers given to one proposer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Session {
    /// The log index of its last command.
    pub(crate) last_used: Revision,
    /// All sequences up to this one are given up.
    pub(crate) forgotten: Sequence,
    /// The answers to younger ones, at most [`SESSION_WINDOW`].
    pub(crate) responses: OrdMap<Sequence, Response>,
}

/// All sessions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct SessionTable {
    pub(crate) sessions: OrdMap<ClientId, Session>,
}

/// What the table knows of a command.
pub(crate) enum Recall {
    /// Nothing: it has to be executed.
    New,
    /// Its answer, or why there is none.
    Known(Response),
}

impl SessionTable {
    /// Opens a session at a log index. The one that was not used for the longest time makes room for it.
    pub(crate) fn open(&mut self, index: Revision) -> ClientId {
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
    pub(crate) fn recall(&mut self, client: ClientId, sequence: Sequence, index: Revision) -> Recall {
        let Some(session) = self.sessions.get_mut(&client) else {
            return Recall::Known(Err(Refusal::NoSuchSession { client }));
        };
        session.last_used = index;
        match session.responses.get(&sequence) {
            Some(response) => Recall::Known(response.clone()),
            None if sequence <= session.forgotten => {
                Recall::Known(Err(Refusal::AnswerForgotten { forgotten: session.forgotten.0 }))
            }
            None => Recall::New,
        }
    }

    /// Keeps the answer to a command that was new, and gives up the oldest if there are too many.
    pub(crate) fn remember(&mut self, client: ClientId, sequence: Sequence, response: Response) {
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

//! Which sessions ask this node, and how much of it is under way. Knows nothing of what they ask.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vraftls_proto::SessionId;

/// So many are told apart; further ones are answered and not counted. A gateway of another process may be lost without saying which
/// sessions ended with it.
const SESSIONS_MAX: usize = 4096;

/// The sessions that asked something and have not ended.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    under_way: Mutex<BTreeMap<SessionId, u64>>,
}

/// A question that is being answered.
#[derive(Debug)]
pub(crate) struct Asking<'a> {
    sessions: &'a Sessions,
    session: SessionId,
}

impl Sessions {
    /// To be held while a question of a session is answered.
    pub(crate) fn ask(&self, session: SessionId) -> Asking<'_> {
        let mut under_way = self.lock();
        if under_way.len() < SESSIONS_MAX || under_way.contains_key(&session) {
            *under_way.entry(session).or_default() += 1;
        }
        Asking { sessions: self, session }
    }

    /// Forgets a session.
    pub(crate) fn end(&self, session: SessionId) {
        self.lock().remove(&session);
    }

    /// How many there are, and how many of their questions are being answered.
    pub(crate) fn count(&self) -> (usize, u64) {
        let under_way = self.lock();
        (under_way.len(), under_way.values().sum())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SessionId, u64>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        // Its session may have ended in the meantime.
        if let Some(n) = self.sessions.lock().get_mut(&self.session) {
            *n = n.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_until_the_session_ends() {
        let sessions = Sessions::default();
        let (one, other) = (SessionId(1), SessionId(2));
        let asking = [sessions.ask(one), sessions.ask(one), sessions.ask(other)];
        assert_eq!(sessions.count(), (2, 3));
        sessions.end(one);
        assert_eq!(sessions.count(), (1, 1));
        drop(asking);
        assert_eq!(sessions.count(), (1, 0));
    }

    #[test]
    fn what_nobody_ends_does_not_pile_up() {
        let sessions = Sessions::default();
        for session in 0..2 * SESSIONS_MAX as u64 {
            drop(sessions.ask(SessionId(session)));
        }
        assert_eq!(sessions.count(), (SESSIONS_MAX, 0));
    }
}

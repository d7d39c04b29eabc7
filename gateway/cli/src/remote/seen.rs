//! What sessions have seen of the base: no later answer of theirs comes from an older one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vraftls_proto::{Revisions, SessionId};

/// The bases that sessions have seen.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<SessionId, Revisions>>);

impl Seen {
    /// What a session has seen. It is known from now on, until it ends.
    pub(super) fn of(&self, session: SessionId) -> Revisions {
        self.lock().entry(session).or_default().clone()
    }

    /// A session saw an answer. One that ended meanwhile is not remembered again.
    pub(super) fn raise(&self, session: SessionId, revisions: &Revisions) {
        if let Some(seen) = self.lock().get_mut(&session) {
            seen.raise_all(revisions);
        }
    }

    /// Forgets a session.
    pub(super) fn forget(&self, session: SessionId) {
        self.lock().remove(&session);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Revisions>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use vraftls_vfs::Revision;

    use super::*;

    #[test]
    fn a_session_sees_no_older_base_and_is_forgotten_for_good() {
        let (seen, session) = (Seen::default(), SessionId(1));
        let at = |list: &[(u32, u64)]| list.iter().map(|(group, n)| (*group, Revision(*n))).collect::<Revisions>();
        assert_eq!(seen.of(session), Revisions::new());
        seen.raise(session, &at(&[(1, 5)]));
        seen.raise(session, &at(&[(1, 3), (2, 1)]));
        assert_eq!(seen.of(session), at(&[(1, 5), (2, 1)]));
        seen.forget(session);
        seen.raise(session, &at(&[(1, 9)]));
        assert_eq!((seen.len(), seen.of(session)), (0, Revisions::new()));
    }
}

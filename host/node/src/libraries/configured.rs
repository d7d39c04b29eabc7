//! The interpreters that sessions configured for one workspace, kept as long as somebody asks with them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many are mounted in one workspace at once.
const CONFIGURED_MAX: usize = 16;

/// After how long without a question one makes room for another. Longer than any question takes.
const IDLE_TIME: Duration = Duration::from_secs(600);

/// The interpreters that sessions configured for one workspace, as they spell them.
#[derive(Debug, Default)]
pub(crate) struct Configured {
    used: Mutex<BTreeMap<String, Instant>>,
}

/// Too many are in use.
#[derive(Debug, thiserror::Error)]
#[error("{CONFIGURED_MAX} interpreters are in use in this folder already")]
pub(crate) struct TooManyInterpreters;

impl Configured {
    /// Says that one is asked with now.
    pub(crate) fn touch(&self, interpreter: &str, now: Instant) -> Result<(), TooManyInterpreters> {
        let mut used = self.lock();
        if let Some(since) = used.get_mut(interpreter) {
            *since = now;
            return Ok(());
        }
        if used.len() >= CONFIGURED_MAX {
            used.retain(|_, since| now.saturating_duration_since(*since) < IDLE_TIME);
        }
        if used.len() >= CONFIGURED_MAX {
            return Err(TooManyInterpreters);
        }
        used.insert(interpreter.to_owned(), now);
        Ok(())
    }

    /// All of them, sorted.
    pub(crate) fn list(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_ones_make_room_and_used_ones_do_not() {
        let (configured, start) = (Configured::default(), Instant::now());
        for n in 0..CONFIGURED_MAX {
            configured.touch(&n.to_string(), start).expect("there is room");
        }
        let soon = start + IDLE_TIME / 2;
        configured.touch("0", soon).expect("known");
        assert!(configured.touch("new", soon).is_err());
        configured.touch("new", start + IDLE_TIME).expect("the idle ones are gone");
        assert_eq!(configured.list(), ["0", "new"]);
    }
}

//! Servers that run at the same time and are asked the same, one thing after the other: each thing of all of them before the
//! next.
//!
//! A machine that others share is faster in one minute than in the next by more than servers differ. Of servers that were asked
//! minutes apart that would be a difference between them; here it is none. What a server still does after its answer is not
//! counted to the next: nobody is asked before all rest.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Error, Result};

use crate::figures::Figures;
use crate::session::Session;

/// All servers rest when they take less than so much of a processor together, for so long. Who never rests is not waited for.
const RESTING_SHARE: f64 = 0.1;
const RESTS_FOR: Duration = Duration::from_millis(50);
const REST_MAX: Duration = Duration::from_secs(5);

/// A server that runs beside others, and what is measured of it.
pub(crate) struct Running<'a> {
    /// None once it failed.
    session: Option<Session>,
    /// Its figures, or why there are none, once it failed.
    result: &'a mut Result<Figures, String>,
}

impl<'a> Running<'a> {
    /// A server that was just started, and is ready, if it could be started.
    pub(crate) fn start(result: &'a mut Result<Figures, String>, start: impl FnOnce() -> Result<Session>) -> Self {
        let started = start().and_then(|mut session| session.wait_until_ready().map(|()| session));
        let mut running = Self { session: None, result };
        match started {
            Ok(session) => running.session = Some(session),
            Err(error) => running.fail(&error),
        }
        running
    }

    /// Ends the server.
    pub(crate) fn stop(mut self) {
        let stopped = self.session.take().map_or(Ok(()), Session::stop);
        if let Err(error) = stopped {
            self.fail(&error);
        }
    }

    /// Asks a server that did not fail yet.
    pub(crate) fn ask(&mut self, question: impl FnOnce(&mut Session, &mut Figures) -> Result<()>) {
        let (Some(session), Ok(figures)) = (&mut self.session, &mut *self.result) else { return };
        if let Err(error) = question(session, figures) {
            self.fail(&error);
        }
    }

    fn fail(&mut self, error: &Error) {
        self.session = None;
        *self.result = Err(format!("{error:#}"));
    }
}

/// Asks every server about every thing, in turns. A server that took `budget` for its turns has no more of them.
pub(crate) fn ask<T>(
    all: &mut [Running<'_>],
    things: &[T],
    budget: Duration,
    ask: impl Fn(&mut Session, &mut Figures, &T) -> Result<()>,
) {
    let mut spent = vec![Duration::ZERO; all.len()];
    for (number, thing) in things.iter().enumerate() {
        for idx in turns(all.len(), number) {
            if spent[idx] > budget {
                continue;
            }
            wait_until_rest(all);
            let start = Instant::now();
            all[idx].ask(|session, figures| ask(session, figures, thing));
            spent[idx] += start.elapsed();
        }
    }
}

/// Waits until no server works on anything, where the system tells.
fn wait_until_rest(all: &[Running<'_>]) {
    wait_while_at_work(|| all.iter().filter_map(|running| running.session.as_ref()?.processor_seconds()).sum());
}

/// Waits until the processor time so far, in seconds, hardly grows any more. Returns at once where it is unknown, and zero.
pub(crate) fn wait_while_at_work(worked: impl Fn() -> f64) {
    let gives_up = Instant::now() + REST_MAX;
    let mut before = worked();
    while before > 0.0 && Instant::now() < gives_up {
        let since = Instant::now();
        thread::sleep(RESTS_FOR);
        let now = worked();
        if now - before < RESTING_SHARE * since.elapsed().as_secs_f64() {
            return;
        }
        before = now;
    }
}

/// Who is asked when about one thing. What a server leaves in the caches of the processor is none of the next one's, so each comes
/// after each other.
fn turns(count: usize, number: usize) -> impl Iterator<Item = usize> {
    let is_backward = (number / count.max(1)) % 2 == 1;
    (0..count).map(move |place| {
        let place = if is_backward { count - 1 - place } else { place };
        (place + number) % count
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_server_is_asked_once_and_comes_first_and_after_each_other_at_times() {
        for count in 1..5 {
            let mut followed = BTreeSet::new();
            let mut first = BTreeSet::new();
            for number in 0..2 * count {
                let order: Vec<usize> = turns(count, number).collect();
                assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..count).collect());
                first.insert(order[0]);
                followed.extend(order.windows(2).map(|pair| (pair[0], pair[1])));
            }
            assert_eq!(first.len(), count);
            if count == 3 {
                assert_eq!(followed.len(), 6, "{followed:?}");
            }
        }
        assert_eq!(turns(0, 5).count(), 0);
    }
}

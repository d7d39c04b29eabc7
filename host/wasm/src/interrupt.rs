//! Who may run, until when, and how a guest is stopped that goes on for longer.
//!
//! The clock looks at every guest that runs ([`Interrupt::look`]), on a thread of its own. A guest whose time is up loses its polling
//! pages, or sees at the next epoch that it is to stop; either way its call ends in an error, and [`Interruptible::stopped`] says why.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::clock::Clock;
use crate::host_state::Waiter;
use crate::polling_page::PollingPages;
use crate::stop::Stop;

/// What the clock knows of one store.
pub(crate) struct Interrupt {
    watched: Mutex<Option<Watched>>,
    pages: PollingPages,
}

/// A guest that runs.
struct Watched {
    waiter: Waiter,
    cancelled_at: Option<Instant>,
    stopped: Option<Stop>,
}

impl Interrupt {
    /// Stops the guest if it runs and its time is up.
    pub(crate) fn look(&self, now: Instant) {
        let mut watched = self.lock();
        if let Some(watched) = &mut *watched
            && watched.stopped.is_none()
        {
            watched.stopped = watched.should_stop(now);
            if watched.stopped.is_some() {
                self.pages.close();
            }
        }
    }

    fn set(&self, next: Option<Waiter>) {
        let mut watched = self.lock();
        // The last call may have ended just when it was stopped.
        if watched.as_ref().is_some_and(|watched| watched.stopped.is_some()) {
            self.pages.open();
        }
        *watched = next.map(|waiter| Watched { waiter, cancelled_at: None, stopped: None });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsRef<PollingPages> for Interrupt {
    fn as_ref(&self) -> &PollingPages {
        &self.pages
    }
}

impl Watched {
    /// Why the guest should not go on, if so. Whoever does not make way is left alone.
    fn should_stop(&mut self, now: Instant) -> Option<Stop> {
        if now >= self.waiter.deadline + self.waiter.grace {
            return Some(Stop::Deadline);
        }
        if self.waiter.is_cancelled() {
            let since = *self.cancelled_at.get_or_insert(now);
            if now.duration_since(since) >= self.waiter.grace {
                return Some(Stop::Cancelled);
            }
        }
        None
    }
}

/// The same, as the store has it that is stopped: part of what the store carries, and so dropped before its memories go, which is when
/// their pages are given back.
pub(crate) struct Interruptible {
    interrupt: Arc<Interrupt>,
    clock: Arc<Clock>,
    is_watched: bool,
}

impl Interruptible {
    /// Of a store with so many memories at most, in which nothing runs yet.
    pub(crate) fn new(clock: &Arc<Clock>, memories_max: usize) -> Self {
        let interrupt = Interrupt { watched: Mutex::new(None), pages: PollingPages::new(memories_max) };
        Self { interrupt: Arc::new(interrupt), clock: clock.clone(), is_watched: false }
    }

    /// Has the clock look after a guest that runs for somebody from now on.
    pub(crate) fn watch(&mut self, waiter: &Waiter) {
        self.interrupt.set(Some(waiter.clone()));
        if !std::mem::replace(&mut self.is_watched, true) {
            self.clock.add(&self.interrupt);
        }
    }

    /// Nothing of the guest runs until the next time.
    pub(crate) fn rest(&mut self) {
        if std::mem::take(&mut self.is_watched) {
            self.clock.remove(&self.interrupt);
        }
        self.interrupt.set(None);
    }

    /// Why the guest was stopped, if it was.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.interrupt.lock().as_ref()?.stopped
    }

    /// What finds the pages of the store.
    pub(crate) fn interrupt(&self) -> Arc<Interrupt> {
        self.interrupt.clone()
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        if self.is_watched {
            self.clock.remove(&self.interrupt);
        }
        // The clock may just look at it.
        *self.interrupt.lock() = None;
        self.interrupt.pages.give_back();
    }
}

#[cfg(test)]
mod tests;

//! When a node that could not be reached is tried again. Pure: time is told.

use std::time::Duration;

use tokio::time::Instant;

/// The first wait after a failure.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The longest wait.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Fails calls at once while trying is pointless. Waits double from failure to failure.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Breaker {
    n_failures: u32,
    closed_until: Option<Instant>,
}

impl Breaker {
    /// How long to wait before the next try; none if it may be now.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        self.closed_until.and_then(|until| until.checked_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    /// A try failed.
    pub(crate) fn failed(&mut self, now: Instant) {
        let doubled = FIRST_WAIT.saturating_mul(1_u32.checked_shl(self.n_failures).unwrap_or(u32::MAX));
        self.n_failures = self.n_failures.saturating_add(1);
        self.closed_until = Some(now + doubled.min(WAIT_MAX));
    }

    /// A try succeeded.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_end_with_success() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        assert_eq!(breaker.wait(start), None);
        let mut waits = Vec::new();
        for _ in 0..40 {
            breaker.failed(start);
            waits.push(breaker.wait(start).unwrap().as_millis());
        }
        assert_eq!(waits[..6], [50, 100, 200, 400, 800, 1000]);
        assert!(waits[6..].iter().all(|wait| *wait == 1000));
        assert_eq!(breaker.wait(start + Duration::from_millis(999)), Some(Duration::from_millis(1)));
        assert_eq!(breaker.wait(start + WAIT_MAX), None);
        breaker.succeeded();
        assert_eq!(breaker.wait(start), None);
    }
}

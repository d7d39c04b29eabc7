//! How much may be sent in a second, over all connections of a lane that is not urgent. Pure: time is told.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A token bucket: it fills at the rate, to what a tenth of a second brings.
#[derive(Debug)]
pub(crate) struct Limiter {
    bytes_per_second: u64,
    /// When the bucket will be as it should not be emptier than. In the past by up to [`BURST`] where little was sent.
    paid_until: Mutex<Option<Instant>>,
}

/// What may be sent at once after a rest, as time at the rate.
const BURST: Duration = Duration::from_millis(100);

impl Limiter {
    pub(crate) fn new(bytes_per_second: u64) -> Self {
        Self { bytes_per_second: bytes_per_second.max(1), paid_until: Mutex::new(None) }
    }

    /// Counts bytes that are to be sent, and says how long they have to wait.
    pub(crate) fn wait_for(&self, n_bytes: usize, now: Instant) -> Duration {
        let cost = Duration::from_secs_f64(n_bytes as f64 / self.bytes_per_second as f64);
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        let rested = now.checked_sub(BURST).unwrap_or(now);
        let from = paid_until.map_or(rested, |until| until.max(rested));
        *paid_until = Some(from + cost);
        (from + cost).saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_keeps_the_rate_after_a_burst() {
        let start = Instant::now() + Duration::from_secs(10);
        let limiter = Limiter::new(1000);
        assert_eq!(limiter.wait_for(100, start), Duration::ZERO);
        assert_eq!(limiter.wait_for(50, start), Duration::from_millis(50));
        assert_eq!(limiter.wait_for(50, start), Duration::from_millis(100));
        let later = start + Duration::from_millis(50);
        assert_eq!(limiter.wait_for(100, later), Duration::from_millis(150));
        let rested = start + Duration::from_secs(5);
        assert_eq!(limiter.wait_for(100, rested), Duration::ZERO);
        assert_eq!(limiter.wait_for(1, rested), Duration::from_millis(1));
    }
}

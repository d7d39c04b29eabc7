//! Keeps a project that loses its engines again and again from costing anything.

use std::time::{Duration, Instant};

use crate::Limits;

/// The faults of one project, and until when it rests because of them.
#[derive(Debug, Default)]
pub(crate) struct Quarantine {
    n_faults: u32,
    last: Option<Instant>,
    until: Option<Instant>,
}

impl Quarantine {
    /// Notes that an engine was lost.
    pub(crate) fn fault(&mut self, limits: &Limits, now: Instant) {
        if self.is_forgiven(limits, now) {
            *self = Self::default();
        }
        self.n_faults = self.n_faults.saturating_add(1);
        self.last = Some(now);
        let beyond = self.n_faults.saturating_sub(limits.quarantine_after);
        if beyond > 0 {
            let doubled = limits.quarantine_min.saturating_mul(1 << (beyond - 1).min(30));
            self.until = Some(now + doubled.min(limits.quarantine_max));
        }
    }

    /// How long it still rests.
    pub(crate) fn remaining(&self, now: Instant) -> Option<Duration> {
        let remaining = self.until?.saturating_duration_since(now);
        (!remaining.is_zero()).then_some(remaining)
    }

    /// Whether nothing needs to be remembered any more.
    pub(crate) fn is_forgiven(&self, limits: &Limits, now: Instant) -> bool {
        let since = self.until.or(self.last);
        since.is_none_or(|since| now.saturating_duration_since(since) >= limits.quarantine_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_further_fault_doubles_the_rest_up_to_the_longest() {
        let limits = Limits { quarantine_after: 2, ..Limits::default() };
        let (mut quarantine, now) = (Quarantine::default(), Instant::now());
        let mut rests = Vec::new();
        for _ in 0..12 {
            quarantine.fault(&limits, now);
            rests.push(quarantine.remaining(now).map_or(0, |rest| rest.as_secs()));
        }
        assert_eq!(rests, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    }

    #[test]
    fn a_rest_ends_and_is_forgotten_after_a_time_without_faults() {
        let limits = Limits { quarantine_after: 0, ..Limits::default() };
        let (mut quarantine, start) = (Quarantine::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        quarantine.fault(&limits, start);
        assert_eq!(quarantine.remaining(start), Some(Duration::from_secs(1)));
        assert_eq!(quarantine.remaining(after(1)), None);
        assert!(!quarantine.is_forgiven(&limits, after(60)));
        assert!(quarantine.is_forgiven(&limits, after(61)));
        quarantine.fault(&limits, after(100));
        assert_eq!(quarantine.remaining(after(100)), Some(Duration::from_secs(1)), "counted from the beginning");
    }
}

//! Percentiles of how long things took.

use std::time::Duration;

/// How long the requests of one kind took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The nearest-rank percentile: the shortest time that at least `percent` of all did not exceed. None of none.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted = self.0.clone();
        sorted.sort();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Latencies {
        Latencies(millis.into_iter().map(Duration::from_millis).collect())
    }

    #[test]
    fn percentiles_are_times_that_occurred() {
        let hundred = of((1..=100).rev());
        assert_eq!(hundred.percentile(50), Some(Duration::from_millis(50)));
        assert_eq!(hundred.percentile(99), Some(Duration::from_millis(99)));
        assert_eq!(hundred.percentile(100), Some(Duration::from_millis(100)));
        assert_eq!(of([3, 1, 2]).percentile(50), Some(Duration::from_millis(2)));
        assert_eq!(of([3, 1, 2]).percentile(99), Some(Duration::from_millis(3)));
        assert_eq!(of([7]).percentile(0), Some(Duration::from_millis(7)));
        assert_eq!(of([]).percentile(50), None);
    }

    proptest! {
        #[test]
        fn at_least_so_many_percent_are_no_longer(
            millis in prop::collection::vec(0_u64..1000, 1..200), percent in 1_usize..=100,
        ) {
            let latencies = of(millis.iter().copied());
            let found = latencies.percentile(percent).unwrap().as_millis() as u64;
            let no_longer = millis.iter().filter(|time| **time <= found).count();
            let shorter = millis.iter().filter(|time| **time < found).count();
            prop_assert!(no_longer * 100 >= percent * millis.len());
            prop_assert!(shorter * 100 < percent * millis.len());
        }
    }
}

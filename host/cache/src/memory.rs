//! The first tier: decoded values in memory.

use std::sync::Arc;
use std::time::Instant;

use crate::{CacheValue, Counters, Key};

/// What an entry takes beside its value: key, pointers and what the map keeps of it.
const ENTRY_OVERHEAD_BYTES: usize = 160;

/// Decoded values in memory, the more often used ones, within a budget of bytes.
pub struct MemoryTier<V> {
    entries: moka::sync::Cache<Key, Arc<V>>,
    counters: Counters,
}

impl<V: CacheValue> MemoryTier<V> {
    /// An empty one for at most `budget_bytes`, measured by [`CacheValue::weight_bytes`].
    pub fn new(budget_bytes: u64) -> Self {
        let weigh = |_: &Key, value: &Arc<V>| {
            u32::try_from(value.weight_bytes().saturating_add(ENTRY_OVERHEAD_BYTES)).unwrap_or(u32::MAX)
        };
        let entries = moka::sync::Cache::builder().max_capacity(budget_bytes).weigher(weigh).build();
        Self { entries, counters: Counters::default() }
    }

    /// The value of a key, counted.
    pub fn get(&self, key: &Key) -> Option<Arc<V>> {
        let since = Instant::now();
        let found = self.entries.get(key);
        self.counters.looked_up(since, found.as_ref().map(|value| value.weight_bytes()));
        found
    }

    /// The value of a key for one who counted a miss already, or does not ask to have it made.
    pub(crate) fn get_uncounted(&self, key: &Key) -> Option<Arc<V>> {
        self.entries.get(key)
    }

    /// Keeps a value, if it is worth more than what would go for it.
    pub fn put(&self, key: Key, value: Arc<V>) {
        self.counters.filled(value.weight_bytes());
        self.entries.insert(key, value);
    }

    /// What it did so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The bytes it holds, as it weighs them.
    pub fn held_bytes(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.weighted_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Blob(usize);

    impl CacheValue for Blob {
        fn weight_bytes(&self) -> usize {
            self.0
        }

        fn encode(&self) -> Option<Vec<u8>> {
            None
        }

        fn decode(_: &[u8]) -> Option<Self> {
            None
        }
    }

    #[test]
    fn it_never_holds_more_than_its_budget() {
        const BUDGET_BYTES: u64 = 10_000;
        let tier = MemoryTier::new(BUDGET_BYTES);
        for n in 0..200_u8 {
            tier.put(Key::from_bytes([n; 32]), Arc::new(Blob(usize::from(n) * 10)));
            assert!(tier.held_bytes() <= BUDGET_BYTES);
        }
        tier.put(Key::from_bytes([255; 32]), Arc::new(Blob(usize::MAX)));
        assert!(tier.held_bytes() <= BUDGET_BYTES);
    }

    #[test]
    fn it_counts_what_it_is_asked() {
        let tier = MemoryTier::new(1_000);
        let key = Key::from_bytes([1; 32]);
        assert!(tier.get(&key).is_none());
        tier.put(key, Arc::new(Blob(5)));
        assert!(tier.get(&key).is_some());
        let stats = tier.counters().stats();
        assert_eq!((stats.n_hits, stats.n_misses, stats.n_fills, stats.bytes_out), (1, 1, 1, 5));
    }
}

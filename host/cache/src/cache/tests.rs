//! The tiers together, with tiers below that are maps in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::future::join_all;

use super::*;
use crate::{Counters, Job, Saturated};

#[derive(Clone, PartialEq, Eq, Debug)]
struct Number(u8);

impl CacheValue for Number {
    fn weight_bytes(&self) -> usize {
        1
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(vec![self.0])
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [number] => Some(Number(*number)),
            _ => None,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Failure;

impl FlightError for Failure {
    fn is_of_one_asker(&self) -> bool {
        false
    }
}

#[derive(Default)]
struct MapTier {
    entries: Mutex<BTreeMap<Key, Vec<u8>>>,
    counters: Counters,
}

impl MapTier {
    fn holds(&self, key: &Key) -> Option<Vec<u8>> {
        self.entries.lock().expect("no panic").get(key).cloned()
    }
}

impl Tier for MapTier {
    fn name(&self) -> &'static str {
        "map"
    }

    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let found = self.holds(key);
        self.counters.looked_up(Instant::now(), found.as_ref().map(Vec::len));
        found
    }

    fn put(&self, key: &Key, bytes: &[u8]) {
        self.entries.lock().expect("no panic").insert(*key, bytes.to_vec());
    }

    fn reject(&self, key: &Key) {
        self.entries.lock().expect("no panic").remove(key);
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// Does every job at once, so that tests need not wait.
struct AtOnce;

impl Offload for AtOnce {
    fn submit(&self, job: Job) -> Result<(), Saturated> {
        job();
        Ok(())
    }
}

/// Takes no job.
struct Full;

impl Offload for Full {
    fn submit(&self, _: Job) -> Result<(), Saturated> {
        Err(Saturated)
    }
}

const KEY: Key = Key::from_bytes([7; 32]);

fn cache(lower: &[&Arc<MapTier>], threads: Arc<dyn Offload>) -> Cache<Number, Failure> {
    let lower = lower.iter().map(|tier| Arc::clone(tier) as Arc<dyn Tier>).collect();
    Cache::new(MemoryTier::new(1 << 20), lower, threads)
}

async fn get(cache: &Cache<Number, Failure>, made: Made<Number>) -> Number {
    let value = cache.get_or_make(KEY, async || Ok(made)).await.expect("making it does not fail");
    Number::clone(&value)
}

#[tokio::test]
async fn what_was_made_is_in_every_tier() {
    let disk = Arc::new(MapTier::default());
    let cache = cache(&[&disk], Arc::new(AtOnce));
    assert_eq!(get(&cache, Made::Whole(Number(1))).await, Number(1));
    assert_eq!(get(&cache, Made::Whole(Number(2))).await, Number(1));
    assert_eq!(disk.holds(&KEY), Some(vec![1]));
    assert_eq!((cache.memory().counters().stats().n_hits, disk.counters.stats().n_misses), (1, 1));
}

#[tokio::test]
async fn what_a_lower_tier_has_is_brought_up() {
    let [near, far] = [Arc::new(MapTier::default()), Arc::new(MapTier::default())];
    far.put(&KEY, &[3]);
    let cache = cache(&[&near, &far], Arc::new(AtOnce));
    assert_eq!(get(&cache, Made::Whole(Number(1))).await, Number(3));
    assert_eq!(near.holds(&KEY), Some(vec![3]));
    assert_eq!(cache.peek(&KEY), Some(Arc::new(Number(3))));
}

#[tokio::test]
async fn bytes_that_mean_nothing_are_a_miss_and_dropped() {
    let disk = Arc::new(MapTier::default());
    disk.put(&KEY, b"of another version");
    let cache = cache(&[&disk], Arc::new(AtOnce));
    assert_eq!(get(&cache, Made::Passing(Number(4))).await, Number(4));
    assert_eq!(disk.holds(&KEY), None);
}

#[tokio::test]
async fn what_is_not_whole_and_errors_are_not_kept() {
    let disk = Arc::new(MapTier::default());
    let cache = cache(&[&disk], Arc::new(AtOnce));
    assert_eq!(get(&cache, Made::Passing(Number(1))).await, Number(1));
    assert_eq!(cache.get_or_make(KEY, async || Err(Failure)).await, Err(Failure));
    assert_eq!((cache.peek(&KEY), disk.holds(&KEY)), (None, None));
    assert_eq!(get(&cache, Made::Whole(Number(2))).await, Number(2));
}

#[tokio::test]
async fn a_busy_disk_is_passed_over() {
    let disk = Arc::new(MapTier::default());
    disk.put(&KEY, &[9]);
    let cache = cache(&[&disk], Arc::new(Full));
    assert_eq!(get(&cache, Made::Whole(Number(1))).await, Number(1));
    assert_eq!(disk.counters.stats().n_refused, 1);
}

#[tokio::test]
async fn concurrent_misses_make_it_once() {
    let (cache, n_made) = (cache(&[], Arc::new(Full)), AtomicUsize::new(0));
    let ask = || {
        cache.get_or_make(KEY, async || {
            tokio::task::yield_now().await;
            n_made.fetch_add(1, Ordering::Relaxed);
            Ok(Made::Whole(Number(1)))
        })
    };
    let values = join_all((0..100).map(|_| ask())).await;
    assert!(values.iter().all(|value| *value == Ok(Arc::new(Number(1)))));
    assert_eq!(n_made.load(Ordering::Relaxed), 1);
}

//! The tiers together: look, and make what is nowhere.

use std::sync::Arc;

use crate::single_flight::FlightError;
use crate::{CacheValue, Key, MemoryTier, Offload, SingleFlight, Tier, offload};

/// A value that was just made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Made<V> {
    /// It is all that its key says, and stays so: it is kept.
    Whole(V),
    /// Something is missing in it, or it is not worth keeping: it goes to those who wait for it and no further.
    Passing(V),
}

/// A cache of one kind of values, over all tiers.
pub struct Cache<V, E> {
    memory: MemoryTier<V>,
    lower: Arc<[Arc<dyn Tier>]>,
    threads: Arc<dyn Offload>,
    flights: SingleFlight<Key, Arc<V>, E>,
}

impl<V: CacheValue, E: FlightError> Cache<V, E> {
    /// A cache over these tiers, the faster first. Those below memory are asked on `threads`.
    pub fn new(memory: MemoryTier<V>, lower: Vec<Arc<dyn Tier>>, threads: Arc<dyn Offload>) -> Self {
        Self { memory, lower: lower.into(), threads, flights: SingleFlight::default() }
    }

    /// What memory has of a key, for one who can do without. Never blocks, and is not counted.
    pub fn peek(&self, key: &Key) -> Option<Arc<V>> {
        self.memory.get_uncounted(key)
    }

    /// The value of a key from the first tier that has it, or else from `make`, once for all who ask at the same time.
    pub async fn get_or_make<F>(&self, key: Key, make: impl FnOnce() -> F) -> Result<Arc<V>, E>
    where
        F: Future<Output = Result<Made<V>, E>>,
    {
        if let Some(value) = self.memory.get(&key) {
            return Ok(value);
        }
        let fly = async || {
            // Whoever came between the last landing and this start finds what landed.
            if let Some(value) = self.memory.get_uncounted(&key) {
                return Ok(value);
            }
            if let Some(value) = self.ask_lower(key).await {
                self.memory.put(key, Arc::clone(&value));
                return Ok(value);
            }
            match make().await? {
                Made::Whole(value) => {
                    let value = Arc::new(value);
                    self.memory.put(key, Arc::clone(&value));
                    self.fill_lower(key, Arc::clone(&value));
                    Ok(value)
                }
                Made::Passing(value) => Ok(Arc::new(value)),
            }
        };
        self.flights.run(key, fly).await
    }

    /// The first tier.
    pub fn memory(&self) -> &MemoryTier<V> {
        &self.memory
    }

    /// The tiers below, the faster first.
    pub fn lower(&self) -> &[Arc<dyn Tier>] {
        &self.lower
    }

    async fn ask_lower(&self, key: Key) -> Option<Arc<V>> {
        if self.lower.is_empty() {
            return None;
        }
        let tiers = Arc::clone(&self.lower);
        // Where too much waits for the disk already, making the value is the quicker way.
        offload(&*self.threads, move || find::<V>(&tiers, &key)).await.ok().flatten().map(Arc::new)
    }

    /// Puts a value into the tiers below, some time. Where too much waits already it stays out of them.
    fn fill_lower(&self, key: Key, value: Arc<V>) {
        if self.lower.is_empty() {
            return;
        }
        let tiers = Arc::clone(&self.lower);
        let fill = move || {
            if let Some(bytes) = value.encode() {
                tiers.iter().for_each(|tier| tier.put(&key, &bytes));
            }
        };
        if self.threads.submit(Box::new(fill)).is_err() {
            self.lower.iter().for_each(|tier| tier.counters().refused());
        }
    }
}

/// The value of a key in the first tier that has it; the tiers above that one get it too.
fn find<V: CacheValue>(tiers: &[Arc<dyn Tier>], key: &Key) -> Option<V> {
    for (idx, tier) in tiers.iter().enumerate() {
        let Some(bytes) = tier.get(key) else { continue };
        match V::decode(&bytes) {
            Some(value) => {
                tiers[..idx].iter().for_each(|above| above.put(key, &bytes));
                return Some(value);
            }
            None => tier.reject(key),
        }
    }
    None
}

#[cfg(test)]
mod tests;

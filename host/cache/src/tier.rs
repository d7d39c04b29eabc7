//! The port to a tier below memory.

use crate::{Counters, Key};

/// A tier below memory: a disk, or another node. It holds bytes, and may forget any of them at any time.
///
/// Callers must be on a thread that may wait: every method may block on a disk or a network. Implementors must give
/// back exactly the bytes that were put under a key, or nothing; must bound what they hold; and must not fail: what
/// cannot be read is a miss, what cannot be written is not kept.
pub trait Tier: Send + Sync {
    /// What it is called in metrics.
    fn name(&self) -> &'static str;

    /// The bytes of a key.
    fn get(&self, key: &Key) -> Option<Vec<u8>>;

    /// Keeps bytes, if there is room.
    fn put(&self, key: &Key, bytes: &[u8]);

    /// Forgets a key whose bytes turned out to mean nothing.
    fn reject(&self, key: &Key);

    /// What it did so far.
    fn counters(&self) -> &Counters;
}

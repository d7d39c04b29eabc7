//! What can be cached.

use vraftls_index::{Facts, decode_facts, encode_facts};

/// What can be cached.
pub trait CacheValue: Sized + Send + Sync + 'static {
    /// The memory it takes, roughly.
    fn weight_bytes(&self) -> usize;

    /// Its bytes for the tiers below memory; nothing for a value that only lives in this process.
    fn encode(&self) -> Option<Vec<u8>>;

    /// The value of bytes; nothing where they are of an unknown version or damaged.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

impl CacheValue for Facts {
    fn weight_bytes(&self) -> usize {
        Facts::weight_bytes(self)
    }

    fn encode(&self) -> Option<Vec<u8>> {
        Some(encode_facts(self))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        decode_facts(bytes).ok()
    }
}

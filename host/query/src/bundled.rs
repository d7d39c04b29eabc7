//! A file that an analyzer carries itself.

use std::sync::Arc;

use vraftls_cache::CacheValue;
use vraftls_vfs::ContentDigest;

/// A file that an analyzer carries itself, with its digest.
pub(crate) struct BundledText {
    pub(crate) text: Arc<str>,
    pub(crate) digest: ContentDigest,
}

impl BundledText {
    pub(crate) fn new(text: Arc<str>) -> Self {
        Self { digest: ContentDigest::of(text.as_bytes()), text }
    }
}

impl CacheValue for BundledText {
    fn weight_bytes(&self) -> usize {
        self.text.len()
    }

    /// The component is on this disk already.
    fn encode(&self) -> Option<Vec<u8>> {
        None
    }

    fn decode(_: &[u8]) -> Option<Self> {
        None
    }
}

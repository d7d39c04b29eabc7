//! The texts of unsaved buffers that gateways sent, by digest: each is sent once and named from then on.
//!
//! What is pushed out is asked for again. Texts are kept for all gateways together: the same text is the same text.

use std::sync::Arc;

use moka::sync::Cache;
use vraftls_vfs::ContentDigest;

/// How many bytes of texts are kept.
const BYTES_MAX: u64 = 128 << 20;

/// The texts.
pub(super) struct Overlays(Cache<ContentDigest, Arc<str>>);

impl Overlays {
    pub(super) fn new() -> Self {
        let weigh = |_: &ContentDigest, text: &Arc<str>| u32::try_from(text.len() + 64).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build())
    }

    /// Keeps a text under the digest of its bytes, and gives it.
    pub(super) fn keep(&self, text: Arc<str>) -> ContentDigest {
        let digest = ContentDigest::of(text.as_bytes());
        self.0.insert(digest, text);
        digest
    }

    pub(super) fn get(&self, digest: &ContentDigest) -> Option<Arc<str>> {
        self.0.get(digest)
    }
}

//! A file that an analyzer carries itself.

use std::sync::Arc;

use vraftls_cache::CacheValue;
use vraftls_vfs::ContentDigest;

/// A file that an analyzer carries itself, and which version of it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BundledFile {
    /// The component that carries it.
    pub component: ContentDigest,
    /// What is in it.
    pub text: Arc<str>,
}

/// A file that an analyzer carries itself, with its digest.
#[derive(Clone)]
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

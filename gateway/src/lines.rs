//! Line indexes of files that nobody has open, shared by the sessions of a gateway.

use std::sync::Arc;

use moka::sync::Cache;
use vraftls_text::LineIndex;
use vraftls_vfs::ContentDigest;

/// Line indexes by the digest of the content, bounded in bytes. Content never changes under its digest, so an entry is never wrong;
/// and who asks by digest has the content, so sharing tells no session anything of another. Cloning shares.
#[derive(Clone)]
pub struct LineIndexCache(Cache<ContentDigest, Arc<LineIndex>>);

impl LineIndexCache {
    /// Enough for the files of a workspace that are named in answers again and again.
    pub const DEFAULT_BYTES_MAX: u64 = 32 * 1024 * 1024;

    /// A cache of at most so many bytes.
    pub fn new(bytes_max: u64) -> Self {
        let weigh = |_: &ContentDigest, lines: &Arc<LineIndex>| {
            let overhead_bytes = size_of::<ContentDigest>() + size_of::<LineIndex>();
            u32::try_from(lines.weight_bytes() + overhead_bytes).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(bytes_max).weigher(weigh).build())
    }

    pub(crate) fn get(&self, digest: &ContentDigest) -> Option<Arc<LineIndex>> {
        self.0.get(digest)
    }

    pub(crate) fn insert(&self, digest: ContentDigest, lines: Arc<LineIndex>) {
        self.0.insert(digest, lines);
    }
}

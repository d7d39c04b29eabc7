//! The texts of files on this machine that differ from the base, for as long as an answer may speak of them.

use std::sync::Arc;

use moka::sync::Cache;
use vraftls_proto::OverlaySet;
use vraftls_vfs::ContentDigest;

use super::differences::BYTES_MAX;

/// Texts by digest, bounded in bytes: the newest of a folder, and some that it had before. Cloning shares.
#[derive(Clone)]
pub(super) struct Texts(Cache<ContentDigest, Arc<str>>);

impl Texts {
    pub(super) fn new() -> Self {
        let weigh = |_: &ContentDigest, text: &Arc<str>| u32::try_from(text.len() + 64).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(2 * BYTES_MAX as u64).weigher(weigh).build())
    }

    /// Keeps the texts of a folder.
    pub(super) fn keep(&self, overlays: &OverlaySet) {
        for (_, file) in overlays.iter() {
            self.0.insert(file.digest, Arc::clone(&file.text));
        }
    }

    pub(super) fn get(&self, digest: &ContentDigest) -> Option<Arc<str>> {
        self.0.get(digest)
    }
}

//! Contents of files by digest, on disk.
//!
//! Small contents lie in a journal, large ones in files of their own. A content that was [synced](ContentStore::sync) survives power loss.
//! Every read is checked against its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vraftls_raft::error::StorageError;
use vraftls_raft::kv::{Batch, JournalKv, OrderedKv as _};
use vraftls_vfs::ContentDigest;

use crate::data_dir::{DataDir, create_private_dir, write_durably};

/// What is larger lies in a file of its own.
const INLINE_BYTES_MAX: usize = 96 << 10;

/// About what the journal puts before each of them, its digest included, in bytes.
const STAGED_HEAD_BYTES: usize = 48;

/// So many bytes of contents may be staged before they have to be written.
const STAGED_BYTES_MAX: usize = 1 << 20;

/// Contents of files by digest. Cheap to clone; all clones are one store. Blocks on the disk.
#[derive(Clone, Debug)]
pub(crate) struct ContentStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    small: JournalKv,
    blobs: PathBuf,
    /// Small contents that were found to be damaged: they may be stored again.
    damaged: Mutex<BTreeSet<ContentDigest>>,
    /// Small contents that are not written yet.
    staged: Mutex<Staged>,
    /// What is on its way into the state, with the number of those who bring it: not to be let go.
    pinned: Mutex<BTreeMap<ContentDigest, u32>>,
    /// Whoever writes has the store, and some outlive the node by a moment: the directory is nobody else's until then. Dropped last.
    _held: Option<Arc<DataDir>>,
}

/// Contents that are there for every reader, and nowhere but in memory.
#[derive(Debug, Default)]
struct Staged {
    contents: BTreeMap<ContentDigest, Vec<u8>>,
    n_bytes: usize,
}

impl Staged {
    fn insert(&mut self, digest: ContentDigest, bytes: Vec<u8>) {
        self.remove(&digest);
        self.n_bytes += bytes.len();
        self.contents.insert(digest, bytes);
    }

    fn remove(&mut self, digest: &ContentDigest) {
        self.n_bytes -= self.contents.remove(digest).map_or(0, |bytes| bytes.len());
    }
}

/// Keeps contents from being let go while it lives: the state does not speak of them yet.
#[derive(Debug)]
pub(crate) struct Pin {
    store: ContentStore,
    digest: ContentDigest,
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pinned = self.store.pinned();
        match pinned.get_mut(&self.digest) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(pinned.remove(&self.digest)),
        }
    }
}

/// A place in the order of all contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ContentPlace {
    /// Small ones, after this one.
    Small { after: Option<ContentDigest> },
    /// The large ones whose digests begin with this byte.
    Large { directory: u8 },
}

impl Default for ContentPlace {
    fn default() -> Self {
        Self::Small { after: None }
    }
}

/// Why contents cannot be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// They are not there.
    #[error("contents {0} are not stored")]
    Missing(ContentDigest),
    /// The bytes that are there are not those.
    #[error("contents {0} are damaged on disk")]
    Damaged(ContentDigest),
    /// The journal refused.
    #[error("the content store failed")]
    Journal(#[from] StorageError),
    /// The file system refused.
    #[error("the content store failed")]
    Io(#[from] io::Error),
}

impl ContentStore {
    /// Opens the store of a data directory, and holds the directory as long as anybody has the store.
    pub(crate) fn of(data_dir: &Arc<DataDir>) -> Result<Self, ContentError> {
        Self::open_held(&data_dir.contents(), Some(data_dir.clone()))
    }

    /// Opens the store in `directory`, making it where there is none.
    #[cfg(test)]
    pub(crate) fn open(directory: &Path) -> Result<Self, ContentError> {
        Self::open_held(directory, None)
    }

    fn open_held(directory: &Path, held: Option<Arc<DataDir>>) -> Result<Self, ContentError> {
        let blobs = directory.join("blobs");
        create_private_dir(&blobs)?;
        let small = JournalKv::open(&directory.join("journal"))?;
        let (damaged, staged, pinned) = Default::default();
        Ok(Self(Arc::new(Inner { small, blobs, damaged, staged, pinned, _held: held })))
    }

    fn damaged(&self) -> MutexGuard<'_, BTreeSet<ContentDigest>> {
        self.0.damaged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn staged(&self) -> MutexGuard<'_, Staged> {
        self.0.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pinned(&self) -> MutexGuard<'_, BTreeMap<ContentDigest, u32>> {
        self.0.pinned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps contents until the state speaks of them, or the pin is dropped. Durable after the next [`sync`](Self::sync).
    pub(crate) fn put_pinned(&self, digest: ContentDigest, bytes: &[u8]) -> Result<Pin, ContentError> {
        *self.pinned().entry(digest).or_insert(0) += 1;
        let pin = Pin { store: self.clone(), digest };
        self.put(digest, bytes)?;
        Ok(pin)
    }

    /// As [`put_pinned`](Self::put_pinned), but contents that are small may stay in memory until the next [`write_staged`](Self::write_staged)
    /// or [`sync`](Self::sync). Does not block on the disk if they may be [staged](Self::may_stage).
    pub(crate) fn stage_pinned(&self, digest: ContentDigest, bytes: Vec<u8>) -> Result<Pin, ContentError> {
        if bytes.len() > INLINE_BYTES_MAX {
            return self.put_pinned(digest, &bytes);
        }
        *self.pinned().entry(digest).or_insert(0) += 1;
        let pin = Pin { store: self.clone(), digest };
        if !self.0.small.contains(digest.as_bytes()) || self.damaged().contains(&digest) {
            self.staged().insert(digest, bytes);
        }
        Ok(pin)
    }

    /// Whether contents of so many bytes in all may be staged now, without waiting for somebody who is at the disk.
    pub(crate) fn may_stage(&self, n_bytes: usize) -> bool {
        let has_room = |staged: MutexGuard<'_, Staged>| staged.n_bytes + n_bytes <= STAGED_BYTES_MAX;
        self.0.staged.try_lock().is_ok_and(has_room) && self.0.pinned.try_lock().is_ok() && self.0.small.is_idle()
    }

    /// Writes what is staged, as one record of the journal.
    pub(crate) fn write_staged(&self) -> Result<(), ContentError> {
        // Held until they can be read from the disk.
        let mut staged = self.staged();
        if staged.contents.is_empty() {
            return Ok(());
        }
        let pairs = staged.contents.iter().map(|(digest, bytes)| (&digest.as_bytes()[..], bytes.as_slice()));
        self.0.small.put_all(pairs, staged.n_bytes + staged.contents.len() * STAGED_HEAD_BYTES)?;
        let mut damaged = self.damaged();
        damaged.retain(|digest| !staged.contents.contains_key(digest));
        *staged = Staged::default();
        Ok(())
    }

    /// Keeps contents. Durable after the next [`sync`](Self::sync).
    pub(crate) fn put(&self, digest: ContentDigest, bytes: &[u8]) -> Result<(), ContentError> {
        debug_assert_eq!(digest, ContentDigest::of(bytes), "contents are named by their digest");
        if bytes.len() <= INLINE_BYTES_MAX {
            if self.0.small.contains(digest.as_bytes()) && !self.damaged().remove(&digest) {
                return Ok(());
            }
            let pair = std::iter::once((&digest.as_bytes()[..], bytes));
            return Ok(self.0.small.put_all(pair, bytes.len() + STAGED_HEAD_BYTES)?);
        }
        let path = self.blob(&digest);
        if !path.exists() {
            create_private_dir(path.parent().expect("a blob lies in a directory"))?;
            write_durably(&path, bytes)?;
        }
        Ok(())
    }

    /// Whether there are contents of this digest; they may be damaged.
    pub(crate) fn has(&self, digest: &ContentDigest) -> Result<bool, ContentError> {
        let is_small = self.staged().contents.contains_key(digest) || self.0.small.contains(digest.as_bytes());
        Ok(is_small || self.blob(digest).exists())
    }

    /// Returns when every removal that began before this has ended: those that begin later see what was said to be wanted before it.
    pub(crate) fn await_removals(&self) {
        drop(self.pinned());
    }

    /// The contents of this digest.
    pub(crate) fn get(&self, digest: &ContentDigest) -> Result<Vec<u8>, ContentError> {
        if let Some(bytes) = self.staged().contents.get(digest) {
            return Ok(bytes.clone());
        }
        let bytes = match self.0.small.get(digest.as_bytes()) {
            Ok(Some(bytes)) => bytes,
            Err(StorageError::Corrupt { .. }) => {
                self.damaged().insert(*digest);
                return Err(ContentError::Damaged(*digest));
            }
            Err(error) => return Err(error.into()),
            Ok(None) => match fs::read(self.blob(digest)) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ContentError::Missing(*digest)),
                Err(error) => return Err(error.into()),
            },
        };
        if ContentDigest::of(&bytes) == *digest { Ok(bytes) } else { Err(ContentError::Damaged(*digest)) }
    }

    /// Lets contents go, unless they are pinned, or wanted at a moment at which nobody can pin them; whether they are gone.
    pub(crate) fn remove_if(
        &self,
        digest: &ContentDigest,
        is_unwanted: impl FnOnce() -> bool,
    ) -> Result<bool, ContentError> {
        // Held while they go: who pins them in the meantime finds them gone, and stores them again.
        let pinned = self.pinned();
        if pinned.contains_key(digest) || !is_unwanted() {
            return Ok(false);
        }
        self.remove(digest)?;
        Ok(true)
    }

    /// Some of the contents from a place on, and the place after them; none after the last. Small contents are counted; large ones come a
    /// directory at a time.
    pub(crate) fn list_from(
        &self,
        place: ContentPlace,
        n_max: usize,
    ) -> Result<(Vec<ContentDigest>, Option<ContentPlace>), ContentError> {
        match place {
            ContentPlace::Small { after } => {
                let keys = self.0.small.keys_after(after.as_ref().map(|after| &after.as_bytes()[..]), n_max);
                let n_seen = keys.len();
                // A key that is no digest was not written by us; it is passed over.
                let digest = |key: Vec<u8>| <[u8; 32]>::try_from(&key[..]).ok().map(ContentDigest::from_bytes);
                let found: Vec<ContentDigest> = keys.into_iter().filter_map(digest).collect();
                let next = match found.last() {
                    Some(last) if n_seen >= n_max => ContentPlace::Small { after: Some(*last) },
                    _ => ContentPlace::Large { directory: 0 },
                };
                Ok((found, Some(next)))
            }
            ContentPlace::Large { directory } => {
                let next = directory.checked_add(1).map(|directory| ContentPlace::Large { directory });
                Ok((self.large_in(directory)?, next))
            }
        }
    }

    fn large_in(&self, directory: u8) -> Result<Vec<ContentDigest>, ContentError> {
        let prefix = format!("{directory:02x}");
        let entries = match fs::read_dir(self.0.blobs.join(&prefix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            found.extend(name.to_str().and_then(|rest| format!("{prefix}{rest}").parse::<ContentDigest>().ok()));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Lets contents go. Nothing happens where there are none.
    fn remove(&self, digest: &ContentDigest) -> Result<(), ContentError> {
        self.staged().remove(digest);
        if self.0.small.contains(digest.as_bytes()) {
            let mut batch = Batch::default();
            batch.remove(digest.as_bytes().to_vec());
            self.0.small.write(batch)?;
        }
        match fs::remove_file(self.blob(digest)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Returns when everything put so far is durable.
    pub(crate) fn sync(&self) -> Result<(), ContentError> {
        self.write_staged()?;
        Ok(self.0.small.barrier()?)
    }

    /// Gives some room on the disk back, if much of it is taken by contents that are gone; whether there may be more.
    pub(crate) fn tidy(&self) -> Result<bool, ContentError> {
        Ok(self.0.small.tidy()?)
    }

    fn blob(&self, digest: &ContentDigest) -> PathBuf {
        let name = digest.to_string();
        self.0.blobs.join(&name[..2]).join(&name[2..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, ContentStore) {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let store = ContentStore::open(scratch.path()).expect("opens");
        (scratch, store)
    }

    #[test]
    fn keeps_small_and_large_contents_across_a_reopening() {
        let (scratch, store) = store();
        let contents =
            [vec![], vec![7; 10], vec![1; INLINE_BYTES_MAX], vec![2; INLINE_BYTES_MAX + 1], vec![3; 3 << 20]];
        for bytes in &contents {
            store.put(ContentDigest::of(bytes), bytes).expect("kept");
        }
        store.sync().expect("synced");
        drop(store);
        let store = ContentStore::open(scratch.path()).expect("opens again");
        for bytes in &contents {
            assert_eq!(store.get(&ContentDigest::of(bytes)).expect("there"), *bytes);
        }
    }

    #[test]
    fn what_is_staged_is_there_at_once_and_on_disk_when_it_was_written() {
        let (scratch, store) = store();
        let contents = [vec![1; 10], vec![2; 700], vec![3; INLINE_BYTES_MAX + 1]];
        let pins: Vec<Pin> = contents
            .iter()
            .map(|bytes| store.stage_pinned(ContentDigest::of(bytes), bytes.clone()).expect("kept"))
            .collect();
        let is_there = |store: &ContentStore| {
            for bytes in &contents {
                let digest = ContentDigest::of(bytes);
                assert!(store.has(&digest).expect("asked"));
                assert_eq!(store.get(&digest).expect("there"), *bytes);
            }
        };
        is_there(&store);
        assert!(store.may_stage(STAGED_BYTES_MAX - 710) && !store.may_stage(STAGED_BYTES_MAX - 709));
        store.write_staged().expect("written");
        is_there(&store);
        assert!(store.may_stage(STAGED_BYTES_MAX));
        let gone = vec![4; 20];
        drop(store.stage_pinned(ContentDigest::of(&gone), gone.clone()).expect("kept"));
        assert!(store.remove_if(&ContentDigest::of(&gone), || true).expect("removed"));
        assert!(matches!(store.get(&ContentDigest::of(&gone)), Err(ContentError::Missing(_))));
        assert!(store.may_stage(STAGED_BYTES_MAX));
        drop(pins);
        drop(store);
        is_there(&ContentStore::open(scratch.path()).expect("opens again"));
    }

    #[test]
    fn what_is_pinned_is_not_let_go() {
        let (_scratch, store) = store();
        for bytes in [vec![1; 10], vec![2; INLINE_BYTES_MAX + 1]] {
            let digest = ContentDigest::of(&bytes);
            store.put(digest, &bytes).expect("kept");
            let first = store.put_pinned(digest, &bytes).expect("kept");
            let second = store.put_pinned(digest, &bytes).expect("kept");
            drop(first);
            assert!(!store.remove_if(&digest, || true).expect("asked"));
            assert_eq!(store.get(&digest).expect("there"), bytes);
            drop(second);
            assert!(store.remove_if(&digest, || true).expect("asked"));
            assert!(matches!(store.get(&digest), Err(ContentError::Missing(_))));
        }
    }

    #[test]
    fn says_what_is_missing_and_what_is_damaged() {
        let (_scratch, store) = store();
        let large = vec![5; INLINE_BYTES_MAX + 1];
        let digest = ContentDigest::of(&large);
        assert!(matches!(store.get(&digest), Err(ContentError::Missing(_))));
        store.put(digest, &large).expect("kept");
        fs::write(store.blob(&digest), b"other").expect("writable");
        assert!(matches!(store.get(&digest), Err(ContentError::Damaged(_))));
        store.remove(&digest).expect("removed");
        store.remove(&digest).expect("removing nothing is fine");
        assert!(matches!(store.get(&digest), Err(ContentError::Missing(_))));
    }
}

//! The second tier: compressed values on this node's disk.

mod frame;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Counters, Key, Tier};

/// sled writes values of 128 KiB and more to files that it never syncs; frames are cut well below that.
const CHUNK_BYTES: usize = 64 << 10;

/// sled's own cache of pages. The values are read once and then kept decoded in memory, so it need not be large.
const PAGE_CACHE_BYTES: u64 = 8 << 20;

/// How much larger than its budget the store may be on disk when it is opened. sled reuses what is freed but never
/// gives it back, so beyond this it is cheaper to start anew.
const DISK_TO_BUDGET_MAX: u64 = 4;

/// The tree that holds version 1 of the layout: under `i` and a key the length of its frame, under `v`, the key and a
/// number from 0 (2 bytes, big endian) the pieces of it.
const TREE: &[u8] = b"entries 1";
const LENGTH: u8 = b'i';
const PIECE: u8 = b'v';

/// How the disk tier is set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiskTierConfig {
    /// How many bytes of entries are kept, compressed. What sled needs for them on disk can be up to four times as
    /// much.
    pub budget_bytes: u64,
}

/// Why the disk tier cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenDiskTierError {
    /// The store cannot be opened: another process has it, or the disk fails.
    #[error("the cache on disk cannot be opened")]
    Store(#[from] sled::Error),
    /// What is there is damaged and cannot be cleared away.
    #[error("the damaged cache on disk cannot be removed")]
    Remove(#[source] std::io::Error),
}

/// Compressed values on this node's disk. sled holds the bytes; moka knows what is there and decides what stays.
///
/// Nothing is synced: what a crash loses is computed again, and checksums tell what it damaged.
pub struct DiskTier {
    entries: sled::Tree,
    /// What is in `entries`: the length of each frame.
    directory: moka::sync::Cache<Key, u32>,
    counters: Counters,
    // Dropped last: it stops sled's own thread.
    _db: sled::Db,
}

impl DiskTier {
    /// Opens the tier in a directory of its own, which is made if need be. A damaged or overgrown store is replaced by
    /// an empty one. Reads the list of entries, so it belongs on a thread that may wait.
    pub fn open(directory: &Path, config: DiskTierConfig) -> Result<Self, OpenDiskTierError> {
        let db = match open_db(directory) {
            Ok(db) if !is_overgrown(&db, config) => db,
            Ok(db) => {
                drop(db);
                reopen_empty(directory)?
            }
            Err(sled::Error::Io(error)) => return Err(sled::Error::Io(error).into()),
            Err(error) => {
                tracing::warn!(%error, "the cache on disk is damaged and starts anew");
                reopen_empty(directory)?
            }
        };
        let entries = db.open_tree(TREE)?;
        let tier = Self { directory: new_directory(&entries, config), entries, counters: Counters::default(), _db: db };
        tier.load_directory();
        Ok(tier)
    }

    /// The bytes of entries that are kept, compressed.
    pub fn held_bytes(&self) -> u64 {
        self.directory.run_pending_tasks();
        self.directory.weighted_size()
    }

    fn load_directory(&self) {
        for entry in self.entries.scan_prefix([LENGTH]) {
            let Ok((name, length)) = entry else { break };
            let key = name.get(1..).and_then(|key| <[u8; 32]>::try_from(key).ok()).map(Key::from_bytes);
            let length = <[u8; 4]>::try_from(&length[..]).ok().map(u32::from_le_bytes);
            if let (Some(key), Some(length)) = (key, length) {
                self.directory.insert(key, length);
            }
        }
        self.directory.run_pending_tasks();
    }

    fn read(&self, key: &Key, length: u32) -> Option<Vec<u8>> {
        let mut frame = Vec::with_capacity(length as usize);
        for n in 0..n_pieces(length) {
            frame.extend_from_slice(&self.entries.get(piece_name(key, n)).ok()??);
        }
        frame::read(key, &frame)
    }

    fn write(&self, key: &Key, frame: &[u8]) -> Option<u32> {
        let length = u32::try_from(frame.len()).ok()?;
        let mut batch = sled::Batch::default();
        for (n, piece) in (0..n_pieces(length)).zip(frame.chunks(CHUNK_BYTES)) {
            batch.insert(&piece_name(key, n)[..], piece);
        }
        batch.insert(&length_name(key)[..], &length.to_le_bytes());
        self.entries.apply_batch(batch).ok()?;
        Some(length)
    }
}

impl Tier for DiskTier {
    fn name(&self) -> &'static str {
        "disk"
    }

    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let since = Instant::now();
        let found = self.directory.get(key).and_then(|length| {
            let contents = self.read(key, length);
            if contents.is_none() {
                self.reject(key);
            }
            contents.map(|contents| (contents, length))
        });
        self.counters.looked_up(since, found.as_ref().map(|(_, length)| *length as usize));
        found.map(|(contents, _)| contents)
    }

    fn put(&self, key: &Key, bytes: &[u8]) {
        // The same key always has the same contents.
        if self.directory.contains_key(key) {
            return;
        }
        match frame::write(key, bytes).and_then(|frame| self.write(key, &frame)) {
            Some(length) => {
                self.counters.filled(length as usize);
                self.directory.insert(*key, length);
                // Evicts at once what no longer fits; on this thread that may wait.
                self.directory.run_pending_tasks();
            }
            None => self.counters.refused(),
        }
    }

    fn reject(&self, key: &Key) {
        self.counters.corrupt();
        self.directory.invalidate(key);
        self.directory.run_pending_tasks();
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// sled frees the lock of a store that was dropped on a thread of its own, some time later: a process that was a node a moment ago waits
/// for itself.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// How often the lock is looked at meanwhile.
const LOCK_INTERVAL: Duration = Duration::from_millis(5);

fn open_db(directory: &Path) -> Result<sled::Db, sled::Error> {
    let config = sled::Config::new().path(directory).cache_capacity(PAGE_CACHE_BYTES).flush_every_ms(Some(5_000));
    let since = Instant::now();
    loop {
        match config.open() {
            Err(error) if is_locked(&error) && since.elapsed() < LOCK_PATIENCE => std::thread::sleep(LOCK_INTERVAL),
            opened => return opened,
        }
    }
}

/// sled says that somebody has the lock in words only.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

fn reopen_empty(directory: &Path) -> Result<sled::Db, OpenDiskTierError> {
    std::fs::remove_dir_all(directory).map_err(OpenDiskTierError::Remove)?;
    Ok(open_db(directory)?)
}

fn is_overgrown(db: &sled::Db, config: DiskTierConfig) -> bool {
    // sled takes some megabytes for an empty store.
    const EMPTY_STORE_BYTES: u64 = 32 << 20;
    let bound = config.budget_bytes.saturating_mul(DISK_TO_BUDGET_MAX).saturating_add(EMPTY_STORE_BYTES);
    db.size_on_disk().is_ok_and(|bytes| bytes > bound)
}

fn new_directory(entries: &sled::Tree, config: DiskTierConfig) -> moka::sync::Cache<Key, u32> {
    let entries = entries.clone();
    let forget = move |key: Arc<Key>, length: u32, cause| {
        if cause != moka::notification::RemovalCause::Replaced {
            let mut batch = sled::Batch::default();
            batch.remove(&length_name(&key)[..]);
            (0..n_pieces(length)).for_each(|n| batch.remove(&piece_name(&key, n)[..]));
            // What stays behind on a failing disk is found damaged, or dropped with the store.
            let _ = entries.apply_batch(batch);
        }
    };
    moka::sync::Cache::builder()
        .max_capacity(config.budget_bytes)
        .weigher(|_, length: &u32| *length)
        .eviction_listener(forget)
        .build()
}

fn n_pieces(length: u32) -> u16 {
    // A frame is at most a little larger than `CONTENTS_BYTES_MAX`, which is 256 pieces.
    u16::try_from((length as usize).div_ceil(CHUNK_BYTES)).unwrap_or(u16::MAX)
}

fn length_name(key: &Key) -> [u8; 33] {
    let mut name = [LENGTH; 33];
    name[1..].copy_from_slice(key.as_bytes());
    name
}

fn piece_name(key: &Key, n: u16) -> [u8; 35] {
    let mut name = [PIECE; 35];
    name[1..33].copy_from_slice(key.as_bytes());
    name[33..].copy_from_slice(&n.to_be_bytes());
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(directory: &tempfile::TempDir, budget_bytes: u64) -> DiskTier {
        DiskTier::open(&directory.path().join("l2"), DiskTierConfig { budget_bytes }).expect("it opens")
    }

    /// Bytes that do not compress.
    fn noise(len: usize, seed: u8) -> Vec<u8> {
        let mut noise = vec![0; len];
        blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut noise);
        noise
    }

    fn key(n: u8) -> Key {
        Key::from_bytes([n; 32])
    }

    #[test]
    fn what_was_put_is_there_after_reopening() {
        let directory = tempfile::tempdir().expect("a directory");
        let tier = open(&directory, 1 << 20);
        let large = noise(300_000, 1);
        tier.put(&key(1), b"small");
        tier.put(&key(2), &large);
        tier.put(&key(3), b"");
        drop(tier);
        let tier = open(&directory, 1 << 20);
        assert_eq!(tier.get(&key(1)).as_deref(), Some(&b"small"[..]));
        assert_eq!(tier.get(&key(2)), Some(large));
        assert_eq!(tier.get(&key(3)).as_deref(), Some(&b""[..]));
        assert_eq!(tier.get(&key(4)), None);
        let stats = tier.counters().stats();
        assert_eq!((stats.n_hits, stats.n_misses, stats.n_corrupt), (3, 1, 0));
    }

    #[test]
    fn it_keeps_to_its_budget() {
        const BUDGET_BYTES: u64 = 100_000;
        let directory = tempfile::tempdir().expect("a directory");
        let tier = open(&directory, BUDGET_BYTES);
        for n in 0..60 {
            tier.put(&key(n), &noise(9_000, n));
            assert!(tier.held_bytes() <= BUDGET_BYTES);
        }
        let n_there = (0..60).filter(|n| tier.get(&key(*n)).is_some()).count();
        assert!((1..=11).contains(&n_there), "{n_there}");
        let n_records = tier.entries.len();
        assert_eq!(n_records, 2 * n_there, "what is evicted leaves the store");
        assert_eq!(tier.counters().stats().n_corrupt, 0);
    }

    #[test]
    fn a_damaged_entry_is_a_miss_once_and_then_gone() {
        let directory = tempfile::tempdir().expect("a directory");
        let tier = open(&directory, 1 << 20);
        tier.put(&key(1), &noise(1_000, 1));
        tier.entries.insert(piece_name(&key(1), 0), &b"torn"[..]).expect("it writes");
        assert_eq!(tier.get(&key(1)), None);
        assert_eq!((tier.counters().stats().n_corrupt, tier.entries.len()), (1, 0));
        tier.put(&key(1), b"again");
        assert_eq!(tier.get(&key(1)).as_deref(), Some(&b"again"[..]));
    }

    #[test]
    fn a_store_that_others_have_open_is_left_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let tier = open(&directory, 1 << 20);
        tier.put(&key(1), b"kept");
        let second = DiskTier::open(&directory.path().join("l2"), DiskTierConfig { budget_bytes: 1 << 20 });
        assert!(matches!(second.err(), Some(OpenDiskTierError::Store(_))));
        assert_eq!(tier.get(&key(1)).as_deref(), Some(&b"kept"[..]));
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let tier = open(&directory, 1 << 30);
        tier.put(&key(1), &vec![0; frame::CONTENTS_BYTES_MAX + 1]);
        assert_eq!((tier.get(&key(1)), tier.counters().stats().n_refused), (None, 1));
    }
}

//! An ordered map whose writes are appended to a file, and whose index is in memory: what a log wants of a disk, and contents by digest.
//!
//! After Bitcask (Sheehy and Smith, 2010), with one difference: segments are given up in the order in which they were written. What is still
//! live in the oldest is written again at the end, so a removal never has to outlive the value that it removed.
//!
//! Costs: a write is one system call; a barrier is `fdatasync`; memory is about 100 bytes and the key for each key; opening reads everything.
//! On the disk lies at most half as much again as is live, and [`SLACK_BYTES`].

mod record;
mod segment;
#[cfg(test)]
mod tests;

use std::collections::btree_map::{BTreeMap, Entry as MapEntry};
use std::fs::{self, File};
use std::io;
use std::ops::{Bound, ControlFlow};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::record::{ENTRY_HEADER_BYTES, SEGMENT_HEADER_BYTES, Writer};
use self::segment::Segment;
use super::{Batch, OrderedKv, Visitor};
use crate::error::StorageError;

/// A segment that has so many bytes is followed by the next.
const SEGMENT_BYTES: u32 = 16 << 20;

/// A segment grows in so many steps.
const RESERVES: u32 = 16;

/// So much may lie about beside what is live and half of it, in bytes.
const SLACK_BYTES: u64 = 4 * SEGMENT_BYTES as u64;

/// What is live is moved in pieces of about this size, so that nobody waits long for the lock.
const MOVED_BYTES: usize = 1 << 20;

/// How many pairs of a scan are looked up at once.
const SCANNED_PAIRS: usize = 64;

/// The file that says that a process has the directory.
const LOCK_FILE: &str = "lock";

/// A journal in a directory of its own, which only one process can have open.
#[derive(Debug)]
pub struct JournalKv {
    dir: PathBuf,
    segment_bytes: u32,
    slack_bytes: u64,
    inner: Mutex<Inner>,
    /// One barrier, and one move of what is live, at a time.
    barriers: Mutex<()>,
    _lock: File,
}

#[derive(Debug)]
struct Inner {
    index: BTreeMap<Box<[u8]>, Place>,
    /// In the order in which they were written; the last is written to. Never empty.
    segments: BTreeMap<u64, Segment>,
    /// The bytes of all segments, and of the entries in them that are live.
    total: u64,
    live: u64,
    /// After an fsync that failed nobody knows what the disk has.
    failed: bool,
}

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    segment: u64,
    /// Where its entry begins, and how long that is.
    offset: u32,
    len: u32,
}

impl Place {
    fn read(&self, file: &File, key: &[u8]) -> Result<Vec<u8>, StorageError> {
        let mut entry = self.read_entry(file)?;
        let len = record::value_of(&entry, key).map(<[u8]>::len).ok_or_else(|| self.damaged())?;
        entry.drain(..entry.len() - len);
        Ok(entry)
    }

    fn read_entry(&self, file: &File) -> Result<Vec<u8>, StorageError> {
        let mut entry = vec![0; usize::try_from(self.len).expect("addresses have 32 bits at least")];
        file.read_exact_at(&mut entry, u64::from(self.offset)).map_err(|error| StorageError::io("read", error))?;
        Ok(entry)
    }

    fn damaged(&self) -> StorageError {
        let detail = format!("segment {:016x}: the entry at byte {} is damaged", self.segment, self.offset);
        StorageError::corrupt("journal", detail)
    }
}

impl JournalKv {
    /// Opens or creates the journal in `dir`. Everything that can be read then is durable. Blocks on the disk.
    ///
    /// # Errors
    /// [`StorageError`] when the directory is in use, cannot be read, or lost something that was durable.
    pub fn open(dir: &Path) -> Result<Self, StorageError> {
        Self::open_with(dir, SEGMENT_BYTES, SLACK_BYTES)
    }

    fn open_with(dir: &Path, segment_bytes: u32, slack_bytes: u64) -> Result<Self, StorageError> {
        let failed = |error| StorageError::io("open a journal", error);
        fs::create_dir_all(dir).map_err(failed)?;
        let lock = File::create(dir.join(LOCK_FILE)).map_err(failed)?;
        lock.try_lock().map_err(|error| failed(io::Error::from(error)))?;
        let mut numbers = segment::numbers(dir).map_err(failed)?;
        if let Some(pair) = numbers.windows(2).find(|pair| pair[0] + 1 != pair[1]) {
            return Err(StorageError::corrupt("journal", format!("segment {:016x} is missing", pair[0] + 1)));
        }
        let mut inner = Inner { index: BTreeMap::new(), segments: BTreeMap::new(), total: 0, live: 0, failed: false };
        // One that has no header has nothing else, and what was to go into it may stand behind the one before.
        let unbegun = numbers.pop_if(|last| segment::is_unbegun(dir, *last));
        if let Some(number) = unbegun {
            segment::remove(dir, number).map_err(failed)?;
        }
        let last = numbers.last().copied();
        for number in numbers {
            inner.recover(dir, number, Some(number) == last)?;
        }
        if inner.segments.is_empty() {
            let number = unbegun.unwrap_or(1);
            inner.push(Segment::create(dir, number).map_err(failed)?);
            // The directory's own name, too.
            if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                segment::sync_dir(parent).map_err(failed)?;
            }
        }
        let (inner, barriers) = (Mutex::new(inner), Mutex::new(()));
        Ok(Self { dir: dir.to_owned(), segment_bytes, slack_bytes, inner, barriers, _lock: lock })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody writes at this moment: what asks for keys would not wait for a disk then.
    pub fn is_idle(&self) -> bool {
        self.inner.try_lock().is_ok()
    }

    /// Whether there is a value for a key.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.lock().index.contains_key(key)
    }

    /// The value of a key, as it was written.
    ///
    /// # Errors
    /// [`StorageError`] when the disk cannot be read, or has something else there.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let found = {
            let inner = self.lock();
            inner.index.get(key).map(|place| (*place, inner.file_of(*place)))
        };
        found.map(|(place, file)| place.read(&file, key)).transpose()
    }

    /// As [`write`](OrderedKv::write), of values that stay where they are. Each key once.
    ///
    /// # Errors
    /// As [`write`](OrderedKv::write).
    pub fn put_all<'a>(
        &self,
        pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        about_bytes: usize,
    ) -> Result<(), StorageError> {
        let mut record = Writer::new(about_bytes);
        let mut changes = Vec::new();
        for (key, value) in pairs {
            changes.push((key, true, record.add(key, Some(value))?));
        }
        self.append(&mut self.lock(), record, changes)
    }

    /// Some keys behind one, in order.
    pub fn keys_after(&self, key: Option<&[u8]>, n_max: usize) -> Vec<Vec<u8>> {
        let from = key.map_or(Bound::Unbounded, Bound::Excluded);
        let inner = self.lock();
        inner.index.range::<[u8], _>((from, Bound::Unbounded)).take(n_max).map(|(key, _)| key.to_vec()).collect()
    }

    /// Gives a segment up if more lies about than may, as a barrier does: for journals that shrink while nobody writes. Whether there was
    /// one; then there may be more.
    ///
    /// # Errors
    /// As [`barrier`](OrderedKv::barrier).
    pub fn tidy(&self) -> Result<bool, StorageError> {
        let _turn = self.barriers.lock().unwrap_or_else(PoisonError::into_inner);
        self.give_up_oldest()
    }

    /// Writes what is live in the oldest segment again, and gives the segment up; whether there was one to give up.
    fn give_up_oldest(&self) -> Result<bool, StorageError> {
        let (number, mut live) = {
            let inner = self.lock();
            let allowed = inner.live + inner.live / 2 + self.slack_bytes;
            let Some(oldest) = inner.segments.values().next().filter(|_| inner.segments.len() > 1) else {
                return Ok(false);
            };
            if inner.total <= allowed {
                return Ok(false);
            }
            let number = oldest.number;
            // Nothing is added to an old segment, so no key is missed.
            let live = inner.index.iter().filter(|(_, place)| oldest.live > 0 && place.segment == number);
            (number, live.map(|(key, place)| (key.clone(), *place)).collect::<Vec<_>>().into_iter().peekable())
        };
        while live.peek().is_some() {
            let mut piece = Vec::new();
            let mut n_bytes = 0;
            while n_bytes < MOVED_BYTES
                && let Some((key, place)) = live.next()
            {
                let file = self.lock().file_of(place);
                n_bytes += key.len() + usize::try_from(place.len).unwrap_or(usize::MAX);
                // A damaged value stays one: whoever asks for it is told.
                let entry = place.read_entry(&file)?;
                if !record::is_entry_of(&entry, &key) {
                    return Err(place.damaged());
                }
                piece.push((key, place, entry));
            }
            let mut inner = self.lock();
            piece.retain(|(key, place, _)| inner.index.get(key) == Some(place));
            let mut record = Writer::new(n_bytes);
            let mut changes = Vec::with_capacity(piece.len());
            for (key, _, entry) in &piece {
                changes.push((&**key, true, record.add_again(entry)?));
            }
            self.append(&mut inner, record, changes)?;
        }
        // Only what is durable elsewhere may go here.
        self.sync()?;
        let mut inner = self.lock();
        let gone = inner.segments.remove(&number);
        debug_assert!(gone.as_ref().is_none_or(|gone| gone.live == 0), "everything live was moved");
        if let Some(gone) = gone {
            inner.total -= u64::from(gone.len);
            segment::remove(&self.dir, gone.number)
                .map_err(|error| StorageError::io("remove a journal's segment", error))?;
        }
        Ok(true)
    }

    /// Writes a record, and notes what it changes: keys, whether they have values then, and the places and lengths of the entries.
    fn append(
        &self,
        inner: &mut Inner,
        writer: Writer,
        changes: Vec<(&[u8], bool, (u32, u32))>,
    ) -> Result<(), StorageError> {
        if inner.failed {
            return Err(StorageError::io("write a batch", io::Error::other("an earlier fsync failed")));
        }
        if changes.is_empty() {
            return Ok(());
        }
        let failed = |error| StorageError::io("write a batch", error);
        let n_bytes = u32::try_from(writer.len()).map_err(|_| failed(io::Error::other("a batch is too long")))?;
        let active = inner.active();
        let is_used = usize::try_from(active.len).is_ok_and(|len| len > SEGMENT_HEADER_BYTES);
        if is_used && active.len.saturating_add(n_bytes) > self.segment_bytes {
            // Only the last segment may be torn.
            let (next, sealed) = (active.number + 1, active.seal());
            sealed.map_err(|error| {
                inner.failed = true;
                failed(error)
            })?;
            inner.push(Segment::create(&self.dir, next).map_err(failed)?);
        }
        let active = inner.active();
        let (number, start) = (active.number, active.len);
        let record = writer.finish(number, active.durable);
        active.append(&record, self.segment_bytes / RESERVES).map_err(failed)?;
        inner.total += u64::from(n_bytes);
        for (key, is_put, (offset, len)) in changes {
            inner.change(key, is_put.then_some(Place { segment: number, offset: start + offset, len }));
        }
        Ok(())
    }

    /// Makes everything durable that was written before the call.
    fn sync(&self) -> Result<(), StorageError> {
        let (number, file, len) = {
            let mut inner = self.lock();
            if inner.failed {
                return Err(StorageError::io("fdatasync", io::Error::other("an earlier fsync failed")));
            }
            let active = inner.active();
            if active.durable == active.len {
                return Ok(());
            }
            (active.number, Arc::clone(&active.file), active.len)
        };
        let synced = file.sync_data();
        let mut inner = self.lock();
        if let Err(error) = synced {
            inner.failed = true;
            return Err(StorageError::io("fdatasync", error));
        }
        if let Some(segment) = inner.segments.get_mut(&number) {
            segment.durable = segment.durable.max(len);
        }
        Ok(())
    }
}

impl Inner {
    /// The segment that is written to.
    fn active(&mut self) -> &mut Segment {
        self.segments.values_mut().next_back().expect("there is always one")
    }

    fn push(&mut self, segment: Segment) {
        self.total += u64::from(segment.len);
        self.segments.insert(segment.number, segment);
    }

    fn file_of(&self, place: Place) -> Arc<File> {
        let segment = self.segments.get(&place.segment).expect("a segment goes when nothing in it is live");
        Arc::clone(&segment.file)
    }

    /// Notes where a key's value is by now.
    fn change(&mut self, key: &[u8], place: Option<Place>) {
        let before = match place {
            Some(place) => match self.index.entry(key.into()) {
                MapEntry::Occupied(mut known) => Some(known.insert(place)),
                MapEntry::Vacant(vacant) => {
                    vacant.insert(place);
                    None
                }
            },
            None => self.index.remove(key),
        };
        if let Some(place) = place {
            self.count(place, i64::from(place.len));
        }
        if let Some(before) = before {
            self.count(before, -i64::from(before.len));
        }
    }

    fn count(&mut self, place: Place, bytes: i64) {
        self.live = self.live.saturating_add_signed(bytes);
        if let Some(segment) = self.segments.get_mut(&place.segment) {
            segment.live = segment.live.saturating_add_signed(bytes);
        }
    }

    fn recover(&mut self, dir: &Path, number: u64, is_last: bool) -> Result<(), StorageError> {
        let mut changes: Vec<(Box<[u8]>, Option<Place>)> = Vec::new();
        let segment = Segment::recover(dir, number, is_last, |entry| {
            let place = Place { segment: number, offset: entry.offset, len: entry.len };
            changes.push((entry.key.into(), entry.value.map(|_| place)));
        })?;
        self.push(segment);
        changes.into_iter().for_each(|(key, place)| self.change(&key, place));
        Ok(())
    }
}

impl OrderedKv for JournalKv {
    fn write(&self, batch: Batch) -> Result<(), StorageError> {
        let mut record = Writer::new(batch.bytes() + batch.len() * ENTRY_HEADER_BYTES);
        let writes: Vec<(Vec<u8>, Option<Vec<u8>>)> = batch.into_writes().collect();
        let mut changes = Vec::with_capacity(writes.len());
        for (key, value) in &writes {
            changes.push((key.as_slice(), value.is_some(), record.add(key, value.as_deref())?));
        }
        self.append(&mut self.lock(), record, changes)
    }

    fn barrier(&self) -> Result<(), StorageError> {
        let _turn = self.barriers.lock().unwrap_or_else(PoisonError::into_inner);
        self.sync()?;
        // A segment at a time: whoever waits for the barrier waits for this, too.
        self.give_up_oldest().map(drop)
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut Visitor<'_>) -> Result<(), StorageError> {
        let mut from = Bound::Included(from.to_vec());
        loop {
            let found: Vec<(Box<[u8]>, Place, Arc<File>)> = {
                let inner = self.lock();
                let start = from.as_ref().map(Vec::as_slice);
                if matches!(start, Bound::Included(start) | Bound::Excluded(start) if start >= to) {
                    return Ok(());
                }
                let range = inner.index.range::<[u8], _>((start, Bound::Excluded(to)));
                range.take(SCANNED_PAIRS).map(|(key, place)| (key.clone(), *place, inner.file_of(*place))).collect()
            };
            let Some((last, ..)) = found.last() else { return Ok(()) };
            from = Bound::Excluded(last.to_vec());
            for (key, place, file) in found {
                if let ControlFlow::Break(()) = visit(&key, &place.read(&file, &key)?) {
                    return Ok(());
                }
            }
        }
    }

    fn last_key(&self, from: &[u8], to: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        if from >= to {
            return Ok(None);
        }
        let range = (Bound::Included(from), Bound::Excluded(to));
        Ok(self.lock().index.range::<[u8], _>(range).next_back().map(|(key, _)| key.to_vec()))
    }
}

//! One file of a journal.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{self, Entry, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES};
use crate::error::StorageError;

/// How segments' names end.
const SUFFIX: &str = "journal";

/// A segment's file and what is known of it.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) file: Arc<File>,
    /// Bytes written.
    pub(super) len: u32,
    /// Bytes that are durable.
    pub(super) durable: u32,
    /// How long the file is: zeros are behind what is written.
    reserved: u64,
    /// Bytes of entries that no later one replaced.
    pub(super) live: u64,
}

impl Segment {
    /// Makes a segment. Its name is durable when this returns.
    pub(super) fn create(dir: &Path, number: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(path(dir, number))?;
        file.write_all_at(&record::segment_header(number), 0)?;
        file.sync_data()?;
        sync_dir(dir)?;
        let len = u32::try_from(SEGMENT_HEADER_BYTES).expect("a few bytes");
        Ok(Self { number, file: Arc::new(file), len, durable: len, reserved: u64::from(len), live: 0 })
    }

    /// Reads a segment that an earlier process wrote, and tells every entry. What a crash tore off the last segment's end is cut off. What
    /// is read is durable when this returns.
    pub(super) fn recover(
        dir: &Path,
        number: u64,
        is_last: bool,
        mut each: impl FnMut(Entry<'_>),
    ) -> Result<Self, StorageError> {
        let path = path(dir, number);
        let failed = |error| StorageError::io("open a journal's segment", error);
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed)?;
        let bytes = fs::read(&path).map_err(failed)?;
        let corrupt = |offset: usize| {
            let detail = format!("segment {number:016x}: what was durable at byte {offset} cannot be read");
            Err(StorageError::corrupt("journal", detail))
        };
        if !record::is_segment(&bytes, number) {
            return corrupt(0);
        }
        let mut at = SEGMENT_HEADER_BYTES;
        while let Some((_, body)) = record::record_at(&bytes, at, number) {
            record::entries(body, at + RECORD_HEADER_BYTES, &mut each)?;
            at += RECORD_HEADER_BYTES + body.len();
        }
        let mut reserved = bytes.len() as u64;
        if at < bytes.len() {
            if !is_last || record::was_durable(&bytes, at, number) {
                return corrupt(at);
            }
            // What was not finished must not be read together with what is written next.
            if bytes[at..].iter().any(|byte| *byte != 0) {
                tracing::info!(segment = number, at, "the end of a journal was not finished");
                file.set_len(at as u64).map_err(failed)?;
                reserved = at as u64;
            }
        }
        file.sync_all().map_err(failed)?;
        let len =
            u32::try_from(at).map_err(|_| StorageError::corrupt("journal", "a segment is too long".to_owned()))?;
        Ok(Self { number, file: Arc::new(file), len, durable: len, reserved, live: 0 })
    }

    /// Writes behind the end. After an error what is there is not counted, and written over by the next.
    ///
    /// Zeros are written behind it up to a multiple of `step` bytes: as long as a file does not grow, a barrier need not make its size
    /// durable, and is one write of the disk instead of two or more.
    pub(super) fn append(&mut self, record: &[u8], step: u32) -> io::Result<()> {
        let len = u32::try_from(record.len()).ok().and_then(|len| self.len.checked_add(len));
        let len = len.ok_or_else(|| io::Error::other("a segment is full"))?;
        if u64::from(len) > self.reserved {
            let reserved = u64::from(len).next_multiple_of(u64::from(step.max(1)));
            self.file.write_all_at(
                &vec![0; usize::try_from(reserved - self.reserved).unwrap_or(usize::MAX)],
                self.reserved,
            )?;
            self.reserved = reserved;
        }
        self.file.write_all_at(record, u64::from(self.len))?;
        self.len = len;
        Ok(())
    }

    /// Cuts off what was reserved, and makes everything durable: what is missing in it from now on was lost.
    pub(super) fn seal(&mut self) -> io::Result<()> {
        self.file.set_len(u64::from(self.len))?;
        self.file.sync_all()?;
        (self.durable, self.reserved) = (self.len, u64::from(self.len));
        Ok(())
    }
}

/// Removes a segment, durably: of two that were removed one after the other, the later must not be gone alone. Who reads it may go on.
pub(super) fn remove(dir: &Path, number: u64) -> io::Result<()> {
    fs::remove_file(path(dir, number))?;
    sync_dir(dir)
}

/// Whether a crash or a full disk left a segment without its header, which is made durable before anything is written behind it.
pub(super) fn is_unbegun(dir: &Path, number: u64) -> bool {
    let path = path(dir, number);
    let is_short = fs::metadata(&path).is_ok_and(|about| about.len() <= SEGMENT_HEADER_BYTES as u64);
    is_short && fs::read(&path).is_ok_and(|bytes| !record::is_segment(&bytes, number))
}

/// The numbers of the segments in a directory, in order.
pub(super) fn numbers(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)?.strip_suffix('.'));
        numbers.extend(number.and_then(|number| u64::from_str_radix(number, 16).ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes the names in a directory durable.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:016x}.{SUFFIX}"))
}

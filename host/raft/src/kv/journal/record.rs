//! The bytes of a journal: segments that begin with a header, then records, each a batch of writes.
//!
//! ```text
//!   segment:  "VRLSJRN1" number:u64          record*
//!   record:   mark:u32 len:u32 durable:u32 crc:u32   entry*      (crc of number, len, durable and the entries)
//!   entry:    key_len:u16 kind:u8 value_len:u32 value_crc:u32    key value
//! ```
//!
//! All numbers are little-endian. `durable` is how much of the segment was known to be durable when the record was written: it tells a tail
//! that a crash tore from a record that the disk lost.

use std::io;

use crate::error::StorageError;

/// The first bytes of every segment. The last one is the version of the format.
const MAGIC: [u8; 8] = *b"VRLSJRN1";
/// The first bytes of every record.
const MARK: [u8; 4] = [0xd1, 0x5c, 0x0f, 0x9e];

/// How long a segment's header is, in bytes.
pub(super) const SEGMENT_HEADER_BYTES: usize = 16;
/// How long a record's header is, in bytes.
pub(super) const RECORD_HEADER_BYTES: usize = 16;
/// How long an entry's header is, in bytes.
pub(super) const ENTRY_HEADER_BYTES: usize = 11;

const PUT: u8 = 1;
const REMOVE: u8 = 0;

/// One write of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a [u8],
    /// None removes the key.
    pub(super) value: Option<&'a [u8]>,
    /// Where the entry begins in its segment, and how long it is.
    pub(super) offset: u32,
    pub(super) len: u32,
}

/// A record on its way to the disk.
#[derive(Debug)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn new(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(RECORD_HEADER_BYTES + capacity);
        bytes.resize(RECORD_HEADER_BYTES, 0);
        Self { bytes }
    }

    /// Adds a write. Gives its place in the record and its length.
    pub(super) fn add(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(u32, u32), StorageError> {
        let too_long = || StorageError::io("write a batch", io::Error::other("a key or a value is too long"));
        let start = self.bytes.len();
        let bytes = value.unwrap_or_default();
        let key_len = u16::try_from(key.len()).map_err(|_| too_long())?;
        let value_len = u32::try_from(bytes.len()).map_err(|_| too_long())?;
        self.bytes.extend(key_len.to_le_bytes());
        self.bytes.push(if value.is_some() { PUT } else { REMOVE });
        self.bytes.extend(value_len.to_le_bytes());
        self.bytes.extend(crc32fast::hash(bytes).to_le_bytes());
        self.bytes.extend(key);
        self.bytes.extend(bytes);
        let as_u32 = |n: usize| u32::try_from(n).map_err(|_| too_long());
        Ok((as_u32(start)?, as_u32(self.bytes.len() - start)?))
    }

    /// Adds an entry as it was written before, damaged or not. Gives its place in the record and its length.
    pub(super) fn add_again(&mut self, entry: &[u8]) -> Result<(u32, u32), StorageError> {
        let too_long = |_| StorageError::io("write a batch", io::Error::other("a batch is too long"));
        let start = u32::try_from(self.bytes.len()).map_err(too_long)?;
        self.bytes.extend(entry);
        Ok((start, u32::try_from(entry.len()).map_err(too_long)?))
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The whole record.
    pub(super) fn finish(mut self, number: u64, durable: u32) -> Vec<u8> {
        let len =
            u32::try_from(self.bytes.len() - RECORD_HEADER_BYTES).expect("entries were counted when they were added");
        let crc = record_crc(number, len, durable, &self.bytes[RECORD_HEADER_BYTES..]);
        self.bytes[..4].copy_from_slice(&MARK);
        self.bytes[4..8].copy_from_slice(&len.to_le_bytes());
        self.bytes[8..12].copy_from_slice(&durable.to_le_bytes());
        self.bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        self.bytes
    }
}

pub(super) fn segment_header(number: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..].copy_from_slice(&number.to_le_bytes());
    header
}

/// Whether a segment of this number begins so. A header that a crash cut short is none.
pub(super) fn is_segment(bytes: &[u8], number: u64) -> bool {
    bytes.starts_with(&segment_header(number))
}

/// The record at `offset`, checked: how much of the segment it says was durable, and its entries' bytes.
pub(super) fn record_at(bytes: &[u8], offset: usize, number: u64) -> Option<(u32, &[u8])> {
    let header = bytes.get(offset..offset + RECORD_HEADER_BYTES)?;
    if header[..4] != MARK {
        return None;
    }
    let (len, durable, crc) = (u32_at(header, 4)?, u32_at(header, 8)?, u32_at(header, 12)?);
    let start = offset + RECORD_HEADER_BYTES;
    let body = bytes.get(start..start.checked_add(usize::try_from(len).ok()?)?)?;
    (record_crc(number, len, durable, body) == crc).then_some((durable, body))
}

/// Whether some record behind `offset` was written when more than `offset` was durable: then what cannot be read there was lost by the disk.
pub(super) fn was_durable(bytes: &[u8], offset: usize, number: u64) -> bool {
    (offset + 1..bytes.len().saturating_sub(RECORD_HEADER_BYTES)).any(|later| {
        bytes[later..].starts_with(&MARK)
            && record_at(bytes, later, number)
                .is_some_and(|(durable, _)| usize::try_from(durable).is_ok_and(|durable| durable > offset))
    })
}

/// The entries of a record whose body begins at `start` of its segment; an error where they do not fit together.
pub(super) fn entries<'a>(body: &'a [u8], start: usize, mut each: impl FnMut(Entry<'a>)) -> Result<(), StorageError> {
    let malformed = || StorageError::corrupt("journal", "a record's entries do not fit together".to_owned());
    let mut at = 0;
    while at < body.len() {
        let (entry, len) = entry_at(body, at).ok_or_else(malformed)?;
        let offset = u32::try_from(start + at).map_err(|_| malformed())?;
        each(Entry { key: entry.0, value: entry.1, offset, len: u32::try_from(len).map_err(|_| malformed())? });
        at += len;
    }
    Ok(())
}

/// The value of the entry that these bytes are; none if they are not that of `key`, or not what was written.
pub(super) fn value_of<'a>(bytes: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let ((found, value), len) = entry_at(bytes, 0)?;
    let value = value.filter(|_| found == key && len == bytes.len())?;
    (crc32fast::hash(value) == u32_at(bytes, 7)?).then_some(value)
}

/// Whether these bytes are one entry that puts a value for `key`, which may be damaged.
pub(super) fn is_entry_of(bytes: &[u8], key: &[u8]) -> bool {
    entry_at(bytes, 0).is_some_and(|((found, value), len)| found == key && value.is_some() && len == bytes.len())
}

type KeyAndValue<'a> = (&'a [u8], Option<&'a [u8]>);

fn entry_at(bytes: &[u8], at: usize) -> Option<(KeyAndValue<'_>, usize)> {
    let header = bytes.get(at..at + ENTRY_HEADER_BYTES)?;
    let key_len = usize::from(u16::from_le_bytes([header[0], header[1]]));
    let value_len = usize::try_from(u32_at(header, 3)?).ok()?;
    let key_start = at + ENTRY_HEADER_BYTES;
    let value_start = key_start + key_len;
    let value_end = value_start.checked_add(value_len)?;
    let (key, value) = (bytes.get(key_start..value_start)?, bytes.get(value_start..value_end)?);
    let value = match header[2] {
        PUT => Some(value),
        REMOVE => None,
        _ => return None,
    };
    Some(((key, value), value_end - at))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn record_crc(number: u64, len: u32, durable: u32, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(&len.to_le_bytes());
    hasher.update(&durable.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

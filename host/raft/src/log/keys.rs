//! Where things lie in the log's key space.
//!
//! Every key starts with the group, so that one tree serves all groups and one batch covers any mixture of them:
//!
//! ```text
//! group: u32 BE | 'c'                                   committed position
//! group: u32 BE | 'e' | index: u64 BE | piece: u16 BE    a piece of an entry
//! group: u32 BE | 'p'                                   purged position
//! group: u32 BE | 'v'                                   vote
//! ```
//!
//! An entry longer than a piece is cut. Each piece starts with one byte: 1 if another piece follows, 0 if it is the
//! last.

use crate::error::StorageError;
use crate::ids::GroupId;
use crate::kv::{Batch, VALUE_BYTES_MAX};

const COMMITTED: u8 = b'c';
const ENTRY: u8 = b'e';
const PURGED: u8 = b'p';
const VOTE: u8 = b'v';

/// Bytes of an entry in one piece; the flag byte takes the last one of the limit.
const PIECE_BYTES_MAX: usize = VALUE_BYTES_MAX - 1;

/// The longest entry that the piece number can count, in bytes.
pub(super) const ENTRY_BYTES_MAX: usize = PIECE_BYTES_MAX * (u16::MAX as usize);

fn key(group: GroupId, kind: u8) -> Vec<u8> {
    let mut key = Vec::with_capacity(15);
    key.extend_from_slice(&group.0.to_be_bytes());
    key.push(kind);
    key
}

pub(super) fn vote(group: GroupId) -> Vec<u8> {
    key(group, VOTE)
}

pub(super) fn committed(group: GroupId) -> Vec<u8> {
    key(group, COMMITTED)
}

pub(super) fn purged(group: GroupId) -> Vec<u8> {
    key(group, PURGED)
}

/// The first key after all keys of the group.
pub(super) fn group_end(group: GroupId) -> Vec<u8> {
    match group.0.checked_add(1) {
        Some(next) => next.to_be_bytes().to_vec(),
        None => vec![u8::MAX; 16],
    }
}

/// The first key that an entry at `index` or after it can have.
pub(super) fn entries_from(group: GroupId, index: u64) -> Vec<u8> {
    let mut key = key(group, ENTRY);
    key.extend_from_slice(&index.to_be_bytes());
    key
}

/// The first key after all entries of the group.
pub(super) fn entries_end(group: GroupId) -> Vec<u8> {
    key(group, ENTRY + 1)
}

/// The first key after the entry at `index`.
pub(super) fn entry_end(group: GroupId, index: u64) -> Vec<u8> {
    match index.checked_add(1) {
        Some(next) => entries_from(group, next),
        None => entries_end(group),
    }
}

/// The index in the key of an entry's piece.
pub(super) fn entry_index(key: &[u8]) -> Result<u64, StorageError> {
    split(key).map(|(index, _)| index)
}

fn split(key: &[u8]) -> Result<(u64, u16), StorageError> {
    let bad = || StorageError::corrupt("log key", format!("{key:02x?}"));
    let (_, rest) = key.split_at_checked(5).ok_or_else(bad)?;
    let (index, piece) = rest.split_first_chunk::<8>().ok_or_else(bad)?;
    let piece = <[u8; 2]>::try_from(piece).map_err(|_| bad())?;
    Ok((u64::from_be_bytes(*index), u16::from_be_bytes(piece)))
}

/// Adds the pieces of an encoded entry to `batch`.
pub(super) fn put_entry(batch: &mut Batch, group: GroupId, index: u64, encoded: &[u8]) {
    debug_assert!(!encoded.is_empty() && encoded.len() <= ENTRY_BYTES_MAX);
    let mut pieces = encoded.chunks(PIECE_BYTES_MAX).enumerate().peekable();
    while let Some((number, piece)) = pieces.next() {
        let mut key = entries_from(group, index);
        key.extend_from_slice(&u16::try_from(number).expect("entries are at most ENTRY_BYTES_MAX long").to_be_bytes());
        let mut value = Vec::with_capacity(piece.len() + 1);
        value.push(u8::from(pieces.peek().is_some()));
        value.extend_from_slice(piece);
        batch.put(key, value);
    }
}

/// Puts pieces that come in key order together again.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    /// Index, next piece and bytes so far of an entry that is not complete.
    partial: Option<(u64, u16, Vec<u8>)>,
}

impl Assembler {
    /// Takes the next piece; returns the index and the bytes of the entry if it is complete now.
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) -> Result<Option<(u64, Vec<u8>)>, StorageError> {
        let (index, piece) = split(key)?;
        let bad = |detail: &str| StorageError::corrupt("log entry", format!("index {index}, piece {piece}: {detail}"));
        let (&flag, body) = value.split_first().ok_or_else(|| bad("empty"))?;
        let mut bytes = match (self.partial.take(), piece) {
            (None, 0) => Vec::new(),
            (Some((at, next, bytes)), _) if at == index && next == piece => bytes,
            _ => return Err(bad("out of sequence")),
        };
        bytes.extend_from_slice(body);
        match flag {
            0 => Ok(Some((index, bytes))),
            1 => {
                let next = piece.checked_add(1).ok_or_else(|| bad("too many pieces"))?;
                self.partial = Some((index, next, bytes));
                Ok(None)
            }
            _ => Err(bad("bad flag")),
        }
    }

    /// Whether an entry was begun and not finished.
    pub(super) fn is_partial(&self) -> bool {
        self.partial.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces_of(group: GroupId, index: u64, encoded: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut batch = Batch::default();
        put_entry(&mut batch, group, index, encoded);
        batch.into_writes().map(|(key, value)| (key, value.expect("only puts"))).collect()
    }

    #[test]
    fn entries_of_any_length_come_back_whole() {
        for len in [1, PIECE_BYTES_MAX - 1, PIECE_BYTES_MAX, PIECE_BYTES_MAX + 1, 3 * PIECE_BYTES_MAX + 7] {
            let encoded: Vec<u8> = (0..len).map(|byte| byte as u8).collect();
            let pieces = pieces_of(GroupId(7), 42, &encoded);
            assert!(pieces.iter().all(|(_, value)| value.len() <= VALUE_BYTES_MAX));
            let mut assembler = Assembler::default();
            let mut whole = None;
            for (key, value) in &pieces {
                assert!(whole.is_none(), "complete before the last piece");
                whole = assembler.push(key, value).expect("well formed");
            }
            assert_eq!(whole, Some((42, encoded)));
            assert!(!assembler.is_partial());
        }
    }

    #[test]
    fn a_missing_piece_is_corruption() {
        let pieces = pieces_of(GroupId(7), 42, &vec![1; 3 * PIECE_BYTES_MAX]);
        let mut assembler = Assembler::default();
        assembler.push(&pieces[0].0, &pieces[0].1).expect("first piece");
        assert!(assembler.push(&pieces[2].0, &pieces[2].1).is_err());
        let mut assembler = Assembler::default();
        assert!(assembler.push(&pieces[1].0, &pieces[1].1).is_err());
    }

    #[test]
    fn keys_sort_by_group_then_index_then_piece() {
        let piece = |group, index, number: u16| {
            let mut key = entries_from(GroupId(group), index);
            key.extend_from_slice(&number.to_be_bytes());
            key
        };
        let ordered = [
            committed(GroupId(1)),
            piece(1, 0, 0),
            piece(1, 255, 0),
            piece(1, 255, 256),
            piece(1, 256, 0),
            piece(1, u64::MAX, u16::MAX),
            entries_end(GroupId(1)),
            purged(GroupId(1)),
            vote(GroupId(1)),
            committed(GroupId(2)),
        ];
        assert!(ordered.is_sorted());
    }
}

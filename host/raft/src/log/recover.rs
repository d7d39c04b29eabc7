//! Reads what an earlier run left, and refuses what cannot be right.

use std::ops::ControlFlow;

use super::keys;
use super::memory::LogMemory;
use crate::error::StorageError;
use crate::ids::GroupId;
use crate::kv::{Batch, OrderedKv};
use crate::types::Entry;
use crate::wire;

/// The state of a group's log on disk.
///
/// Entries at or below the purged position are what an interrupted removal left; they are ignored, and go with the
/// next purge. A gap above it is corruption.
pub(super) fn recover(kv: &dyn OrderedKv, group: GroupId) -> Result<LogMemory, StorageError> {
    let vote = read_record(kv, &keys::vote(group), wire::decode_vote)?;
    let committed = read_record(kv, &keys::committed(group), wire::decode_log_id)?;
    let purged = read_record(kv, &keys::purged(group), wire::decode_log_id)?;
    let after_purged = purged.as_ref().map_or(0, |purged| purged.index + 1);
    let Some(first_index) = first_index(kv, group, after_purged)? else {
        return Ok(LogMemory::recovered(vote, committed, purged, purged, after_purged));
    };
    if purged.is_some() && first_index != after_purged {
        let detail = format!("group {group}: entries {after_purged} to {} are missing", first_index - 1);
        return Err(StorageError::corrupt("log", detail));
    }
    let last = last_entry(kv, group, first_index)?;
    Ok(LogMemory::recovered(vote, committed, purged, Some(last.log_id), first_index))
}

/// The index of the first entry at `from` or after it.
fn first_index(kv: &dyn OrderedKv, group: GroupId, from: u64) -> Result<Option<u64>, StorageError> {
    let mut found = None;
    kv.scan(&keys::entries_from(group, from), &keys::entries_end(group), &mut |key, _| {
        found = Some(keys::entry_index(key));
        ControlFlow::Break(())
    })?;
    found.transpose()
}

fn last_entry(kv: &dyn OrderedKv, group: GroupId, first_index: u64) -> Result<Entry, StorageError> {
    let missing = || StorageError::corrupt("log entry", "the last one cannot be found");
    let key = kv.last_key(&keys::entries_from(group, first_index), &keys::entries_end(group))?.ok_or_else(missing)?;
    let index = keys::entry_index(&key)?;
    read_entries(kv, group, index, index + 1, usize::MAX)?.pop().ok_or_else(missing)
}

/// Reads the entries of `from..to` that are there, stopping after `bytes_max` bytes but never before the first.
pub(super) fn read_entries(
    kv: &dyn OrderedKv,
    group: GroupId,
    from: u64,
    to: u64,
    bytes_max: usize,
) -> Result<Vec<Entry>, StorageError> {
    let mut assembler = keys::Assembler::default();
    let mut entries = Vec::new();
    let mut bytes = 0;
    let mut failure = None;
    kv.scan(&keys::entries_from(group, from), &keys::entries_from(group, to), &mut |key, value| {
        let step = assembler.push(key, value).and_then(|complete| {
            if let Some((index, encoded)) = complete {
                bytes += encoded.len();
                if !entries.is_empty() && bytes > bytes_max {
                    return Ok(ControlFlow::Break(()));
                }
                entries.push(decode(index, &encoded)?);
            }
            Ok(ControlFlow::Continue(()))
        });
        step.unwrap_or_else(|error| {
            failure = Some(error);
            ControlFlow::Break(())
        })
    })?;
    match failure {
        Some(error) => Err(error),
        None if assembler.is_partial() => Err(StorageError::corrupt("log entry", "the last one read is incomplete")),
        None => Ok(entries),
    }
}

fn decode(index: u64, encoded: &[u8]) -> Result<Entry, StorageError> {
    let entry = wire::decode_entry(encoded)?;
    if entry.log_id.index == index {
        Ok(entry)
    } else {
        let detail = format!("stored at {index}, says it is {}", entry.log_id.index);
        Err(StorageError::corrupt("log entry", detail))
    }
}

fn read_record<T>(
    kv: &dyn OrderedKv,
    key: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, crate::codec::DecodeError>,
) -> Result<Option<T>, StorageError> {
    let mut found = None;
    let mut end = key.to_vec();
    end.push(0);
    kv.scan(key, &end, &mut |_, value| {
        found = Some(decode(value));
        ControlFlow::Break(())
    })?;
    found.transpose().map_err(StorageError::from)
}

/// All groups with a key in the store.
pub(super) fn groups(kv: &dyn OrderedKv) -> Result<Vec<GroupId>, StorageError> {
    let mut groups = Vec::new();
    let mut next = Some(0u32);
    while let Some(from) = next {
        let mut found = None;
        kv.scan(&from.to_be_bytes(), &[u8::MAX; 16], &mut |key, _| {
            found = key.first_chunk::<4>().map(|id| u32::from_be_bytes(*id));
            ControlFlow::Break(())
        })?;
        groups.extend(found.map(GroupId));
        next = found.and_then(|found| found.checked_add(1));
    }
    Ok(groups)
}

/// Removes every key of a group durably, in one batch: after a crash it is all there or all gone.
pub(super) fn remove(kv: &dyn OrderedKv, group: GroupId) -> Result<(), StorageError> {
    let mut batch = Batch::default();
    kv.scan(&group.0.to_be_bytes(), &keys::group_end(group), &mut |key, _| {
        batch.remove(key.to_vec());
        ControlFlow::Continue(())
    })?;
    if !batch.is_empty() {
        kv.write(batch)?;
    }
    kv.barrier()
}

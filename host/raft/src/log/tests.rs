//! The log store against the consensus library's own suite, and against a disk that fails or forgets.

use std::sync::Arc;

use openraft::entry::RaftEntry as _;
use openraft::storage::{RaftLogReader as _, RaftLogStorage as _, RaftLogStorageExt as _};
use openraft::testing::log::{StoreBuilder, Suite};

use super::*;
use crate::adapter::MachineAdapter;
use crate::ids::NodeId;
use crate::kv::{Failure, MemoryKv};
use crate::register::Register;
use crate::state_store::StateStore;
use crate::types::{CommandBytes, Entry, LeaderId, LogId, Payload, Types, Vote};

type SuiteError = openraft::StorageError<Types>;

fn suite_error(error: impl std::fmt::Display) -> SuiteError {
    use openraft::errors::ErrorSource as _;
    SuiteError::read(openraft::impls::BoxedErrorSource::from_string(error))
}

fn adapter() -> MachineAdapter<Register> {
    let store = StateStore::open_on(Arc::new(MemoryKv::default())).expect("an empty store opens");
    MachineAdapter::open(Register::open(store).expect("an empty register opens")).expect("starts at nothing")
}

/// Stores on sled, with a memory so small that most reads go to the disk.
struct OnSled;

impl StoreBuilder<Types, GroupLog, MachineAdapter<Register>, tempfile::TempDir> for OnSled {
    async fn build(&self) -> Result<(tempfile::TempDir, GroupLog, MachineAdapter<Register>), SuiteError> {
        let dir = tempfile::tempdir().map_err(suite_error)?;
        let config = LogStoreConfig { tail_bytes_max: 0, ..LogStoreConfig::default() };
        let log = LogStore::open(dir.path(), config).map_err(suite_error)?;
        let group = log.open_group(GroupId(3)).map_err(suite_error)?;
        Ok((dir, group, adapter()))
    }
}

struct InMemory;

impl StoreBuilder<Types, GroupLog, MachineAdapter<Register>> for InMemory {
    async fn build(&self) -> Result<((), GroupLog, MachineAdapter<Register>), SuiteError> {
        let log = LogStore::open_on(Arc::new(MemoryKv::default()), LogStoreConfig::default()).map_err(suite_error)?;
        Ok(((), log.open_group(GroupId(3)).map_err(suite_error)?, adapter()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_librarys_suite_holds_on_sled() {
    Suite::test_all(OnSled).await.expect("every case holds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_librarys_suite_holds_in_memory() {
    Suite::test_all(InMemory).await.expect("every case holds");
}

fn id(term: u64, index: u64) -> LogId {
    LogId::new(LeaderId { term, node_id: NodeId(1) }, index)
}

fn entry(term: u64, index: u64, bytes: usize) -> Entry {
    Entry::new(id(term, index), Payload::Normal(CommandBytes(vec![index as u8; bytes].into())))
}

fn vote(term: u64) -> Vote {
    Vote::new(term, NodeId(1))
}

fn open(kv: &Arc<MemoryKv>) -> LogStore {
    let config = LogStoreConfig { tail_bytes_max: 0, ..LogStoreConfig::default() };
    LogStore::open_on(Arc::clone(kv) as Arc<dyn OrderedKv>, config).expect("opens")
}

async fn all_entries(log: &mut GroupLog) -> Vec<Entry> {
    log.try_get_log_entries(..).await.expect("readable")
}

#[tokio::test]
async fn a_store_that_was_dropped_without_closing_opens_with_everything_acknowledged() {
    let dir = tempfile::tempdir().expect("a directory");
    let written: Vec<Entry> = (0..20).map(|index| entry(1, index, 1 << (index % 18))).collect();
    {
        let store = LogStore::open(dir.path(), LogStoreConfig::default()).expect("opens");
        let mut log = store.open_group(GroupId(1)).expect("opens");
        log.save_vote(&vote(1)).await.expect("saves");
        log.blocking_append(written.clone()).await.expect("appends");
    }
    let store = LogStore::open(dir.path(), LogStoreConfig::default()).expect("the directory is free again");
    let mut log = store.open_group(GroupId(1)).expect("opens");
    assert_eq!(log.read_vote().await.expect("readable"), Some(vote(1)));
    assert_eq!(all_entries(&mut log).await, written);
    assert_eq!(store.groups().expect("readable"), [GroupId(1)]);
}

#[tokio::test]
async fn the_groups_of_a_store_do_not_see_each_other() {
    let kv = Arc::new(MemoryKv::default());
    let store = open(&kv);
    let ids = [GroupId(0), GroupId(1), GroupId(256), GroupId(u32::MAX)];
    for group in ids {
        let mut log = store.open_group(group).expect("opens");
        log.save_vote(&vote(u64::from(group.0))).await.expect("saves");
        log.blocking_append([entry(u64::from(group.0), 0, 5)]).await.expect("appends");
    }
    assert_eq!(store.groups().expect("readable"), ids);
    let mut log = store.open_group(GroupId(1)).expect("opens");
    log.truncate_after(None).await.expect("truncates");
    log.save_vote(&vote(9)).await.expect("saves");
    let mut other = store.open_group(GroupId(256)).expect("opens");
    assert_eq!(all_entries(&mut other).await, [entry(256, 0, 5)]);
    assert_eq!(other.read_vote().await.expect("readable"), Some(vote(256)));
}

#[tokio::test]
async fn a_group_is_handed_out_once_at_a_time() {
    let store = open(&Arc::new(MemoryKv::default()));
    let log = store.open_group(GroupId(1)).expect("opens");
    assert!(matches!(store.open_group(GroupId(1)), Err(OpenGroupError::AlreadyOpen)));
    drop(log);
    store.open_group(GroupId(1)).expect("opens again");
}

/// Whatever part of the unsynced writes a loss of power takes, what was acknowledged is there, and what is there is a
/// log that some moment of the history had.
#[tokio::test]
async fn a_loss_of_power_takes_nothing_acknowledged_and_leaves_no_hole() {
    let kv = Arc::new(MemoryKv::default());
    let store = open(&kv);
    let mut log = store.open_group(GroupId(1)).expect("opens");
    log.save_vote(&vote(1)).await.expect("saves");
    log.blocking_append((0..8).map(|index| entry(1, index, 100))).await.expect("appends");
    log.truncate_after(Some(id(1, 4))).await.expect("truncates");
    log.save_vote(&vote(2)).await.expect("saves");
    log.blocking_append((5..7).map(|index| entry(2, index, 200_000))).await.expect("appends");
    log.purge(id(1, 2)).await.expect("purges");
    log.blocking_append([entry(2, 7, 10)]).await.expect("appends");
    log.truncate_after(Some(id(1, 3))).await.expect("truncates, durable or not");
    store.close().await.expect("closes");
    for n_kept in 0..=kv.n_unsynced() {
        let store = open(&Arc::new(kv.after_power_loss(n_kept)));
        let mut log = store.open_group(GroupId(1)).expect("opens");
        assert_eq!(log.read_vote().await.expect("readable"), Some(vote(2)));
        let found = all_entries(&mut log).await;
        assert_eq!(found, [entry(1, 3, 100)]);
        assert_eq!(log.get_log_state().await.expect("readable").last_purged_log_id, Some(id(1, 2)));
    }
}

#[tokio::test]
async fn what_was_acknowledged_before_a_loss_of_power_is_kept_at_every_step() {
    let kv = Arc::new(MemoryKv::default());
    let store = open(&kv);
    let mut log = store.open_group(GroupId(1)).expect("opens");
    for index in 0..30_u64 {
        log.save_committed(index.checked_sub(1).map(|index| id(1, index))).await.expect("saves");
        log.blocking_append([entry(1, index, 50)]).await.expect("appends");
        let found = open(&Arc::new(kv.after_power_loss(0)));
        let mut found = found.open_group(GroupId(1)).expect("opens");
        assert_eq!(all_entries(&mut found).await.len() as u64, index + 1);
        let committed = found.read_committed().await.expect("readable");
        assert_eq!(committed, index.checked_sub(1).map(|index| id(1, index)));
    }
}

#[tokio::test]
async fn after_a_failed_barrier_nothing_is_written_any_more() {
    for failure in [Failure::Barrier, Failure::Write] {
        let kv = Arc::new(MemoryKv::default());
        let store = open(&kv);
        let mut log = store.open_group(GroupId(1)).expect("opens");
        let mut other = store.open_group(GroupId(2)).expect("opens");
        log.blocking_append([entry(1, 0, 5)]).await.expect("appends");
        kv.fail_at_next(failure);
        log.blocking_append([entry(1, 1, 5)]).await.expect_err("is told");
        let barriers = kv.n_barriers();
        // The disk works again, but what it holds is not known any more.
        log.blocking_append([entry(1, 2, 5)]).await.expect_err("stays stopped");
        other.save_vote(&vote(1)).await.expect_err("all groups stop");
        assert!(store.open_group(GroupId(3)).is_err());
        assert_eq!(kv.n_barriers(), barriers);
        let found = open(&Arc::new(kv.after_power_loss(0)));
        let mut found = found.open_group(GroupId(1)).expect("opens");
        assert_eq!(all_entries(&mut found).await, [entry(1, 0, 5)]);
    }
}

#[tokio::test]
async fn what_waits_together_becomes_durable_with_one_barrier() {
    let kv = Arc::new(MemoryKv::default());
    let store = open(&kv);
    let before = kv.n_barriers();
    let mut logs: Vec<_> = (0..8).map(|group| store.open_group(GroupId(group)).expect("opens")).collect();
    // On this single-threaded runtime all appends are queued before the first answer is taken.
    let appends = logs.iter_mut().map(|log| log.blocking_append((0..10).map(|index| entry(1, index, 100))));
    for result in futures_util::future::join_all(appends).await {
        result.expect("appends");
    }
    let barriers = kv.n_barriers() - before;
    assert!(barriers <= 8, "never more than one each: {barriers}");
    assert_eq!(store.stats().entries, 80);
    assert_eq!(store.stats().barriers, barriers);
}

#[tokio::test]
async fn purged_entries_leave_the_disk() {
    let kv = Arc::new(MemoryKv::default());
    let store = open(&kv);
    let mut log = store.open_group(GroupId(1)).expect("opens");
    log.blocking_append((0..3000).map(|index| entry(1, index, 10))).await.expect("appends");
    log.purge(id(1, 2989)).await.expect("purges");
    store.close().await.expect("closes");
    let mut kept = 0;
    kv.scan(&keys::entries_from(GroupId(1), 0), &keys::entries_end(GroupId(1)), &mut |_, _| {
        kept += 1;
        std::ops::ControlFlow::Continue(())
    })
    .expect("readable");
    // Those removed while the queue was empty are gone; the rest goes with the next purge after opening.
    assert!((10..=3000).contains(&kept));
    let store = open(&kv);
    let mut log = store.open_group(GroupId(1)).expect("opens");
    assert_eq!(all_entries(&mut log).await.len(), 10);
    assert_eq!(log.limited_get_log_entries(0, 3000).await.expect("readable").len(), 10);
}

#[tokio::test]
async fn a_read_limited_by_size_continues_where_it_stopped() {
    let store = open(&Arc::new(MemoryKv::default()));
    let mut log = store.open_group(GroupId(1)).expect("opens");
    let written: Vec<Entry> = (0..40).map(|index| entry(1, index, 200_000)).collect();
    for entry in &written {
        log.blocking_append([entry.clone()]).await.expect("appends");
    }
    let mut read = Vec::new();
    while read.len() < written.len() {
        let part = log.limited_get_log_entries(read.len() as u64, 40).await.expect("readable");
        assert!((1..=6).contains(&part.len()), "about a MiB at a time: {}", part.len());
        read.extend(part);
    }
    assert_eq!(read, written);
}

#[tokio::test]
async fn a_gap_on_disk_is_found_at_opening_or_reading() {
    let kv = Arc::new(MemoryKv::default());
    {
        let store = open(&kv);
        let mut log = store.open_group(GroupId(1)).expect("opens");
        log.blocking_append((0..9).map(|index| entry(1, index, 10))).await.expect("appends");
        log.purge(id(1, 2)).await.expect("purges");
        store.close().await.expect("closes");
    }
    let mut batch = crate::kv::Batch::default();
    batch.remove([keys::entries_from(GroupId(1), 6), vec![0, 0]].concat());
    kv.write(batch).expect("writes");
    let store = open(&kv);
    let mut log = store.open_group(GroupId(1)).expect("both ends are there");
    log.try_get_log_entries(..).await.expect_err("the middle is not");
    drop((log, store));
    let mut batch = crate::kv::Batch::default();
    batch.remove([keys::entries_from(GroupId(1), 3), vec![0, 0]].concat());
    kv.write(batch).expect("writes");
    assert!(matches!(open(&kv).open_group(GroupId(1)), Err(OpenGroupError::Storage(StorageError::Corrupt { .. }))));
}

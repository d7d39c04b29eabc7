//! The log store against the consensus library's own suite, and against a disk that fails or forgets.

use std::sync::Arc;

use openraft::entry::RaftEntry as _;
use openraft::storage::{RaftLogReader as _, RaftLogStorage as _, RaftLogStorageExt as _};
use openraft::testing::log::{StoreBuilder, Suite};
use openraft::type_config::TypeConfigExt as _;

use super::*;
use crate::adapter::MachineAdapter;
use crate::ids::NodeId;
use crate::kv::{Failure, MemoryKv};
use crate::register::Register;
use crate::state_store::StateStore;
use crate::types::{Callback, CommandBytes, Entry, LeaderId, LogId, Payload, Types, Vote};

type SuiteError = openraft::StorageError<Types>;

fn suite_error(error: impl std::fmt::Display) -> SuiteError {
    use openraft::errors::ErrorSource as _;
    SuiteError::read(openraft::impls::BoxedErrorSource::from_string(error))
}

fn adapter() -> MachineAdapter<Register> {
    let store = StateStore::open_on(Arc::new(MemoryKv::default())).expect("an empty store opens");
    MachineAdapter::open(Register::open(store).expect("an empty register opens"), u64::MAX).expect("starts at nothing")
}

/// Stores on a disk, with a memory so small that most reads go there.
struct OnDisk;

impl StoreBuilder<Types, GroupLog, MachineAdapter<Register>, tempfile::TempDir> for OnDisk {
    async fn build(&self) -> Result<(tempfile::TempDir, GroupLog, MachineAdapter<Register>), SuiteError> {
        let dir = tempfile::tempdir().map_err(suite_error)?;
        let config = LogStoreConfig { tail_bytes_max: 0 };
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
async fn the_librarys_suite_holds_on_a_disk() {
    Suite::test_all(OnDisk).await.expect("every case holds");
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
    let config = LogStoreConfig { tail_bytes_max: 0 };
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

/// A disk whose barriers wait for a permit each.
#[derive(Default)]
struct GatedKv {
    kv: MemoryKv,
    permits: Mutex<u64>,
    changed: std::sync::Condvar,
    waiting: Mutex<Option<oneshot::Sender<()>>>,
}

impl GatedKv {
    fn permit(&self, n_barriers: u64) {
        *self.permits.lock().expect("not poisoned") += n_barriers;
        self.changed.notify_all();
    }
}

impl OrderedKv for GatedKv {
    fn write(&self, batch: crate::kv::Batch) -> Result<(), StorageError> {
        self.kv.write(batch)
    }

    fn barrier(&self) -> Result<(), StorageError> {
        if let Some(waiting) = self.waiting.lock().expect("not poisoned").take() {
            waiting.send(()).expect("the test waits for this");
        }
        let permits = self.permits.lock().expect("not poisoned");
        *self.changed.wait_while(permits, |permits| *permits == 0).expect("not poisoned") -= 1;
        self.kv.barrier()
    }

    fn scan(&self, from: &[u8], to: &[u8], visit: &mut crate::kv::Visitor<'_>) -> Result<(), StorageError> {
        self.kv.scan(from, to, visit)
    }

    fn last_key(&self, from: &[u8], to: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.kv.last_key(from, to)
    }
}

#[tokio::test]
async fn what_gathers_during_one_barrier_becomes_durable_with_the_next() {
    let kv = Arc::new(GatedKv::default());
    let (waiting, is_waiting) = oneshot::channel();
    *kv.waiting.lock().expect("not poisoned") = Some(waiting);
    let store = LogStore::open_on(Arc::clone(&kv) as Arc<dyn OrderedKv>, LogStoreConfig::default()).expect("opens");
    let mut first = store.open_group(GroupId(0)).expect("opens");
    let (done, first_is_durable) = Types::oneshot();
    first.append([entry(1, 0, 100)], Callback::signal(done)).await.expect("takes it");
    assert_eq!(all_entries(&mut first).await.len(), 1, "readable before it is durable");
    is_waiting.await.expect("the writer gets there");

    let mut durable = Vec::new();
    let mut logs: Vec<_> = (1..9).map(|group| store.open_group(GroupId(group)).expect("opens")).collect();
    for log in &mut logs {
        let (done, is_durable) = Types::oneshot();
        log.append((0..10).map(|index| entry(1, index, 100)), Callback::signal(done)).await.expect("takes it");
        durable.push(is_durable);
    }
    assert!(durable.iter_mut().all(|is_durable| is_durable.try_recv().is_err()), "nothing is durable yet");
    kv.permit(2);
    first_is_durable.await.expect("told").expect("durable");
    for is_durable in durable {
        is_durable.await.expect("told").expect("durable");
    }
    assert_eq!(kv.kv.n_barriers(), 2, "eight groups share one");
    assert_eq!((store.stats().entries, store.stats().barriers), (81, 2));
    // Dropping the store waits for no barrier that nobody asked for.
    drop((first, logs, store));
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

/// A log as simple as it can be: what the store must look like to its group.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    vote: Option<Vote>,
    entries: std::collections::BTreeMap<u64, Entry>,
    purged: Option<LogId>,
    last: Option<LogId>,
}

#[derive(Debug, Clone)]
enum Step {
    Vote,
    Append {
        count: u64,
        bytes: usize,
    },
    /// Keeps so many of the entries that are there.
    Truncate {
        keep: usize,
    },
    /// Purges so many of the entries that are there.
    Purge {
        count: usize,
    },
    Reopen,
}

fn any_step() -> impl proptest::strategy::Strategy<Value = Step> {
    use proptest::prelude::*;
    prop_oneof![
        1 => Just(Step::Vote),
        4 => (1_u64..6, prop_oneof![Just(10_usize), Just(500), Just(250_000)])
            .prop_map(|(count, bytes)| Step::Append { count, bytes }),
        1 => (0_usize..8).prop_map(|keep| Step::Truncate { keep }),
        1 => (1_usize..5).prop_map(|count| Step::Purge { count }),
        1 => Just(Step::Reopen),
    ]
}

impl Model {
    fn truncate_after(&mut self, keep: Option<LogId>) {
        self.entries.retain(|index, _| keep.is_some_and(|keep| *index <= keep.index));
        self.last = self.entries.values().next_back().map(|entry| entry.log_id).max(self.purged);
    }

    fn purge(&mut self, upto: LogId) {
        self.entries.retain(|index, _| *index > upto.index);
        self.purged = Some(upto);
        self.last = self.last.max(self.purged);
    }

    async fn read(log: &mut GroupLog) -> Self {
        let state = log.get_log_state().await.expect("readable");
        let entries = all_entries(log).await.into_iter().map(|entry| (entry.index(), entry)).collect();
        let vote = log.read_vote().await.expect("readable");
        Self { vote, entries, purged: state.last_purged_log_id, last: state.last_log_id }
    }
}

/// Runs the steps on the store and on the model; after each, a loss of power must leave a state that the model had at
/// or after the last step that was waited for.
async fn check_against_the_model(steps: Vec<Step>) {
    let mut kv = Arc::new(MemoryKv::default());
    let mut store = open(&kv);
    let mut log = store.open_group(GroupId(1)).expect("opens");
    let mut model = Model::default();
    let mut possible = vec![model.clone()];
    for (term, step) in (1_u64..).zip(steps) {
        match step {
            Step::Vote => {
                log.save_vote(&vote(term)).await.expect("saves");
                model.vote = Some(vote(term));
                possible.clear();
            }
            Step::Append { count, bytes } => {
                let first = model.last.map_or(0, |last| last.index + 1);
                let written: Vec<Entry> = (first..first + count).map(|index| entry(term, index, bytes)).collect();
                log.blocking_append(written.clone()).await.expect("appends");
                model.last = written.last().map(|entry| entry.log_id);
                model.entries.extend(written.into_iter().map(|entry| (entry.index(), entry)));
                possible.clear();
            }
            Step::Truncate { keep } => {
                let keep = keep.checked_sub(1).and_then(|at| model.entries.values().nth(at)).map(|entry| entry.log_id);
                log.truncate_after(keep.or(model.purged)).await.expect("truncates");
                model.truncate_after(keep.or(model.purged));
            }
            Step::Purge { count } => {
                let Some(upto) = model.entries.values().nth(count - 1).map(|entry| entry.log_id) else { continue };
                log.purge(upto).await.expect("purges");
                model.purge(upto);
            }
            Step::Reopen => {
                drop(log);
                store.close().await.expect("closes");
                kv = Arc::new(kv.after_power_loss(usize::MAX));
                store = open(&kv);
                log = store.open_group(GroupId(1)).expect("opens");
                possible.clear();
            }
        }
        possible.push(model.clone());
        assert_eq!(Model::read(&mut log).await, model);
        let after = open(&Arc::new(kv.after_power_loss(0)));
        let mut after = after.open_group(GroupId(1)).expect("opens");
        let found = Model::read(&mut after).await;
        assert!(possible.contains(&found), "a loss of power left {found:?}, possible was {possible:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn the_store_behaves_like_a_simple_log(steps in proptest::collection::vec(any_step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(check_against_the_model(steps));
    }
}

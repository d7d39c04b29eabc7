//! Measures what durability costs: appends of 1 KiB, made durable one by one and in batches of 64.
//!
//! ```text
//! cargo run --release -p vraftls-raft --example log_bench [DIR]
//! ```
//!
//! From the bottom up: a plain file with `fdatasync` (the floor of this disk), the storage engines with their
//! barriers, and a whole group of one replica, from proposal to response. `DIR` must be on the disk to be measured;
//! without it a directory beside the current one is made, because a temporary directory is often memory.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use vraftls_raft::config::GroupConfig;
use vraftls_raft::error::{InitializeError, StorageError};
use vraftls_raft::group::Group;
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::kv::{Batch, JournalKv, OrderedKv, SledKv};
use vraftls_raft::log::{LogStore, LogStoreConfig};
use vraftls_raft::network::memory::MemoryNetwork;
use vraftls_raft::register::{Command, Operation, Register};
use vraftls_raft::state_store::StateStore;

type AnyError = Box<dyn std::error::Error>;

const VALUE_BYTES: usize = 1024;
const BATCHES: [usize; 2] = [1, 64];
const MEASURE_FOR: Duration = Duration::from_secs(3);
const CACHE_BYTES: u64 = 16 << 20;

fn main() -> Result<(), AnyError> {
    let parent = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let dir = tempfile::Builder::new().prefix("log-bench-").tempdir_in(parent)?;
    println!("{:<34} {:>6} {:>12} {:>10} {:>10} {:>10}", "", "batch", "entries/s", "p50 us", "p99 us", "max us");
    for batch in BATCHES {
        plain_file(dir.path(), batch)?;
        let sled = SledKv::open(&dir.path().join(format!("sled-{batch}")), CACHE_BYTES)?;
        store("sled: batch + flush alone", &sled, batch, || sled.flush_without_sync())?;
        store("sled: batch + barrier", &sled, batch, || sled.barrier())?;
        let journal = JournalKv::open(&dir.path().join(format!("journal-{batch}")))?;
        store("journal: batch + barrier", &journal, batch, || journal.barrier())?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(groups(dir.path()))
}

/// Runs `write` for a while and prints its rate and latencies.
fn measure(what: &str, batch: usize, mut write: impl FnMut(u64) -> Result<(), AnyError>) -> Result<(), AnyError> {
    let mut latencies = Vec::new();
    let start = Instant::now();
    let mut number = 0;
    while start.elapsed() < MEASURE_FOR {
        let before = Instant::now();
        write(number)?;
        latencies.push(before.elapsed());
        number += 1;
    }
    report(what, batch, start.elapsed(), &mut latencies);
    Ok(())
}

fn report(what: &str, batch: usize, took: Duration, latencies: &mut [Duration]) {
    latencies.sort_unstable();
    let at = |permille: usize| latencies[(latencies.len() - 1) * permille / 1000].as_micros();
    let rate = (latencies.len() * batch) as f64 / took.as_secs_f64();
    println!("{what:<34} {batch:>6} {rate:>12.0} {:>10} {:>10} {:>10}", at(500), at(990), at(1000));
}

fn plain_file(dir: &Path, batch: usize) -> Result<(), AnyError> {
    let mut file = File::create(dir.join(format!("plain-{batch}")))?;
    let record = vec![7; VALUE_BYTES * batch];
    measure("file: append + fdatasync", batch, |_| {
        file.write_all(&record)?;
        Ok(file.sync_data()?)
    })
}

fn store(
    what: &str,
    kv: &impl OrderedKv,
    batch: usize,
    make_durable: impl Fn() -> Result<(), StorageError>,
) -> Result<(), AnyError> {
    measure(what, batch, |number| {
        let mut writes = Batch::default();
        for i in 0..batch as u64 {
            let index = number * batch as u64 + i;
            writes.put([&[0, 0, 0, 1, b'e'][..], &index.to_be_bytes(), &[0, 0]].concat(), vec![7; VALUE_BYTES]);
            // A log is purged as it grows: what it held 10,000 entries ago goes.
            if let Some(old) = index.checked_sub(10_000) {
                writes.remove([&[0, 0, 0, 1, b'e'][..], &old.to_be_bytes(), &[0, 0]].concat());
            }
        }
        kv.write(writes)?;
        Ok(make_durable()?)
    })
}

/// Starts a group of one and prints what the parts of it took until it leads.
async fn start_group(dir: &Path) -> Result<(LogStore, Group<Register>), AnyError> {
    let start = Instant::now();
    let log = LogStore::open(&dir.join("log"), LogStoreConfig::default())?;
    let log_opened = start.elapsed();
    let machine = Register::open(StateStore::open(&dir.join("state"), CACHE_BYTES)?)?;
    let state_opened = start.elapsed();
    let config = GroupConfig::new(GroupId(0), NodeId(1), dir.join("spool"));
    let network = MemoryNetwork::new().access(NodeId(1));
    let group = Group::start(config, &log, machine, network).await?;
    match group.initialize_single(Peer::new("nowhere")).await {
        Ok(()) | Err(InitializeError::AlreadyFormed { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    println!("log open after {log_opened:?}, state after {state_opened:?}, leading after {:?}", start.elapsed());
    Ok((log, group))
}

/// A group of one: the time to its first answer, new and again, and proposals of 1 and 64 clients.
async fn groups(dir: &Path) -> Result<(), AnyError> {
    let dir = dir.join("group");
    let (log, group) = start_group(&dir).await?;
    for clients in BATCHES {
        propose(&group, clients).await?;
    }
    let stats = log.stats();
    println!("log: {} entries with {} barriers, on average {} us", stats.entries, stats.barriers, {
        stats.latency_us_sum / stats.barriers.max(1)
    });
    group.shutdown().await;
    drop(group);
    log.close().await?;
    start_group(&dir).await.map(drop)
}

async fn propose(group: &Group<Register>, clients: usize) -> Result<(), AnyError> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let group = group.clone();
            tokio::spawn(async move {
                let key = client.to_string().into_bytes();
                let command = Command {
                    now_ms: 0,
                    operation: Operation::Set { key, value: vec![7; VALUE_BYTES], expires_ms: None },
                };
                let mut latencies = Vec::new();
                while start.elapsed() < MEASURE_FOR {
                    let before = Instant::now();
                    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
                    group.propose(&command, deadline).await?;
                    latencies.push(before.elapsed());
                }
                Ok::<_, vraftls_raft::error::ProposeError>(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    report(&format!("group of one, {clients} clients"), 1, start.elapsed(), &mut latencies);
    Ok(())
}

//! Durable writes of 1 KiB: three nodes of ours beside three members of etcd, in turns.
//!
//! Clients write one after the other, each to a file of its own, and each waits for its acknowledgement. Both systems sync the logs of a
//! majority before that. A client of ours speaks to whoever leads its file's group; those of etcd are connected to its leader, which
//! spares them a hop. Not more than [`CLIENTS_OF_CONNECTION`] share a connection.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use vraftls_client::{Cluster, CommitFailure};
use vraftls_proto::rpc::{Commit, TreePage};
use vraftls_vfs::{
    ClientId, ContentDigest, Contents, Expected, FileOperation, Refusal, Sequence, VfsPath, WorkspaceId,
};

use super::etcd::{self, Etcd};
use super::grpc::Connection;
use super::nodes::{Nodes, Shape};
use super::rows::{Row, heading, row};
use crate::latency::Latencies;
use crate::outside::Shelf;

const CLIENTS: [usize; 3] = [1, 16, 256];
const CLIENTS_OF_CONNECTION: usize = 64;
const WRITE_BYTES: usize = 1024;
/// How often both take their turns with each number of clients, and what is not counted at the start of each.
const N_ROUNDS: u64 = 3;
const WARM_UP: Duration = Duration::from_secs(1);
/// How long one write may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is aimed at with the most clients, in times of etcd's rate.
const AIM: f64 = 2.0;

/// What came of writing.
#[derive(Default)]
struct Load {
    latencies: Latencies,
    lasted: Duration,
    errors: Vec<String>,
}

impl Load {
    fn rate(&self) -> f64 {
        self.latencies.count() as f64 / self.lasted.as_secs_f64()
    }

    fn millis(&self, percent: usize) -> f64 {
        self.latencies.percentile(percent).unwrap_or_default().as_secs_f64() * 1000.0
    }

    fn add(&mut self, other: Self) {
        self.latencies.extend(&other.latencies);
        self.lasted += other.lasted;
        self.errors.extend(other.errors);
    }
}

/// Someone who writes.
trait Writer: Send + 'static {
    /// Writes once; returns when that is acknowledged.
    fn write(&mut self, contents: Vec<u8>) -> impl Future<Output = Result<()>> + Send;
}

/// Measures both; the rows, and errors for people.
pub(super) fn measure(binary: &Path, shelf: &Shelf, lasts: Duration) -> Result<(Vec<Row>, Vec<String>)> {
    let program = etcd::program(shelf)?;
    let runtime = Runtime::new()?;
    let nodes = Nodes::start(binary, shelf, Shape { n_nodes: 3, n_data_groups: 8 }, &[])?;
    let etcd = runtime.block_on(async { Etcd::start(&program, shelf) })?;
    let workspace = nodes.make_workspace("writes")?;
    let mut rows = vec![heading("committed 1 KiB updates, 3 processes", "etcd 3.4")];
    let mut notes = Vec::new();
    for n_clients in CLIENTS {
        let (mut ours, mut theirs) = (Load::default(), Load::default());
        for round in 0..N_ROUNDS {
            crate::say(&format!("cluster: {n_clients} clients write, round {}", round + 1));
            ours.add(runtime.block_on(ours_once(&nodes, workspace, n_clients, lasts))?);
            theirs.add(runtime.block_on(theirs_once(&etcd, n_clients, lasts))?);
        }
        let names = [("vraftls", &ours), ("etcd", &theirs)];
        let failed =
            names.iter().flat_map(|(name, load)| load.errors.iter().take(3).map(move |e| format!("{name}: {e}")));
        notes.extend(failed);
        rows.extend(compared(n_clients, &ours, &theirs));
    }
    let memory = nodes.resident_bytes().iter().sum::<u64>();
    let mib = |bytes: u64| bytes as f64 / (1 << 20) as f64;
    rows.push(row("  resident memory of all three (MiB)", mib(memory), 0).beside(mib(etcd.resident_bytes()), 0));
    Ok((rows, notes))
}

fn compared(n_clients: usize, ours: &Load, theirs: &Load) -> Vec<Row> {
    let ratio = ours.rate() / theirs.rate();
    let mut rows = vec![
        row(format!("  {n_clients} clients, a second"), ours.rate(), 0)
            .beside(theirs.rate(), 0)
            .bar(">= etcd", ratio >= 1.0),
        row("    in times of etcd's rate", ratio, 2),
        row("    p50 (ms)", ours.millis(50), 2).beside(theirs.millis(50), 2),
        row("    p99 (ms)", ours.millis(99), 2).beside(theirs.millis(99), 2),
        row("    failed", ours.errors.len() as f64, 0)
            .beside(theirs.errors.len() as f64, 0)
            .bar("0", ours.errors.is_empty()),
    ];
    if CLIENTS.last() == Some(&n_clients) {
        rows[1] = row("    in times of etcd's rate", ratio, 2).bar(format!("aim {AIM}"), ratio >= AIM);
    }
    rows
}

/// Lets all write, and counts what is acknowledged after the warm-up.
async fn load<W: Writer>(writers: Vec<W>, lasts: Duration) -> Result<Load> {
    let counted_from = Instant::now() + WARM_UP;
    let until = counted_from + lasts;
    let mut running = JoinSet::new();
    for (number, mut writer) in writers.into_iter().enumerate() {
        running.spawn(async move {
            let mut load = Load::default();
            let mut count = 0_u64;
            while Instant::now() < until {
                let contents = contents(number, count);
                count += 1;
                let began = Instant::now();
                let written = writer.write(contents).await;
                let now = Instant::now();
                match written {
                    Ok(()) if now >= counted_from && now < until => load.latencies.add(now - began),
                    Ok(()) => {}
                    Err(error) => load.errors.push(format!("{error:#}")),
                }
            }
            load
        });
    }
    let mut all = Load::default();
    while let Some(ended) = running.join_next().await {
        all.add(ended?);
    }
    all.lasted = lasts;
    Ok(all)
}

/// Different each time, and not to be compressed.
fn contents(number: usize, count: u64) -> Vec<u8> {
    let mut random = crate::sample::Random::new((number as u64) << 40 | count);
    (0..WRITE_BYTES).map(|_| b' ' + random.below(90) as u8).collect()
}

/// A client of ours.
struct Ours {
    cluster: Cluster,
    workspace: WorkspaceId,
    path: VfsPath,
    group: u32,
    client: ClientId,
    sequence: u64,
    last: Vec<u8>,
}

impl Ours {
    async fn arrive(cluster: Cluster, workspace: WorkspaceId, number: usize) -> Result<Self> {
        let path = VfsPath::new(&format!("clients/{number}.txt"))?;
        let group = cluster.routes().group_of(workspace, &path).context("the cluster has no groups")?;
        let client = cluster.open_session(group, PATIENCE).await?;
        Ok(Self { cluster, workspace, path, group, client, sequence: 0, last: Vec::new() })
    }
}

impl Writer for Ours {
    async fn write(&mut self, contents: Vec<u8>) -> Result<()> {
        self.last.clone_from(&contents);
        loop {
            self.sequence += 1;
            let contents = Contents::Inline(contents.clone());
            let write = FileOperation::Write { path: self.path.clone(), expected: Expected::Anything, contents };
            let commit = Commit {
                group: self.group,
                epoch: self.cluster.routes().epoch(),
                workspace: self.workspace,
                client: self.client,
                sequence: Sequence(self.sequence),
                operations: vec![write],
            };
            match self.cluster.commit(&commit, PATIENCE).await {
                // It was made just now.
                Err(CommitFailure::Refused(Refusal::NoSuchWorkspace { .. })) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                committed => return Ok(committed.map(drop)?),
            }
        }
    }
}

async fn ours_once(nodes: &Nodes, workspace: WorkspaceId, n_clients: usize, lasts: Duration) -> Result<Load> {
    let mut writers = Vec::new();
    let mut clusters = Vec::new();
    for number in 0..n_clients {
        if number % CLIENTS_OF_CONNECTION == 0 {
            clusters.push(nodes.connect().await?);
        }
        let cluster = clusters.last().context("one was just made")?.clone();
        writers.push(Ours::arrive(cluster, workspace, number).await?);
    }
    let cluster = clusters.first().context("there is a client")?;
    let mut probe = Ours::arrive(cluster.clone(), workspace, n_clients).await?;
    probe.write(contents(n_clients, 0)).await?;
    check_ours(&probe).await?;
    load(writers, lasts).await
}

/// What was acknowledged is there.
async fn check_ours(writer: &Ours) -> Result<()> {
    let at_least = writer.cluster.current(writer.workspace, PATIENCE).await?;
    let question = TreePage { workspace: writer.workspace, at_least, after: None, n_max: 1000 };
    let page = writer.cluster.tree_page(&question, PATIENCE).await?;
    let found =
        page.files.iter().find(|file| file.path == writer.path).context("a file that was written is not there")?;
    ensure!(found.digest == ContentDigest::of(&writer.last), "a file has not the contents that were written");
    Ok(())
}

/// A client of etcd.
struct Theirs {
    connection: Arc<Connection>,
    key: String,
}

impl Writer for Theirs {
    async fn write(&mut self, contents: Vec<u8>) -> Result<()> {
        tokio::time::timeout(PATIENCE, etcd::put(&self.connection, self.key.as_bytes(), &contents)).await?
    }
}

async fn theirs_once(etcd: &Etcd, n_clients: usize, lasts: Duration) -> Result<Load> {
    let leader = etcd.leader().await?;
    let (mut writers, mut connections) = (Vec::new(), Vec::new());
    for number in 0..n_clients {
        if number % CLIENTS_OF_CONNECTION == 0 {
            connections.push(Arc::new(Connection::open(&leader).await?));
        }
        let connection = Arc::clone(connections.last().context("one was just made")?);
        writers.push(Theirs { connection, key: format!("clients/{number}.txt") });
    }
    let (connection, probe) = (connections.first().context("there is a client")?, contents(n_clients, 0));
    etcd::put(connection, b"probe", &probe).await?;
    ensure!(etcd::read(connection, b"probe").await? == probe, "etcd has not the value that was written");
    load(writers, lasts).await
}

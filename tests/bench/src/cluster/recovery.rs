//! How long a node with many small files takes after its death until it serves them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;
use vraftls_client::{Cluster, CommitFailure};
use vraftls_proto::rpc::{Commit, TreePage};
use vraftls_vfs::{Contents, Expected, FileOperation, Refusal, Sequence, VfsPath, WorkspaceId, split_into_batches};

use super::generated;
use super::nodes::{Nodes, Shape};
use super::rows::{Row, heading, row};
use crate::latency::Latencies;
use crate::outside::Shelf;

const N_FILES: usize = 100_000;
/// How long it may take, in seconds, and how often it is tried.
const SERVES_MAX_S: f64 = 5.0;
const N_RESTARTS: usize = 3;
/// How many files one commit brings, and how long it may take.
const BATCH_FILES: usize = 512;
const PATIENCE: Duration = Duration::from_secs(60);
const ADOPTED_PAUSE: Duration = Duration::from_millis(50);

/// Fills a node, kills it and starts it again; the rows.
pub(super) fn measure(binary: &Path, shelf: &Shelf) -> Result<(Vec<Row>, Vec<String>)> {
    let runtime = Runtime::new()?;
    let mut nodes = Nodes::start(binary, shelf, Shape { n_nodes: 1, n_data_groups: 8 }, &[])?;
    let workspace = nodes.make_workspace("recovery")?;
    crate::say(&format!("cluster: {N_FILES} files for one node"));
    let filled = Instant::now();
    runtime.block_on(fill(&nodes, workspace))?;
    let filled = filled.elapsed();
    let (mut ready, mut serves) = (Latencies::default(), Latencies::default());
    for _ in 0..N_RESTARTS {
        nodes.kill(1)?;
        let started = Instant::now();
        nodes.restart(1)?;
        nodes.wait_until_ready(1)?;
        ready.add(started.elapsed());
        runtime.block_on(first_page(&nodes, workspace))?;
        serves.add(started.elapsed());
        let n_files = runtime.block_on(count(&nodes, workspace))?;
        ensure!(n_files == N_FILES, "a node has {n_files} of {N_FILES} files after its death");
    }
    let seconds = |latencies: &Latencies| latencies.percentile(100).unwrap_or_default().as_secs_f64();
    let rows = vec![
        heading(format!("a node with {N_FILES} files, killed {N_RESTARTS} times"), ""),
        row("  ready again after, at worst (s)", seconds(&ready), 2),
        row("  gives a part of its list after, at worst (s)", seconds(&serves), 2)
            .at_most(seconds(&serves), SERVES_MAX_S),
        row("  took files in, a second", N_FILES as f64 / filled.as_secs_f64(), 0),
    ];
    Ok((rows, Vec::new()))
}

async fn fill(nodes: &Nodes, workspace: WorkspaceId) -> Result<()> {
    let cluster = nodes.connect().await?;
    let mut groups: BTreeMap<u32, Vec<FileOperation>> = BTreeMap::new();
    for number in 0..N_FILES {
        let path = VfsPath::new(&generated::path(number))?;
        let group = cluster.routes().group_of(workspace, &path).context("the cluster has no groups")?;
        let contents = Contents::Inline(generated::text(number).into_bytes());
        let write = FileOperation::Write { path, expected: Expected::Anything, contents };
        groups.entry(group).or_default().push(write);
    }
    let filling = groups.into_iter().map(|(group, writes)| {
        let cluster = cluster.clone();
        tokio::spawn(fill_group(cluster, workspace, group, writes))
    });
    for filled in filling.collect::<Vec<_>>() {
        filled.await??;
    }
    Ok(())
}

async fn fill_group(cluster: Cluster, workspace: WorkspaceId, group: u32, writes: Vec<FileOperation>) -> Result<()> {
    let client = cluster.open_session(group, PATIENCE).await?;
    let mut sequence = 0;
    for chunk in writes.chunks(BATCH_FILES) {
        for operations in split_into_batches(chunk.to_vec()) {
            loop {
                sequence += 1;
                let (epoch, operations) = (cluster.routes().epoch(), operations.clone());
                let commit = Commit { group, epoch, workspace, client, sequence: Sequence(sequence), operations };
                match cluster.commit(&commit, PATIENCE).await {
                    Ok(_) => break,
                    // It was made just now.
                    Err(CommitFailure::Refused(Refusal::NoSuchWorkspace { .. })) => {
                        tokio::time::sleep(ADOPTED_PAUSE).await;
                    }
                    Err(failure) => return Err(failure.into()),
                }
            }
        }
    }
    Ok(())
}

/// A small part of the list.
async fn first_page(nodes: &Nodes, workspace: WorkspaceId) -> Result<()> {
    let cluster = nodes.connect().await?;
    let question = TreePage { workspace, at_least: Default::default(), after: None, n_max: 100 };
    let page = cluster.tree_page(&question, PATIENCE).await?;
    ensure!(page.files.len() == 100 && page.has_more, "a part of the list is not whole");
    Ok(())
}

/// How many files a cluster lists.
async fn count(nodes: &Nodes, workspace: WorkspaceId) -> Result<usize> {
    let cluster = nodes.connect().await?;
    let at_least = cluster.current(workspace, PATIENCE).await?;
    let (mut count, mut after) = (0, None);
    loop {
        let question = TreePage { workspace, at_least: at_least.clone(), after: after.clone(), n_max: 10_000 };
        let page = cluster.tree_page(&question, PATIENCE).await?;
        count += page.files.len();
        after = page.files.last().map(|file| file.path.clone());
        if !page.has_more || after.is_none() {
            return Ok(count);
        }
    }
}

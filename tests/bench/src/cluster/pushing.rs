//! How quickly trees come into a cluster, what their files cost in memory, and how long a node takes to come back with them.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::generated;
use super::nodes::{Nodes, Shape};
use super::rows::{Row, heading, row};
use crate::outside::{Shelf, TREES};
use crate::sample;

/// How many files are generated, and how many more to see how everything grows.
const N_FILES: usize = 20_000;
const N_FILES_SCALE: usize = 200_000;
/// What is not written any more by then is not written at all.
const SETTLE: Duration = Duration::from_secs(3);
const MIB: f64 = 1024.0 * 1024.0;

/// What came of pushing one tree.
struct Pushed {
    n_files: usize,
    took: Duration,
    /// Each node's memory before and after, in bytes.
    before: Vec<u64>,
    after: Vec<u64>,
    ready: Duration,
}

impl Pushed {
    fn rate(&self) -> f64 {
        self.n_files as f64 / self.took.as_secs_f64()
    }

    /// What one file costs the node where it costs the most, in bytes.
    fn bytes_of_file(&self) -> f64 {
        let grown = self.before.iter().zip(&self.after).map(|(before, after)| after.saturating_sub(*before)).max();
        grown.unwrap_or(0) as f64 / self.n_files.max(1) as f64
    }
}

/// Pushes one tree after the other, each to a cluster of its own; the rows.
pub(super) fn measure(binary: &Path, shelf: &Shelf, plugin: &Path, is_scaled: bool) -> Result<(Vec<Row>, Vec<String>)> {
    let mut rows = vec![heading("`workspace push` to 3 nodes, 8 groups", "")];
    let django = TREES.last().context("there are trees")?;
    let tree = shelf.tree(*django, &shelf.python()?)?;
    rows.extend(shown(django.name, &push(binary, shelf, plugin, &tree, sample::source_files(&tree)?.len())?));
    let few = generated(binary, shelf, plugin, N_FILES)?;
    rows.extend(shown(&format!("{N_FILES} small files"), &few));
    if is_scaled {
        let many = generated(binary, shelf, plugin, N_FILES_SCALE)?;
        rows.extend(shown(&format!("{N_FILES_SCALE} small files"), &many));
        let times = |many: f64, few: f64| many / few;
        rows.push(row("  from few to many: push rate, times", times(many.rate(), few.rate()), 2));
        rows.push(row("  memory of a file, times", times(many.bytes_of_file(), few.bytes_of_file()), 2));
        rows.push(row("  until ready, times", times(many.ready.as_secs_f64(), few.ready.as_secs_f64()), 2));
    }
    Ok((rows, Vec::new()))
}

fn shown(what: &str, pushed: &Pushed) -> Vec<Row> {
    let most = |bytes: &[u64]| bytes.iter().copied().max().unwrap_or(0) as f64 / MIB;
    vec![
        row(format!("  {what}, {} files: pushed, a second", pushed.n_files), pushed.rate(), 0),
        row("    took (s)", pushed.took.as_secs_f64(), 2),
        row("    memory of a node before, at most (MiB)", most(&pushed.before), 0),
        row("    memory of a node after, at most (MiB)", most(&pushed.after), 0),
        row("    memory of one file on a node (bytes)", pushed.bytes_of_file(), 0),
        row("    a killed node is ready again after (s)", pushed.ready.as_secs_f64(), 2),
    ]
}

fn generated(binary: &Path, shelf: &Shelf, plugin: &Path, count: usize) -> Result<Pushed> {
    let scratch = shelf.scratch()?;
    generated::write(scratch.path(), count)?;
    push(binary, shelf, plugin, scratch.path(), count)
}

fn push(binary: &Path, shelf: &Shelf, plugin: &Path, tree: &Path, n_files: usize) -> Result<Pushed> {
    let mut nodes = Nodes::start(binary, shelf, Shape { n_nodes: 3, n_data_groups: 8 }, &[plugin])?;
    crate::say(&format!("cluster: {n_files} files are pushed"));
    let before = nodes.resident_bytes();
    let started = Instant::now();
    let folder = tree.to_str().context("the folder's name is text")?;
    let said = nodes.run(&["workspace", "push", folder, "--workspace", "tree", "--json"])?;
    let took = started.elapsed();
    let listed: Value = serde_json::from_str(&nodes.run(&["workspace", "list", "--json"])?)?;
    let there = listed[0]["files"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    // An analyzer may read more than sources.
    anyhow::ensure!(there >= n_files, "{there} of {n_files} files are there: {said}");
    thread::sleep(SETTLE);
    let after = nodes.resident_bytes();
    nodes.kill(3)?;
    let started = Instant::now();
    nodes.restart(3)?;
    nodes.wait_until_ready(3)?;
    Ok(Pushed { n_files: there, took, before, after, ready: started.elapsed() })
}

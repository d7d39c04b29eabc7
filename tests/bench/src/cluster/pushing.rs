//! How quickly trees come into a cluster, what their files cost in memory, how they are searched and served, and how long a node takes
//! to come back with them.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::nodes::{Nodes, Shape};
use super::rows::{Row, heading, row};
use super::served::Served;
use super::{generated, packages};
use crate::language::Language;
use crate::latency::Latencies;
use crate::outside::Shelf;
use crate::sample::{self, Random};
use crate::session::Session;
use crate::symbols;
use crate::tokens::identifiers;
use crate::trees::PYTHON_TREES;

/// How many files are pushed, and how many more to see how everything grows.
const N_FILES: usize = 20_000;
const N_FILES_SCALE: usize = 200_000;
/// Files about which a large tree is asked, and names and places that are asked for.
const N_ASKED_FILES: usize = 300;
const N_SOUGHT: usize = 40;
const N_DEFINITIONS: usize = 100;
/// A large tree is indexed by then, and looked at as often meanwhile.
const INDEXED_MAX: Duration = Duration::from_secs(1800);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);
const SEARCH_MAX: Duration = Duration::from_secs(120);
/// What is not written any more by then is not written at all.
const SETTLE: Duration = Duration::from_secs(3);
/// Failures that are told.
const N_SHOWN_MAX: usize = 5;
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

/// What a large tree answers.
struct Answered {
    /// From the end of the push until no node says that it is indexing.
    indexed: Duration,
    searches: symbols::Searches,
    definitions: Latencies,
    errors: Vec<String>,
    /// Each node's memory when it was asked, in bytes.
    memory: Vec<u64>,
}

/// Pushes one tree after the other, each to a cluster of its own; the rows, and what failed.
pub(super) fn measure(
    binary: &Path,
    shelf: &Shelf,
    plugin: &Path,
    (is_scaled, seed): (bool, u64),
) -> Result<(Vec<Row>, Vec<String>)> {
    let mut rows = vec![heading("`workspace push` to 3 nodes, 8 groups", "")];
    let django = PYTHON_TREES.last().context("there are trees")?;
    let tree = shelf.tree(*django)?;
    let n_files = sample::source_files(&tree, Language::Python)?.len();
    let (_, pushed) = push(binary, shelf, plugin, &tree, n_files)?;
    rows.extend(shown(django.name, &pushed));
    let scratch = shelf.scratch()?;
    generated::write(scratch.path(), N_FILES)?;
    let (_, pushed) = push(binary, shelf, plugin, scratch.path(), N_FILES)?;
    rows.extend(shown("small files", &pushed));
    if !is_scaled {
        return Ok((rows, Vec::new()));
    }
    let (few, few_answered) = real(binary, shelf, plugin, N_FILES, seed, &mut rows)?;
    let (many, many_answered) = real(binary, shelf, plugin, N_FILES_SCALE, seed, &mut rows)?;
    let mut times =
        |title: &str, many: f64, few: f64| rows.push(row(format!("  tenfold: {title}, times"), many / few, 2));
    times("push rate", many.rate(), few.rate());
    times("memory of a file", many.bytes_of_file(), few.bytes_of_file());
    times("until ready again", many.ready.as_secs_f64(), few.ready.as_secs_f64());
    times("until indexed", many_answered.indexed.as_secs_f64(), few_answered.indexed.as_secs_f64());
    times("a search", p50(&many_answered.searches.latencies), p50(&few_answered.searches.latencies));
    times("a definition", p50(&many_answered.definitions), p50(&few_answered.definitions));
    let failed = [few_answered, many_answered].into_iter().flat_map(|answered| answered.errors);
    Ok((rows, failed.take(N_SHOWN_MAX).collect()))
}

fn p50(latencies: &Latencies) -> f64 {
    latencies.percentile(50).unwrap_or_default().as_secs_f64() * 1000.0
}

/// Pushes so many files of packages, and asks about them.
fn real(
    binary: &Path,
    shelf: &Shelf,
    plugin: &Path,
    count: usize,
    seed: u64,
    rows: &mut Vec<Row>,
) -> Result<(Pushed, Answered)> {
    let scratch = shelf.scratch()?;
    let n_bytes = packages::write(scratch.path(), shelf, count)?;
    let (nodes, pushed) = push(binary, shelf, plugin, scratch.path(), count)?;
    rows.extend(shown("files of packages", &pushed));
    rows.push(row("    their contents (MiB)", n_bytes as f64 / MIB, 0));
    let answered = ask(nodes, scratch.path(), seed)?;
    let p99 = |latencies: &Latencies| latencies.percentile(99).unwrap_or_default().as_secs_f64() * 1000.0;
    let most = answered.memory.iter().copied().max().unwrap_or(0) as f64 / MIB;
    rows.push(row("    all indexed after another (s)", answered.indexed.as_secs_f64(), 1));
    rows.push(row("    memory of a node that answers, at most (MiB)", most, 0));
    rows.push(row("    a search for symbols, p50 (ms)", p50(&answered.searches.latencies), 1));
    rows.push(row("    p99 (ms)", p99(&answered.searches.latencies), 1));
    rows.push(row("    found by their whole names", answered.searches.found().unwrap_or_default(), 2));
    rows.push(row("    a definition, p50 (ms)", p50(&answered.definitions), 1));
    rows.push(row("    p99 (ms)", p99(&answered.definitions), 1));
    rows.push(
        row("    questions that failed", answered.errors.len() as f64, 0).at_most(answered.errors.len() as f64, 0.0),
    );
    Ok((pushed, answered))
}

/// Searches a tree that is there, and asks for definitions in it.
fn ask(nodes: Nodes, root: &Path, seed: u64) -> Result<Answered> {
    let began = Instant::now();
    let files = Random::new(seed).choose(sample::source_files(root, Language::Python)?, N_ASKED_FILES);
    let mut texts = Vec::new();
    for file in files {
        // As for all samples: what a server makes of other line ends and encodings is not measured here.
        let text = fs::read_to_string(root.join(&file)).ok().filter(|text| !text.contains('\r'));
        texts.extend(text.map(|text| (file, text)));
    }
    let sought = symbols::sample(&texts, N_SOUGHT, seed);
    let served = Served::over(nodes, root)?;
    let mut session = served.connect()?;
    wait_until_indexed(&mut session)?;
    let indexed = began.elapsed();
    let mut searches = symbols::Searches::default();
    sought.iter().try_for_each(|sought| searches.measure(&mut session, sought))?;
    let mut errors = searches.errors.clone();
    let places = texts.iter().flat_map(|(file, text)| {
        let position = |line, character| sample::Position { file: file.clone(), line, character };
        identifiers(Language::Python, text).into_iter().map(move |id| position(id.line, id.character))
    });
    let mut definitions = Latencies::default();
    for position in Random::new(seed).choose(places.collect(), N_DEFINITIONS) {
        let asked = session.definition(&position)?;
        definitions.add(asked.took);
        errors.extend(asked.places.err().map(|error| format!("definition in {}: {error}", position.file)));
    }
    session.stop()?;
    Ok(Answered { indexed, searches, definitions, errors, memory: served.nodes.resident_bytes() })
}

/// What is being indexed is told as work that is under way.
fn wait_until_indexed(session: &mut Session) -> Result<()> {
    let until = Instant::now() + INDEXED_MAX;
    loop {
        session.wait_until_ready()?;
        let answer = session.client().ask("workspace/symbol", &json!({ "query": "main" }), SEARCH_MAX)?;
        if answer.result.is_ok() && session.client().is_idle() {
            return Ok(());
        }
        ensure!(Instant::now() < until, "the tree is not indexed after {INDEXED_MAX:?}");
        thread::sleep(LOOK_AGAIN_AFTER);
    }
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

fn push(binary: &Path, shelf: &Shelf, plugin: &Path, tree: &Path, n_files: usize) -> Result<(Nodes, Pushed)> {
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
    let pushed = Pushed { n_files: there, took, before, after, ready: started.elapsed() };
    Ok((nodes, pushed))
}

//! A new analyzer for a cluster at work: how long until all nodes use it, how long back, and whether anybody who asks meanwhile notices.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::nodes::{Nodes, Shape};
use super::rows::{Row, heading, row};
use super::served::Served;
use crate::agreement::Place;
use crate::language::Language;
use crate::outside::Shelf;
use crate::sample::{self, Position, Random};
use crate::trees::PYTHON_TREES;

const N_SESSIONS: u64 = 20;
const N_POSITIONS: usize = 60;
/// Bars, in seconds.
const ACTIVE_MAX_S: f64 = 15.0;
const BACK_MAX_S: f64 = 3.0;
/// How long sessions go on asking before and behind each change.
const AROUND: Duration = Duration::from_secs(2);
/// What a person needs between two questions.
const THINK: Duration = Duration::from_millis(200);
/// How long nodes may take to use what is active.
const USED_MAX: Duration = Duration::from_secs(120);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// How many digits of a digest logs have.
const LOGGED_DIGITS: usize = 12;

/// What the sessions saw.
#[derive(Default)]
struct Seen {
    n_asked: usize,
    failed: Vec<String>,
    wrong: Vec<String>,
}

/// Pushes the analyzer as another component while sessions ask; the rows.
pub(super) fn measure(binary: &Path, shelf: &Shelf, plugin: &Path, seed: u64) -> Result<(Vec<Row>, Vec<String>)> {
    let tree = PYTHON_TREES.first().context("there are trees")?;
    let root = shelf.tree(*tree)?;
    let scratch = shelf.scratch()?;
    let variants = [scratch.path().join("first.wasm"), scratch.path().join("second.wasm")];
    for (number, variant) in variants.iter().enumerate() {
        fs::write(variant, marked(&fs::read(plugin)?, format!("{seed} {number} {}", std::process::id()).as_bytes()))?;
    }
    let nodes = Nodes::start(binary, shelf, Shape { n_nodes: 3, n_data_groups: 8 }, &[plugin])?;
    let served = Served::start(nodes, &root)?;
    let lesson = learn(&served, &root, seed)?;
    let is_over = AtomicBool::new(false);
    crate::say("cluster: 20 sessions ask, and the analyzer is exchanged");
    let (changes, seen) = thread::scope(|scope| -> Result<_> {
        let asking = |number| {
            let (served, lesson, is_over) = (&served, &lesson, &is_over);
            scope.spawn(move || ask(served, lesson, seed + number, is_over))
        };
        let sessions: Vec<_> = (0..N_SESSIONS).map(asking).collect();
        let changes = change(&served.nodes, &variants);
        is_over.store(true, Ordering::Relaxed);
        let mut all = Seen::default();
        for session in sessions {
            match session.join().expect("a session does not panic") {
                Ok(seen) => {
                    all.n_asked += seen.n_asked;
                    all.failed.extend(seen.failed);
                    all.wrong.extend(seen.wrong);
                }
                Err(error) => all.failed.push(format!("a session ended: {error:#}")),
            }
        }
        Ok((changes?, all))
    })?;
    let (active, active_again, back) = changes;
    let worst = active.max(active_again).as_secs_f64();
    let rows = vec![
        heading(format!("the Python analyzer is exchanged on 3 nodes, {N_SESSIONS} sessions ask"), ""),
        row("  from push until all nodes use it, at worst of 2 (s)", worst, 2).at_most(worst, ACTIVE_MAX_S),
        row("  rolled back on all nodes after (s)", back.as_secs_f64(), 2).at_most(back.as_secs_f64(), BACK_MAX_S),
        row("  definitions asked meanwhile", seen.n_asked as f64, 0),
        row("  failed", seen.failed.len() as f64, 0).at_most(seen.failed.len() as f64, 0.0),
        row("  wrong", seen.wrong.len() as f64, 0).at_most(seen.wrong.len() as f64, 0.0),
    ];
    let notes = seen.failed.iter().take(3).chain(seen.wrong.iter().take(3)).cloned().collect();
    Ok((rows, notes))
}

/// Two components one after the other, and back to the first.
fn change(nodes: &Nodes, variants: &[std::path::PathBuf; 2]) -> Result<(Duration, Duration, Duration)> {
    thread::sleep(AROUND);
    let active = push(nodes, &variants[0])?;
    thread::sleep(AROUND);
    let active_again = push(nodes, &variants[1])?;
    thread::sleep(AROUND);
    let started = Instant::now();
    let (plugin, _) = component_in_use(nodes)?;
    nodes.run(&["plugin", "rollback", &plugin])?;
    wait_until_used(nodes)?;
    let back = started.elapsed();
    thread::sleep(AROUND);
    Ok((active, active_again, back))
}

fn push(nodes: &Nodes, component: &Path) -> Result<Duration> {
    let component = component.to_str().context("the file's name is text")?;
    let started = Instant::now();
    nodes.run(&["plugin", "push", component, "--activate"])?;
    wait_until_used(nodes)?;
    Ok(started.elapsed())
}

/// The name under which the cluster keeps the component, and the digest of the one that is active.
fn component_in_use(nodes: &Nodes) -> Result<(String, String)> {
    let known = nodes.get(1, "/v1/plugins")?;
    let text = |name: &str| known[0][name].as_str().map(str::to_owned);
    text("plugin").zip(text("active")).context("no component is active that was pushed")
}

/// Returns when every node answers by what is active: its log says what it put to work last.
fn wait_until_used(nodes: &Nodes) -> Result<()> {
    let started = Instant::now();
    let (_, digest) = component_in_use(nodes)?;
    let uses = |node| {
        let log = nodes.log(node).unwrap_or_default();
        let last = log.lines().rfind(|line| line.contains("the analyzers changed"));
        last.is_some_and(|line| line.contains(&digest[..LOGGED_DIGITS]))
    };
    while !(1..=3).all(uses) {
        ensure!(started.elapsed() < USED_MAX, "some node does not use {digest} after {USED_MAX:?}");
        thread::sleep(LOOK_AGAIN_AFTER);
    }
    Ok(())
}

/// The same component with a mark in it, which makes it another one.
fn marked(component: &[u8], mark: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"mark";
    let mut marked = component.to_vec();
    // A custom section, whose length takes one byte of its coding.
    marked.extend([0, (1 + NAME.len() + mark.len()) as u8, NAME.len() as u8]);
    marked.extend(NAME);
    marked.extend(mark);
    marked
}

/// What the definitions are.
fn learn(served: &Served, root: &Path, seed: u64) -> Result<Vec<(Position, Vec<Place>)>> {
    let mut session = served.connect()?;
    session.wait_until_ready()?;
    let mut known = Vec::new();
    for position in sample::positions(root, Language::Python, N_POSITIONS, seed)? {
        let places = session.definition(&position)?.places.map_err(anyhow::Error::msg)?;
        known.push((position, sorted(places)));
    }
    session.stop()?;
    Ok(known)
}

fn sorted(mut places: Vec<Place>) -> Vec<Place> {
    places.sort();
    places
}

/// Asks until it is over.
fn ask(served: &Served, lesson: &[(Position, Vec<Place>)], seed: u64, is_over: &AtomicBool) -> Result<Seen> {
    let (mut session, mut random, mut seen) = (served.connect()?, Random::new(seed), Seen::default());
    while !is_over.load(Ordering::Relaxed) {
        let (position, right) = &lesson[random.below(lesson.len())];
        seen.n_asked += 1;
        match session.definition(position)?.places {
            Ok(places) => {
                let places = sorted(places);
                if places != *right {
                    seen.wrong.push(format!("{position:?}: {right:?} expected, {places:?} found"));
                }
            }
            Err(error) => seen.failed.push(error),
        }
        session.client().listen(Instant::now() + THINK)?;
    }
    session.stop()?;
    Ok(seen)
}

//! Measures what it costs that many editors share one engine: `switching_speed TREE SESSIONS STEPS` gives each session five open files
//! with a comment of its own, and in one session after the other writes another comment and asks for the definition of what stands
//! somewhere in the file. Prints how long the answers took, of each quarter of the steps.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_guest_sdk::{Analyzer, Change, Config, MemoryWorkspace, Project, Workspace};
use vraftls_python::{Python, PythonProject};

/// Files that sessions choose from, the files that each has open, and the places of each file that are asked about.
const N_FILES: usize = 60;
const N_OPEN: usize = 5;
const N_PLACES: usize = 12;

/// A file, and the offsets of some of its names.
struct Known {
    path: String,
    text: String,
    places: Vec<u32>,
}

/// Numbers that are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, n_sessions, n_steps] = arguments.as_slice() else {
        return Err("switching_speed TREE SESSIONS STEPS".into());
    };
    let (n_sessions, n_steps) = (n_sessions.parse()?, n_steps.parse()?);
    let texts = tree::read(Path::new(root))?;
    let mut random = Random(1);
    let files = choose(&texts, &mut random);
    let sessions: Vec<BTreeSet<usize>> =
        (0..n_sessions).map(|_| (0..N_OPEN).map(|_| random.below(files.len())).collect()).collect();
    let workspace = Arc::new(MemoryWorkspace::new(texts));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let opened = Python::open(config, Arc::clone(&workspace) as Arc<dyn Workspace>);
    let mut project = opened.map_err(|failure| format!("{failure:?}"))?;
    let (mut now, mut times) = (BTreeMap::new(), Vec::new());
    for step in 0..n_steps {
        let session = random.below(sessions.len());
        let open: Vec<usize> = sessions[session].iter().copied().collect();
        let asked = open[random.below(open.len())];
        let comment = |file| if file == asked { step } else { session };
        let next = open.iter().map(|file| (*file, format!("{}\n# {}\n", files[*file].text, comment(*file)))).collect();
        let changes = switch(&workspace, &files, &now, &next);
        now = next;
        times.push(ask(&mut project, &files, &changes, (&open, asked), &mut random)?);
    }
    times.chunks(times.len().div_ceil(4)).for_each(report);
    Ok(())
}

/// Files with functions, and places in each.
fn choose(texts: &[(String, String)], random: &mut Random) -> Vec<Known> {
    let mut sources: Vec<&(String, String)> =
        texts.iter().filter(|(path, text)| path.ends_with(".py") && text.contains("def ")).collect();
    let mut files = Vec::new();
    while files.len() < N_FILES && !sources.is_empty() {
        let (path, text) = sources.swap_remove(random.below(sources.len()));
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let starts = text.match_indices(is_part).map(|(at, _)| at).filter(|at| !text[..*at].ends_with(is_part));
        let starts: Vec<usize> = starts.collect();
        let places = (0..N_PLACES).map(|_| starts[random.below(starts.len())] as u32).collect();
        files.push(Known { path: path.clone(), text: text.clone(), places });
    }
    files
}

/// Puts the files of one session in the place of those of another.
fn switch(
    workspace: &MemoryWorkspace,
    files: &[Known],
    now: &BTreeMap<usize, String>,
    next: &BTreeMap<usize, String>,
) -> Vec<Change> {
    let either: BTreeSet<usize> = now.keys().chain(next.keys()).copied().collect();
    let differs = either.into_iter().filter(|file| now.get(file) != next.get(file));
    let put = |file: usize| {
        workspace.write(&files[file].path, next.get(&file).unwrap_or(&files[file].text));
        Change::Changed(files[file].path.clone())
    };
    differs.map(put).collect()
}

/// How long the project takes to follow, and to answer.
fn ask(
    project: &mut PythonProject,
    files: &[Known],
    changes: &[Change],
    (open, asked): (&[usize], usize),
    random: &mut Random,
) -> Result<Duration, String> {
    let offset = files[asked].places[random.below(N_PLACES)];
    let start = Instant::now();
    project.update(changes).map_err(|failure| format!("{failure:?}"))?;
    project.set_open(open.iter().map(|file| files[*file].path.clone()).collect());
    project.definition(&files[asked].path, offset).map_err(|failure| format!("{failure:?}"))?;
    Ok(start.elapsed())
}

fn report(times: &[Duration]) {
    let mut sorted = times.to_vec();
    sorted.sort();
    let at = |share: usize| sorted[(sorted.len() * share / 100).min(sorted.len() - 1)];
    println!("{} answers: p50 {:?}, p90 {:?}, p99 {:?}", sorted.len(), at(50), at(90), at(99));
}

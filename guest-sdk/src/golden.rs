//! Scores an analyzer, run natively, against what a reference server said of a source tree. Needs the feature `golden`.
//!
//! ```text
//! golden TREE GOLDEN.jsonl [--misses N] [--slow N]
//! ```
//!
//! A line of the golden file is one position: `file`, `line` and `character` (UTF-16), the `definition` and sometimes the
//! `references` that the reference server gave, each `[file, line, character, ..]`. A definition is right if one of its
//! targets starts on the file and line of one of the reference's; references are compared occurrence by occurrence.

#![expect(clippy::print_stdout, reason = "for programs of the terminal")]

mod rows;
mod tree;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rows::{Place, Row};
use tree::Tree;

use crate::{Analyzer, Candidate, Config, Failure, FileReferences, Library, Project, Workspace};

/// What a language wants of the measurement.
#[derive(Debug)]
pub struct Rules {
    /// Suffixes of the files that have code, without the dot.
    pub suffixes: &'static [&'static str],
    /// Characters of names beside letters, digits and `_`.
    pub name_characters: &'static [char],
    /// Flags that mount libraries.
    pub shelves: &'static [Shelf],
}

/// A flag that mounts libraries.
#[derive(Debug)]
pub struct Shelf {
    /// For example `--std`; a directory follows.
    pub flag: &'static str,
    /// What the library is called; without a name everything in the directory is a library, called as it is.
    pub name: Option<&'static str>,
    /// The kind of the libraries.
    pub kind: &'static str,
}

/// The program: reads the arguments of the process, and prints the score.
///
/// # Errors
/// What is wrong with the arguments or the files, for people.
pub fn run<A: Analyzer>(rules: &Rules) -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read(rules, std::env::args().skip(1))?;
    let tree = Arc::new(Tree::read(rules, &arguments.root, arguments.directories)?);
    let text = fs::read_to_string(&arguments.golden)?;
    let rows: Vec<Row> = text.lines().map(Row::read).collect::<Result<_, _>>()?;
    let config = Config { root: String::new(), libraries: arguments.libraries, settings: Vec::new() };
    let workspace: Arc<dyn Workspace> = Arc::clone(&tree) as _;
    let start = running_time();
    let mut project = A::open(config, workspace).map_err(|failure| format!("{failure:?}"))?;
    let mut score = Score::default();
    rows.iter().for_each(|row| score.add(&tree, &mut project, row));
    score.print(running_time() - start, arguments.misses, arguments.slow);
    Ok(())
}

/// What was asked for on the command line.
struct Arguments {
    root: PathBuf,
    golden: PathBuf,
    libraries: Vec<Library>,
    /// Where the libraries lie, by their paths in the view.
    directories: Vec<(String, PathBuf)>,
    misses: usize,
    slow: usize,
}

impl Arguments {
    fn read(rules: &Rules, mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (Some(root), Some(golden)) = (words.next(), words.next()) else {
            let shelves: String = rules.shelves.iter().map(|shelf| format!(" [{} DIRECTORY]", shelf.flag)).collect();
            return Err(format!("golden TREE GOLDEN.jsonl{shelves} [--misses N] [--slow N]").into());
        };
        let (root, golden) = (root.into(), golden.into());
        let mut read = Self { root, golden, libraries: Vec::new(), directories: Vec::new(), misses: 0, slow: 0 };
        while let (Some(flag), Some(value)) = (words.next(), words.next()) {
            match flag.as_str() {
                "--misses" => read.misses = value.parse()?,
                "--slow" => read.slow = value.parse()?,
                _ => match rules.shelves.iter().find(|shelf| shelf.flag == flag) {
                    Some(shelf) => read.mount(shelf, PathBuf::from(value))?,
                    None => return Err(format!("unknown flag {flag}").into()),
                },
            }
        }
        Ok(read)
    }

    fn mount(&mut self, shelf: &Shelf, directory: PathBuf) -> std::io::Result<()> {
        let found = match shelf.name {
            Some(name) => vec![(name.to_owned(), directory)],
            None => tree::entries(&directory)?,
        };
        for (name, directory) in found {
            let path = format!("@lib/{name}");
            self.libraries.push(Library { path: path.clone(), kind: shelf.kind.to_owned() });
            self.directories.push((path, directory));
        }
        Ok(())
    }
}

/// How long this thread has run, where the system tells it: a shared machine makes it wait at random.
fn running_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.as_deref().and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

#[derive(Default)]
struct Score {
    asked: usize,
    answered: usize,
    right: usize,
    /// The first is when everything is read.
    definition_times: Vec<Duration>,
    f1: Vec<f64>,
    reference_times: Vec<(Duration, String)>,
    misses: Vec<String>,
}

impl Score {
    fn add(&mut self, tree: &Tree, project: &mut impl Project, row: &Row) {
        let Some(offset) = tree.offset(row) else { return };
        let wanted: BTreeSet<(String, u32)> =
            row.definition.iter().map(|(file, line, _)| (file.clone(), *line)).collect();
        if row.is_error || wanted.is_empty() {
            return;
        }
        self.add_definition(tree, project, row, offset, &wanted);
        if let Some(references) = &row.references {
            self.add_references(tree, project, row, offset, references);
        }
    }

    fn add_definition(
        &mut self,
        tree: &Tree,
        project: &mut impl Project,
        row: &Row,
        offset: u32,
        wanted: &BTreeSet<(String, u32)>,
    ) {
        let start = running_time();
        let got = project.definition(&row.file, offset);
        self.definition_times.push(running_time() - start);
        if let Err(failure) = &got {
            println!("{failure:?}");
        }
        let locations = got.ok().flatten().map(|targets| targets.locations).unwrap_or_default();
        let places = locations.iter().filter_map(|location| tree.place(&location.path, location.span.start));
        let got: BTreeSet<(String, u32)> = places.map(|(path, line, _)| (path, line)).collect();
        self.asked += 1;
        self.answered += usize::from(!got.is_empty());
        if !got.is_disjoint(wanted) {
            self.right += 1;
            return;
        }
        let outside: Vec<_> = locations.iter().map(|location| &location.path).collect();
        self.misses.push(format!("definition {row} wanted {wanted:?} got {got:?} {outside:?}"));
    }

    fn add_references(
        &mut self,
        tree: &Tree,
        project: &mut impl Project,
        row: &Row,
        offset: u32,
        wanted: &BTreeSet<Place>,
    ) {
        let start = running_time();
        let confirmed = references(tree, project, row, offset).unwrap_or_default();
        let time = running_time() - start;
        let of_file = |file: &FileReferences| -> Vec<Place> {
            file.references.iter().filter_map(|found| tree.place(&file.path, found.span.start)).collect()
        };
        let got: BTreeSet<Place> = confirmed.iter().flat_map(of_file).collect();
        self.reference_times.push((time, format!("{row} ({})", got.len())));
        let common = wanted.intersection(&got).count() as f64;
        let f1 = 2.0 * common / ((wanted.len() + got.len()).max(1) as f64);
        self.f1.push(f1);
        if *wanted != got {
            let (missing, extra) = (shown(wanted.difference(&got)), shown(got.difference(wanted)));
            self.misses.push(format!("references {f1:.2} {row} missing {missing} extra {extra}"));
        }
    }

    fn print(&mut self, all: Duration, misses: usize, slow: usize) {
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        let first = self.definition_times.first().copied().unwrap_or_default();
        let mut reference_times: Vec<Duration> = self.reference_times.iter().map(|(time, _)| *time).collect();
        println!(
            "recall {:.4} precision {:.4} of {} | references f1 {:.4} of {} | definition p50 {:?} p99 {:?} | references p50 {:?} max {:?} | all {all:?}",
            share(self.right, self.asked),
            share(self.right, self.answered),
            self.asked,
            self.f1.iter().sum::<f64>() / self.f1.len().max(1) as f64,
            self.f1.len(),
            percentile(&mut self.definition_times, 0.5),
            percentile(&mut self.definition_times, 0.99),
            percentile(&mut reference_times, 0.5),
            percentile(&mut reference_times, 1.0),
        );
        if let Ok(status) = fs::read_to_string("/proc/self/status") {
            let peak = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
            println!("{}", peak.collect::<Vec<_>>().join(", "));
        }
        println!("first {first:?}");
        self.misses.iter().take(misses).for_each(|miss| println!("{miss}"));
        self.reference_times.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        self.reference_times.iter().take(slow).for_each(|(time, name)| println!("{time:?} {name}"));
    }
}

/// What a search for references finds, as a host makes it: a plan, then what the index has.
fn references(tree: &Tree, project: &mut impl Project, row: &Row, offset: u32) -> Result<Vec<FileReferences>, Failure> {
    let Some(plan) = project.plan(&row.file, offset)? else { return Ok(Vec::new()) };
    let mut files: Vec<Candidate> = plan.names.iter().flat_map(|name| tree.candidates(name, plan.roles)).collect();
    if let Some(only) = &plan.only {
        files.retain(|file| file.path == *only);
    }
    project.confirm(plan, files)
}

/// The first of some places.
fn shown<'a>(places: impl Iterator<Item = &'a Place>) -> String {
    let shown: Vec<String> =
        places.take(6).map(|(file, line, character)| format!("{file}:{}:{}", line + 1, character + 1)).collect();
    format!("{shown:?}")
}

fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort();
    times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

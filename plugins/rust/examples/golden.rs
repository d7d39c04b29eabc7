//! Scores the analyzer, run natively, against what a reference server said of a source tree.
//!
//! ```text
//! golden TREE GOLDEN.jsonl [--std LIBRARY] [--packages DIRECTORY] [--misses N] [--slow N]
//! ```
//!
//! A line of the golden file is one position: `file`, `line` and `character` (UTF-16), the `definition` and sometimes the
//! `references` that the reference server gave, each `[file, line, character, ..]`. A definition is right if one of its
//! targets starts on the file and line of one of the reference's; references are compared occurrence by occurrence.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use vraftls_guest_sdk::{
    Analyzer, Candidate, Config, Entry, Failure, FileReferences, Level, Library, Location, MemoryWorkspace, Metadata,
    NodeKind, Project, ReadError, Workspace, WorkspaceSymbol,
};
use vraftls_rust::{Rust, RustProject};

type Place = (String, u32, u32);

#[derive(Debug, Deserialize)]
struct Row {
    file: String,
    line: u32,
    character: u32,
    name: String,
    error: Option<String>,
    #[serde(default)]
    definition: Vec<Target>,
    references: Option<Vec<Target>>,
}

#[derive(Debug, Deserialize)]
struct Target(
    String,
    u32,
    u32,
    #[expect(dead_code, reason = "part of the format")] u32,
    #[expect(dead_code, reason = "part of the format")] u32,
);

/// The tree, and where each word occurs in it, as the index of a host would know.
#[derive(Debug)]
struct Tree {
    files: MemoryWorkspace,
    /// Library roots: where the view has them, and where they lie.
    libraries: Vec<(String, PathBuf)>,
    texts: BTreeMap<String, String>,
    words: HashMap<String, Vec<Candidate>>,
}

impl Tree {
    fn read(root: &Path, libraries: Vec<(String, PathBuf)>) -> std::io::Result<Self> {
        let mut texts = BTreeMap::new();
        read_into(root, root, &mut texts)?;
        let mut words: HashMap<String, Vec<Candidate>> = HashMap::new();
        for (path, text) in texts.iter().filter(|(path, _)| path.ends_with(".rs")) {
            for (offset, word) in words_of(text) {
                let found = words.entry(word.to_owned()).or_default();
                match found.last_mut() {
                    Some(last) if last.path == *path => last.offsets.push(offset),
                    _ => found.push(Candidate { path: path.clone(), offsets: vec![offset] }),
                }
            }
        }
        Ok(Self { files: MemoryWorkspace::new(texts.clone()), libraries, texts, words })
    }

    fn offset(&self, row: &Row) -> Option<u32> {
        let text = self.texts.get(&row.file)?;
        let start = line_start(text, row.line)?;
        let mut units = 0;
        for (offset, character) in text[start..].char_indices() {
            if units == row.character {
                return u32::try_from(start + offset).ok();
            }
            units += character.len_utf16() as u32;
        }
        None
    }

    fn place(&self, path: &str, offset: u32) -> Option<Place> {
        let before = self.texts.get(path)?.get(..offset as usize)?;
        let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32;
        let last = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
        Some((path.to_owned(), line, last.encode_utf16().count() as u32))
    }

    fn on_disk(&self, path: &str) -> Option<PathBuf> {
        self.libraries.iter().find_map(|(prefix, directory)| {
            let rest = path.strip_prefix(prefix.as_str())?;
            if rest.is_empty() { Some(directory.clone()) } else { Some(directory.join(rest.strip_prefix('/')?)) }
        })
    }

    fn line_of(&self, location: &Location) -> Option<(String, u32)> {
        self.place(&location.path, location.span.start).map(|(path, line, _)| (path, line))
    }
}

fn line_start(text: &str, line: u32) -> Option<usize> {
    match line {
        0 => Some(0),
        line => text.match_indices('\n').nth(line as usize - 1).map(|(end, _)| end + 1),
    }
}

fn read_into(root: &Path, directory: &Path, texts: &mut BTreeMap<String, String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            read_into(root, &path, texts)?;
        } else if let (Ok(text), Ok(relative)) = (std::fs::read_to_string(&path), path.strip_prefix(root)) {
            texts.insert(relative.to_string_lossy().replace('\\', "/"), text);
        }
    }
    Ok(())
}

fn words_of(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.split(move |character| !is_word(character)).filter(|word| !word.is_empty()).map(|word| {
        let offset = word.as_ptr() as usize - text.as_ptr() as usize;
        (offset as u32, word)
    })
}

impl Workspace for Tree {
    fn read(&self, path: &str) -> Result<String, ReadError> {
        match self.on_disk(path) {
            Some(path) => std::fs::read_to_string(path).map_err(|_| ReadError::NotFound),
            None => self.files.read(path),
        }
    }
    fn list(&self, path: &str) -> Vec<Entry> {
        let Some(directory) = self.on_disk(path) else { return self.files.list(path) };
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let entry = |entry: std::fs::DirEntry| Entry {
            name: entry.file_name().to_string_lossy().into_owned(),
            kind: if entry.path().is_dir() { NodeKind::Directory } else { NodeKind::File },
        };
        let mut found: Vec<Entry> = entries.map(entry).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
    fn exists(&self, paths: &[String]) -> Vec<Option<Metadata>> {
        self.files.exists(paths)
    }
    fn candidates(&self, name: &str, _roles: u32) -> Vec<Candidate> {
        self.words.get(name.trim_start_matches('\'')).cloned().unwrap_or_default()
    }
    fn symbols(&self, _query: &str, _exact: bool, _limit: u32) -> Vec<WorkspaceSymbol> {
        Vec::new()
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn log(&self, level: Level, message: &str) {
        println!("{level:?}: {message}");
    }
}

#[derive(Default)]
struct Score {
    asked: usize,
    answered: usize,
    right: usize,
    definition_times: Vec<Duration>,
    f1: Vec<f64>,
    reference_times: Vec<(Duration, String)>,
    misses: Vec<String>,
    /// How long the first definition took, which is when everything is read.
    first: Option<Duration>,
}

/// How long this thread has run, where the system tells it: a shared machine makes it wait at random.
fn running_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.as_deref().and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

fn inside(targets: &[Target]) -> impl Iterator<Item = &Target> {
    targets.iter().filter(|target| !target.0.starts_with('/') && !target.0.contains("://"))
}

fn score(tree: &Arc<Tree>, project: &mut RustProject, rows: &[Row]) -> Score {
    let mut score = Score::default();
    for row in rows {
        let Some(offset) = tree.offset(row) else { continue };
        let wanted: BTreeSet<(String, u32)> =
            inside(&row.definition).map(|target| (target.0.clone(), target.1)).collect();
        if row.error.is_some() || wanted.is_empty() {
            continue;
        }
        score_definition(tree, project, row, offset, &wanted, &mut score);
        let wanted: BTreeSet<Place> = inside(row.references.as_deref().unwrap_or_default())
            .map(|target| (target.0.clone(), target.1, target.2))
            .collect();
        if row.references.as_ref().is_some_and(|references| !references.is_empty()) {
            score_references(tree, project, row, offset, &wanted, &mut score);
        }
    }
    score
}

fn score_definition(
    tree: &Tree,
    project: &mut RustProject,
    row: &Row,
    offset: u32,
    wanted: &BTreeSet<(String, u32)>,
    score: &mut Score,
) {
    let start = running_time();
    let got = project.definition(&row.file, offset);
    let time = running_time() - start;
    score.first.get_or_insert(time);
    score.definition_times.push(time);
    if let Err(failure) = &got {
        println!("{failure:?}");
    }
    let locations = got.ok().flatten().map(|targets| targets.locations).unwrap_or_default();
    let got: BTreeSet<(String, u32)> = locations.iter().filter_map(|location| tree.line_of(location)).collect();
    score.asked += 1;
    score.answered += usize::from(!got.is_empty());
    if got.is_disjoint(wanted) {
        let outside: Vec<_> = locations.iter().map(|location| &location.path).collect();
        score.misses.push(format!(
            "definition {}:{}:{} {} wanted {wanted:?} got {got:?} {outside:?}",
            row.file,
            row.line + 1,
            row.character + 1,
            row.name
        ));
    } else {
        score.right += 1;
    }
}

fn references(tree: &Tree, project: &mut RustProject, row: &Row, offset: u32) -> Result<Vec<FileReferences>, Failure> {
    let Some(plan) = project.plan(&row.file, offset)? else { return Ok(Vec::new()) };
    let mut files: Vec<Candidate> = plan.names.iter().flat_map(|name| tree.candidates(name, plan.roles)).collect();
    if let Some(only) = &plan.only {
        files.retain(|file| file.path == *only);
    }
    project.confirm(plan, files)
}

fn score_references(
    tree: &Tree,
    project: &mut RustProject,
    row: &Row,
    offset: u32,
    wanted: &BTreeSet<Place>,
    score: &mut Score,
) {
    let start = running_time();
    let confirmed = references(tree, project, row, offset).unwrap_or_default();
    let time = running_time() - start;
    let places = confirmed
        .iter()
        .flat_map(|file| file.references.iter().filter_map(|reference| tree.place(&file.path, reference.span.start)));
    let got: BTreeSet<Place> = places.collect();
    let name = format!("{}:{}:{} {} ({})", row.file, row.line + 1, row.character + 1, row.name, got.len());
    score.reference_times.push((time, name));
    let common = wanted.intersection(&got).count() as f64;
    let f1 = 2.0 * common / ((wanted.len() + got.len()).max(1) as f64);
    score.f1.push(f1);
    if *wanted != got {
        let short = |places: Vec<&Place>| {
            places
                .iter()
                .take(6)
                .map(|(file, line, character)| format!("{file}:{}:{}", line + 1, character + 1))
                .collect::<Vec<_>>()
        };
        score.misses.push(format!(
            "references {f1:.2} {}:{}:{} {} missing {:?} extra {:?}",
            row.file,
            row.line + 1,
            row.character + 1,
            row.name,
            short(wanted.difference(&got).collect()),
            short(got.difference(wanted).collect())
        ));
    }
}

fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort();
    times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(root), Some(golden)) = (arguments.next(), arguments.next()) else {
        return Err("golden TREE GOLDEN.jsonl [--std LIBRARY] [--packages DIRECTORY] [--misses N] [--slow N]".into());
    };
    let (mut misses, mut slow) = (0, 0);
    let (mut roots, mut libraries) = (Vec::new(), Vec::new());
    let mut mount = |path: PathBuf, name: &str, kind: &str| {
        libraries.push(Library { path: format!("@lib/{name}"), kind: kind.to_owned() });
        roots.push((format!("@lib/{name}"), path));
    };
    while let (Some(flag), Some(value)) = (arguments.next(), arguments.next()) {
        match flag.as_str() {
            "--std" => mount(PathBuf::from(value), "rust-std", "rust-std"),
            "--packages" => {
                for entry in std::fs::read_dir(value)? {
                    let entry = entry?;
                    mount(entry.path(), &entry.file_name().to_string_lossy(), "rust-package");
                }
            }
            "--misses" => misses = value.parse()?,
            "--slow" => slow = value.parse()?,
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    let tree = Arc::new(Tree::read(Path::new(&root), roots)?);
    let text = std::fs::read_to_string(golden)?;
    let rows: Vec<Row> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let config = Config { root: String::new(), libraries, settings: Vec::new() };
    let workspace: Arc<dyn Workspace> = Arc::clone(&tree) as _;
    let start = running_time();
    let mut project = Rust::open(config, workspace).map_err(|failure| format!("{failure:?}"))?;
    let mut score = score(&tree, &mut project, &rows);
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    println!(
        "recall {:.4} precision {:.4} of {} | references f1 {:.4} of {} | definition p50 {:?} p99 {:?} | references p50 {:?} max {:?} | all {:?}",
        share(score.right, score.asked),
        share(score.right, score.answered),
        score.asked,
        score.f1.iter().sum::<f64>() / score.f1.len().max(1) as f64,
        score.f1.len(),
        percentile(&mut score.definition_times, 0.5),
        percentile(&mut score.definition_times, 0.99),
        percentile(&mut score.reference_times.iter().map(|(time, _)| *time).collect::<Vec<_>>(), 0.5),
        score.reference_times.iter().map(|(time, _)| *time).max().unwrap_or_default(),
        running_time() - start,
    );
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"));
        println!("{}", peak.collect::<Vec<_>>().join(", "));
    }
    println!("first {:?}", score.first);
    for miss in score.misses.iter().take(misses) {
        println!("{miss}");
    }
    score.reference_times.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    for (time, name) in score.reference_times.iter().take(slow) {
        println!("{time:?} {name}");
    }
    Ok(())
}

//! Measures completion: `completion_rank DIR [STRIDE] [cut]` takes the name away from every STRIDE-th read of a member in a tree,
//! asks for proposals, and prints how often the member that stood there is among the first ten. `cut` takes away the rest of
//! the file as well.
//!
//! A name counts only if the engine offers it at all; accesses on unknown types are counted apart.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_guest_sdk::{Analyzer, Change, Config, Document, MemoryWorkspace, Project, roles};
use vraftls_typescript::{TypeScript, TypeScriptProject};

const FIRST: usize = 10;
const LIMIT: u32 = 2000;
const SHOWN: usize = 40;

#[derive(Default)]
struct Score {
    asked: usize,
    offered: usize,
    first: usize,
    top: usize,
    longest: Duration,
    total: Duration,
    misses: Vec<String>,
    unknown: Vec<String>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(root) = arguments.next() else {
        eprintln!("usage: completion_rank DIR [STRIDE] [cut]");
        return;
    };
    let stride = arguments.next().and_then(|stride| stride.parse().ok()).unwrap_or(50);
    let cut = arguments.next().as_deref() == Some("cut");
    let mut files = Vec::new();
    collect(Path::new(&root), Path::new(&root), &mut files);
    let workspace = Arc::new(MemoryWorkspace::new(files.clone()));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let Ok(mut project) = TypeScript::open(config, workspace.clone()) else { return };
    let mut score = Score::default();
    let mut count = 0;
    for (path, text) in files.iter().filter(|(path, _)| is_code(path)) {
        for (start, end) in places(path, text) {
            count += 1;
            if count % stride == 0 {
                ask(&mut project, &workspace, (path, text), (start, end), cut, &mut score);
            }
        }
        workspace.write(path, text);
        drop(project.update(&[Change::Changed(path.clone())]));
    }
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    println!(
        "{} of {} accesses offered ({:.1} %); first {:.1} %, among the first {FIRST} {:.1} % of those offered, {:.1} % of all; \
         mean {:?}, longest {:?}",
        score.offered,
        score.asked,
        share(score.offered, score.asked),
        share(score.first, score.offered),
        share(score.top, score.offered),
        share(score.top, score.asked),
        score.total / score.asked.max(1) as u32,
        score.longest,
    );
    for miss in score.misses.iter().take(SHOWN).chain(score.unknown.iter().take(SHOWN)) {
        println!("  {miss}");
    }
}

fn ask(
    project: &mut TypeScriptProject,
    workspace: &MemoryWorkspace,
    (path, text): (&str, &str),
    (start, end): (usize, usize),
    cut: bool,
    score: &mut Score,
) {
    let rest = if cut { "" } else { &text[end..] };
    workspace.write(path, &format!("{}{rest}", &text[..start]));
    drop(project.update(&[Change::Changed(path.to_owned())]));
    let begin = Instant::now();
    let answer = project.complete(path, start as u32, Some("."), LIMIT);
    let time = begin.elapsed();
    score.asked += 1;
    score.total += time;
    score.longest = score.longest.max(time);
    let Ok(answer) = answer else { return };
    let name = &text[start..end];
    let line = text[..start].rsplit('\n').next().unwrap_or_default().trim();
    let Some(rank) = answer.items.iter().position(|item| item.label == name) else {
        score.unknown.push(format!("   - of {} {path}: {line}{name}", answer.items.len()));
        return;
    };
    score.offered += 1;
    score.first += usize::from(rank == 0);
    if rank < FIRST {
        score.top += 1;
    } else {
        score.misses.push(format!("{rank:4} of {} {path}: {line}{name}", answer.items.len()));
    }
}

/// The names after dots.
fn places(path: &str, text: &str) -> Vec<(usize, usize)> {
    let document = Document { path: path.to_owned(), language: "typescript".to_owned(), text: text.to_owned() };
    let Ok(facts) = TypeScript::index(&document) else { return Vec::new() };
    let (groups, _) = facts.occurrences.as_chunks::<4>();
    groups
        .iter()
        .filter(|[start, _, _, has]| {
            let is_read = has & (roles::WRITES | roles::DEFINES | roles::IN_STRING) == 0;
            has & roles::ATTRIBUTE != 0 && is_read && text[..*start as usize].ends_with('.')
        })
        .map(|[start, length, ..]| (*start as usize, (*start + *length) as usize))
        .collect()
}

fn is_code(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, suffix)| matches!(suffix, "ts" | "tsx" | "js" | "jsx" | "mts" | "cts" | "mjs" | "cjs"))
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<(String, String)>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = std::fs::read_to_string(&path)
            && let Ok(relative) = path.strip_prefix(root)
            && (is_code(&relative.to_string_lossy()) || relative.extension().is_some_and(|suffix| suffix == "json"))
        {
            files.push((relative.display().to_string(), text));
        }
    }
}

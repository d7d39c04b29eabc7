//! Measures completion: `completion_rank DIR [STRIDE] [cut|names]` takes the name away from every STRIDE-th attribute access
//! of a tree, asks for proposals, and prints how often the member that stood there is among the first ten. `cut` takes away
//! the rest of the file as well; `names` measures names that are no members, of which the first letter is left.
//!
//! A name counts only if the engine offers it at all; accesses on unknown types are counted apart.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;
use vraftls_guest_sdk::{Analyzer, Change, Config, MemoryWorkspace, Project};
use vraftls_python::{Python, PythonProject};

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
    let (Some(root), stride) =
        (arguments.next(), arguments.next().and_then(|stride| stride.parse().ok()).unwrap_or(50))
    else {
        eprintln!("usage: completion_rank DIR [STRIDE] [cut|names]");
        return;
    };
    let how = match arguments.next().as_deref() {
        Some("cut") => How::Cut,
        Some("names") => How::Names,
        _ => How::Members,
    };
    let mut files = Vec::new();
    collect(Path::new(&root), Path::new(&root), &mut files);
    let workspace = Arc::new(MemoryWorkspace::new(files.clone()));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let Ok(mut project) = Python::open(config, workspace.clone()) else { return };
    let mut score = Score::default();
    let mut count = 0;
    for (path, text) in &files {
        for (start, end) in places(text, how) {
            count += 1;
            if count % stride == 0 {
                ask(&mut project, &workspace, path, text, (start, end), how, &mut score);
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
    project: &mut PythonProject,
    workspace: &MemoryWorkspace,
    path: &str,
    text: &str,
    (start, end): (usize, usize),
    how: How,
    score: &mut Score,
) {
    let rest = if how == How::Cut { "" } else { &text[end..] };
    let typed = if how == How::Names { text[start..].chars().next().map_or(0, char::len_utf8) } else { 0 };
    let cursor = start + typed;
    workspace.write(path, &format!("{}{rest}", &text[..cursor]));
    drop(project.update(&[Change::Changed(path.to_owned())]));
    let begin = Instant::now();
    let answer = project.complete(path, cursor as u32, Some(".").filter(|_| typed == 0), LIMIT);
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

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Members,
    Cut,
    Names,
}

/// The names after dots, or the others, that are not in imports.
fn places(text: &str, how: How) -> Vec<(usize, usize)> {
    let Ok(parsed) = parse_module(text) else { return Vec::new() };
    let mut found = Vec::new();
    let mut in_import = false;
    let mut begins = true;
    for window in parsed.tokens().windows(2) {
        let [before, token] = window else { continue };
        if begins {
            in_import = matches!(before.kind(), TokenKind::From | TokenKind::Import);
        }
        begins = matches!(
            before.kind(),
            TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent | TokenKind::NonLogicalNewline
        ) && (begins || before.kind() == TokenKind::Newline);
        let is_member = before.kind() == TokenKind::Dot;
        let is_new = matches!(before.kind(), TokenKind::Def | TokenKind::Class | TokenKind::As | TokenKind::For);
        let wanted =
            if how == How::Names { !is_member && !is_new && token.range().len().to_u32() > 2 } else { is_member };
        if wanted && token.kind() == TokenKind::Name && !in_import {
            found.push((token.start().to_usize(), token.end().to_usize()));
        }
    }
    found
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<(String, String)>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|suffix| suffix == "py" || suffix == "pyi" || suffix == "toml")
            && let Ok(text) = std::fs::read_to_string(&path)
            && let Ok(relative) = path.strip_prefix(root)
        {
            files.push((relative.display().to_string(), text));
        }
    }
}

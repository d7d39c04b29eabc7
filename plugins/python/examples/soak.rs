//! Breaks the files of a source tree at random and asks everything at random places of them. What must never happen is a
//! panic: in the sandbox it costs the whole warm instance.
//!
//! ```text
//! soak TREE [--seed N] [--rounds N]
//! ```
//!
//! Prints each panic with the round that led to it; the same seed does the same again. After each edit it also compares the
//! slowest answers, because an edit must not cost a search through everything.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod tree;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_guest_sdk::{
    Analyzer, Change, Config, Failure, FormattingOptions, MemoryWorkspace, Project, SearchPlan, Span, Workspace,
};
use vraftls_python::{Python, PythonProject};

/// What is put into a file to break it.
const INSERTED: [&str; 24] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    "\n",
    "\n    ",
    "\"",
    "'''",
    "f\"{",
    "class ",
    "def ",
    "lambda ",
    "import ",
    "from . ",
    " as ",
    "*",
    "@",
    "\\",
    "é",
    "match x:\n",
    "self.",
];
/// How many places of a file are asked about.
const PLACES: u64 = 12;

struct Random(u64);

impl Random {
    /// A number below the limit (Marsaglia's xorshift).
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }

    fn boundary(&mut self, text: &str) -> usize {
        let mut offset = self.below(text.len() as u64 + 1) as usize;
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

fn break_at_random(random: &mut Random, text: &str) -> String {
    let mut broken = text.to_owned();
    for _ in 0..=random.below(2) {
        let start = random.boundary(&broken);
        if random.below(2) == 0 {
            broken.insert_str(start, INSERTED[random.below(INSERTED.len() as u64) as usize]);
        } else {
            let mut end = (start + random.below(60) as usize).min(broken.len());
            while !broken.is_char_boundary(end) {
                end += 1;
            }
            broken.replace_range(start..end, "");
        }
    }
    broken
}

/// Asks everything; whatever the answer is, there is one.
fn ask(project: &mut PythonProject, workspace: &MemoryWorkspace, path: &str, offset: u32) -> Result<(), Failure> {
    let _ = project.definition(path, offset);
    let _ = project.declaration(path, offset);
    let _ = project.type_definition(path, offset);
    let _ = project.hover(path, offset);
    let _ = project.highlights(path, offset);
    let _ = project.signature_help(path, offset);
    let _ = project.prepare_rename(path, offset);
    if let Ok(found) = project.complete(path, offset, None, 50)
        && let Some(item) = found.items.first()
    {
        let _ = project.resolve_completion(path, &item.token);
    }
    if let Ok(Some(plan)) = project.plan(path, offset) {
        let mut files: Vec<_> = plan.names.iter().flat_map(|name| workspace.candidates(name, plan.roles)).collect();
        files.truncate(20);
        project.confirm(plan, files)?;
    }
    let _ = project.selection_ranges(path, &[offset]);
    ask_hierarchies(project, workspace, path, offset)
}

/// Asks who calls what is at the place, and what extends it.
fn ask_hierarchies(
    project: &mut PythonProject,
    workspace: &MemoryWorkspace,
    path: &str,
    offset: u32,
) -> Result<(), Failure> {
    let candidates = |plan: &SearchPlan| {
        let mut files: Vec<_> = plan.names.iter().flat_map(|name| workspace.candidates(name, plan.roles)).collect();
        files.truncate(10);
        files
    };
    for item in project.prepare_calls(path, offset)? {
        let _ = project.outgoing(item.clone());
        if let Some(plan) = project.plan_incoming(item)? {
            let files = candidates(&plan);
            project.incoming(plan, files)?;
        }
    }
    for item in project.prepare_types(path, offset)? {
        let _ = project.supertypes(item.clone());
        if let Some(plan) = project.plan_subtypes(item)? {
            let files = candidates(&plan);
            project.subtypes(plan, files)?;
        }
    }
    Ok(())
}

/// What an editor paints into a file; tokens go forward and lie on characters, or it is as bad as a panic.
fn paint(project: &mut PythonProject, path: &str, text: &str) -> Result<(), Failure> {
    let tokens = project.semantic_tokens(path, None)?;
    let mut end = 0;
    for [start, length, ..] in tokens.as_chunks::<4>().0 {
        let token = text.get(*start as usize..(*start + *length) as usize);
        assert!(*start >= end && token.is_some_and(|token| !token.contains('\n')), "a token at {start} of {length}");
        end = start + length;
    }
    let whole = Span { start: 0, end: text.len() as u32 };
    for hint in project.inlay_hints(path, whole)? {
        assert!(text.is_char_boundary(hint.offset as usize), "a hint at {}", hint.offset);
    }
    let _ = project.lenses(path);
    let _ = project.links(path);
    Ok(())
}

fn open(workspace: &Arc<MemoryWorkspace>) -> Result<PythonProject, String> {
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    Python::open(config, Arc::clone(workspace) as Arc<dyn Workspace>).map_err(|failure| format!("{failure:?}"))
}

fn round(
    project: &mut PythonProject,
    workspace: &MemoryWorkspace,
    path: &str,
    text: &str,
    random: &mut Random,
) -> Duration {
    let start = Instant::now();
    let _ = project.update(&[Change::Changed(path.to_owned())]);
    let first = random.boundary(text) as u32;
    let _ = project.definition(path, first);
    let after_edit = start.elapsed();
    let _ = project.diagnostics(path);
    let _ = paint(project, path, text);
    let _ = project.format(path, None, FormattingOptions { tab_size: 4, insert_spaces: true });
    for _ in 0..PLACES {
        let _ = ask(project, workspace, path, random.boundary(text) as u32);
    }
    after_edit
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().ok_or("soak TREE [--seed N] [--rounds N]")?;
    let (mut seed, mut rounds) = (1_u64, 200_u64);
    while let (Some(flag), Some(value)) = (arguments.next(), arguments.next()) {
        match flag.as_str() {
            "--seed" => seed = value.parse()?,
            "--rounds" => rounds = value.parse()?,
            _ => return Err(format!("unknown flag {flag}").into()),
        }
    }
    let texts: BTreeMap<String, String> = tree::read(Path::new(&root))?.into_iter().collect();
    let paths: Vec<String> = texts.keys().filter(|path| path.ends_with(".py")).cloned().collect();
    let workspace = Arc::new(MemoryWorkspace::new(texts.clone()));
    let mut project = open(&workspace)?;
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (mut panics, mut times) = (0, Vec::new());
    for number in 0..rounds {
        let path = &paths[random.below(paths.len() as u64) as usize];
        let text = break_at_random(&mut random, &texts[path]);
        workspace.write(path, &text);
        match catch_unwind(AssertUnwindSafe(|| round(&mut project, &workspace, path, &text, &mut random))) {
            Ok(time) => times.push(time),
            Err(_) => {
                panics += 1;
                println!("panic in round {number}, {path}");
                project = open(&workspace)?;
            }
        }
        workspace.write(path, &texts[path]);
        let _ = project.update(&[Change::Changed(path.clone())]);
    }
    times.sort();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    println!("{rounds} rounds, {panics} panics, first answer after an edit p50 {:?} p99 {:?}", at(0.5), at(0.99));
    Ok(())
}

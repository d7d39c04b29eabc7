//! Measures what an editor asks for whenever a file is opened, scrolled or changed: `decoration_speed TREE FILE` opens the tree
//! and prints how long tokens, hints, links and lenses of the file take, first in a cold project, then in a warm one, then
//! after each of some edits; and how long its diagnostics take after each of some edits more.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod tree;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_guest_sdk::{Analyzer, Change, Config, MemoryWorkspace, Project, Span, Workspace};
use vraftls_python::{Python, PythonProject};

/// How many edits are measured.
const EDITS: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(root), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("decoration_speed TREE FILE".into());
    };
    let texts = tree::read(Path::new(&root))?;
    let text = texts.iter().find(|(known, _)| *known == path).ok_or("no such file")?.1.clone();
    let workspace = Arc::new(MemoryWorkspace::new(texts));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let opened = Python::open(config, Arc::clone(&workspace) as Arc<dyn Workspace>);
    let mut project = opened.map_err(|failure| format!("{failure:?}"))?;
    println!("{} bytes", text.len());
    report("cold", &mut project, &path, &text);
    report("warm", &mut project, &path, &text);
    for number in 0..EDITS {
        let edited = format!("{text}\nedited_{number} = len('{number}')\n");
        edit(&workspace, &mut project, &path, &edited)?;
        report("edited", &mut project, &path, &edited);
    }
    for number in 0..EDITS {
        let edited = format!("{text}\ndef edited():\n    return missing_{number}\n");
        edit(&workspace, &mut project, &path, &edited)?;
        let (found, took) = timed(|| project.diagnostics(&path).map(|found| found.len()));
        println!("edited: {found:?} diagnostics {took:?}");
    }
    Ok(())
}

fn edit(workspace: &MemoryWorkspace, project: &mut PythonProject, path: &str, text: &str) -> Result<(), String> {
    workspace.write(path, text);
    project.update(&[Change::Changed(path.to_owned())]).map_err(|failure| format!("{failure:?}"))
}

fn report(what: &str, project: &mut PythonProject, path: &str, text: &str) {
    let whole = Span { start: 0, end: text.len() as u32 };
    let screen = Span { start: 0, end: text.match_indices('\n').nth(60).map_or(whole.end, |(end, _)| end as u32) };
    let (tokens, on_screen) = timed(|| project.semantic_tokens(path, Some(screen)).map(|tokens| tokens.len() / 4));
    let (all, everywhere) = timed(|| project.semantic_tokens(path, None).map(|tokens| tokens.len() / 4));
    let (hints, hinted) = timed(|| project.inlay_hints(path, whole).map(|hints| hints.len()));
    let (links, linked) = timed(|| project.links(path).map(|links| links.len()));
    println!(
        "{what}: {tokens:?} tokens on screen {on_screen:?}, {all:?} tokens {everywhere:?}, {hints:?} hints {hinted:?}, \
         {links:?} links {linked:?}"
    );
}

fn timed<R>(ask: impl FnOnce() -> R) -> (R, Duration) {
    let start = Instant::now();
    let answer = ask();
    (answer, start.elapsed())
}

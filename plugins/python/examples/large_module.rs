//! Measures answers in large modules, as generators write them: `large_module FILE [KIB...]` repeats a file, each time with
//! other names for what it defines, and prints how long the first and the next hover take at its beginning, middle and end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_guest_sdk::{Analyzer, Config, Document, MemoryWorkspace, Project, roles};
use vraftls_python::{Python, PythonProject};

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: large_module FILE [KIB...]")?;
    let sample = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
    let mut sizes: Vec<usize> = arguments.filter_map(|size| size.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![64, 256, 1024, 4096];
    }
    for size in sizes {
        let text = many(&sample, size << 10)?;
        let shares = [0.0, 0.5, 1.0];
        let mut shown = Vec::new();
        for share in shares {
            let mut project = open(&text)?;
            let offset = (text.len() as f64 * share) as usize;
            let at = |offset: usize| text.floor_char_boundary(offset) as u32;
            let first = time(&mut project, at(offset));
            let again = time(&mut project, at(offset.saturating_sub(500)));
            shown.push(format!("{first:.2?} then {again:.2?}"));
        }
        println!("{size} KiB: {}", shown.join(", "));
    }
    Ok(())
}

fn open(text: &str) -> Result<PythonProject, String> {
    let workspace = Arc::new(MemoryWorkspace::new([("large.py".to_owned(), text.to_owned())]));
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    Python::open(config, workspace).map_err(|failure| format!("{failure:?}"))
}

fn time(project: &mut PythonProject, offset: u32) -> Duration {
    let start = Instant::now();
    let _ = std::hint::black_box(project.hover("large.py", offset));
    start.elapsed()
}

/// The sample again and again, with a number behind every name that it defines.
fn many(sample: &str, bytes: usize) -> Result<String, String> {
    let document = Document { path: "a.py".to_owned(), language: "python".to_owned(), text: sample.to_owned() };
    let facts = Python::index(&document).map_err(|failure| format!("{failure:?}"))?;
    let groups = || facts.occurrences.chunks_exact(4);
    let defined = |name: u32| groups().any(|group| group[2] == name && group[3] & roles::DEFINES != 0);
    let mut text = String::with_capacity(bytes + sample.len() * 2);
    for copy in 0.. {
        if text.len() >= bytes {
            break;
        }
        let mut copied = 0;
        for group in groups().filter(|group| defined(group[2])) {
            let end = (group[0] + group[1]) as usize;
            if group[0] as usize >= copied {
                text.push_str(&sample[copied..end]);
                text.push_str(&format!("_{copy}"));
                copied = end;
            }
        }
        text.push_str(&sample[copied..]);
        text.push('\n');
    }
    Ok(text)
}

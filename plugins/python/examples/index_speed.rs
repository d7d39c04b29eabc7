//! Measures how fast files are indexed: `index_speed DIR` walks a tree and prints megabytes a second.

use std::path::Path;
use std::time::Instant;

use ruff_python_ast::PySourceType;
use ruff_python_parser::parse_unchecked_source;
use vraftls_guest_sdk::{Analyzer, Document};
use vraftls_python::Python;

fn main() {
    let Some(root) = std::env::args().nth(1) else {
        eprintln!("usage: index_speed DIR");
        return;
    };
    let mut documents = Vec::new();
    collect(Path::new(&root), &mut documents);
    let bytes: usize = documents.iter().map(|document| document.text.len()).sum();
    for round in 0..5 {
        let start = Instant::now();
        for document in &documents {
            drop(std::hint::black_box(parse_unchecked_source(&document.text, PySourceType::Python)));
        }
        let parse_seconds = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let mut occurrences = 0;
        let mut symbols = 0;
        for document in &documents {
            if let Ok(facts) = Python::index(document) {
                occurrences += facts.occurrences.len() / 4;
                symbols += facts.symbols.len();
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "round {round}: {} files, {:.1} MB, {occurrences} occurrences, {symbols} symbols, {seconds:.3} s, {:.1} MB/s; \
             parsing alone {:.1} MB/s",
            documents.len(),
            bytes as f64 / 1e6,
            bytes as f64 / 1e6 / seconds,
            bytes as f64 / 1e6 / parse_seconds,
        );
    }
}

fn collect(directory: &Path, documents: &mut Vec<Document>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, documents);
        } else if path.extension().is_some_and(|suffix| suffix == "py" || suffix == "pyi")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            documents.push(Document { path: path.display().to_string(), language: "python".to_owned(), text });
        }
    }
}

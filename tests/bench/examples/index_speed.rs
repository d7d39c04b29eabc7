//! Measures how fast files are indexed in the sandbox: `index_speed COMPONENT.wasm DIR` prints megabytes a second.
//!
//! It goes through the runtime that serves editors: the time includes instantiating, copying the text in and the facts out,
//! and checking them. The analyzer's own example of this name measures the same natively and prints the same lines.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use vraftls_query::{Analyzer, IndexDocument};
use vraftls_vfs::VfsPath;
use vraftls_wasm::{ArtifactStore, Runtime, RuntimeConfig};

const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(component), Some(directory)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: index_speed COMPONENT.wasm DIR");
    };
    let beside = component.parent().context("a component lies in a folder")?;
    let artifacts = ArtifactStore::default().trusting(beside);
    let runtime = Runtime::new(RuntimeConfig { artifacts, ..RuntimeConfig::default() })?;
    let analyzer = runtime.load_file(&component).with_context(|| format!("cannot load {}", component.display()))?;
    let executor = tokio::runtime::Builder::new_current_thread().build()?;
    let documents = documents(&directory)?;
    let megabytes = documents.iter().map(|document| document.text.len()).sum::<usize>() as f64 / 1e6;
    for round in 0..ROUNDS {
        let started = Instant::now();
        for document in &documents {
            let facts = executor.block_on(analyzer.index(document.clone()))?;
            ensure!(facts.interface_hash != 0, "nothing was found in {}", document.path);
        }
        let seconds = started.elapsed().as_secs_f64();
        let (files, speed) = (documents.len(), megabytes / seconds);
        println!("round {round}: {files} files, {megabytes:.1} MB, {seconds:.3} s, {speed:.1} MB/s;");
    }
    Ok(())
}

fn documents(directory: &PathBuf) -> Result<Vec<IndexDocument>> {
    let mut documents = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
        let entry = entry?;
        let path = VfsPath::new(&entry.file_name().to_string_lossy())?;
        let text = fs::read_to_string(entry.path())?.into();
        documents.push(IndexDocument { path, language: "python".to_owned(), text });
    }
    Ok(documents)
}

//! Measures what reading a whole tree takes: `resolve_speed TREE [SUFFIX]` opens the tree and prints how long it takes to say where
//! all names of each file lead, in the order of their paths, and which files take longest. With a suffix, of those files alone.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod tree;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vraftls_guest_sdk::{Analyzer, Config, MemoryWorkspace, Project, Workspace};
use vraftls_python::Python;

/// How many of the slowest files are named.
const SLOWEST: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(root) = arguments.next() else { return Err("resolve_speed TREE [SUFFIX]".into()) };
    let suffix = arguments.next().unwrap_or_else(|| ".py".to_owned());
    let texts = tree::read(Path::new(&root))?;
    let mut paths: Vec<String> = texts.iter().map(|(path, _)| path.clone()).collect();
    paths.retain(|path| path.ends_with(&suffix));
    paths.sort();
    let workspace = Arc::new(MemoryWorkspace::new(texts)) as Arc<dyn Workspace>;
    let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
    let mut project = Python::open(config, workspace).map_err(|failure| format!("{failure:?}"))?;
    for what in ["cold", "warm"] {
        let mut took: Vec<(Duration, &str)> = Vec::new();
        let (mut n_names, mut n_leads, mut n_targets, mut n_failed) = (0, 0, 0, 0);
        for path in &paths {
            let start = Instant::now();
            match project.resolve_all(path) {
                Ok(resolved) => {
                    n_names += resolved.occurrences.len() / 5;
                    n_leads += resolved.leads.len();
                    n_targets += resolved.targets.len() / 9;
                }
                Err(_) => n_failed += 1,
            }
            took.push((start.elapsed(), path));
        }
        let total: Duration = took.iter().map(|(time, _)| *time).sum();
        let (n_files, rate) = (paths.len(), n_names as f64 / total.as_secs_f64());
        println!("{what}: {n_files} files, {n_failed} failed, {n_names} names in {total:?}, {rate:.0} names a second");
        println!("    {n_leads} leads, {n_targets} targets");
        took.sort_by(|a, b| b.cmp(a));
        for (time, path) in took.iter().take(SLOWEST) {
            println!("    {time:?} {path}");
        }
    }
    Ok(())
}

//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders that hold no sources of ours.
const SKIPPED: [&str; 4] = ["target", "node_modules", ".git", "__pycache__"];

/// A text file of the repository.
#[derive(Debug)]
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    /// Its contents.
    pub text: String,
}

impl File {
    /// Whether it is there for tests alone: in a folder of tests or benches, or a module of tests.
    pub fn is_test(&self) -> bool {
        let in_folder = |name: &str| self.path.split('/').rev().skip(1).any(|part| part == name);
        // `tests/` at the root holds rooms of its own, of which only their own tests are exempt.
        let below_root = self.path.strip_prefix("tests/").unwrap_or(&self.path);
        let in_tests = below_root.split('/').rev().skip(1).any(|part| part == "tests");
        in_tests || in_folder("benches") || self.path.ends_with("/tests.rs")
    }
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tidy lies two folders below the root")
}

/// Every file of ours whose name ends so, by path.
pub fn files(suffixes: &[&str]) -> Result<Vec<File>> {
    let mut paths = Vec::new();
    walk(root(), &mut paths)?;
    let mut files = Vec::new();
    for path in paths {
        let shown = path.strip_prefix(root())?.to_string_lossy().replace('\\', "/");
        if suffixes.iter().any(|suffix| shown.ends_with(suffix)) {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
            files.push(File { path: shown, text });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// A file at its path from the root.
pub fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if SKIPPED.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

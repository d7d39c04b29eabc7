//! How fast the Python analyzer indexes files in the sandbox, beside the same code run natively.
//!
//! Both index the same concatenated files, large enough that what a call costs by itself does not show. Two examples, one of
//! this package and one of the analyzer's, do the work, so that the bench itself links neither the sandbox nor the analyzer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::sample;

/// A file of the corpus is closed once it has so many bytes.
const FILE_BYTES: usize = 250_000;
/// Both sides run by turns, so that a machine that slows down slows both.
const TURNS: usize = 3;

/// What both reached, in megabytes (10^6 bytes) of source a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParserSpeed {
    pub(crate) corpus_mb: f64,
    pub(crate) native_mb_s: f64,
    pub(crate) sandboxed_mb_s: f64,
}

impl ParserSpeed {
    /// What the sandbox leaves of the native speed.
    pub(crate) fn share(self) -> f64 {
        self.sandboxed_mb_s / self.native_mb_s
    }
}

/// Measures with the sources of a tree; `scratch` is an empty folder.
pub(crate) fn measure(tree: &Path, component: &Path, scratch: &Path) -> Result<ParserSpeed> {
    let corpus = concatenate(tree, FILE_BYTES)?;
    let corpus_mb = corpus.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    for (number, text) in corpus.iter().enumerate() {
        fs::write(scratch.join(format!("part_{number}.py")), text)?;
    }
    crate::say("the Python analyzer natively and in the sandbox: the first builds take some minutes");
    let (mut native_mb_s, mut sandboxed_mb_s) = (0.0_f64, 0.0_f64);
    for _ in 0..TURNS {
        // The plugins have a workspace of their own, with their own versions of everything.
        native_mb_s = native_mb_s.max(speed("vraftls-python", "plugins", &[scratch])?);
        sandboxed_mb_s = sandboxed_mb_s.max(speed("vraftls-bench", ".", &[component, scratch])?);
    }
    Ok(ParserSpeed { corpus_mb, native_mb_s, sandboxed_mb_s })
}

/// The files of a tree, put together until each part has `part_bytes`. Every file ends its last line, so that parts parse.
fn concatenate(tree: &Path, part_bytes: usize) -> Result<Vec<String>> {
    let mut parts = vec![String::new()];
    for file in sample::source_files(tree)? {
        let Ok(text) = fs::read_to_string(tree.join(&file)) else { continue };
        if parts.last().is_some_and(|part| part.len() >= part_bytes) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(&text);
            part.push('\n');
        }
    }
    Ok(parts)
}

/// Runs one of the two examples `index_speed`; the speed of its best round.
fn speed(package: &str, directory: &str, arguments: &[&Path]) -> Result<f64> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from));
    command.args(["run", "--quiet", "--release", "--package", package, "--example", "index_speed", "--"]);
    command.args(arguments).current_dir(root.join(directory)).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().context("cannot start cargo")?;
    ensure!(output.status.success(), "the example `index_speed` of {package} failed ({})", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    best_round(&text).with_context(|| format!("the example `index_speed` of {package} prints no speeds:\n{text}"))
}

/// The best round counts, on both sides: the others were disturbed. Of the lines with `.., <number> MB/s; ..`.
fn best_round(text: &str) -> Option<f64> {
    let speed = |line: &str| line.split_once(" MB/s;")?.0.rsplit(' ').next()?.parse::<f64>().ok();
    text.lines().filter_map(speed).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_round_is_read() {
        let text = "round 0: 9 files, 8.1 MB, 5 symbols, 0.1 s, 71.5 MB/s; parsing alone 100.1 MB/s\n\
                    round 1: 9 files, 8.1 MB, 5 symbols, 0.1 s, 82.0 MB/s; parsing alone 110.1 MB/s\n";
        assert_eq!(best_round(text), Some(82.0));
        assert_eq!(best_round("no speeds"), None);
    }

    #[test]
    fn parts_hold_all_files_in_order() -> Result<()> {
        let tree = tempfile::tempdir()?;
        for (file, text) in [("a.py", "a = 1"), ("b.py", "b = 2\n"), ("c.py", "c = 3\n")] {
            fs::write(tree.path().join(file), text)?;
        }
        assert_eq!(concatenate(tree.path(), 8)?, ["a = 1\nb = 2\n\n", "c = 3\n\n"]);
        assert_eq!(concatenate(tree.path(), 100)?.len(), 1);
        Ok(())
    }
}

//! How fast Python is parsed, and indexed by its analyzer, in the sandbox, beside the same code run natively.
//!
//! Both read the same concatenated files, large enough that what a call costs by itself does not show. Two examples, one of
//! this package and one of the analyzer's, do the work, so that the bench itself links neither the sandbox nor the analyzer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::language::Language;
use crate::sample;

/// A file of the corpus is closed once it has so many bytes.
const FILE_BYTES: usize = 250_000;
/// Both sides run by turns, so that a machine that slows down slows both.
const TURNS: usize = 6;

/// What the two sides reached, in megabytes (10^6 bytes) of source a second.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Speed {
    pub(crate) native_mb_s: f64,
    pub(crate) sandboxed_mb_s: f64,
}

impl Speed {
    /// What the sandbox leaves of the native speed.
    pub(crate) fn share(self) -> f64 {
        self.sandboxed_mb_s / self.native_mb_s
    }

    fn raise(&mut self, native_mb_s: f64, sandboxed_mb_s: f64) {
        self.native_mb_s = self.native_mb_s.max(native_mb_s);
        self.sandboxed_mb_s = self.sandboxed_mb_s.max(sandboxed_mb_s);
    }
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParserSpeed {
    pub(crate) corpus_mb: f64,
    /// The parser alone.
    pub(crate) parse: Speed,
    /// The analyzer's whole `index`: the parser, its walks, and the facts brought out and checked.
    pub(crate) index: Speed,
}

/// The components that are measured.
#[derive(Debug)]
pub(crate) struct Components {
    /// The parser alone.
    pub(crate) parse: PathBuf,
    /// The analyzer.
    pub(crate) index: PathBuf,
}

/// Measures with the sources of a tree; `scratch` is an empty folder.
pub(crate) fn measure(tree: &Path, components: &Components, scratch: &Path) -> Result<ParserSpeed> {
    let corpus = concatenate(tree, FILE_BYTES)?;
    let corpus_mb = corpus.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    for (number, text) in corpus.iter().enumerate() {
        fs::write(scratch.join(format!("part_{number}.py")), text)?;
    }
    crate::say("the Python analyzer natively and in the sandbox: the first builds take some minutes");
    let (mut parse, mut index) = (Speed::default(), Speed::default());
    for _ in 0..TURNS {
        // The plugins have a workspace of their own, with their own versions of everything.
        let natively = run("vraftls-python", "plugins", &[scratch])?;
        let sandboxed = |component: &Path| best_round(&run("vraftls-bench", ".", &[component, scratch])?, AFTER_INDEX);
        index.raise(best_round(&natively, AFTER_INDEX)?, sandboxed(&components.index)?);
        parse.raise(best_round(&natively, AFTER_PARSE)?, sandboxed(&components.parse)?);
    }
    Ok(ParserSpeed { corpus_mb, parse, index })
}

/// The files of a tree, put together until each part has `part_bytes`. Every file ends its last line, so that parts parse.
fn concatenate(tree: &Path, part_bytes: usize) -> Result<Vec<String>> {
    let mut parts = vec![String::new()];
    for file in sample::source_files(tree, Language::Python)? {
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

/// Runs one of the two examples `index_speed`; what it prints.
fn run(package: &str, directory: &str, arguments: &[&Path]) -> Result<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from));
    command.args(["run", "--quiet", "--release", "--package", package, "--example", "index_speed", "--"]);
    command.args(arguments).current_dir(root.join(directory)).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().context("cannot start cargo")?;
    ensure!(output.status.success(), "the example `index_speed` of {package} failed ({})", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What follows the speed of a round's `index` in its line.
const AFTER_INDEX: &str = " MB/s;";
/// What follows the speed of a round's parsing alone, at the end of a line.
const AFTER_PARSE: &str = " MB/s\n";

/// The best round counts, on both sides: the others were disturbed. The speed is the number before `mark` in each line.
fn best_round(text: &str, mark: &str) -> Result<f64> {
    let speed = |line: &str| line.split_once(mark)?.0.rsplit(' ').next()?.parse::<f64>().ok();
    let best = text.split_inclusive('\n').filter_map(speed).max_by(f64::total_cmp);
    best.with_context(|| format!("the example `index_speed` prints no speeds:\n{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_round_is_read() {
        let text = "round 0: 9 files, 8.1 MB, 5 symbols, 0.1 s, 71.5 MB/s; parsing alone 100.1 MB/s\n\
                    round 1: 9 files, 8.1 MB, 5 symbols, 0.1 s, 82.0 MB/s; parsing alone 110.1 MB/s\n";
        assert_eq!(best_round(text, AFTER_INDEX).ok(), Some(82.0));
        assert_eq!(best_round(text, AFTER_PARSE).ok(), Some(110.1));
        assert!(best_round("no speeds", AFTER_INDEX).is_err());
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

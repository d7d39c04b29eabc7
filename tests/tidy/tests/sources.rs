//! What every Rust source keeps to.

use anyhow::Result;
use vraftls_tidy::tree::File;
use vraftls_tidy::{expect_none, rust, tree};

/// How long a file may be, its tests not counted. The aim is 600.
const FILE_LINES_MAX: usize = 800;
/// How long a function may be. The aim is 70.
const FUNCTION_LINES_MAX: usize = 100;
/// How many words a module comment has at least.
const COMMENT_WORDS_MIN: usize = 3;

fn sources() -> Result<Vec<File>> {
    let mut files = tree::files(&[".rs"])?;
    files.retain(|file| !file.text.contains("@generated"));
    Ok(files)
}

#[test]
fn every_source_says_what_it_is_for() -> Result<()> {
    let mut broken = Vec::new();
    for file in sources()? {
        let comment: Vec<&str> = file.text.lines().map_while(|line| line.strip_prefix("//!")).collect();
        let n_words = comment.iter().flat_map(|line| line.split_whitespace()).count();
        if n_words < COMMENT_WORDS_MIN {
            broken.push(format!("{}: begins without a `//!` comment that says something", file.path));
        }
    }
    expect_none(broken, "Begin each file with `//!`: what it is for, and what it refuses to know.");
    Ok(())
}

#[test]
fn files_have_one_subject() -> Result<()> {
    let mut broken = Vec::new();
    for file in sources()?.iter().filter(|file| !file.is_test()) {
        let n_lines = rust::without_tests(&rust::blank(&file.text)).lines().count();
        if n_lines > FILE_LINES_MAX {
            broken.push(format!("{}: {n_lines} lines, at most {FILE_LINES_MAX} (tests not counted)", file.path));
        }
    }
    expect_none(broken, "Split the file by subject.");
    Ok(())
}

#[test]
fn functions_fit_on_a_page() -> Result<()> {
    let mut broken = Vec::new();
    for file in sources()?.iter().filter(|file| !file.is_test()) {
        let code = rust::blank(&file.text);
        let functions = rust::functions(rust::without_tests(&code));
        for function in functions.iter().filter(|function| function.n_lines > FUNCTION_LINES_MAX) {
            let rust::Function { name, line, n_lines } = function;
            broken.push(format!("{}:{line}: `{name}` has {n_lines} lines, at most {FUNCTION_LINES_MAX}", file.path));
        }
    }
    expect_none(broken, "Split the function; the aim is 70 lines.");
    Ok(())
}

#[test]
fn no_test_is_switched_off() -> Result<()> {
    let mut broken = Vec::new();
    for file in sources()? {
        let code = rust::blank(&file.text);
        for (number, line) in code.lines().enumerate() {
            if line.trim_start().starts_with("#[ignore") {
                broken.push(format!("{}:{}: an ignored test", file.path, number + 1));
            }
        }
    }
    expect_none(broken, "A test runs or goes.");
    Ok(())
}

//! Clients that people have, on the small Python project: the protocol library of VS Code, its extension without the editor,
//! and what `gateway/editors` has for Neovim, Emacs and Zed.
//!
//! What must be there beforehand (the editors, Node's packages, the extensions) `cargo xtask test` installs and builds; without
//! it these tests fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod emacs;
mod neovim;
mod node;
mod vscode;
mod zed;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use vraftls_harness::{DEADLINE, Project};

/// A path from the root of the repository.
fn in_tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap().join(path)
}

fn orders() -> Project {
    Project::copy_of(&in_tree("tests/projects/orders"))
}

/// Runs a program to its end.
async fn run(command: &mut tokio::process::Command) -> Output {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let ended = command.kill_on_drop(true).stdin(Stdio::null()).output();
    // Above the deadlines inside, which say better what was missing.
    let limit = DEADLINE + Duration::from_secs(60);
    tokio::time::timeout(limit, ended)
        .await
        .expect("the program should end")
        .unwrap_or_else(|error| panic!("{name} should start: {error}"))
}

/// Runs a program that must end with success.
async fn succeed(command: &mut tokio::process::Command) -> String {
    let output = run(command).await;
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
    stdout
}

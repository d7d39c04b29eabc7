//! `cargo xtask test`: every test of both workspaces, after building what they need.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{plugins, steps, tree};

/// What to test.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Handed to the runner of the main workspace, for example `-p vraftls-vfs` or the name of a test. With any of these,
    /// the plugins' own tests and the documentation's are left out.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    runner: Vec<String>,
}

/// Builds components, then tests: plugins natively, documentation, and at last the main workspace.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    plugins::run(&plugins::Arguments::default())?;
    let nextest = steps::output(steps::cargo(tree::root()).args(["nextest", "--version"])).is_some();
    if arguments.runner.is_empty() {
        steps::run(&mut tests(&tree::plugins(), nextest))?;
        steps::run(steps::cargo(&tree::plugins()).args(["test", "--workspace", "--doc"]))?;
        if nextest {
            // `cargo test` runs them with the others; nextest cannot.
            steps::run(steps::cargo(tree::root()).args(["test", "--workspace", "--doc"]))?;
        }
    }
    steps::run(tests(tree::root(), nextest).args(&arguments.runner))
}

/// The tests of a workspace that are functions.
fn tests(workspace: &Path, nextest: bool) -> Command {
    let mut command = steps::cargo(workspace);
    if nextest {
        command.args(["nextest", "run", "--no-fail-fast", "--no-tests=pass"]);
    } else {
        command.args(["test", "--no-fail-fast"]);
    }
    command.arg("--workspace");
    command
}

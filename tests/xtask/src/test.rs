//! `cargo xtask test`: every test of both workspaces, after building what they need.

mod totals;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::toolchain::neovim;
use crate::toolchain::node::Node;
use crate::{editors, plugins, precompile, steps, tree};
use totals::Totals;

/// What to test.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Handed to the runner of the main workspace, for example `-p vraftls-vfs` or the name of a test. With any of these,
    /// the plugins' own tests and the documentation's are left out.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    runner: Vec<String>,
}

/// Builds components, then tests: plugins natively, documentation, and at last the main workspace. A failure stops nothing,
/// so that one run shows all of them.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    plugins::run(&plugins::Arguments::default())?;
    // Sessions are scripted against the binary, and nobody should wait there for a compiler.
    precompile::for_tests()?;
    editors::prepare()?;
    neovim::ensure()?;
    let nextest = steps::output(steps::cargo(tree::root()).args(["nextest", "--version"])).is_some();
    let mut commands = Vec::new();
    if arguments.runner.is_empty() {
        for workspace in [&tree::plugins(), tree::root()] {
            let mut documentation = steps::cargo(workspace);
            documentation.args(["test", "--workspace", "--doc", "--no-fail-fast"]);
            commands.push(documentation);
        }
        commands.push(tests(&tree::plugins(), nextest));
    }
    let mut main = tests(tree::root(), nextest);
    // Tests start `node` by its name.
    main.args(&arguments.runner).env("PATH", Node::ensure()?.path());
    commands.push(main);
    if nextest { steps::run_all(&mut commands) } else { run_and_count(&mut commands) }
}

/// The tests of a workspace that are functions.
fn tests(workspace: &Path, nextest: bool) -> Command {
    let mut command = steps::cargo(workspace);
    if nextest {
        command.args(["nextest", "run", "--no-fail-fast", "--no-tests=pass"]);
    } else {
        command.args(["test", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    }
    command.arg("--workspace");
    command
}

/// For cargo's own runner, which sums up each binary by itself.
fn run_and_count(commands: &mut [Command]) -> Result<()> {
    let mut totals = Totals::default();
    let mut failures = Vec::new();
    for command in commands {
        let outcome = steps::run_reading(command, |line| totals.read(line));
        failures.extend(outcome.err().map(|error| format!("{error:#}")));
    }
    let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
    steps::say(&format!("\ntest result: {verdict}. {totals}"));
    if failures.is_empty() { Ok(()) } else { bail!("{}", failures.join("\n")) }
}

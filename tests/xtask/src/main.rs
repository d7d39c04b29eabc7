//! The project's own commands: `cargo xtask <command>`.
//!
//! One file for each command. It knows cargo, rustup and the folders of this tree, and none of our crates: it must compile in
//! seconds, and before anything else does.

mod bench;
mod chaos;
mod check;
mod editors;
mod fix;
mod node;
mod plugins;
mod precompile;
mod run;
mod sim;
mod soak;
mod steps;
mod test;
mod toolchain;
mod tree;
mod vsix;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The gate: formatting, lints and the rules of the tree. Changes nothing.
    Check,
    /// Builds what tests need, then runs every test.
    Test(test::Arguments),
    /// Builds the plugins to components, or takes them from the cache.
    Plugins(plugins::Arguments),
    /// Builds everything and serves a folder with a cluster of three nodes, with a demonstration.
    Run(run::Arguments),
    /// Measures the server beside others and prints a table with the bars.
    Bench(bench::Arguments),
    /// Simulates nodes under faults, one seed after the other, for as long as one likes.
    Sim(sim::Arguments),
    /// Lets nodes fail under load for as long as one likes, judges what clients saw, and measures how long nobody gets an answer.
    Chaos(chaos::Arguments),
    /// Lets random sessions work on a server for as long as one likes, each held to its own buffers.
    Soak(soak::Arguments),
    /// Builds the extension for VS Code into `target/vraftls.vsix`.
    Vsix,
    /// Formats the tree.
    Fix,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check => check::run(),
        Command::Test(arguments) => test::run(&arguments),
        Command::Plugins(arguments) => plugins::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Sim(arguments) => sim::run(&arguments),
        Command::Chaos(arguments) => chaos::run(&arguments),
        Command::Soak(arguments) => soak::run(&arguments),
        Command::Vsix => vsix::run(),
        Command::Fix => fix::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            steps::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

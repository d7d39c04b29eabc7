//! `cargo xtask chaos`: long runs of real nodes that fail under load, on our release binary.

use anyhow::Result;

use crate::{plugins, precompile, steps, tree};

/// What the nodes of the runs answer by.
const ANALYZERS: [&str; 1] = ["toy"];

/// How long, and from which seed on.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Handed to the runs, for example `--minutes 30 --seed 7` or `--only gaps`; `--help` lists what they take.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    chaos: Vec<String>,
}

/// Builds all that runs, then runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let asks_for_help = arguments.chaos.iter().any(|argument| argument == "--help" || argument == "-h");
    if !asks_for_help {
        plugins::run(&plugins::Arguments::of(&ANALYZERS))?;
        precompile::run()?;
    }
    let mut chaos = steps::cargo(tree::root());
    chaos.args(["run", "--release", "--package", "vraftls-cluster-tests", "--"]).args(&arguments.chaos);
    steps::run(&mut chaos)
}

//! `cargo xtask sim`: long runs of the simulation of nodes under faults.

use anyhow::Result;

use crate::{steps, tree};

/// How long, and from which seed on.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Handed to the simulation, for example `--minutes 30` or `--seed 7`; `--help` lists what it takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    sim: Vec<String>,
}

/// Builds it, then runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut sim = steps::cargo(tree::root());
    // With the checks of a debug build, the consensus library's own among them; what is hot is optimized all the same.
    sim.args(["run", "--package", "vraftls-sim", "--"]).args(&arguments.sim);
    steps::run(&mut sim)
}

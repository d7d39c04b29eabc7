//! `cargo xtask soak`: long runs of random sessions on our release binary.

use anyhow::Result;

use crate::{plugins, precompile, steps, tree};

/// How long.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Handed to the soak, for example `--minutes 30 --seed 7`; `--help` lists what it takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    soak: Vec<String>,
}

/// Builds all that runs, then runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let asks_for_help = arguments.soak.iter().any(|argument| argument == "--help" || argument == "-h");
    if !asks_for_help {
        plugins::run(&plugins::Arguments::default())?;
        precompile::run()?;
    }
    let mut soak = steps::cargo(tree::root());
    soak.args(["run", "--release", "--package", "vraftls-soak", "--"]).args(&arguments.soak);
    steps::run(&mut soak)
}

//! `cargo xtask bench`: measures our release binary beside other servers, and the sandbox beside native code.

use anyhow::Result;

use crate::{plugins, precompile, steps, tree};

/// What to measure.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Handed to the bench; `--help` lists what it takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    bench: Vec<String>,
}

/// Builds all that is measured, then measures: never both at once.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let asks_for_help = arguments.bench.iter().any(|argument| argument == "--help" || argument == "-h");
    if !asks_for_help {
        plugins::run(&plugins::Arguments::default())?;
        precompile::run()?;
    }
    let mut bench = steps::cargo(tree::root());
    bench.args(["run", "--release", "--package", "vraftls-bench", "--"]).args(&arguments.bench);
    steps::run(&mut bench)
}

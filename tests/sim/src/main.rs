//! Simulates one seed after the other for as long as one likes. `cargo xtask sim` builds and runs it.

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use clap::Parser;
use vraftls_sim::{Outcome, Plan, Reads, run};

/// Simulates nodes under faults, one seed after the other.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask sim", bin_name = "cargo xtask sim")]
struct Arguments {
    /// How long new seeds are begun
    #[arg(long, default_value_t = 0, value_name = "MINUTES")]
    minutes: u64,
    /// The first seed; the same seed does the same [default: the time]
    #[arg(long)]
    seed: Option<u64>,
    /// How many seeds there are at least
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    seeds: u64,
    /// How many things go wrong in each
    #[arg(long, default_value_t = 60, value_name = "COUNT")]
    faults: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    let first = arguments.seed.unwrap_or(now);
    let lasts = Duration::from_secs(60 * arguments.minutes);
    let began = Instant::now();
    for number in 0.. {
        if number >= arguments.seeds && began.elapsed() >= lasts {
            break;
        }
        let seed = first.wrapping_add(number);
        match run(&plan(seed, arguments.faults)) {
            Ok(outcome) => say(&told(seed, &outcome)),
            Err(failure) => {
                say(&failure.to_string());
                say(&format!("run it again: cargo xtask sim --seed {seed} --faults {}", arguments.faults));
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// What is simulated for a seed: leases in every fifth.
fn plan(seed: u64, n_faults: usize) -> Plan {
    let reads = if seed.is_multiple_of(5) { Reads::Lease } else { Reads::ReadIndex };
    Plan { n_faults, reads, ..Plan::new(seed) }
}

fn told(seed: u64, outcome: &Outcome) -> String {
    let Outcome { n_operations, n_unknown, n_commands, n_messages, lasted_ms, trace } = outcome;
    format!(
        "seed {seed}: {n_operations} operations ({n_unknown} open), {n_commands} commands, {n_messages} messages in {lasted_ms} ms; \
         trace {trace:016x}"
    )
}

/// Tells the person at the terminal.
#[expect(clippy::print_stderr, reason = "the one place where this program speaks")]
fn say(line: &str) {
    eprintln!("{line}");
}

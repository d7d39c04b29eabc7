//! Lets nodes fail under load, one seed after the other, for as long as one likes. `cargo xtask chaos` builds everything and runs it.

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use clap::Parser;
use vraftls_cluster_tests::{Outages, Outcome, Plan, chaos, outages};

/// Lets nodes fail under load, one seed after the other, and measures how long nobody gets an answer.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask chaos", bin_name = "cargo xtask chaos")]
struct Arguments {
    /// How long new seeds are begun
    #[arg(long, default_value_t = 0, value_name = "MINUTES")]
    minutes: u64,
    /// The first seed; it decides what is tried [default: the time]
    #[arg(long)]
    seed: Option<u64>,
    /// How often each fault comes in a run
    #[arg(long, default_value_t = 2, value_name = "COUNT")]
    rounds: usize,
    /// Only this of the two: `faults` lets clients work under faults, `gaps` measures how long nobody gets an answer
    #[arg(long, value_name = "PART")]
    only: Option<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Faults,
    Gaps,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.only != Some(Part::Faults) {
        say(&outages(&Outages { n_nodes: 3, all_ways: true }).await.to_string());
    }
    if arguments.only == Some(Part::Gaps) {
        return ExitCode::SUCCESS;
    }
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    let first = arguments.seed.unwrap_or(now);
    let lasts = Duration::from_secs(60 * arguments.minutes);
    let began = Instant::now();
    for number in 0.. {
        if number > 0 && began.elapsed() >= lasts {
            break;
        }
        let seed = first.wrapping_add(number);
        say(&format!("seed {seed}"));
        match chaos(&Plan::new(seed, arguments.rounds)).await {
            Ok(outcome) => say(&told(seed, &outcome)),
            Err(failure) => {
                say(&failure.to_string());
                say(&format!("try it again: cargo xtask chaos --seed {seed} --rounds {}", arguments.rounds));
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn told(seed: u64, outcome: &Outcome) -> String {
    let Outcome { n_operations, n_unknown, faults, whole_after } = outcome;
    let faults: Vec<String> =
        faults.iter().map(|(fault, lasted)| format!("{fault:?} {} ms", lasted.as_millis())).collect();
    format!(
        "seed {seed}: {n_operations} operations ({n_unknown} open); {}; whole after {} ms",
        faults.join(", "),
        whole_after.as_millis()
    )
}

/// Tells the person at the terminal.
#[expect(clippy::print_stderr, reason = "the one place where this program speaks")]
fn say(line: &str) {
    eprintln!("{line}");
}

//! Lets random sessions work on one server for as long as one likes. `cargo xtask soak` builds everything and runs it.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Parser;
use vraftls_soak::{Dialect, Outcome, Plan, run};

/// What the server may have more in the end than when a quarter of the time was over: a share, and a part that caches and
/// heaps may take at any time.
const GROWTH_MAX: f64 = 1.25;
const GROWTH_BYTES: u64 = 64 << 20;

/// Lets random sessions work on one server, each held to its own buffers.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask soak", bin_name = "cargo xtask soak")]
struct Arguments {
    /// How long each language is worked on at least
    #[arg(long, default_value_t = 0, value_name = "MINUTES")]
    minutes: u64,
    /// Steps that are taken in each language at least
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    steps: u64,
    /// Sessions that are there at the same time
    #[arg(long, default_value_t = 3, value_name = "COUNT")]
    sessions: usize,
    /// What decides everything: the same seed takes the same steps [default: the time]
    #[arg(long)]
    seed: Option<u64>,
    /// toy or python [default: both]
    #[arg(long)]
    language: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let now = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
    let seed = arguments.seed.unwrap_or(now);
    let mut code = ExitCode::SUCCESS;
    for dialect in [Dialect::Toy, Dialect::Python] {
        if arguments.language.as_deref().is_some_and(|language| language != dialect.name()) {
            continue;
        }
        say(&format!("{}: seed {seed}, {} sessions", dialect.name(), arguments.sessions));
        let plan = Plan {
            dialect,
            n_sessions: arguments.sessions.max(2),
            n_steps: arguments.steps,
            lasts: Duration::from_secs(60 * arguments.minutes),
            seed,
        };
        // A wrong answer panics in there, and the seed stands above.
        let outcome = run(plan).await;
        say(&told(&outcome));
        if outcome.early_bytes.zip(outcome.late_bytes).is_some_and(|(early, late)| grew(early, late)) {
            say("the server's memory grew all the time");
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn told(outcome: &Outcome) -> String {
    let Outcome { n_steps, n_right, n_cancelled, n_vanished, n_left, early_bytes, late_bytes } = outcome;
    let mib = |bytes: &Option<u64>| bytes.map_or_else(|| "?".to_owned(), |bytes| (bytes >> 20).to_string());
    format!(
        "{n_steps} steps: {n_right} answers, all their session's own; {n_cancelled} cancelled; {n_vanished} sessions vanished, \
         {n_left} left; resident {} MiB early, {} MiB in the end",
        mib(early_bytes),
        mib(late_bytes)
    )
}

fn grew(early: u64, late: u64) -> bool {
    late as f64 > early as f64 * GROWTH_MAX + GROWTH_BYTES as f64
}

/// Tells the person at the terminal.
#[expect(clippy::print_stderr, reason = "the one place where this program speaks")]
fn say(line: &str) {
    eprintln!("{line}");
}

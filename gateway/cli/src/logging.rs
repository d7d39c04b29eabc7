//! The log of the command line: to standard error, because standard output may be the protocol.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts the log. A filter that makes no sense is said and replaced by `warn`.
pub(crate) fn start(filter: &str) {
    // These speak of every step of their protocols, and warn of what is normal; who wants to read that asks for it.
    let quiet = ["openraft", "rmcp"].into_iter().filter(|name| !filter.contains(name));
    let mut quiet: String = quiet.map(|name| format!(",{name}=error")).collect();
    if !filter.contains("openraft") {
        // A change of members that another leader has to make is an error of its own there; who asked for it says what became of it.
        quiet.push_str(",openraft::raft::api::management=off");
    }
    let parsed = EnvFilter::try_new(format!("{filter}{quiet}"));
    let bad = parsed.is_err();
    tracing_subscriber::fmt()
        .with_env_filter(parsed.unwrap_or_else(|_| EnvFilter::new("warn")))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(true)
        .init();
    if bad {
        tracing::warn!(filter, "not a log filter; using `warn`");
    }
}

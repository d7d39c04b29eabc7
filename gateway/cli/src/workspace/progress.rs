//! How far a push is: a bar on a terminal, now and then a line elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::ProgressBar;

/// How many lines tell of a whole push where there is no terminal.
const N_LINES: u64 = 10;

/// A push of fewer files is over before anybody wonders.
const N_FILES_MIN: u64 = 200;

/// Counts files.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    n_total: u64,
    n_done: AtomicU64,
}

impl Progress {
    /// Of so many files.
    pub(super) fn new(n_total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = crate::progress::bar("pushing");
            bar.set_length(n_total);
            bar
        });
        Self { bar, n_total, n_done: AtomicU64::new(0) }
    }

    /// So many more are done.
    pub(super) fn advance(&self, n: u64) {
        let before = self.n_done.fetch_add(n, Ordering::Relaxed);
        let now = before + n;
        match &self.bar {
            Some(bar) => bar.set_position(now),
            None if self.n_total >= N_FILES_MIN && self.tenths(before) < self.tenths(now) => {
                say(&format!("pushed {now} of {} files", self.n_total))
            }
            None => {}
        }
    }

    fn tenths(&self, n: u64) -> u64 {
        n * N_LINES / self.n_total.max(1)
    }

    /// Nothing more is shown.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Tells a person something while a command works.
#[expect(clippy::print_stderr, reason = "this is where a command that works speaks to people")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

//! Exit codes, and how failures are told.

use std::process::ExitCode;

/// How a command ended. What is greater is worse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Exit {
    /// It did what it was asked to.
    Done,
    /// It ran, and what it looked at has errors, or what it looked for is not there.
    Found,
    /// It could not run.
    CouldNotRun,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Found => 1,
            Exit::CouldNotRun => 2,
        })
    }
}

/// Tells a person why a command could not run: the error and its causes, a line each.
#[expect(clippy::print_stderr, reason = "this is where the command line speaks to people")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}

//! Findings of open documents: pushed when something changed, or pulled when the editor asks.

mod checks;
mod push;
mod report;

pub(crate) use checks::Checks;
pub(crate) use push::run;
pub(crate) use report::report;

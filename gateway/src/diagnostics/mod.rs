//! Findings of open documents: pushed when something changed, or pulled when the editor asks.

mod checks;
mod interfaces;
mod push;
mod refresh;
mod report;
mod workspace_reports;

pub(crate) use checks::Checks;
pub(crate) use push::run;
pub(crate) use report::{DocumentReport, SOURCE, report, report_in};
pub(crate) use workspace_reports::{Seen, WorkspaceReports};

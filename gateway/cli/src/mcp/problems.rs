//! The tool that says what is wrong, with a file or with the folder.

use futures_util::{StreamExt, stream};
use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;
use vraftls_gateway::FilesRequest;
use vraftls_gateway::ls_types::Uri;

use super::arguments::{DiagnosticsArguments, Severity, file, limit, uri_of};
use super::texts::{Place, Reply, Sources, counted};
use crate::ask::Spot;
use crate::client::{AskError, Session};
use crate::finding::{Finding, findings};
use crate::place::shown;
use crate::render::severity_name;

/// Files that are asked about at once; the engines decide how many run.
const N_FILES: usize = 4;

/// Findings that an answer shows if the agent does not say.
const N_FINDINGS: u32 = 100;

/// Findings that an answer shows at most.
const N_FINDINGS_MAX: u32 = 1000;

/// Files that could not be checked and are named.
const N_FAILED_MAX: usize = 20;

/// What is wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Problems {
    pub(super) findings: Vec<Problem>,
    /// How many files were checked
    pub(super) files: usize,
    /// How many errors there are in all
    pub(super) errors: usize,
    /// How many warnings there are in all
    pub(super) warnings: usize,
    /// How many findings of the severity that was asked for were left off
    pub(super) left_off: usize,
    /// Files that could not be checked, with why
    pub(super) failed: Vec<Failed>,
}

/// Something that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Problem {
    /// `error`, `warning`, `information` or `hint`
    pub(super) severity: String,
    /// The rule; empty if there is none
    pub(super) code: String,
    pub(super) message: String,
    #[serde(flatten)]
    pub(super) place: Place,
}

/// A file that could not be checked.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Failed {
    pub(super) file: String,
    pub(super) reason: String,
}

pub(super) async fn diagnostics(session: &Session, arguments: DiagnosticsArguments) -> anyhow::Result<Reply> {
    let limit = limit(arguments.limit, N_FINDINGS, N_FINDINGS_MAX)?;
    let uris = match &arguments.file {
        Some(named) => vec![uri_of(&file(session, named).await?)?],
        None => session.ask::<FilesRequest>(()).await?,
    };
    let is_one = arguments.file.is_some();
    let n_files = uris.len();
    let each = stream::iter(uris).map(|uri| async {
        let found = findings(session, uri.clone()).await;
        (uri, found)
    });
    let checked: Vec<(Uri, anyhow::Result<Vec<Finding>>)> = each.buffered(N_FILES).collect().await;
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    for (uri, checked) in checked {
        let file = shown(session.root(), &uri);
        match checked {
            Ok(findings) => found.extend(findings.into_iter().map(|finding| (file.clone(), finding))),
            // Nothing that comes later would succeed, and the whole call is repeated.
            Err(error) if is_one || matches!(error.downcast_ref(), Some(AskError::Ended(_))) => return Err(error),
            Err(error) => failed.push(Failed { file, reason: format!("{error:#}") }),
        }
    }
    told(session, Checked { n_files, found, failed }, arguments.severity.unwrap_or_default(), limit).await
}

struct Checked {
    n_files: usize,
    found: Vec<(String, Finding)>,
    failed: Vec<Failed>,
}

async fn told(session: &Session, checked: Checked, severity: Severity, limit: usize) -> anyhow::Result<Reply> {
    let Checked { n_files, mut found, failed } = checked;
    let count = |severity: u8| found.iter().filter(|(_, finding)| finding.severity == severity).count();
    let (errors, warnings) = (count(1), count(2));
    let least = match severity {
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Information => 3,
        Severity::Hint => 4,
    };
    found.retain(|(_, finding)| finding.severity <= least);
    let mut sources = Sources::new(session.root());
    let mut shown = Vec::new();
    let checked = counted(n_files - failed.len(), "file");
    let mut lines = vec![format!("{checked} checked: {}, {}", counted(errors, "error"), counted(warnings, "warning"))];
    for (file, finding) in found.iter().take(limit) {
        let place = sources.place(&Spot { file: file.clone(), region: finding.region }).await;
        let severity = severity_name(finding.severity);
        let code = if finding.code.is_empty() { String::new() } else { format!("[{}]", finding.code) };
        let at = format!("{}:{}:{}", place.file, place.line, place.column);
        lines.push(format!("{at}: {severity}{code}: {}\n    {}", finding.message, place.source));
        shown.push(Problem {
            severity: severity.to_owned(),
            code: finding.code.clone(),
            message: finding.message.clone(),
            place,
        });
    }
    let left_off = found.len() - shown.len();
    if left_off > 0 {
        lines.push(format!("({left_off} more were left off; `limit` may be up to {N_FINDINGS_MAX}, or ask for a file, or for errors only)"));
    }
    lines.extend(
        failed.iter().take(N_FAILED_MAX).map(|Failed { file, reason }| format!("{file}: not checked: {reason}")),
    );
    if failed.len() > N_FAILED_MAX {
        lines.push(format!("({} files more were not checked)", failed.len() - N_FAILED_MAX));
    }
    let files = n_files - failed.len();
    Reply::new(&lines, &Problems { findings: shown, files, errors, warnings, left_off, failed })
}

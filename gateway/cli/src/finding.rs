//! What an analyzer finds wrong in a file, as commands show it.

use serde_json::{Value, json};
use vraftls_gateway::ls_types::request::DocumentDiagnosticRequest;
use vraftls_gateway::ls_types::{
    Diagnostic, DiagnosticSeverity, DocumentDiagnosticParams, DocumentDiagnosticReport, DocumentDiagnosticReportResult,
    NumberOrString, TextDocumentIdentifier, Uri,
};

use crate::client::Session;
use crate::place::Region;
use crate::render;

/// What an analyzer finds wrong in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Finding {
    pub(crate) region: Region,
    /// The protocol's number: 1 error, 2 warning, 3 information, 4 hint.
    pub(crate) severity: u8,
    /// Of the rule; empty if there is none.
    pub(crate) code: String,
    /// Where the rule is explained; empty if nowhere.
    pub(crate) code_url: String,
    pub(crate) message: String,
}

impl From<Diagnostic> for Finding {
    fn from(found: Diagnostic) -> Self {
        let code = found.code.map(|code| match code {
            NumberOrString::Number(number) => number.to_string(),
            NumberOrString::String(text) => text,
        });
        let url = found.code_description.map(|description| description.href.as_str().to_owned());
        Self {
            region: found.range.into(),
            severity: severity_number(found.severity),
            code: code.unwrap_or_default(),
            code_url: url.unwrap_or_default(),
            message: found.message,
        }
    }
}

impl Finding {
    /// As an object of an array of findings.
    pub(crate) fn json(&self, file: &str) -> Value {
        let Region { line, column, end_line, end_column } = self.region;
        json!({
            "file": file, "line": line, "column": column, "end_line": end_line, "end_column": end_column,
            "severity": render::severity_name(self.severity), "code": self.code, "message": self.message,
        })
    }
}

/// The protocol takes what has no severity as it likes; an error is never overlooked.
fn severity_number(severity: Option<DiagnosticSeverity>) -> u8 {
    match severity {
        Some(DiagnosticSeverity::WARNING) => 2,
        Some(DiagnosticSeverity::INFORMATION) => 3,
        Some(DiagnosticSeverity::HINT) => 4,
        _ => 1,
    }
}

/// Asks for the findings of a file.
pub(crate) async fn findings(session: &Session, uri: Uri) -> anyhow::Result<Vec<Finding>> {
    Ok(diagnostics(session, uri).await?.into_iter().map(Finding::from).collect())
}

/// Asks for them as the protocol says them.
pub(crate) async fn diagnostics(session: &Session, uri: Uri) -> anyhow::Result<Vec<Diagnostic>> {
    let params = DocumentDiagnosticParams {
        text_document: TextDocumentIdentifier { uri },
        identifier: None,
        previous_result_id: None,
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    match session.ask::<DocumentDiagnosticRequest>(params).await? {
        DocumentDiagnosticReportResult::Report(DocumentDiagnosticReport::Full(report)) => {
            Ok(report.full_document_diagnostic_report.items)
        }
        _ => anyhow::bail!("the node answered another question"),
    }
}

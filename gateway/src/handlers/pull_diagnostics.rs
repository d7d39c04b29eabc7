//! `textDocument/diagnostic`: the findings of a document, when the editor asks for them.

use tower_lsp_server::ls_types::{
    DocumentDiagnosticParams, DocumentDiagnosticReport, DocumentDiagnosticReportResult, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport, UnchangedDocumentDiagnosticReport,
};

use super::Context;
use crate::diagnostics::report;
use crate::error::RequestError;

pub(crate) async fn pull_diagnostics(
    cx: &Context,
    params: DocumentDiagnosticParams,
) -> Result<DocumentDiagnosticReportResult, RequestError> {
    let report = report(cx, &params.text_document.uri).await?;
    let result_id = report.result_id;
    if params.previous_result_id.as_ref() == Some(&result_id) {
        let unchanged = RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
        };
        return Ok(DocumentDiagnosticReport::Unchanged(unchanged).into());
    }
    let full = RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: FullDocumentDiagnosticReport {
            result_id: Some(result_id),
            items: report.items,
        },
    };
    Ok(DocumentDiagnosticReport::Full(full).into())
}

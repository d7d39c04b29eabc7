//! The findings of one document, as the protocol says them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use tower_lsp_server::ls_types::{
    self as lsp, CodeDescription, DiagnosticRelatedInformation, DiagnosticTag, NumberOrString, Uri,
};
use vraftls_index::{Diagnostic, Related};
use vraftls_proto::{Answer, OverlaySet, Query};
use vraftls_vfs::VfsPath;

use crate::Folder;
use crate::convert::to_lsp;
use crate::error::RequestError;
use crate::handlers::{AnswerFile, AnswerFiles, Context};
use crate::session::{DiagnosticMode, FolderSlot};

/// What this server's findings say they come from.
pub(crate) const SOURCE: &str = "vraftls";

/// The findings of one document.
pub(crate) struct Report {
    pub(crate) items: Vec<lsp::Diagnostic>,
    /// Equal for equal findings.
    pub(crate) result_id: String,
}

/// The findings of one of the documents that make up a file.
pub(crate) struct DocumentReport {
    pub(crate) uri: Uri,
    /// The document's version, if it is open.
    pub(crate) version: Option<i32>,
    pub(crate) report: Report,
}

/// Asks for the findings of a document. One that nobody serves has none.
pub(crate) async fn report(cx: &Context, uri: &Uri) -> Result<Report, RequestError> {
    let located = cx.locate(uri).await?;
    if located.slot.settings().settings.diagnostics.mode == DiagnosticMode::Off {
        return Ok(Report::new(Vec::new()));
    }
    let answered = match cx.ask(&located, Query::Diagnostics { path: located.path.clone() }).await {
        Err(error) if error.is_not_served() => return Ok(Report::new(Vec::new())),
        answered => answered?,
    };
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::Diagnostics(found) = answered.answer else { return Err(RequestError::BadAnswer) };
    let file = files.get(&located.path)?;
    Ok(Report::new(found.iter().filter_map(|diagnostic| convert(cx, &files, file, diagnostic)).collect()))
}

/// Asks for the findings of a file of a folder, open or not: of each of the documents that make it up.
pub(crate) async fn report_in(
    cx: &Context,
    slot: &Arc<FolderSlot>,
    folder: &Folder,
    overlays: &Arc<OverlaySet>,
    path: VfsPath,
) -> Result<Vec<DocumentReport>, RequestError> {
    let answered = cx.ask_in(folder, overlays.clone(), Query::Diagnostics { path: path.clone() }).await?;
    let files = AnswerFiles::load_in(cx, slot, folder, overlays, &answered).await?;
    let Answer::Diagnostics(found) = answered.answer else { return Err(RequestError::BadAnswer) };
    let is_off = slot.settings().settings.diagnostics.mode == DiagnosticMode::Off;
    let found = found.iter().filter(|_| !is_off);
    let by_part = files.get(&path)?.by_part(found, |diagnostic| diagnostic.span);
    let reports = by_part.into_iter().filter_map(|(part, found)| {
        // Of a document that is not known nothing is said.
        let uri = part.uri.clone().filter(|_| part.poison.is_none())?;
        let file = files.get(&path).ok()?.seen_from(part.start);
        let items = found.into_iter().filter_map(|diagnostic| convert(cx, &files, &file, diagnostic));
        Some(DocumentReport { uri, version: part.version, report: Report::new(items.collect()) })
    });
    Ok(reports.collect())
}

impl DocumentReport {
    /// What is told of the document, in short.
    pub(super) fn state(&self) -> (Option<i32>, String) {
        (self.version, self.report.result_id.clone())
    }
}

impl Report {
    fn new(items: Vec<lsp::Diagnostic>) -> Self {
        let mut hasher = DefaultHasher::new();
        for item in &items {
            // The types of the protocol have no hashes of their own.
            serde_json::to_vec(item).unwrap_or_default().hash(&mut hasher);
        }
        Self { items, result_id: format!("{:016x}", hasher.finish()) }
    }
}

fn convert(cx: &Context, files: &AnswerFiles, file: &AnswerFile, diagnostic: &Diagnostic) -> Option<lsp::Diagnostic> {
    let profile = &cx.profile().diagnostics;
    let href = diagnostic.code_url.parse::<Uri>().ok().filter(|_| !diagnostic.code_url.is_empty());
    let tags = [
        diagnostic.unnecessary.then_some(DiagnosticTag::UNNECESSARY),
        diagnostic.deprecated.then_some(DiagnosticTag::DEPRECATED),
    ];
    let tags: Vec<DiagnosticTag> = tags.into_iter().flatten().collect();
    let related: Vec<_> = diagnostic.related.iter().filter_map(|related| convert_related(files, related)).collect();
    Some(lsp::Diagnostic {
        range: file.here(diagnostic.span)?,
        severity: Some(to_lsp::severity(diagnostic.severity)),
        code: (!diagnostic.code.is_empty()).then(|| NumberOrString::String(diagnostic.code.clone())),
        code_description: href.filter(|_| profile.code_links).map(|href| CodeDescription { href }),
        source: Some(SOURCE.to_owned()),
        message: diagnostic.message.clone(),
        related_information: (profile.related && !related.is_empty()).then_some(related),
        tags: (profile.tags && !tags.is_empty()).then_some(tags),
        data: None,
    })
}

/// A place that explains a finding. One that no editor can open is left out: it explains nothing there.
fn convert_related(files: &AnswerFiles, related: &Related) -> Option<DiagnosticRelatedInformation> {
    let location = files.location(&related.location).ok()?;
    Some(DiagnosticRelatedInformation { location, message: related.message.clone() })
}

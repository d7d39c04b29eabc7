//! `workspace/diagnostic`: the findings of all files of all folders, told while they are found.
//!
//! An editor asks again as soon as it has an answer. So where nothing changed since the last whole answer the next one waits for news,
//! and what is found again as it was is told as `unchanged`.

use std::collections::HashMap;
use std::pin::pin;

use futures_util::{StreamExt, stream};
use tower_lsp_server::ls_types::{
    FullDocumentDiagnosticReport, ProgressToken, UnchangedDocumentDiagnosticReport, Uri, WorkspaceDiagnosticParams,
    WorkspaceDiagnosticReport, WorkspaceDiagnosticReportPartialResult, WorkspaceDiagnosticReportResult,
    WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
    WorkspaceUnchangedDocumentDiagnosticReport,
};
use tracing::debug;
use vraftls_proto::{Answer, Query};
use vraftls_vfs::VfsPath;

use super::{Context, partial};
use crate::Folder;
use crate::diagnostics::{DocumentReport, Seen, report_in};
use crate::error::RequestError;
use crate::session::{DiagnosticMode, Mount};

/// How many files are checked at once. Few: it is nobody's turn that waits for them.
const N_FILES: usize = 2;

/// How many reports are told together.
const N_REPORTS: usize = 32;

pub(crate) async fn workspace_diagnostic(
    cx: &Context,
    params: WorkspaceDiagnosticParams,
) -> Result<WorkspaceDiagnosticReportResult, RequestError> {
    let memory = cx.session().workspace_reports();
    let newer = match memory.until_other_than(cx.session()).await {
        // What the request saw when it was read is what was told already.
        true => Some(Context::of(cx.session().clone(), cx.session().world()).await),
        false => None,
    };
    let cx = newer.as_ref().unwrap_or(cx);
    let seen = Seen::of(cx.world());
    let previous: HashMap<Uri, String> =
        params.previous_result_ids.into_iter().map(|previous| (previous.uri, previous.value)).collect();
    let mut told = Told::new(cx, params.partial_result_params.partial_result_token, previous);
    let mut is_whole = true;
    for mount in cx.world().mounts() {
        if mount.slot.settings().settings.diagnostics.mode != DiagnosticMode::Off {
            is_whole &= report_folder(cx, mount, &mut told).await?;
        }
    }
    told.forget_the_rest();
    if is_whole {
        memory.told(seen);
    }
    let items = told.finish();
    Ok(WorkspaceDiagnosticReport { items }.into())
}

/// Tells the findings of a folder's files; whether none had to be left out.
async fn report_folder(cx: &Context, mount: &Mount, told: &mut Told<'_>) -> Result<bool, RequestError> {
    let folder = mount.slot.ready().await?;
    let answered = cx.ask_in(&folder, mount.overlays.clone(), Query::Files).await?;
    let Answer::Files(files) = answered.answer else { return Err(RequestError::BadAnswer) };
    let checks = files.into_iter().map(|path| check(cx, mount, &folder, path));
    let mut checks = pin!(stream::iter(checks).buffered(N_FILES));
    let mut is_whole = true;
    while let Some((uris, reports)) = checks.next().await {
        match reports {
            Ok(reports) => reports.into_iter().for_each(|report| told.push(report)),
            // One file less is no reason to keep all others back; the editor keeps what it knew of this one.
            Err(error) => {
                debug!(%error, "a file of the workspace could not be checked");
                uris.iter().for_each(|uri| told.keep(uri));
                is_whole = false;
            }
        }
    }
    Ok(is_whole)
}

/// The findings of a file, and the documents that make it up.
async fn check(
    cx: &Context,
    mount: &Mount,
    folder: &Folder,
    path: VfsPath,
) -> (Vec<Uri>, Result<Vec<DocumentReport>, RequestError>) {
    let open = cx.world().document_at(&mount.slot, &path).map(|(_, document)| vec![document.uri.clone()]);
    let cells = || {
        let (.., module) = cx.world().module_at(&mount.slot, &path)?;
        Some(module.parts.iter().filter_map(|part| part.uri.clone()).collect())
    };
    let uris = open.or_else(cells).unwrap_or_else(|| vec![mount.slot.root.join(path.as_str()).to_uri()]);
    (uris, report_in(cx, &mount.slot, folder, &mount.overlays, path).await)
}

/// What is told, and what was told the last time.
struct Told<'a> {
    cx: &'a Context,
    token: Option<ProgressToken>,
    previous: HashMap<Uri, String>,
    waiting: Vec<WorkspaceDocumentDiagnosticReport>,
}

impl<'a> Told<'a> {
    fn new(cx: &'a Context, token: Option<ProgressToken>, previous: HashMap<Uri, String>) -> Self {
        Self { cx, token, previous, waiting: Vec::new() }
    }

    fn push(&mut self, found: DocumentReport) {
        let DocumentReport { uri, version, report } = found;
        let version = version.map(i64::from);
        let previous = self.previous.remove(&uri);
        let result_id = report.result_id;
        let report = if previous.as_ref() == Some(&result_id) {
            let unchanged_document_diagnostic_report = UnchangedDocumentDiagnosticReport { result_id };
            WorkspaceUnchangedDocumentDiagnosticReport { uri, version, unchanged_document_diagnostic_report }.into()
        } else if previous.is_none() && report.items.is_empty() {
            // Nothing is known of it, and there is nothing to know.
            return;
        } else {
            let full_document_diagnostic_report =
                FullDocumentDiagnosticReport { result_id: Some(result_id), items: report.items };
            WorkspaceFullDocumentDiagnosticReport { uri, version, full_document_diagnostic_report }.into()
        };
        self.waiting.push(report);
        if self.waiting.len() >= N_REPORTS {
            self.flush();
        }
    }

    /// Leaves what the editor knows of a file.
    fn keep(&mut self, uri: &Uri) {
        self.previous.remove(uri);
    }

    /// What the editor knows findings of, and is there no more, has none.
    fn forget_the_rest(&mut self) {
        let mut gone: Vec<Uri> = std::mem::take(&mut self.previous).into_keys().collect();
        gone.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        for uri in gone {
            let full_document_diagnostic_report = FullDocumentDiagnosticReport { result_id: None, items: Vec::new() };
            let report = WorkspaceFullDocumentDiagnosticReport { uri, version: None, full_document_diagnostic_report };
            self.waiting.push(report.into());
        }
    }

    fn flush(&mut self) {
        if let Some(token) = &self.token
            && !self.waiting.is_empty()
        {
            let items = std::mem::take(&mut self.waiting);
            partial::send(self.cx, token, WorkspaceDiagnosticReportPartialResult { items });
        }
    }

    /// What is left for the response: nothing, if the editor takes pieces.
    fn finish(mut self) -> Vec<WorkspaceDocumentDiagnosticReport> {
        self.flush();
        self.waiting
    }
}

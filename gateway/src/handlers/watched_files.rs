//! `workspace/didChangeWatchedFiles` and `textDocument/didSave`: hints that files changed on disk. Digests are the truth.
//! What became of the save of an open document is [`crate::saving`]'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tower_lsp_server::ls_types::{
    DidChangeWatchedFilesParams, DidChangeWatchedFilesRegistrationOptions, DidSaveNotebookDocumentParams,
    DidSaveTextDocumentParams, FileSystemWatcher, GlobPattern, Uri,
};
use vraftls_vfs::{VfsPath, WorkspaceId};

use crate::convert::FilePath;
use crate::saving;
use crate::session::Session;

pub(crate) fn did_change_watched_files(session: &Arc<Session>, params: &DidChangeWatchedFilesParams) {
    hint(session, params.changes.iter().map(|change| &change.uri));
}

pub(crate) fn did_save(session: &Arc<Session>, params: DidSaveTextDocumentParams) {
    hint(session, [&params.text_document.uri]);
    saving::saved(session, params);
}

pub(crate) fn did_save_notebook(session: &Arc<Session>, params: &DidSaveNotebookDocumentParams) {
    hint(session, [&params.notebook_document.uri]);
}

/// Says that these files may have changed.
pub(super) fn hint<'a>(session: &Arc<Session>, uris: impl IntoIterator<Item = &'a Uri>) {
    let world = session.world();
    let inside = session.inside();
    let mut changed: BTreeMap<WorkspaceId, Vec<VfsPath>> = BTreeMap::new();
    for file in uris.into_iter().filter_map(|uri| FilePath::from_uri(uri).ok()) {
        let Some(place) = world.locate(&file, &inside) else { continue };
        // A folder that is still being opened will read its files anyway.
        if let Some(folder) = place.slot.now() {
            changed.entry(folder.workspace).or_default().push(place.path);
        }
    }
    for (workspace, paths) in changed {
        session.backend().files_changed(workspace, paths);
    }
}

/// What to ask of an editor that watches files: the files that analyzers read.
pub(crate) fn registration(session: &Session) -> Option<Value> {
    if !session.profile().watches_files {
        return None;
    }
    let mut patterns: Vec<String> = Vec::new();
    for analyzer in session.backend().analyzers() {
        let suffixes = analyzer.languages.iter().flat_map(|language| &language.suffixes);
        patterns.extend(suffixes.map(|suffix| format!("**/*.{suffix}")));
        patterns.extend(analyzer.project_files.iter().map(|name| format!("**/{name}")));
    }
    patterns.sort_unstable();
    patterns.dedup();
    let watchers = patterns
        .into_iter()
        .map(|pattern| FileSystemWatcher { glob_pattern: GlobPattern::String(pattern), kind: None });
    let options = DidChangeWatchedFilesRegistrationOptions { watchers: watchers.collect() };
    serde_json::to_value(options).ok()
}

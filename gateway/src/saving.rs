//! Telling the backend of saves, and the person of what became of them.
//!
//! A moment passes before anything unpleasant is said: programs that lay a file out after it was saved change it right then, and the editor
//! reads it again; and of two editors that save at once the second has to speak before anybody knows who the other was.

use std::collections::BTreeMap;
use std::sync::Arc;

use tower_lsp_server::ls_types::DidSaveTextDocumentParams;
use tracing::debug;
use vraftls_proto::{Save, SaveOutcome};
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

use crate::convert::FilePath;
use crate::session::{Document, Session};

/// A document was saved; the backend is told beside.
pub(crate) fn saved(session: &Arc<Session>, params: DidSaveTextDocumentParams) {
    let Ok(file) = FilePath::from_uri(&params.text_document.uri) else { return };
    let world = session.world();
    let Some(document) = world.document(&file) else { return };
    let Some(folder) = document.place.as_ref().and_then(|place| place.slot.now()) else { return };
    let Some(path) = path_in_tree(document) else { return };
    let text: Arc<str> = params.text.map_or_else(|| document.file.text.clone(), Arc::from);
    let Some(saving) = session.saves().saving(&file, ContentDigest::of(text.as_bytes())) else { return };
    let (workspace, path, base) = (folder.workspace, path.clone(), saving.base);
    let save = Save { workspace, session: session.id(), path, base, text, recent: Vec::new() };
    let saver = session.clone();
    session.spawn(async move {
        let mut outcome = ask(&saver, &file, &save).await;
        if !matches!(outcome, SaveOutcome::Saved(_) | SaveOutcome::Replaced { .. } | SaveOutcome::Unknown(_)) {
            tokio::time::sleep(saver.options().timing.save_grace).await;
            outcome = ask(&saver, &file, &save).await;
        }
        debug!(%file, ?outcome, "a document was saved");
        if let Some((kind, text)) = saver.saves().done(&file, &saving, &outcome) {
            saver.client().show(kind, text);
        }
    });
}

async fn ask(session: &Session, file: &FilePath, save: &Save) -> SaveOutcome {
    let deadline = session.options().timing.request_deadline;
    let save = Save { recent: session.saves().recent(file), ..save.clone() };
    let outcome = tokio::time::timeout(deadline, session.backend().save(save)).await;
    outcome.unwrap_or_else(|_| SaveOutcome::Unknown(format!("no answer within {deadline:?}")))
}

/// The path of a document that is one file of the tree and whose text is known.
fn path_in_tree(document: &Document) -> Option<&VfsPath> {
    let path = &document.place.as_ref()?.path;
    let is_outside = ["@lib/", "@bundled/"].iter().any(|prefix| path.as_str().starts_with(prefix));
    (!is_outside && document.poison.is_none()).then_some(path)
}

/// Follows how the files of open documents stand, until the session ends.
pub(crate) async fn run(session: Arc<Session>) {
    let unknown = async {
        loop {
            session.saves().unknown.notified().await;
            look(&session, |file| session.saves().is_unknown(file)).await;
        }
    };
    let moved = async {
        loop {
            session.saves().moved.notified().await;
            // What comes meanwhile is looked at with it, so that a stream of changes is looked at now and then.
            tokio::time::sleep(session.options().timing.save_grace).await;
            look(&session, |_| true).await;
        }
    };
    tokio::join!(unknown, moved);
}

/// Asks how the files of open documents stand, and tells the person what concerns them.
async fn look(session: &Arc<Session>, wanted: impl Fn(&FilePath) -> bool) {
    let world = session.world();
    let mut asked: BTreeMap<WorkspaceId, Vec<(&FilePath, VfsPath)>> = BTreeMap::new();
    for (file, document) in world.documents().filter(|(file, _)| wanted(file)) {
        let folder = document.place.as_ref().and_then(|place| place.slot.now());
        if let (Some(folder), Some(path)) = (folder, path_in_tree(document)) {
            asked.entry(folder.workspace).or_default().push((file, path.clone()));
        }
    }
    for (workspace, files) in asked {
        let paths = files.iter().map(|(_, path)| path.clone()).collect();
        let standings = match session.backend().standings(workspace, session.id(), paths).await {
            Ok(standings) => standings,
            Err(error) => {
                debug!(%error, "how files stand is not known");
                continue;
            }
        };
        // The buffers as they are now: the editor may have read a file again meanwhile.
        let world = session.world();
        for ((file, _), standing) in files.iter().zip(standings) {
            let Some(document) = world.document(file) else { continue };
            if let Some((kind, text)) = session.saves().stands(file, document, &standing) {
                session.client().show(kind, text);
            }
        }
    }
}

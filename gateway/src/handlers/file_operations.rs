//! `workspace/willRenameFiles`, and `didCreateFiles`, `didRenameFiles`, `didDeleteFiles`: what files that move mean for the others, and
//! hints that they moved.

use std::sync::Arc;

use tower_lsp_server::ls_types::{
    CreateFilesParams, DeleteFilesParams, FileOperationFilter, FileOperationPattern, FileOperationPatternKind,
    FileOperationRegistrationOptions, RenameFilesParams, Uri, WorkspaceEdit,
};
use vraftls_index::Description;
use vraftls_proto::{Answer, FileMove, Query, QueryError};

use super::watched_files::hint;
use super::workspace_edit::{join, workspace_edit};
use super::{AnswerFiles, Context};
use crate::convert::FilePath;
use crate::error::RequestError;
use crate::session::{FolderSlot, Session};

pub(crate) async fn will_rename_files(
    cx: &Context,
    params: RenameFilesParams,
) -> Result<Option<WorkspaceEdit>, RequestError> {
    let mut moves: Vec<(Arc<FolderSlot>, Vec<FileMove>)> = Vec::new();
    for file in &params.files {
        // What leaves its folder, or comes into it, is for that folder's files as if it were gone or new.
        let Some((slot, moved)) = move_within_folder(cx, &file.old_uri, &file.new_uri) else { continue };
        match moves.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &slot)) {
            Some((_, moves)) => moves.push(moved),
            None => moves.push((slot, vec![moved])),
        }
    }
    let mut all = None;
    for (slot, moves) in moves {
        let Some(edit) = edits_in(cx, &slot, moves).await? else { continue };
        all = Some(match all {
            Some(before) => join(before, edit),
            None => edit,
        });
    }
    Ok(all)
}

fn move_within_folder(cx: &Context, old: &str, new: &str) -> Option<(Arc<FolderSlot>, FileMove)> {
    let inside = cx.session().inside();
    let place = |uri: &str| cx.world().locate(&FilePath::from_uri(&uri.parse().ok()?).ok()?, &inside);
    let (old, new) = (place(old)?, place(new)?);
    let is_within = Arc::ptr_eq(&old.slot, &new.slot);
    is_within.then_some((old.slot, FileMove { old: old.path, new: new.path }))
}

async fn edits_in(
    cx: &Context,
    slot: &Arc<FolderSlot>,
    moves: Vec<FileMove>,
) -> Result<Option<WorkspaceEdit>, RequestError> {
    let folder = slot.ready().await?;
    let overlays = cx.world().mount(slot).map(|mount| mount.overlays.clone()).unwrap_or_default();
    let answered = match cx.ask_in(&folder, overlays.clone(), Query::WillRename { moves }).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    if answered.partial {
        let message = "a part of the workspace could not be asked, so nothing was edited".to_owned();
        return Err(QueryError::Unavailable(message).into());
    }
    let files = AnswerFiles::load_in(cx, slot, &folder, &overlays, &answered).await?;
    let Answer::Edits(documents) = answered.answer else { return Err(RequestError::BadAnswer) };
    if documents.is_empty() {
        return Ok(None);
    }
    workspace_edit(cx, &files, documents).map(Some)
}

pub(crate) fn did_create_files(session: &Arc<Session>, params: &CreateFilesParams) {
    hint_texts(session, params.files.iter().map(|file| &*file.uri));
}

pub(crate) fn did_rename_files(session: &Arc<Session>, params: &RenameFilesParams) {
    hint_texts(session, params.files.iter().flat_map(|file| [&*file.old_uri, &*file.new_uri]));
}

pub(crate) fn did_delete_files(session: &Arc<Session>, params: &DeleteFilesParams) {
    hint_texts(session, params.files.iter().map(|file| &*file.uri));
}

fn hint_texts<'a>(session: &Arc<Session>, uris: impl Iterator<Item = &'a str>) {
    let uris: Vec<Uri> = uris.filter_map(|uri| uri.parse().ok()).collect();
    hint(session, &uris);
}

/// The files of analyzers for which `has` says so, and all directories, which may hold some.
pub(super) fn registration(
    analyzers: &[Arc<Description>],
    has: impl Fn(&Description) -> bool,
) -> Option<FileOperationRegistrationOptions> {
    let concerned = analyzers.iter().filter(|analyzer| has(analyzer));
    let mut suffixes: Vec<&str> =
        concerned.flat_map(|it| &it.languages).flat_map(|it| &it.suffixes).map(String::as_str).collect();
    suffixes.sort_unstable();
    suffixes.dedup();
    if suffixes.is_empty() {
        return None;
    }
    let filter = |glob: String, kind| FileOperationFilter {
        scheme: Some("file".to_owned()),
        pattern: FileOperationPattern { glob, matches: Some(kind), options: None },
    };
    let files = suffixes.iter().map(|suffix| filter(format!("**/*.{suffix}"), FileOperationPatternKind::File));
    let directories = filter("**/*".to_owned(), FileOperationPatternKind::Folder);
    Some(FileOperationRegistrationOptions { filters: files.chain([directories]).collect() })
}

//! `textDocument/rename`: another name for the same thing everywhere, all or nothing.

use tower_lsp_server::ls_types::{RenameParams, WorkspaceEdit};
use vraftls_proto::{Query, QueryError};

use super::workspace_edit::change;
use super::{AnswerFiles, Context};
use crate::error::RequestError;

pub(crate) async fn rename(cx: &Context, params: RenameParams) -> Result<Option<WorkspaceEdit>, RequestError> {
    let position = params.text_document_position;
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let answered = cx.ask(&located, Query::Rename { at, new_name: params.new_name }).await?;
    if answered.partial {
        // A renaming that misses a place breaks the program.
        let message = "a part of the workspace could not be asked, so nothing was renamed".to_owned();
        return Err(QueryError::Unavailable(message).into());
    }
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    change(cx, &located, &files, answered.answer).map(Some)
}

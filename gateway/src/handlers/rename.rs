//! `textDocument/rename`: another name for the same thing everywhere, all or nothing.

use tower_lsp_server::ls_types::{
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, RenameParams, TextDocumentEdit, WorkspaceEdit,
};
use vraftls_proto::{Answer, DocumentEdit, Query, QueryError};

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
    let Answer::Edits(documents) = answered.answer else { return Err(RequestError::BadAnswer) };
    let edit = if cx.profile().document_changes {
        let edits = documents.into_iter().map(|document| versioned(&files, document));
        let changes = DocumentChanges::Edits(edits.collect::<Result<_, _>>()?);
        WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() }
    } else {
        let changes = documents.into_iter().map(|DocumentEdit { path, edits }| {
            let file = files.get(&path)?;
            Ok((file.uri(&path)?.clone(), file.edits(edits)))
        });
        WorkspaceEdit::new(changes.collect::<Result<_, RequestError>>()?)
    };
    Ok(Some(edit))
}

fn versioned(files: &AnswerFiles, document: DocumentEdit) -> Result<TextDocumentEdit, RequestError> {
    let file = files.get(&document.path)?;
    let uri = file.uri(&document.path)?.clone();
    Ok(TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri, version: file.version },
        edits: file.edits(document.edits).into_iter().map(OneOf::Left).collect(),
    })
}

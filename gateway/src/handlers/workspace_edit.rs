//! Edits of several documents, as the editor takes them.

use std::collections::HashMap;

use tower_lsp_server::ls_types::{
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};
use vraftls_proto::DocumentEdit;

use super::{AnswerFiles, Context};
use crate::error::RequestError;

/// The edits of several documents. Those of open documents name the version they are for, if the editor takes that.
pub(super) fn workspace_edit(
    cx: &Context,
    files: &AnswerFiles,
    documents: Vec<DocumentEdit>,
) -> Result<WorkspaceEdit, RequestError> {
    if cx.profile().document_changes {
        let edits = documents.into_iter().map(|document| versioned(files, document));
        let changes = DocumentChanges::Edits(edits.collect::<Result<_, _>>()?);
        return Ok(WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() });
    }
    let changes = documents.into_iter().map(|DocumentEdit { path, edits }| {
        let file = files.get(&path)?;
        Ok((file.uri(&path)?.clone(), file.edits(edits)))
    });
    Ok(WorkspaceEdit::new(changes.collect::<Result<HashMap<Uri, Vec<TextEdit>>, RequestError>>()?))
}

fn versioned(files: &AnswerFiles, document: DocumentEdit) -> Result<TextDocumentEdit, RequestError> {
    let file = files.get(&document.path)?;
    let uri = file.uri(&document.path)?.clone();
    Ok(TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri, version: file.version },
        edits: file.edits(document.edits).into_iter().map(OneOf::Left).collect(),
    })
}

/// Edits of different folders, of which no two have a document in common.
pub(super) fn join(one: WorkspaceEdit, other: WorkspaceEdit) -> WorkspaceEdit {
    let document_changes = match (one.document_changes, other.document_changes) {
        (Some(DocumentChanges::Edits(mut edits)), Some(DocumentChanges::Edits(more))) => {
            edits.extend(more);
            Some(DocumentChanges::Edits(edits))
        }
        (one, other) => one.or(other),
    };
    let changes = match (one.changes, other.changes) {
        (Some(mut changes), Some(more)) => {
            changes.extend(more);
            Some(changes)
        }
        (one, other) => one.or(other),
    };
    WorkspaceEdit { document_changes, changes, ..WorkspaceEdit::default() }
}

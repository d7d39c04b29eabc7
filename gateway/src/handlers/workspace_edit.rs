//! Edits of several documents, as the editor takes them.

use std::collections::HashMap;

use tower_lsp_server::ls_types::{
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};
use vraftls_proto::DocumentEdit;

use super::files::FileEdits;
use super::{AnswerFiles, Context};
use crate::error::RequestError;

/// The edits of several documents. Those of open documents name the version they are for, if the editor takes that.
pub(super) fn workspace_edit(
    cx: &Context,
    files: &AnswerFiles,
    documents: Vec<DocumentEdit>,
) -> Result<WorkspaceEdit, RequestError> {
    if cx.profile().document_changes {
        let mut edits = Vec::with_capacity(documents.len());
        for DocumentEdit { path, edits: of_file } in documents {
            edits.extend(files.get(&path)?.edits(&path, of_file)?.into_iter().map(versioned));
        }
        let changes = DocumentChanges::Edits(edits);
        return Ok(WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() });
    }
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::with_capacity(documents.len());
    for DocumentEdit { path, edits } in documents {
        let of_file = files.get(&path)?.edits(&path, edits)?;
        changes.extend(of_file.into_iter().map(|FileEdits { uri, edits, .. }| (uri, edits)));
    }
    Ok(WorkspaceEdit::new(changes))
}

fn versioned(FileEdits { uri, version, edits }: FileEdits) -> TextDocumentEdit {
    TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
        edits: edits.into_iter().map(OneOf::Left).collect(),
    }
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

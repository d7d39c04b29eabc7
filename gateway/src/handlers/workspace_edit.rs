//! Edits of several documents, as the editor takes them.

use std::collections::HashMap;

use tower_lsp_server::ls_types::{
    CreateFile, DocumentChangeOperation, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, Range,
    RenameFile, ResourceOp, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};
use vraftls_proto::{Answer, Creation, DocumentEdit, FileChange, FileMove};
use vraftls_vfs::VfsPath;

use super::files::FileEdits;
use super::{AnswerFiles, Context, Located};
use crate::error::RequestError;

/// A change as it is answered: edits, or operations on files with them.
pub(super) fn change(
    cx: &Context,
    located: &Located,
    files: &AnswerFiles,
    answer: Answer,
) -> Result<WorkspaceEdit, RequestError> {
    match answer {
        Answer::Edits(documents) => workspace_edit(cx, files, documents),
        Answer::Change(change) => operations(cx, located, files, change),
        _ => Err(RequestError::BadAnswer),
    }
}

/// All of a change, in the order in which it is to be done. Nothing of it for an editor that does only a part.
fn operations(
    cx: &Context,
    located: &Located,
    files: &AnswerFiles,
    change: FileChange,
) -> Result<WorkspaceEdit, RequestError> {
    if !cx.profile().moves_files {
        return Err(RequestError::MovesFiles);
    }
    let uri = |path: &VfsPath| located.slot.root.join(path.as_str()).to_uri();
    let mut operations = Vec::new();
    for DocumentEdit { path, edits } in change.edits {
        let edits = files.get(&path)?.edits(&path, edits)?;
        operations.extend(edits.into_iter().map(|edits| DocumentChangeOperation::Edit(versioned(edits))));
    }
    for Creation { path, text } in change.creations {
        // Without options: where there is a file already, nothing is done.
        let creation = CreateFile { uri: uri(&path), options: None, annotation_id: None };
        operations.push(DocumentChangeOperation::Op(ResourceOp::Create(creation)));
        if !text.is_empty() {
            let edits = vec![TextEdit { range: Range::default(), new_text: text }];
            let edits = FileEdits { uri: uri(&path), version: None, edits };
            operations.push(DocumentChangeOperation::Edit(versioned(edits)));
        }
    }
    operations.extend(change.moves.into_iter().map(|FileMove { old, new }| {
        let moved = RenameFile { old_uri: uri(&old), new_uri: uri(&new), options: None, annotation_id: None };
        DocumentChangeOperation::Op(ResourceOp::Rename(moved))
    }));
    let changes = DocumentChanges::Operations(operations);
    Ok(WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() })
}

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

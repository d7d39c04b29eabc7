//! What would change: renaming, formatting, actions. Nothing is written.

use serde::Serialize;
use vraftls_gateway::ls_types::request::{
    CodeActionRequest, Formatting, OnTypeFormatting, PrepareRenameRequest, RangeFormatting, Rename, WillRenameFiles,
};
use vraftls_gateway::ls_types::{
    CodeActionContext, CodeActionKind, CodeActionOrCommand, CodeActionParams, Diagnostic, DocumentChangeOperation,
    DocumentChanges, DocumentFormattingParams, DocumentOnTypeFormattingParams, DocumentRangeFormattingParams,
    FileRename, FormattingOptions, OneOf, Position, PrepareRenameResponse, Range, RenameFilesParams, RenameParams,
    TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};
use vraftls_gateway::{JoinLinesParams, JoinLinesRequest};

use super::{Spot, document, place_in};
use crate::client::Session;
use crate::finding::diagnostics;

/// A part of a file that would be replaced.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Edit {
    #[serde(flatten)]
    pub(crate) spot: Spot,
    pub(crate) new_text: String,
}

/// What a renaming would change; nothing where nothing can be renamed.
pub(crate) async fn rename(
    session: &Session,
    uri: &Uri,
    position: Position,
    new_name: &str,
) -> anyhow::Result<Vec<Edit>> {
    let params = RenameParams {
        text_document_position: place_in(uri, position),
        new_name: new_name.to_owned(),
        work_done_progress_params: Default::default(),
    };
    let edit = session.ask::<Rename>(params).await?;
    edit.map_or(Ok(Vec::new()), |edit| workspace_edit(session, edit))
}

/// What can be renamed at a place.
#[derive(Debug, Serialize)]
pub(crate) struct Renamable {
    #[serde(flatten)]
    pub(crate) spot: Spot,
    /// The name as it is.
    pub(crate) name: String,
}

/// What can be renamed at a place.
pub(crate) async fn renamable(session: &Session, uri: &Uri, position: Position) -> anyhow::Result<Option<Renamable>> {
    let found = session.ask::<PrepareRenameRequest>(place_in(uri, position)).await?;
    Ok(match found {
        Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder }) => {
            Some(Renamable { spot: Spot::new(session.root(), uri, range), name: placeholder })
        }
        Some(PrepareRenameResponse::Range(range)) => {
            Some(Renamable { spot: Spot::new(session.root(), uri, range), name: String::new() })
        }
        Some(PrepareRenameResponse::DefaultBehavior { .. }) | None => None,
    })
}

/// What would change in other files if a file were moved.
pub(crate) async fn moved(session: &Session, old_uri: &Uri, new_uri: &Uri) -> anyhow::Result<Vec<Edit>> {
    let rename = FileRename { old_uri: old_uri.as_str().to_owned(), new_uri: new_uri.as_str().to_owned() };
    let edit = session.ask::<WillRenameFiles>(RenameFilesParams { files: vec![rename] }).await?;
    edit.map_or(Ok(Vec::new()), |edit| workspace_edit(session, edit))
}

fn workspace_edit(session: &Session, edit: WorkspaceEdit) -> anyhow::Result<Vec<Edit>> {
    anyhow::ensure!(edit.changes.is_none_or(|changes| changes.is_empty()), "the node tells edits in another form");
    let documents: Vec<TextDocumentEdit> = match edit.document_changes {
        None => Vec::new(),
        Some(DocumentChanges::Edits(documents)) => documents,
        Some(DocumentChanges::Operations(operations)) => {
            let edits = operations.into_iter().map(|operation| match operation {
                DocumentChangeOperation::Edit(edit) => Ok(edit),
                DocumentChangeOperation::Op(_) => anyhow::bail!("files would be made or moved, which is not shown"),
            });
            edits.collect::<anyhow::Result<_>>()?
        }
    };
    let edits = documents.into_iter().flat_map(|document| {
        let uri = document.text_document.uri;
        document.edits.into_iter().map(move |edit| match edit {
            OneOf::Left(edit) => (uri.clone(), edit),
            OneOf::Right(annotated) => (uri.clone(), annotated.text_edit),
        })
    });
    Ok(edits.map(|(uri, edit)| shown(session, &uri, edit)).collect())
}

fn shown(session: &Session, uri: &Uri, edit: TextEdit) -> Edit {
    Edit { spot: Spot::new(session.root(), uri, edit.range), new_text: edit.new_text }
}

fn options() -> FormattingOptions {
    // What the project's own settings say comes before these.
    FormattingOptions { tab_size: 4, insert_spaces: true, ..FormattingOptions::default() }
}

/// What formatting a file, or a part of it, would change.
pub(crate) async fn format(session: &Session, uri: &Uri, range: Option<Range>) -> anyhow::Result<Vec<Edit>> {
    let (text_document, options) = (document(uri), options());
    let work_done_progress_params = Default::default();
    let edits = match range {
        None => {
            let params = DocumentFormattingParams { text_document, options, work_done_progress_params };
            session.ask::<Formatting>(params).await?
        }
        Some(range) => {
            let params = DocumentRangeFormattingParams { text_document, range, options, work_done_progress_params };
            session.ask::<RangeFormatting>(params).await?
        }
    };
    Ok(edits.unwrap_or_default().into_iter().map(|edit| shown(session, uri, edit)).collect())
}

/// What typing a character that stands before a place would change.
pub(crate) async fn format_typed(
    session: &Session,
    uri: &Uri,
    position: Position,
    typed: &str,
) -> anyhow::Result<Vec<Edit>> {
    let params = DocumentOnTypeFormattingParams {
        text_document_position: place_in(uri, position),
        ch: typed.to_owned(),
        options: options(),
    };
    let edits = session.ask::<OnTypeFormatting>(params).await?.unwrap_or_default();
    Ok(edits.into_iter().map(|edit| shown(session, uri, edit)).collect())
}

/// What putting the lines of a range onto one would change.
pub(crate) async fn join_lines(session: &Session, uri: &Uri, range: Range) -> anyhow::Result<Vec<Edit>> {
    let params = JoinLinesParams { text_document: document(uri), ranges: vec![range] };
    let edits = session.ask::<JoinLinesRequest>(params).await?;
    Ok(edits.into_iter().map(|edit| shown(session, uri, edit)).collect())
}

/// Something that can be done about a piece of code.
#[derive(Debug, Serialize)]
pub(crate) struct Action {
    pub(crate) title: String,
    /// The protocol's: `quickfix`, `source.organizeImports`.
    pub(crate) kind: String,
    /// Whether it is the one to take if one is taken without looking.
    pub(crate) preferred: bool,
    pub(crate) edits: Vec<Edit>,
}

/// What can be done about a piece of code, findings of it included; only of these kinds, if there are any.
pub(crate) async fn actions(
    session: &Session,
    uri: &Uri,
    range: Range,
    only: &[String],
) -> anyhow::Result<Vec<Action>> {
    let touches = |found: &Diagnostic| found.range.start <= range.end && range.start <= found.range.end;
    let found: Vec<Diagnostic> = diagnostics(session, uri.clone()).await?.into_iter().filter(touches).collect();
    let kinds = only.iter().map(|kind| CodeActionKind::from(kind.clone())).collect::<Vec<_>>();
    let params = CodeActionParams {
        text_document: document(uri),
        range,
        context: CodeActionContext {
            diagnostics: found,
            only: (!kinds.is_empty()).then_some(kinds),
            trigger_kind: None,
        },
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = session.ask::<CodeActionRequest>(params).await?.unwrap_or_default();
    let actions = found.into_iter().filter_map(|found| match found {
        CodeActionOrCommand::CodeAction(action) => Some(action),
        // What only an editor can run changes nothing here.
        CodeActionOrCommand::Command(_) => None,
    });
    let actions = actions.map(|action| {
        Ok(Action {
            title: action.title,
            kind: action.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            preferred: action.is_preferred == Some(true),
            edits: action.edit.map_or(Ok(Vec::new()), |edit| workspace_edit(session, edit))?,
        })
    });
    actions.collect()
}

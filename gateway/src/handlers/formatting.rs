//! `textDocument/formatting`: the layout of a document.

use tower_lsp_server::ls_types::{DocumentFormattingParams, TextEdit};
use vraftls_proto::{Answer, Query};

use super::{AnswerFiles, Context, Located};
use crate::convert::from_lsp;
use crate::error::RequestError;

pub(crate) async fn formatting(
    cx: &Context,
    params: DocumentFormattingParams,
) -> Result<Option<Vec<TextEdit>>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let options = from_lsp::formatting_options(&params.options);
    let query = Query::Format { path: located.path.clone(), span: located.scope(), options };
    edits(cx, &located, query).await
}

/// Asks for edits of the document itself.
pub(super) async fn edits(
    cx: &Context,
    located: &Located,
    query: Query,
) -> Result<Option<Vec<TextEdit>>, RequestError> {
    if !located.slot.settings().settings.formatting.enable {
        return Ok(None);
    }
    let answered = cx.ask(located, query).await?;
    let files = AnswerFiles::load(cx, located, &answered).await?;
    let Answer::TextEdits(edits) = answered.answer else { return Err(RequestError::BadAnswer) };
    files.get(&located.path)?.edits_here(&located.path, edits).map(Some)
}

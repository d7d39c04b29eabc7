//! `textDocument/documentHighlight`: where a name occurs in the same document.

use tower_lsp_server::ls_types::{DocumentHighlight, DocumentHighlightParams};
use vraftls_proto::{Answer, Query};

use super::{AnswerFiles, Context};
use crate::convert::to_lsp;
use crate::error::RequestError;

pub(crate) async fn document_highlight(
    cx: &Context,
    params: DocumentHighlightParams,
) -> Result<Option<Vec<DocumentHighlight>>, RequestError> {
    let position = params.text_document_position_params;
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let answered = match cx.ask(&located, Query::Highlights(at)).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::Highlights(highlights) = answered.answer else { return Err(RequestError::BadAnswer) };
    let file = files.get(&located.path)?;
    let highlights = highlights.iter().filter_map(|highlight| {
        let kind = Some(to_lsp::highlight_kind(highlight.kind));
        Some(DocumentHighlight { range: file.here(highlight.span)?, kind })
    });
    Ok(Some(highlights.collect()))
}

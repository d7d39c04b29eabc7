//! `textDocument/onTypeFormatting`: the layout after a character was typed.

use tower_lsp_server::ls_types::{DocumentOnTypeFormattingParams, TextEdit};
use vraftls_proto::Query;

use super::Context;
use super::formatting::edits;
use crate::convert::from_lsp;
use crate::error::RequestError;

pub(crate) async fn on_type_formatting(
    cx: &Context,
    params: DocumentOnTypeFormattingParams,
) -> Result<Option<Vec<TextEdit>>, RequestError> {
    let position = params.text_document_position;
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let options = from_lsp::formatting_options(&params.options);
    match edits(cx, &located, Query::FormatOnType { at, typed: params.ch, options }).await {
        // Typing asks in every file, whoever serves it.
        Err(error) if error.is_not_served() => Ok(None),
        edits => edits,
    }
}

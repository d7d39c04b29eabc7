//! `textDocument/rangeFormatting`: the layout of a part of a document.

use tower_lsp_server::ls_types::{DocumentRangeFormattingParams, TextEdit};
use vraftls_proto::Query;

use super::Context;
use super::formatting::edits;
use crate::convert::from_lsp;
use crate::error::RequestError;

pub(crate) async fn range_formatting(
    cx: &Context,
    params: DocumentRangeFormattingParams,
) -> Result<Option<Vec<TextEdit>>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let span = Some(located.span(params.range, cx.encoding())?);
    let options = from_lsp::formatting_options(&params.options);
    edits(cx, &located, Query::Format { path: located.path.clone(), span, options }).await
}

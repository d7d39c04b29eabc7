//! `textDocument/semanticTokens/range`: what each piece of a part of a document is.

use tower_lsp_server::ls_types::{SemanticTokens, SemanticTokensRangeParams, SemanticTokensRangeResult};

use super::Context;
use super::tokens::tokens;
use crate::error::RequestError;

pub(crate) async fn semantic_tokens_range(
    cx: &Context,
    params: SemanticTokensRangeParams,
) -> Result<Option<SemanticTokensRangeResult>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let span = located.span(params.range, cx.encoding())?;
    let data = tokens(cx, &located, Some(span)).await?;
    Ok(data.map(|data| SemanticTokens { result_id: None, data }.into()))
}

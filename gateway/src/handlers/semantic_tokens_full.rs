//! `textDocument/semanticTokens/full`: what each piece of a document is.

use tower_lsp_server::ls_types::{SemanticTokens, SemanticTokensParams, SemanticTokensResult};

use super::Context;
use super::tokens::tokens;
use crate::error::RequestError;

pub(crate) async fn semantic_tokens_full(
    cx: &Context,
    params: SemanticTokensParams,
) -> Result<Option<SemanticTokensResult>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let Some(data) = tokens(cx, &located, located.scope()).await? else { return Ok(None) };
    let result_id = cx.session().tokens().keep(params.text_document.uri.as_str(), &data);
    Ok(Some(SemanticTokens { result_id: Some(result_id), data }.into()))
}

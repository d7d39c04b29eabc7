//! `rust-analyzer/expandMacro`: what a macro becomes, or whatever else stands for other code in its language.

use tower_lsp_server::ls_types::TextDocumentPositionParams;
use vraftls_proto::{Answer, Query};

use super::Context;
use crate::ExpandedMacro;
use crate::error::RequestError;

pub(crate) async fn expand_macro(
    cx: &Context,
    params: TextDocumentPositionParams,
) -> Result<Option<ExpandedMacro>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let at = located.at(params.position, cx.encoding())?;
    let answered = cx.ask(&located, Query::Expand(at)).await?;
    let Answer::Expansion(found) = answered.answer else { return Err(RequestError::BadAnswer) };
    Ok(found.map(|found| ExpandedMacro { name: found.name, expansion: found.text }))
}

//! `textDocument/linkedEditingRange`: what is edited together with the name at the cursor.

use tower_lsp_server::ls_types::{LinkedEditingRangeParams, LinkedEditingRanges};
use vraftls_proto::{Answer, Query};

use super::{AnswerFile, Context};
use crate::error::RequestError;

pub(crate) async fn linked_editing_range(
    cx: &Context,
    params: LinkedEditingRangeParams,
) -> Result<Option<LinkedEditingRanges>, RequestError> {
    let position = params.text_document_position_params;
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let answered = match cx.ask(&located, Query::LinkedRanges(at)).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let Answer::LinkedRanges(spans) = answered.answer else { return Err(RequestError::BadAnswer) };
    let file = AnswerFile::of(cx, &located);
    let ranges: Vec<_> = spans.iter().filter_map(|span| file.here(*span)).collect();
    Ok((!ranges.is_empty()).then_some(LinkedEditingRanges { ranges, word_pattern: None }))
}

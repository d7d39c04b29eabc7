//! `textDocument/hover`: what is known of the thing under the pointer.

use tower_lsp_server::ls_types::{Hover, HoverContents, HoverParams};
use vraftls_proto::{Answer, Query};

use super::{AnswerFiles, Context};
use crate::convert::to_lsp;
use crate::error::RequestError;

pub(crate) async fn hover(cx: &Context, params: HoverParams) -> Result<Option<Hover>, RequestError> {
    let position = params.text_document_position_params;
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let answered = cx.ask(&located, Query::Hover(at)).await?;
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let hover = match answered.answer {
        Answer::Hover(Some(hover)) => hover,
        Answer::Hover(None) => return Ok(None),
        _ => return Err(RequestError::BadAnswer),
    };
    let range = files.get(&located.path)?.here(hover.span);
    let shows_markdown = cx.profile().hover_markdown;
    let content = to_lsp::hover_content(&hover.signature, &hover.language, &hover.documentation, shows_markdown);
    Ok(Some(Hover { contents: HoverContents::Markup(content), range }))
}

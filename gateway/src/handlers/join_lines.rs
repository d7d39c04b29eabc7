//! `experimental/joinLines`: the lines of what is selected on one.

use tower_lsp_server::ls_types::TextEdit;
use vraftls_proto::{Answer, Query};
use vraftls_text::Span;

use super::{AnswerFiles, Context};
use crate::JoinLinesParams;
use crate::error::RequestError;

pub(crate) async fn join_lines(cx: &Context, params: JoinLinesParams) -> Result<Vec<TextEdit>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let spans = params.ranges.iter().map(|range| located.span(*range, cx.encoding()));
    let spans: Vec<Span> = spans.collect::<Result<_, _>>()?;
    let answered = cx.ask(&located, Query::JoinLines { path: located.path.clone(), spans }).await?;
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::TextEdits(edits) = answered.answer else { return Err(RequestError::BadAnswer) };
    files.get(&located.path)?.edits_here(&located.path, edits)
}

//! `textDocument/selectionRange`: what encloses each of several cursors.

use tower_lsp_server::ls_types::{Range, SelectionRange, SelectionRangeParams};
use vraftls_proto::{Answer, Query};
use vraftls_text::Span;

use super::{AnswerFile, Context};
use crate::error::RequestError;

pub(crate) async fn selection_range(
    cx: &Context,
    params: SelectionRangeParams,
) -> Result<Option<Vec<SelectionRange>>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let offsets = params.positions.iter().map(|at| located.part().offset(*at, cx.encoding()));
    let offsets: Vec<u32> = offsets.collect::<Result<_, _>>()?;
    let query = Query::SelectionRanges { path: located.path.clone(), offsets: offsets.clone() };
    let answered = match cx.ask(&located, query).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let Answer::SelectionRanges(lists) = answered.answer else { return Err(RequestError::BadAnswer) };
    if lists.len() != offsets.len() {
        return Err(RequestError::BadAnswer);
    }
    let file = AnswerFile::of(cx, &located);
    // Every cursor has a range, and be it the cursor.
    let ranges = lists.iter().zip(offsets).map(|(spans, offset)| match nested(&file, spans) {
        Some(range) => Ok(range),
        None => Ok(SelectionRange { range: file.range(Span::empty(offset))?, parent: None }),
    });
    ranges.collect::<Result<_, RequestError>>().map(Some)
}

/// Spans from the innermost to the outermost, each the parent of the one before.
fn nested(file: &AnswerFile, spans: &[Span]) -> Option<SelectionRange> {
    // What reaches beyond the document ends with it, and several that do are one.
    let mut ranges: Vec<Range> = spans.iter().filter_map(|span| file.within(*span)).collect();
    ranges.dedup();
    ranges.into_iter().rev().fold(None, |parent, range| Some(SelectionRange { range, parent: parent.map(Box::new) }))
}

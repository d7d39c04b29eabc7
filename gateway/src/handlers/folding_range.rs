//! `textDocument/foldingRange`: what can be folded, as the file's own facts say it.

use tower_lsp_server::ls_types::{FoldingRange, FoldingRangeKind, FoldingRangeParams};
use vraftls_proto::{Answer, Query};
use vraftls_text::Span;

use super::{AnswerFile, AnswerFiles, Context};
use crate::error::RequestError;
use crate::session::Profile;

pub(crate) async fn folding_range(
    cx: &Context,
    params: FoldingRangeParams,
) -> Result<Option<Vec<FoldingRange>>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let answered = match cx.ask(&located, Query::DocumentSymbols { path: located.path.clone() }).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::DocumentSymbols(symbols) = answered.answer else { return Err(RequestError::BadAnswer) };
    let file = files.get(&located.path)?;
    let folds = symbols.facts.folds.chunks_exact(3).filter_map(|group| fold(file, group, cx.profile()));
    let n_max = cx.profile().folding.n_ranges_max.unwrap_or(u32::MAX);
    Ok(Some(folds.take(n_max as usize).collect()))
}

/// One fold; nothing where there is nothing to fold because it stays on one line.
fn fold(file: &AnswerFile, group: &[u32], profile: &Profile) -> Option<FoldingRange> {
    let range = file.within(Span::new(group[0], group[1])?)?;
    if range.start.line == range.end.line {
        return None;
    }
    let characters = !profile.folding.lines_only;
    Some(FoldingRange {
        start_line: range.start.line,
        start_character: characters.then_some(range.start.character),
        end_line: range.end.line,
        end_character: characters.then_some(range.end.character),
        kind: match group[2] {
            1 => Some(FoldingRangeKind::Comment),
            2 => Some(FoldingRangeKind::Imports),
            3 => Some(FoldingRangeKind::Region),
            _ => None,
        },
        collapsed_text: None,
    })
}

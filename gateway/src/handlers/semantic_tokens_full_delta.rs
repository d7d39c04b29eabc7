//! `textDocument/semanticTokens/full/delta`: how the pieces of a document differ from those told before.

use tower_lsp_server::ls_types::{
    SemanticToken, SemanticTokens, SemanticTokensDelta, SemanticTokensDeltaParams, SemanticTokensEdit,
    SemanticTokensFullDeltaResult,
};

use super::Context;
use super::tokens::tokens;
use crate::error::RequestError;

/// Numbers of the protocol that make a token.
const NUMBERS_PER_TOKEN: usize = 5;

pub(crate) async fn semantic_tokens_full_delta(
    cx: &Context,
    params: SemanticTokensDeltaParams,
) -> Result<Option<SemanticTokensFullDeltaResult>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let Some(data) = tokens(cx, &located, located.scope()).await? else { return Ok(None) };
    let (uri, memory) = (params.text_document.uri.as_str(), cx.session().tokens());
    let before = memory.recall(uri, &params.previous_result_id);
    let result_id = Some(memory.keep(uri, &data));
    Ok(Some(match before {
        Some(before) => SemanticTokensDelta { result_id, edits: edits(&before, &data) }.into(),
        // What was told is not known any more.
        None => SemanticTokens { result_id, data }.into(),
    }))
}

/// The one edit between what begins and ends alike; none where nothing differs. Tokens are told from the one before, so a change of the
/// text touches only those beside it.
fn edits(before: &[SemanticToken], now: &[SemanticToken]) -> Vec<SemanticTokensEdit> {
    let n_same = before.iter().zip(now).take_while(|(before, now)| before == now).count();
    let (before, now) = (&before[n_same..], &now[n_same..]);
    let n_same_end = before.iter().rev().zip(now.iter().rev()).take_while(|(before, now)| before == now).count();
    let (removed, added) = (&before[..before.len() - n_same_end], &now[..now.len() - n_same_end]);
    if removed.is_empty() && added.is_empty() {
        return Vec::new();
    }
    // There are fewer tokens than bytes of a document, whose number fits.
    let numbers = |n_tokens: usize| u32::try_from(n_tokens * NUMBERS_PER_TOKEN).unwrap_or(u32::MAX);
    let data = (!added.is_empty()).then(|| added.to_vec());
    vec![SemanticTokensEdit { start: numbers(n_same), delete_count: numbers(removed.len()), data }]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(number: u32) -> SemanticToken {
        SemanticToken { delta_line: number, delta_start: 1, length: 1, token_type: 0, token_modifiers_bitset: 0 }
    }

    fn numbers(tokens: &[SemanticToken]) -> Vec<u32> {
        let numbers =
            |it: &SemanticToken| [it.delta_line, it.delta_start, it.length, it.token_type, it.token_modifiers_bitset];
        tokens.iter().flat_map(numbers).collect()
    }

    #[test]
    fn equal_tokens_need_no_edit_and_one_changed_token_only_itself() {
        let before: Vec<_> = [1, 2, 3, 4].map(token).to_vec();
        assert_eq!(edits(&before, &before), []);
        let now: Vec<_> = [1, 2, 9, 4].map(token).to_vec();
        let edit = SemanticTokensEdit { start: 10, delete_count: 5, data: Some(vec![token(9)]) };
        assert_eq!(edits(&before, &now), [edit]);
        let gone = SemanticTokensEdit { start: 5, delete_count: 15, data: None };
        assert_eq!(edits(&before, &before[..1]), [gone]);
    }

    proptest! {
        #[test]
        fn an_editor_that_applies_the_edits_has_the_tokens(
            before in prop::collection::vec(0_u32..3, 0..12),
            now in prop::collection::vec(0_u32..3, 0..12),
        ) {
            let (before, now): (Vec<_>, Vec<_>) = (
                before.into_iter().map(token).collect(),
                now.into_iter().map(token).collect(),
            );
            let mut applied = numbers(&before);
            for edit in edits(&before, &now) {
                let range = edit.start as usize..(edit.start + edit.delete_count) as usize;
                applied.splice(range, numbers(&edit.data.unwrap_or_default()));
            }
            prop_assert_eq!(applied, numbers(&now));
        }
    }
}

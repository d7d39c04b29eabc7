//! Foldable ranges of a file.

use ra_ap_syntax::SyntaxKind::{
    ARG_LIST, ARRAY_EXPR, ASSOC_ITEM_LIST, COMMENT, EXTERN_ITEM_LIST, ITEM_LIST, MACRO_ITEMS, MATCH_ARM_LIST,
    PARAM_LIST, RECORD_EXPR_FIELD_LIST, RECORD_FIELD_LIST, RECORD_PAT_FIELD_LIST, STMT_LIST, TOKEN_TREE,
    TUPLE_FIELD_LIST, USE, USE_TREE_LIST, VARIANT_LIST, WHERE_CLAUSE, WHITESPACE,
};
use ra_ap_syntax::{NodeOrToken, SyntaxElement, SyntaxNode, TextRange};

/// What is folded, in the numbers of the contract.
const CODE: u32 = 0;
const COMMENTS: u32 = 1;
const IMPORTS: u32 = 2;
const REGION: u32 = 3;

/// The folds as groups of 3: start, end, kind; ascending by start.
pub(super) fn folds(text: &str, file: &SyntaxNode) -> Vec<u32> {
    let mut found: Vec<(TextRange, u32)> = Vec::new();
    let mut regions = Vec::new();
    let mut last_of_run = None;
    for element in file.descendants_with_tokens() {
        let is_code = matches!(
            element.kind(),
            ARG_LIST
                | ARRAY_EXPR
                | ASSOC_ITEM_LIST
                | EXTERN_ITEM_LIST
                | ITEM_LIST
                | MACRO_ITEMS
                | MATCH_ARM_LIST
                | PARAM_LIST
                | RECORD_EXPR_FIELD_LIST
                | RECORD_FIELD_LIST
                | RECORD_PAT_FIELD_LIST
                | STMT_LIST
                | TOKEN_TREE
                | TUPLE_FIELD_LIST
                | USE_TREE_LIST
                | VARIANT_LIST
                | WHERE_CLAUSE
        );
        if is_code {
            found.push((element.text_range(), CODE));
        }
        if matches!(element.kind(), COMMENT | USE) && last_of_run.is_none_or(|last| last < element.text_range().end()) {
            let run = run(&element);
            last_of_run = Some(run.end());
            found.push((run, if element.kind() == USE { IMPORTS } else { COMMENTS }));
        }
        if let NodeOrToken::Token(token) = &element
            && token.kind() == COMMENT
        {
            let words = token.text().trim_start_matches('/').trim_start();
            if words.starts_with("region:") {
                regions.push(token.text_range().start());
            } else if words.starts_with("endregion")
                && let Some(start) = regions.pop()
            {
                found.push((TextRange::new(start, token.text_range().end()), REGION));
            }
        }
    }
    found.retain(|(range, _)| text[*range].contains('\n'));
    found.sort_by_key(|(range, kind)| (range.start(), range.end(), *kind));
    found.dedup();
    found.into_iter().flat_map(|(range, kind)| [range.start().into(), range.end().into(), kind]).collect()
}

/// The comments or imports that follow one another without an empty line, from this one on.
fn run(first: &SyntaxElement) -> TextRange {
    let mut last = first.clone();
    let mut next = first.next_sibling_or_token();
    while let Some(element) = next {
        let is_space = element.kind() == WHITESPACE;
        let breaks = |element: &SyntaxElement| {
            element.as_token().is_some_and(|token| token.text().bytes().filter(|byte| *byte == b'\n').count() > 1)
        };
        if is_space && breaks(&element) || !is_space && element.kind() != first.kind() {
            break;
        }
        if !is_space {
            last = element.clone();
        }
        next = element.next_sibling_or_token();
    }
    first.text_range().cover(last.text_range())
}

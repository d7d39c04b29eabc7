//! The call around a place, in code that may still be written: the tokens say where its parenthesis opens, the syntax tree
//! what is called.

use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{AnyNodeRef, ExprCall};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::project::Source;

/// How many tokens back a call is looked for.
const TOKENS_MAX: usize = 10_000;

/// The call whose arguments begin with the parenthesis at a range.
pub(crate) fn call_at<'src>(source: &'src Source<'_>, open: TextRange) -> Option<&'src ExprCall> {
    let root: AnyNodeRef<'_> = source.parsed.syntax().into();
    if !root.range().contains_range(open) {
        return None;
    }
    covering_node(root, open).ancestors().find_map(|node| match node {
        AnyNodeRef::ExprCall(call) => (call.arguments.start() == open.start()).then_some(call),
        _ => None,
    })
}

/// The innermost call whose arguments an offset lies in, with its opening parenthesis.
///
/// Brackets that are open within the arguments are passed over: in `f([1, ` the call is that of `f`.
pub(crate) fn call_around<'src>(source: &'src Source<'_>, offset: TextSize) -> Option<(&'src ExprCall, TextRange)> {
    let tokens = source.parsed.tokens();
    let end = tokens.partition_point(|token| token.end() <= offset);
    let mut closed = 0_u32;
    // The line may end right here, by a token that is nothing but the end of the text.
    let before = tokens[..end].iter().rev().skip_while(|token| token.range().is_empty());
    for token in before.take(TOKENS_MAX) {
        match token.kind() {
            // Inside brackets lines end by another token, so here a statement ended.
            TokenKind::Newline => return None,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => closed += 1,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace if closed > 0 => closed -= 1,
            TokenKind::Lpar => {
                if let Some(call) = call_at(source, token.range()) {
                    return Some((call, token.range()));
                }
            }
            _ => {}
        }
    }
    None
}

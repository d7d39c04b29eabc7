//! The contents of string literals, where their type says what they may be, or where they are types themselves.

use ruff_python_ast::find_node::{CoveringNode, covering_node};
use ruff_python_ast::{AnyNodeRef, Expr, ExprStringLiteral, StringFlags};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::proposal::{Group, Origin, Proposal};
use super::{kinds, scope};
use crate::annotation::may_be_annotation;
use crate::project::Source;

/// Proposals inside the string literal at a token for an offset, and what they replace.
pub(super) fn proposals<'db>(
    source: &Source<'db>,
    token: TextRange,
    word: TextRange,
    offset: TextSize,
) -> (TextRange, Vec<Proposal<'db>>) {
    let nothing = (TextRange::empty(offset), Vec::new());
    let Some(node) = node_at(source, token) else { return nothing };
    let Some(literal) = node.ancestors().find_map(AnyNodeRef::expr_string_literal) else { return nothing };
    let Some(contents) = contents(literal).filter(|contents| contents.contains_inclusive(offset)) else {
        return nothing;
    };
    let expected = source.model.expected_string_literal_completions(literal);
    if expected.is_empty() && may_be_annotation(&node) && !is_literal_type(&node) {
        // Members are left out: the contents cannot be parsed while their name is missing.
        let after_dot = source.slice(TextRange::new(contents.start(), word.start())).ends_with('.');
        return (word, if after_dot { Vec::new() } else { scope::proposals(source, word) });
    }
    let proposals = expected
        .into_iter()
        // What would need escapes is left to the person.
        .filter(|found| !found.value.contains(['\\', '"', '\'', '\n', '\r']))
        .map(|found| Proposal::new(found.value, Origin::Kind(kinds::CONSTANT), Group::Expected))
        .collect();
    (contents, proposals)
}

/// What stands between the quotes.
fn contents(literal: &ExprStringLiteral) -> Option<TextRange> {
    let part = literal.as_single_part_string()?;
    let start = part.start() + part.flags.opener_len();
    let end = part.end().checked_sub(part.flags.closer_len())?;
    (start <= end).then(|| TextRange::new(start, end))
}

/// Whether the string is a value in `Literal[…]`, and so no type.
fn is_literal_type(node: &CoveringNode<'_>) -> bool {
    node.ancestors().any(|node| match node {
        AnyNodeRef::ExprSubscript(subscript) => match subscript.value.as_ref() {
            Expr::Name(name) => name.id.as_str() == "Literal",
            Expr::Attribute(attribute) => attribute.attr.as_str() == "Literal",
            _ => false,
        },
        _ => false,
    })
}

fn node_at<'src>(source: &'src Source<'_>, token: TextRange) -> Option<CoveringNode<'src>> {
    let root: AnyNodeRef<'_> = source.parsed.syntax().into();
    root.range().contains_range(token).then(|| covering_node(root, token))
}

//! The contents of string literals, where their type says what they may be.

use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::{AnyNodeRef, ExprStringLiteral, StringFlags};
use ruff_text_size::{Ranged, TextRange};

use super::kinds;
use super::proposal::{Group, Origin, Proposal};
use crate::project::Source;

/// Proposals for a whole string literal, and what they replace.
pub(super) fn proposals<'db>(source: &Source<'db>, token: TextRange) -> Option<(TextRange, Vec<Proposal<'db>>)> {
    let literal = literal_at(source, token)?;
    let part = literal.as_single_part_string()?;
    let contents = TextRange::new(
        (part.start() + part.flags.opener_len()).min(part.end()),
        part.end().checked_sub(part.flags.closer_len()).unwrap_or(part.start()),
    );
    if contents.start() > contents.end() {
        return None;
    }
    let expected = source.model.expected_string_literal_completions(literal);
    let proposals = expected
        .into_iter()
        // What would need escapes is left to the person.
        .filter(|found| !found.value.contains(['\\', '"', '\'', '\n', '\r']))
        .map(|found| Proposal::new(found.value, Origin::Kind(kinds::CONSTANT), Group::Expected))
        .collect();
    Some((contents, proposals))
}

fn literal_at<'src>(source: &'src Source<'_>, token: TextRange) -> Option<&'src ExprStringLiteral> {
    let root: AnyNodeRef<'_> = source.parsed.syntax().into();
    if !root.range().contains_range(token) {
        return None;
    }
    covering_node(root, token).ancestors().find_map(AnyNodeRef::expr_string_literal)
}

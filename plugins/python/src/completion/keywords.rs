//! Words of the grammar.

use super::kinds;
use super::proposal::{Group, Origin, Proposal};

/// Words that begin a statement.
const STATEMENTS: [&str; 27] = [
    "assert", "async", "break", "case", "class", "continue", "def", "del", "elif", "else", "except", "finally", "for",
    "from", "global", "if", "import", "match", "nonlocal", "pass", "raise", "return", "try", "type", "while", "with",
    "yield",
];

/// Words that begin an expression.
const EXPRESSIONS: [&str; 7] = ["None", "True", "False", "not", "lambda", "await", "yield"];

/// Words that may stand where an expression may, or a statement as well.
pub(super) fn proposals<'db>(statement: bool) -> impl Iterator<Item = Proposal<'db>> {
    let statements = STATEMENTS.iter().filter(move |_| statement);
    let expressions = EXPRESSIONS.iter().filter(move |word| !(statement && **word == "yield"));
    statements.chain(expressions).map(|word| continuation(word))
}

/// A single word.
pub(super) fn continuation<'db>(word: &str) -> Proposal<'db> {
    Proposal::new(word, Origin::Kind(kinds::KEYWORD), Group::Keyword)
}

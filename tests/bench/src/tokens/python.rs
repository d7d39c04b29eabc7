//! The tokens of Python. The expressions inside of f-strings are passed over with their strings.

use super::{Kind, number_length, word_length};

/// The words that are never identifiers. The soft ones (`match`, `type`, ..) often are.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];
/// A string's prefix has at most so many letters, all of them from [`PREFIX_LETTERS`].
const PREFIX_LENGTH_MAX: usize = 2;
const PREFIX_LETTERS: &str = "rRbBuUfFtT";

/// The kind and the bytes of the token that a text begins with.
pub(super) fn token(rest: &str, first: char) -> (Kind, usize) {
    match first {
        '#' => (Kind::Other, rest.find('\n').unwrap_or(rest.len())),
        '"' | '\'' => (Kind::Other, string_length(rest)),
        first if super::starts_word(first) => {
            let word = &rest[..word_length(rest)];
            let next = rest[word.len()..].chars().next();
            let is_prefix = word.len() <= PREFIX_LENGTH_MAX && word.chars().all(|c| PREFIX_LETTERS.contains(c));
            if is_prefix && matches!(next, Some('"' | '\'')) {
                (Kind::Other, word.len() + string_length(&rest[word.len()..]))
            } else {
                (if KEYWORDS.contains(&word) { Kind::Other } else { Kind::Name }, word.len())
            }
        }
        digit if digit.is_numeric() => (Kind::Other, number_length(rest)),
        other => (Kind::Other, other.len_utf8()),
    }
}

/// The bytes of the string that a text begins with, quotes included. What is not closed ends with its line, or with the
/// text if three quotes opened it.
fn string_length(text: &str) -> usize {
    let quote = &text[..1];
    let triple = &quote.repeat(3);
    let is_long = text.starts_with(triple.as_str());
    let closing = if is_long { triple } else { quote };
    let mut at = closing.len();
    while let Some(next) = text[at..].chars().next() {
        if text[at..].starts_with(closing) {
            return at + closing.len();
        }
        match next {
            '\\' => at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
            '\n' if !is_long => return at,
            next => at += next.len_utf8(),
        }
    }
    text.len()
}

//! The tokens of Rust.

use super::{Kind, closed, number_length, word_length};

/// The words that are never identifiers, and those that name what is at hand: what they mean nobody disputes.
const KEYWORDS: [&str; 38] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self",
    "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
];
/// What may stand before a string's quote.
const STRING_PREFIXES: [&str; 5] = ["b", "c", "r", "br", "cr"];

/// The kind and the bytes of the token that a text begins with.
pub(super) fn token(rest: &str, first: char) -> (Kind, usize) {
    match first {
        '/' if rest.starts_with("//") => (Kind::Other, rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => (Kind::Other, comment_length(rest)),
        '"' => (Kind::Other, closed(rest, 1, '"')),
        '\'' => (Kind::Other, quote_length(rest)),
        'r' if rest[1..].starts_with('#') && rest[2..].starts_with(super::starts_word) => {
            // A keyword that is a name here.
            (Kind::Other, 2 + word_length(&rest[2..]))
        }
        first if super::starts_word(first) => {
            let word = &rest[..word_length(rest)];
            match string_length(word, &rest[word.len()..]) {
                Some(length) => (Kind::Other, word.len() + length),
                None if KEYWORDS.contains(&word) || word == "_" => (Kind::Other, word.len()),
                None => (Kind::Name, word.len()),
            }
        }
        digit if digit.is_numeric() => (Kind::Other, number_length(rest)),
        other => (Kind::Other, other.len_utf8()),
    }
}

/// The bytes of a comment, which may hold others.
fn comment_length(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(next) = text[at..].chars().next() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += next.len_utf8();
        }
    }
    text.len()
}

/// The bytes of a character or of a lifetime.
fn quote_length(text: &str) -> usize {
    let mut after = text[1..].chars();
    match (after.next(), after.next()) {
        (Some('\\'), _) => closed(text, 1, '\''),
        (Some(one), Some('\'')) => 2 + one.len_utf8(),
        _ => 1 + word_length(&text[1..]),
    }
}

/// The bytes of the string that follows its prefix, if this is one.
fn string_length(prefix: &str, after: &str) -> Option<usize> {
    if prefix == "b" && after.starts_with('\'') {
        return Some(closed(after, 1, '\''));
    }
    if !STRING_PREFIXES.contains(&prefix) {
        return None;
    }
    let n_hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    if !after[n_hashes..].starts_with('"') {
        return None;
    }
    if !prefix.ends_with('r') {
        return (n_hashes == 0).then(|| closed(after, 1, '"'));
    }
    let closing = format!("\"{}", "#".repeat(n_hashes));
    let body = &after[n_hashes + 1..];
    Some(n_hashes + 1 + body.find(&closing).map_or(body.len(), |at| at + closing.len()))
}

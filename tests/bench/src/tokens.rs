//! Finds the identifiers of a Python source, to have something to ask about.
//!
//! A scanner, not a parser: it knows strings, comments, numbers and keywords, and no grammar. The expressions inside of
//! f-strings are passed over with their strings.

/// The words that are never identifiers. The soft ones (`match`, `type`, ..) often are.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];
/// A string's prefix has at most so many letters, all of them from [`PREFIX_LETTERS`].
const PREFIX_LENGTH_MAX: usize = 2;
const PREFIX_LETTERS: &str = "rRbBuUfFtT";

/// A name in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identifier<'a> {
    /// Counted from 0.
    pub(crate) line: u32,
    /// Where it starts in the line, in UTF-16 code units.
    pub(crate) character: u32,
    /// Where it starts in the text, in bytes.
    pub(crate) offset: usize,
    /// As it is written.
    pub(crate) name: &'a str,
}

/// Every identifier outside of strings and comments, in order.
pub(crate) fn identifiers(text: &str) -> Vec<Identifier<'_>> {
    let mut found = Vec::new();
    let mut position = Position::default();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        at += match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => string_length(rest),
            first if starts_word(first) => {
                let word = &rest[..word_length(rest)];
                let next = rest[word.len()..].chars().next();
                let is_prefix = word.len() <= PREFIX_LENGTH_MAX && word.chars().all(|c| PREFIX_LETTERS.contains(c));
                if is_prefix && matches!(next, Some('"' | '\'')) {
                    word.len() + string_length(&rest[word.len()..])
                } else {
                    if !KEYWORDS.contains(&word) {
                        position.advance(text, at);
                        let Position { line, line_start, .. } = position;
                        let character = text[line_start..at].encode_utf16().count() as u32;
                        found.push(Identifier { line, character, offset: at, name: word });
                    }
                    word.len()
                }
            }
            digit if digit.is_numeric() => {
                rest.find(|next: char| !continues_word(next) && next != '.').unwrap_or(rest.len())
            }
            other => other.len_utf8(),
        };
    }
    found
}

/// How far lines were counted.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    at: usize,
    line: u32,
    line_start: usize,
}

impl Position {
    fn advance(&mut self, text: &str, at: usize) {
        for (newline, _) in text[self.at..at].match_indices('\n') {
            self.line += 1;
            self.line_start = self.at + newline + 1;
        }
        self.at = at;
    }
}

fn starts_word(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn continues_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word_length(text: &str) -> usize {
    text.find(|next| !continues_word(next)).unwrap_or(text.len())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(u32, u32, &str)]) {
        let found: Vec<_> = identifiers(text).iter().map(|id| (id.line, id.character, id.name)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn names_are_found_and_keywords_are_not() {
        check("def f(x):\n    return x.y\n", &[(0, 4, "f"), (0, 6, "x"), (1, 11, "x"), (1, 13, "y")]);
        check("match = 1", &[(0, 0, "match")]);
    }

    #[test]
    fn strings_and_comments_are_passed_over() {
        check("a = 'b' # c\nd", &[(0, 0, "a"), (1, 0, "d")]);
        check(r#"a("it\"s b", r'c\'d', Rb"x", f'{e}')"#, &[(0, 0, "a")]);
        check("\"\"\"a\n'b\n\"\"\"c", &[(2, 3, "c")]);
        check("'''a''b'''c", &[(0, 10, "c")]);
        check("''a", &[(0, 2, "a")]);
    }

    #[test]
    fn an_unclosed_string_ends_with_its_line_unless_it_is_continued() {
        check("'a\nb", &[(1, 0, "b")]);
        check("'a\\\nb' c", &[(1, 3, "c")]);
        check("\"\"\"a\nb", &[]);
        check("'\\", &[]);
    }

    #[test]
    fn a_word_before_a_quote_is_a_prefix_only_if_it_can_be_one() {
        check("if'a':b", &[(0, 6, "b")]);
        check("x'a'", &[(0, 0, "x")]);
        check("f 'a'", &[(0, 0, "f")]);
    }

    #[test]
    fn numbers_are_no_names() {
        check("1e5 + 0xff + 1_000j + 1.5e3 + a1", &[(0, 30, "a1")]);
    }

    #[test]
    fn characters_are_counted_in_utf16() {
        check("'é𝒳' + ä + b", &[(0, 8, "ä"), (0, 12, "b")]);
    }

    proptest! {
        #[test]
        fn every_name_stands_where_it_is_said_to_stand(text in "[ab_'\"#\\\\\n é𝒳1fr.]{0,60}") {
            let lines: Vec<Vec<u16>> = text.split('\n').map(|line| line.encode_utf16().collect()).collect();
            for found in identifiers(&text) {
                let name: Vec<u16> = found.name.encode_utf16().collect();
                let start = found.character as usize;
                prop_assert_eq!(&lines[found.line as usize][start..start + name.len()], &name[..]);
            }
        }
    }
}

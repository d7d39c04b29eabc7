//! Finds the identifiers of a source, to have something to ask about.
//!
//! A scanner, not a parser: it knows strings, comments, numbers and keywords, and no grammar.

mod python;
mod rust;
mod script;

use crate::language::Language;

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

/// What a token is, as far as anybody here wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A name that somebody chose.
    Name,
    /// Something else that has a value.
    Operand,
    /// Nothing.
    Space,
    Other,
}

/// Every identifier outside of strings and comments, in order.
pub(crate) fn identifiers(language: Language, text: &str) -> Vec<Identifier<'_>> {
    let mut found = Vec::new();
    let mut position = Position::default();
    let (mut at, mut before) = (0, Kind::Other);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = match language {
            Language::Python => python::token(rest, first),
            Language::Rust => rust::token(rest, first),
            Language::TypeScript | Language::JavaScript => {
                script::token(rest, first, matches!(before, Kind::Name | Kind::Operand))
            }
        };
        if kind == Kind::Name {
            position.advance(text, at);
            let Position { line, line_start, .. } = position;
            let character = text[line_start..at].encode_utf16().count() as u32;
            found.push(Identifier { line, character, offset: at, name: &rest[..length] });
        }
        if kind != Kind::Space {
            before = kind;
        }
        at += length;
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

/// The bytes of a number, with what belongs to it as a suffix. A point counts if a digit follows: before a name it is a
/// member's.
fn number_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((at, next)) = characters.next() {
        let is_point = next == '.' && characters.peek().is_some_and(|(_, after)| after.is_numeric());
        if !continues_word(next) && !is_point {
            return at;
        }
    }
    text.len()
}

/// The bytes up to the quote that closes what was opened in the first `opening` bytes of a text, that quote included.
fn closed(text: &str, opening: usize, quote: char) -> usize {
    let mut at = opening;
    while let Some(next) = text[at..].chars().next() {
        at += next.len_utf8();
        match next {
            next if next == quote => return at,
            '\\' => at += text[at..].chars().next().map_or(0, char::len_utf8),
            _ => {}
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
        let found: Vec<_> =
            identifiers(Language::Python, text).iter().map(|id| (id.line, id.character, id.name)).collect();
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

    #[track_caller]
    fn names(language: Language, text: &str, expected: &[&str]) {
        let found: Vec<_> = identifiers(language, text).iter().map(|id| id.name).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_rust_quotes_is_passed_over() {
        names(Language::Rust, "fn f<'a>(x: &'a str) -> char { '\\'' }", &["f", "x", "str", "char"]);
        names(Language::Rust, "a('b', b'\\'', \"c\\\"\nd\", b\"e\", r#\"f\"g\"#, br\"h\\\", r#type)", &["a"]);
        names(Language::Rust, "a /* b /* c */ d */ e // f\ng", &["a", "e", "g"]);
        names(Language::Rust, "self.0.a + 1.max(b) + 0..c + 1.5e3_f64", &["a", "max", "b", "c"]);
        names(Language::Rust, "'a\n\"", &[]);
    }

    #[test]
    fn what_scripts_quote_is_passed_over() {
        let check = |text: &str, expected: &[&str]| names(Language::JavaScript, text, expected);
        check("#!/usr/bin/env node\na = $b.c_$ // d\n/* e */ f", &["a", "$b", "c_$", "f"]);
        check("a('b\\'', \"c\", `d${e + `f${ {g: `}`} }`}h`, i)", &["a", "i"]);
        check("a = /[/\"]b\\/c/g.test(d) / e / f", &["a", "test", "d", "e", "f"]);
        check("return /a/ .b; (c) / d / e; this / f / g", &["b", "c", "d", "e", "f", "g"]);
        check("a = `b\n${", &["a"]);
        check("a = /b\nc", &["a", "c"]);
    }

    proptest! {
        #[test]
        fn every_name_stands_where_it_is_said_to_stand(
            text in "[ab_'\"#\\\\\n é𝒳1fr.`$/{}*]{0,60}",
            language in prop::sample::select(vec![Language::Python, Language::Rust, Language::JavaScript]),
        ) {
            let lines: Vec<Vec<u16>> = text.split('\n').map(|line| line.encode_utf16().collect()).collect();
            for found in identifiers(language, &text) {
                let name: Vec<u16> = found.name.encode_utf16().collect();
                let start = found.character as usize;
                prop_assert_eq!(&lines[found.line as usize][start..start + name.len()], &name[..]);
            }
        }
    }
}

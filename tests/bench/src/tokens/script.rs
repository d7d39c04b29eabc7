//! The tokens of TypeScript and JavaScript. The expressions inside of templates are passed over with them, and the text
//! between JSX tags is taken for names.

use super::{Kind, closed, number_length};

/// The words that are never identifiers. Those that TypeScript adds (`type`, `of`, ..) often are.
const KEYWORDS: [&str; 32] = [
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "let",
    "new",
    "return",
    "switch",
    "throw",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
];
/// Such words that are values.
const VALUES: [&str; 5] = ["false", "null", "super", "this", "true"];

/// The kind and the bytes of the token that a text begins with; `divides` if a slash behind the token before it divides.
pub(super) fn token(rest: &str, first: char, divides: bool) -> (Kind, usize) {
    match first {
        '/' if rest.starts_with("//") => (Kind::Space, rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => (Kind::Space, rest[2..].find("*/").map_or(rest.len(), |at| at + 4)),
        '#' if rest.starts_with("#!") => (Kind::Space, rest.find('\n').unwrap_or(rest.len())),
        '/' if !divides => (Kind::Operand, pattern_length(rest)),
        '"' | '\'' => (Kind::Operand, closed(rest.split('\n').next().unwrap_or_default(), 1, first)),
        '`' => (Kind::Operand, template_length(rest)),
        first if super::starts_word(first) || first == '$' => {
            let word = &rest[..word_length(rest)];
            let kind = match word {
                word if KEYWORDS.contains(&word) => Kind::Other,
                word if VALUES.contains(&word) => Kind::Operand,
                _ => Kind::Name,
            };
            (kind, word.len())
        }
        digit if digit.is_numeric() => (Kind::Operand, number_length(rest)),
        ')' | ']' | '}' => (Kind::Operand, 1),
        space if space.is_whitespace() => (Kind::Space, space.len_utf8()),
        other => (Kind::Other, other.len_utf8()),
    }
}

fn word_length(text: &str) -> usize {
    text.find(|next| !super::continues_word(next) && next != '$').unwrap_or(text.len())
}

/// The bytes of a regular expression and its flags: it ends with its line at the latest.
fn pattern_length(text: &str) -> usize {
    let (mut is_class, mut at) = (false, 1);
    while let Some(next) = text[at..].chars().next() {
        match next {
            '\n' => return at,
            '/' if !is_class => return at + 1 + word_length(&text[at + 1..]),
            '\\' => at += 1 + text[at + 1..].chars().next().filter(|next| *next != '\n').map_or(0, char::len_utf8),
            next => {
                is_class = next == '[' || is_class && next != ']';
                at += next.len_utf8();
            }
        }
    }
    text.len()
}

/// The bytes of a template, with the expressions in it and the templates in these.
fn template_length(text: &str) -> usize {
    // For each expression that is open how many braces are open in it; without any the template's own text is read.
    let (mut open, mut n_templates, mut at): (Vec<(usize, usize)>, usize, usize) = (Vec::new(), 1, 1);
    while let Some(next) = text[at..].chars().next() {
        let is_text = open.last().is_none_or(|(within, _)| *within < n_templates);
        match next {
            '\\' => {
                at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8);
                continue;
            }
            '`' if is_text => {
                n_templates -= 1;
                if n_templates == 0 {
                    return at + 1;
                }
            }
            '`' => n_templates += 1,
            '$' if is_text && text[at..].starts_with("${") => {
                open.push((n_templates, 0));
                at += 2;
                continue;
            }
            '{' if !is_text => open.iter_mut().last().into_iter().for_each(|(_, braces)| *braces += 1),
            '}' if !is_text => match open.last_mut() {
                Some((_, braces)) if *braces > 0 => *braces -= 1,
                _ => drop(open.pop()),
            },
            _ => {}
        }
        at += next.len_utf8();
    }
    text.len()
}

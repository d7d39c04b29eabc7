//! A guard against code that is nested so deeply that a recursive parser runs out of stack.
//!
//! A sandboxed stack cannot grow, and running out of it costs the whole warm instance. Counted on tokens: brackets, and beside
//! them the operators and keywords that open an operand without a bracket.

use ra_ap_ide::Edition;
use ra_ap_parser::{LexedStr, SyntaxKind, T};

/// Brackets within one another.
const BRACKETS_MAX: usize = 200;
/// What else opens an operand or lengthens a chain, between two commas or semicolons, over all open brackets.
const LINKS_MAX: usize = 800;

/// What a person is told.
pub(super) const MESSAGE: &str = "the code is nested too deeply to be analyzed";

/// Whether the text nests deeper than the stack bears.
pub(crate) fn is_too_deep(text: &str) -> bool {
    may_be_too_deep(text.as_bytes()) && is_too_deep_in_tokens(text)
}

/// A cheap count that errs on the side of alarm.
fn may_be_too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut links) = (0_usize, 0_usize);
    for byte in bytes {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                links += 1;
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                links += 1;
            }
            b';' | b',' if depth < 2 => links = 0,
            b'!'..=b'/' | b':'..=b'@' | b'|' | b'^' | b'~' | b' ' | b'\n' | b'\t' => links += 1,
            _ => {}
        }
        if depth > BRACKETS_MAX / 2 || links > LINKS_MAX {
            return true;
        }
    }
    false
}

fn is_too_deep_in_tokens(text: &str) -> bool {
    let lexed = LexedStr::new(Edition::CURRENT, text);
    // The links since the last separator, for every open bracket.
    let mut open: Vec<usize> = vec![0];
    let mut total = 0;
    let mut is_after_block = false;
    for at in 0..lexed.len() {
        let kind = lexed.kind(at);
        if kind.is_trivia() {
            continue;
        }
        // A block ends a statement, unless the statement goes on.
        if std::mem::take(&mut is_after_block) && !matches!(kind, T![else] | T![.] | T![?]) {
            total -= separated(&mut open);
        }
        match kind {
            T!['('] | T!['['] | T!['{'] => {
                open.push(0);
                if open.len() > BRACKETS_MAX {
                    return true;
                }
            }
            T![')'] | T![']'] | T!['}'] => {
                if open.len() > 1 {
                    total -= open.pop().unwrap_or_default();
                }
                is_after_block = kind == T!['}'];
            }
            T![;] | T![,] => total -= separated(&mut open),
            kind if is_link(kind) => {
                if let Some(links) = open.last_mut() {
                    *links += 1;
                    total += 1;
                }
                if total > LINKS_MAX {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn separated(open: &mut [usize]) -> usize {
    open.last_mut().map(std::mem::take).unwrap_or_default()
}

/// Whether a token opens an operand or lengthens a chain.
fn is_link(kind: SyntaxKind) -> bool {
    kind.is_keyword(Edition::CURRENT) || kind.is_punct() && !matches!(kind, T![:] | T![#])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_not_too_deep() {
        let long = format!("const A: &[u32] = &[{}];", "1 + 2, ".repeat(100_000));
        let items = "fn f(a: &u32) -> u32 { if a > 1 { a.b().c } else { -a } }\n".repeat(10_000);
        let arms = format!("fn f() {{ match x {{ {} }} }}", "A | B => { f(&x) }\n".repeat(5_000));
        for text in [long.as_str(), items.as_str(), arms.as_str(), "", "\"((((\"", "}}}}}}"] {
            assert!(!is_too_deep(text), "{}", &text[..text.len().min(40)]);
        }
    }

    #[test]
    fn what_exhausts_a_stack_is() {
        for unit in ["(", "[", "{", "!", "-", "&", "a.", "1 + ", "if a {} else ", "|x| ", "fn() -> "] {
            let text = format!("fn f() {{ {} }}", unit.repeat(5_000));
            assert!(is_too_deep(&text), "{unit}");
        }
    }
}

//! A guard against code that is nested so deeply that a recursive parser runs out of stack.
//!
//! A sandboxed stack cannot grow, and running out of it costs the whole warm instance. The bounds on brackets and blocks
//! are CPython's own, so no program that Python runs is turned away. A pass over bytes decides for nearly every file; only
//! where it alarms does the lexer look again, because brackets in strings do not nest.

use memchr::memmem;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// Open brackets within one another; CPython's `MAXLEVEL`.
const BRACKETS_MAX: u32 = 200;
/// Indented blocks within one another; CPython's `MAXINDENT`.
const BLOCKS_MAX: u32 = 100;
/// Operators that open an operand without a bracket, in a chain: `not not …`, `lambda: lambda: …`, `… else … else …`.
const CHAIN_MAX: u32 = 200;
/// Links of a chain to the left, as in `a.b().c` or `1 + 2 + 3`. They are parsed in a loop, but the tree is as deep as the
/// chain is long, and whoever walks or drops it recurses. Measured in the sandbox with 2 MiB of stack: inferring `a.b.b…`
/// runs out between 1700 and 1990 links.
const LINKS_MAX: u32 = 1500;

/// Whether the text nests deeper than the stack bears.
pub(crate) fn is_too_deep(text: &str) -> bool {
    may_be_too_deep(text.as_bytes()) && is_too_deep_in_tokens(text)
}

/// A cheap count that errs on the side of alarm: brackets wherever they stand, columns of indentation, words of a chain
/// anywhere in the file.
fn may_be_too_deep(bytes: &[u8]) -> bool {
    let mut count = ByteCount::default();
    for (index, &byte) in bytes.iter().enumerate() {
        let class = CLASSES[byte as usize];
        if class != Class::Plain && count.feed(class, &bytes[index + 1..]) {
            return true;
        }
    }
    let words: [&[u8]; 4] = [b"not", b"lambda", b"else", b"await"];
    words.iter().any(|word| memmem::find_iter(bytes, word).nth(CHAIN_MAX as usize).is_some())
}

/// What a byte can do to the depth.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Open,
    Close,
    Newline,
    Comma,
    Link,
    Operator,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    classes[b'(' as usize] = Class::Open;
    classes[b'[' as usize] = Class::Open;
    classes[b'{' as usize] = Class::Open;
    classes[b')' as usize] = Class::Close;
    classes[b']' as usize] = Class::Close;
    classes[b'}' as usize] = Class::Close;
    classes[b'\n' as usize] = Class::Newline;
    classes[b'\r' as usize] = Class::Newline;
    classes[b',' as usize] = Class::Comma;
    let links = b"./%|&^@<>";
    let mut index = 0;
    while index < links.len() {
        classes[links[index] as usize] = Class::Link;
        index += 1;
    }
    classes[b'+' as usize] = Class::Operator;
    classes[b'-' as usize] = Class::Operator;
    classes[b'~' as usize] = Class::Operator;
    classes[b'*' as usize] = Class::Operator;
    classes
};

/// What the pass over bytes counts.
#[derive(Default)]
struct ByteCount {
    brackets: u32,
    /// Prefix operators since the last line.
    operators: u32,
    /// Anything that can be a link, since the last comma or line.
    links: u32,
}

impl ByteCount {
    /// Counts a byte that is followed by `rest`; whether a bound is passed.
    fn feed(&mut self, class: Class, rest: &[u8]) -> bool {
        match class {
            Class::Plain => false,
            Class::Open => {
                self.brackets += 1;
                self.links += 1;
                self.brackets > BRACKETS_MAX || self.links > LINKS_MAX
            }
            Class::Link => {
                self.links += 1;
                self.links > LINKS_MAX
            }
            Class::Comma => {
                self.links = 0;
                false
            }
            Class::Close => {
                self.brackets = self.brackets.saturating_sub(1);
                false
            }
            Class::Operator => {
                self.operators += 1;
                self.links += 1;
                self.operators > CHAIN_MAX || self.links > LINKS_MAX
            }
            Class::Newline => {
                if self.brackets == 0 {
                    self.operators = 0;
                    self.links = 0;
                }
                // A block takes at least one column, so fewer columns cannot be too many blocks.
                rest.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count() > BLOCKS_MAX as usize
            }
        }
    }
}

/// The exact count, over tokens.
fn is_too_deep_in_tokens(text: &str) -> bool {
    let mut lexer = lexer::lex(text, Mode::Module);
    let mut depth = TokenDepth::default();
    loop {
        let kind = lexer.next_token();
        if kind.is_eof() {
            return false;
        }
        if depth.feed(kind) {
            return true;
        }
    }
}

/// What the pass over tokens counts.
#[derive(Default)]
struct TokenDepth {
    /// The brackets that are open, with what was counted before each.
    brackets: Vec<Links>,
    blocks: u32,
    /// Prefix operators one right after the other.
    prefixes: u32,
    /// The expression at the place, from the innermost bracket on.
    links: Links,
    /// How deep the expressions around the open brackets are: to the left, and to the right.
    around: (u32, u32),
}

/// How deep an expression is without the brackets in it: each operator adds to the chain of its own precedence, and ends
/// those of higher precedence.
#[derive(Clone, Copy, Default)]
struct Links {
    sums: u32,
    products: u32,
    /// Dots, calls and subscripts.
    postfixes: u32,
    /// `**`, which nests to the right.
    powers: u32,
    /// `else` and `lambda`, which nest to the right.
    tails: u32,
}

impl Links {
    fn to_the_left(self) -> u32 {
        self.sums + self.products + self.postfixes
    }

    fn to_the_right(self) -> u32 {
        self.powers + self.tails
    }
}

impl TokenDepth {
    /// Counts a token; whether a bound is passed.
    fn feed(&mut self, kind: TokenKind) -> bool {
        match kind {
            TokenKind::Comment | TokenKind::NonLogicalNewline => return false,
            TokenKind::Not | TokenKind::Await | TokenKind::Plus | TokenKind::Minus | TokenKind::Tilde => {
                self.prefixes += 1;
            }
            _ => self.prefixes = 0,
        }
        match kind {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => self.open(),
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => self.close(),
            TokenKind::Indent => self.blocks += 1,
            TokenKind::Dedent => self.blocks = self.blocks.saturating_sub(1),
            TokenKind::Newline | TokenKind::Semi => {
                self.brackets.clear();
                self.links = Links::default();
                self.around = (0, 0);
            }
            kind => self.links = after(self.links, kind),
        }
        self.brackets.len() > BRACKETS_MAX as usize
            || self.blocks > BLOCKS_MAX
            || self.prefixes > CHAIN_MAX
            || self.around.1 + self.links.to_the_right() > CHAIN_MAX
            || self.around.0 + self.links.to_the_left() > LINKS_MAX
    }

    fn open(&mut self) {
        self.links.postfixes += 1;
        self.around.0 += self.links.to_the_left();
        self.around.1 += self.links.to_the_right();
        self.brackets.push(std::mem::take(&mut self.links));
    }

    fn close(&mut self) {
        if let Some(links) = self.brackets.pop() {
            self.around.0 -= links.to_the_left();
            self.around.1 -= links.to_the_right();
            self.links = links;
        }
    }
}

/// The chains of an expression after a further token, which is no bracket.
fn after(links: Links, kind: TokenKind) -> Links {
    let Links { sums, products, postfixes, powers, tails } = links;
    match kind {
        TokenKind::Dot => Links { postfixes: postfixes + 1, ..links },
        TokenKind::DoubleStar => Links { powers: powers + 1, postfixes: 0, ..links },
        TokenKind::Star | TokenKind::Slash | TokenKind::DoubleSlash | TokenKind::Percent | TokenKind::At => {
            Links { sums, products: products + 1, tails, ..Links::default() }
        }
        TokenKind::Plus
        | TokenKind::Minus
        | TokenKind::Vbar
        | TokenKind::Amper
        | TokenKind::CircumFlex
        | TokenKind::LeftShift
        | TokenKind::RightShift => Links { sums: sums + 1, tails, ..Links::default() },
        TokenKind::Else | TokenKind::Lambda => Links { tails: tails + 1, ..Links::default() },
        TokenKind::Comma => Links::default(),
        // Names and literals go on with what there is.
        TokenKind::Name | TokenKind::String | TokenKind::Int | TokenKind::Float | TokenKind::Complex => links,
        // Comparisons, assignments and keywords are flat, or end what was before.
        _ => Links { tails, ..Links::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_code_is_not_too_deep() {
        assert!(!is_too_deep("def f(x):\n    return [[x], {1: (2,)}]\n"));
        assert!(!is_too_deep(&format!("x = [{}]\n", "-1, ".repeat(5000))));
        assert!(!is_too_deep(&format!("x = ({}'')\n", "'a' +\n".repeat(1400))));
        assert!(!is_too_deep(&format!("x = ({}1)\n", "a[0]*b**2*(c - d)/e.f(g).h + ".repeat(1400))));
        assert!(!is_too_deep(&format!("x = ({}1)\n", "(a if b else c) + ".repeat(1400))));
        assert!(!is_too_deep(&format!("x = [\n{}]\n", "a.b(c),\n".repeat(5000))));
        assert!(!is_too_deep(&format!("x = '''{}'''\n", "a.b ".repeat(5000))));
        assert!(!is_too_deep(&"if not x:\n    pass\nelse:\n    pass\n".repeat(1000)));
        assert!(!is_too_deep(&format!("x = '{}'\n", "(".repeat(5000))));
    }

    #[test]
    fn nesting_of_every_kind_is_found() {
        assert!(is_too_deep(&"(".repeat(5000)));
        assert!(is_too_deep(&format!("x = {}1", "[(".repeat(101))));
        assert!(is_too_deep(&"not ".repeat(5000)));
        assert!(is_too_deep(&"- ~".repeat(5000)));
        assert!(is_too_deep(&"lambda: ".repeat(5000)));
        assert!(is_too_deep(&"a if b else ".repeat(5000)));
        assert!(is_too_deep(&"a ** ".repeat(5000)));
        assert!(is_too_deep(&format!("x = a{}", ".b(c)".repeat(5000))));
        assert!(is_too_deep(&"a + ".repeat(5000)));
        let blocks: String = (0..150).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
        assert!(is_too_deep(&blocks));
    }
}

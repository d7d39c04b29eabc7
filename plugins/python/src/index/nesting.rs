//! A guard against code that is nested so deeply that a recursive parser runs out of stack.
//!
//! A sandboxed stack cannot grow, and running out of it costs the whole warm instance. The bounds on brackets and blocks
//! are CPython's own, so no program that Python runs is turned away. A pass over bytes decides for nearly every file; only
//! where it alarms does the lexer look again, because brackets in strings do not nest.

use memchr::{memchr2, memmem};
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
    let mut count = LineCount::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        if count.feed(line) {
            return true;
        }
        rest = after.get(1..).unwrap_or_default();
    }
    let words: [&[u8]; 3] = [b"lambda", b"else", b"await"];
    words.iter().any(|word| memmem::find_iter(bytes, word).nth(CHAIN_MAX as usize).is_some())
        || memmem::find_iter(bytes, b"not").filter(|at| is_not(bytes, *at)).nth(CHAIN_MAX as usize).is_some()
}

/// Whether the bytes `not` may be the operator: in code about annotations most are not. A chain of them has space or a bracket
/// before each but the first, so a number before it, that may end with a letter, is no matter.
fn is_not(bytes: &[u8], at: usize) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    let after = bytes.get(at + b"not".len());
    !is_letter(before) && !is_letter(after) && !after.is_some_and(u8::is_ascii_digit)
}

/// How many bytes are counted at once: so many that it is worth it, and so few that no count leaves its byte, and that the
/// brackets which open in them do not alarm by themselves.
const PIECE_BYTES: usize = 128;

/// What a byte adds to the counts of a piece, each of which is one byte of the sum.
static COUNTED: [u64; 256] = {
    let mut counted = [0; 256];
    let bytes = b"([{)]}./%|&^@<>+-~*,";
    let mut index = 0;
    while index < bytes.len() {
        counted[bytes[index] as usize] = match bytes[index] {
            b'(' | b'[' | b'{' => OPENS | LINKS,
            b')' | b']' | b'}' => CLOSES,
            b'+' | b'-' | b'~' | b'*' => OPERATORS | LINKS,
            b',' => COMMAS,
            _ => LINKS,
        };
        index += 1;
    }
    counted
};
const OPENS: u64 = 1;
const CLOSES: u64 = 1 << 8;
/// Anything that can be a link of a chain.
const LINKS: u64 = 1 << 16;
const OPERATORS: u64 = 1 << 24;
const COMMAS: u64 = 1 << 32;

/// One count of a sum.
fn count_of(sum: u64, unit: u64) -> u32 {
    u32::from((sum / unit) as u8)
}

/// What the pass over bytes counts.
#[derive(Default)]
struct LineCount {
    brackets: u32,
    /// Prefix operators since the last line.
    operators: u32,
    /// Anything that can be a link, since the last comma or line; not less than that.
    links: u32,
}

impl LineCount {
    /// Counts a line; whether a bound is passed.
    fn feed(&mut self, line: &[u8]) -> bool {
        // A block takes at least one column, so fewer columns cannot be too many blocks.
        let is_indented = |margin: &[u8]| margin.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        if line.get(..=BLOCKS_MAX as usize).is_some_and(is_indented) {
            return true;
        }
        if line.chunks(PIECE_BYTES).any(|piece| self.feed_piece(piece)) {
            return true;
        }
        if self.brackets == 0 {
            self.operators = 0;
            self.links = 0;
        }
        false
    }

    fn feed_piece(&mut self, piece: &[u8]) -> bool {
        let (mut sum, mut brackets, before) = (0, self.brackets, self.brackets);
        for &byte in piece {
            let counted = COUNTED[byte as usize];
            sum += counted;
            // What closes nothing must not make up for what opens later.
            brackets = (brackets + (counted & 1) as u32).saturating_sub((counted >> 8 & 1) as u32);
        }
        self.brackets = brackets;
        self.operators += count_of(sum, OPERATORS);
        self.links += count_of(sum, LINKS);
        let passed =
            before + count_of(sum, OPENS) > BRACKETS_MAX || self.operators > CHAIN_MAX || self.links > LINKS_MAX;
        // Those before the comma are counted too: it stands anywhere in the piece.
        if count_of(sum, COMMAS) > 0 {
            self.links = count_of(sum, LINKS);
        }
        passed
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
        assert!(!may_be_too_deep("annotation = cannot(not1, notation)\n".repeat(300).as_bytes()));
        assert!(may_be_too_deep("x = not(y)\n".repeat(300).as_bytes()));
        assert!(!is_too_deep(&format!("x = ({}'')\n", "'a' +\n".repeat(1400))));
        assert!(!is_too_deep(&format!("x = ({}1)\n", "a[0]*b**2*(c - d)/e.f(g).h + ".repeat(1400))));
        assert!(!is_too_deep(&format!("x = ({}1)\n", "(a if b else c) + ".repeat(1400))));
        assert!(!is_too_deep(&format!("x = [\n{}]\n", "a.b(c),\n".repeat(5000))));
        assert!(!is_too_deep(&format!("x = '''{}'''\n", "a.b ".repeat(5000))));
        assert!(!is_too_deep(&"if not x:\n    pass\nelse:\n    pass\n".repeat(1000)));
        assert!(!is_too_deep(&format!("x = '{}'\n", "(".repeat(5000))));
    }

    #[test]
    fn long_lines_of_small_things_do_not_alarm() {
        assert!(!may_be_too_deep(format!("x = [{}]\n", "(1, -2), ".repeat(99)).as_bytes()));
        assert!(!may_be_too_deep("x = f(a)[b] + g(c)\n".repeat(5000).as_bytes()));
    }

    #[test]
    fn what_closes_nothing_makes_up_for_nothing() {
        let text = format!("{}{}", ")".repeat(500), "(".repeat(BRACKETS_MAX as usize + 1));
        assert!(may_be_too_deep(text.as_bytes()));
        assert!(may_be_too_deep(")((\n".repeat(BRACKETS_MAX as usize + 1).as_bytes()));
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

//! A hash of what other files can see of this one.
//!
//! It covers every token of the file but two kinds of range: bodies of functions whose result is annotated, and strings
//! that stand alone (docstrings). A body counts nevertheless where inference looks into it from outside: it declares a
//! `global`, or it assigns to an attribute of its receiver, whose type then depends on the code around. Comments, blank
//! lines and layout do not count, nor do positions.

use std::ops::Range;

use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

/// The hash of a parsed module.
pub(super) fn hash(text: &str, tokens: &[Token], suite: &[Stmt]) -> u64 {
    let mut hidden = Hidden { ranges: Vec::new() };
    hidden.body(suite);
    let mut hasher = StableHasher::default();
    let mut hidden = hidden.ranges.iter().peekable();
    let mut skipped = false;
    for token in tokens {
        if matches!(token.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline) {
            continue;
        }
        while hidden.next_if(|range| range.end() <= token.start()).is_some() {}
        // The end of the line goes with the statement that ends there.
        let ends_hidden = skipped && token.kind() == TokenKind::Newline;
        skipped = !ends_hidden && hidden.peek().is_some_and(|range| range.contains_range(token.range()));
        if skipped || ends_hidden {
            continue;
        }
        hash_token(&mut hasher, text.as_bytes(), token);
    }
    hasher.finish()
}

/// The hash of a text that is not parsed.
pub(super) fn hash_text(text: &str) -> u64 {
    let mut hasher = StableHasher::default();
    hasher.write(TokenKind::Unknown as u8, text.as_bytes(), 0..text.len());
    hasher.finish()
}

fn hash_token(hasher: &mut StableHasher, text: &[u8], token: &Token) {
    let layout = matches!(token.kind(), TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent);
    let start = token.start().to_usize();
    let end = if layout { start } else { token.end().to_usize() };
    hasher.write(token.kind() as u8, text, start..end);
}

/// The ranges that others do not see, ascending and apart.
struct Hidden {
    ranges: Vec<TextRange>,
}

impl Hidden {
    fn body(&mut self, body: &[Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::Expr(expression) if expression.value.is_string_literal_expr() => self.ranges.push(expression.range),
            Stmt::ClassDef(class) => self.body(&class.body),
            other => for_each_block(other, &mut |block| self.body(block)),
        }
    }

    fn function(&mut self, function: &ast::StmtFunctionDef) {
        let (Some(first), Some(last)) = (function.body.first(), function.body.last()) else { return };
        if function.returns.is_some() && !shows_through(&function.body) {
            self.ranges.push(TextRange::new(first.start(), last.end().max(first.start())));
        } else if let Stmt::Expr(expression) = first
            && expression.value.is_string_literal_expr()
        {
            self.ranges.push(expression.range);
        }
    }
}

/// Whether a body binds something that is visible outside: an attribute without annotation, or a global name.
fn shows_through(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::Global(_) => true,
        Stmt::Assign(assign) => assign.targets.iter().any(is_attribute),
        Stmt::AugAssign(assign) => is_attribute(&assign.target),
        Stmt::AnnAssign(assign) => is_attribute(&assign.target),
        Stmt::For(statement) if is_attribute(&statement.target) => true,
        Stmt::With(statement)
            if statement.items.iter().any(|item| item.optional_vars.as_deref().is_some_and(is_attribute)) =>
        {
            true
        }
        // Functions inside can assign to the receiver of the one around them.
        Stmt::FunctionDef(function) => shows_through(&function.body),
        other => {
            let mut found = false;
            for_each_block(other, &mut |block| found = found || shows_through(block));
            found
        }
    })
}

fn is_attribute(target: &Expr) -> bool {
    match target {
        Expr::Attribute(_) => true,
        Expr::Tuple(tuple) => tuple.elts.iter().any(is_attribute),
        Expr::List(list) => list.elts.iter().any(is_attribute),
        Expr::Starred(starred) => is_attribute(&starred.value),
        _ => false,
    }
}

/// Calls `visit` with each block of a compound statement that makes no scope, in source order.
pub(crate) fn for_each_block<'ast>(statement: &'ast Stmt, visit: &mut dyn FnMut(&'ast [Stmt])) {
    match statement {
        Stmt::If(statement) => {
            visit(&statement.body);
            statement.elif_else_clauses.iter().for_each(|clause| visit(&clause.body));
        }
        Stmt::For(statement) => {
            visit(&statement.body);
            visit(&statement.orelse);
        }
        Stmt::While(statement) => {
            visit(&statement.body);
            visit(&statement.orelse);
        }
        Stmt::With(statement) => visit(&statement.body),
        Stmt::Try(statement) => {
            visit(&statement.body);
            for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
                visit(&handler.body);
            }
            visit(&statement.orelse);
            visit(&statement.finalbody);
        }
        Stmt::Match(statement) => statement.cases.iter().for_each(|case| visit(&case.body)),
        _ => {}
    }
}

/// A 64-bit hash that is the same on every machine: words are mixed in by rotating and multiplying, which a sandbox does as fast
/// as a processor. It detects change; it is no defense against an attacker, who could only mislead the analysis of a file that
/// is already theirs.
#[derive(Default)]
struct StableHasher {
    state: u64,
}

/// An odd constant with well-mixed bits: 2^64 divided by the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl StableHasher {
    fn write_word(&mut self, word: u64) {
        self.state = (self.state.rotate_left(26) ^ word).wrapping_mul(MULTIPLIER);
    }

    /// Mixes in a range of a text and how long it is, with a number that tells what it is.
    fn write(&mut self, kind: u8, text: &[u8], range: Range<usize>) {
        let mut at = range.start;
        while range.end - at >= 8 {
            self.write_word(word_at(text, at));
            at += 8;
        }
        // Less than a word is left, so the highest byte is free.
        let tail = word_at(text, at) & ((1 << (8 * (range.end - at))) - 1);
        self.write_word(tail | u64::from(kind) << 56);
        self.state = self.state.wrapping_add(range.len() as u64);
    }

    /// The hash. Multiplying moves bits only upward, so the upper half is folded into the lower.
    fn finish(mut self) -> u64 {
        for shift in [32, 29] {
            self.state = (self.state ^ self.state >> shift).wrapping_mul(MULTIPLIER);
        }
        self.state ^ self.state >> 32
    }
}

/// The eight bytes of the text from there on, fewer at its end.
fn word_at(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    match rest.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

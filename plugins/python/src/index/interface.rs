//! A hash of what other files can see of this one.
//!
//! It covers every token of the file but two kinds of range: bodies of functions whose result is annotated, and strings
//! that stand alone (docstrings). That something stands there counts, so that the rest is parsed in the same way. Comments, blank
//! lines and layout do not count, nor do positions.
//!
//! A body counts nevertheless where inference looks into it from outside:
//! - it binds something that is visible outside: it declares a `global`, or assigns to an attribute of its receiver, whose type then
//!   depends on the code around;
//! - it is an asynchronous generator, which a call does not make a coroutine;
//! - it does nothing, so that an abstract method cannot be called.
//!
//! Two classes of one name are told apart by their positions in messages, so there positions count.
//!
//! `tests/interface.rs` holds it against the findings of the engine.

use std::ops::Range;

use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

/// In the place of what is left out.
const LEFT_OUT: u8 = u8::MAX;

/// The hash of a parsed module.
pub(super) fn hash(text: &str, tokens: &[Token], suite: &[Stmt]) -> u64 {
    let mut hidden = Hidden { tokens, ranges: Vec::new() };
    hidden.body(suite, Around::Other);
    let mut hasher = StableHasher::default();
    let mut hidden = hidden.ranges.iter().peekable();
    let mut classes: Vec<(&str, usize)> = Vec::new();
    let mut before = TokenKind::Newline;
    let mut skipped = false;
    for token in tokens {
        if matches!(token.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline) {
            continue;
        }
        while hidden.next_if(|range| range.end() <= token.start()).is_some() {}
        // The end of the line goes with the statement that ends there.
        let ends_hidden = skipped && token.kind() == TokenKind::Newline;
        let range = hidden.peek().filter(|range| !ends_hidden && range.contains_range(token.range()));
        skipped = range.is_some();
        if range.is_some_and(|range| range.start() == token.start()) {
            hasher.write(LEFT_OUT, text.as_bytes(), 0..0);
        }
        if skipped || ends_hidden {
            continue;
        }
        if before == TokenKind::Class {
            classes.push((&text[token.range()], token.start().to_usize()));
        }
        before = token.kind();
        hash_token(&mut hasher, text.as_bytes(), token);
    }
    hash_namesakes(&mut hasher, text, classes);
    hasher.finish()
}

/// Where classes stand that have their names in common with others.
fn hash_namesakes(hasher: &mut StableHasher, text: &str, mut classes: Vec<(&str, usize)>) {
    classes.sort_unstable();
    let namesakes = classes.chunk_by(|a, b| a.0 == b.0).filter(|chunk| chunk.len() > 1).flatten();
    for (_, offset) in namesakes {
        let before = &text.as_bytes()[..*offset];
        let line_start = memchr::memrchr2(b'\n', b'\r', before).map_or(0, |at| at + 1);
        hasher.write_word(memchr::memchr2_iter(b'\n', b'\r', before).count() as u64);
        hasher.write_word((offset - line_start) as u64);
    }
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

/// What a function stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Class,
    Other,
}

/// The ranges that others do not see, ascending and apart.
struct Hidden<'a> {
    tokens: &'a [Token],
    ranges: Vec<TextRange>,
}

impl Hidden<'_> {
    fn body(&mut self, body: &[Stmt], around: Around) {
        for statement in body {
            self.statement(statement, around);
        }
    }

    fn statement(&mut self, statement: &Stmt, around: Around) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function, around),
            Stmt::Expr(expression) if expression.value.is_string_literal_expr() => self.ranges.push(expression.range),
            Stmt::ClassDef(class) => self.body(&class.body, Around::Class),
            other => for_each_block(other, &mut |block| self.body(block, around)),
        }
    }

    fn function(&mut self, function: &ast::StmtFunctionDef, around: Around) {
        let (Some(first), Some(last)) = (function.body.first(), function.body.last()) else { return };
        let range = TextRange::new(first.start(), last.end().max(first.start()));
        if function.returns.is_some() && !self.shows_through(function, range, around) {
            self.ranges.push(range);
        } else if let Stmt::Expr(expression) = first
            && expression.value.is_string_literal_expr()
            && function.body.len() > 1
        {
            self.ranges.push(expression.range);
        }
    }

    /// Whether inference looks into a body from outside though the result is annotated.
    fn shows_through(&self, function: &ast::StmtFunctionDef, range: TextRange, around: Around) -> bool {
        let receiver = function.parameters.iter_non_variadic_params().next().filter(|_| around == Around::Class);
        let receiver = receiver.map(|receiver| receiver.name().as_str());
        function.body.iter().all(does_nothing)
            || self.binds_by_tokens(range, function.is_async)
            || receiver.is_some_and(|receiver| binds(&function.body, receiver))
    }

    /// What statements do not tell: something global, a generator, an attribute that a comprehension binds. More than there is does
    /// no harm.
    fn binds_by_tokens(&self, range: TextRange, is_async: bool) -> bool {
        let first = self.tokens.partition_point(|token| token.start() < range.start());
        let mut is_target = false;
        let mut inside = self.tokens[first..].iter().take_while(|token| token.start() < range.end());
        inside.any(|token| {
            match token.kind() {
                TokenKind::Global => return true,
                TokenKind::Yield => return is_async,
                TokenKind::For => is_target = true,
                TokenKind::In => is_target = false,
                TokenKind::Dot => return is_target,
                _ => {}
            }
            false
        })
    }
}

/// Whether it only says that there is nothing to do.
fn does_nothing(statement: &Stmt) -> bool {
    match statement {
        Stmt::Pass(_) | Stmt::Raise(_) => true,
        Stmt::Expr(statement) => statement.value.is_ellipsis_literal_expr() || statement.value.is_string_literal_expr(),
        _ => false,
    }
}

/// Whether a body assigns to an attribute of its receiver.
fn binds(body: &[Stmt], receiver: &str) -> bool {
    let is_bound = |target: &Expr| is_attribute_of(target, receiver);
    body.iter().any(|statement| match statement {
        Stmt::Assign(assign) => assign.targets.iter().any(is_bound),
        Stmt::AugAssign(assign) => is_bound(&assign.target),
        Stmt::AnnAssign(assign) => is_bound(&assign.target),
        Stmt::For(statement) if is_bound(&statement.target) => true,
        Stmt::With(statement)
            if statement.items.iter().any(|item| item.optional_vars.as_deref().is_some_and(is_bound)) =>
        {
            true
        }
        // What is inside can assign to the receiver of the function around it.
        Stmt::FunctionDef(function) => binds(&function.body, receiver),
        Stmt::ClassDef(class) => binds(&class.body, receiver),
        other => {
            let mut found = false;
            for_each_block(other, &mut |block| found = found || binds(block, receiver));
            found
        }
    })
}

fn is_attribute_of(target: &Expr, receiver: &str) -> bool {
    match target {
        Expr::Attribute(attribute) => attribute.value.as_name_expr().is_some_and(|name| name.id == receiver),
        Expr::Tuple(tuple) => tuple.elts.iter().any(|element| is_attribute_of(element, receiver)),
        Expr::List(list) => list.elts.iter().any(|element| is_attribute_of(element, receiver)),
        Expr::Starred(starred) => is_attribute_of(&starred.value, receiver),
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

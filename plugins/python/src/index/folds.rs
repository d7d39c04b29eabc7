//! Foldable ranges, from tokens alone: so they are there however broken the code is.

use std::cmp::Reverse;

use memchr::memchr2;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange};

/// What is folded, in the numbers of the contract.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code = 0,
    Comment = 1,
    Imports = 2,
    Region = 3,
}

/// The folds of a text as groups of 3: start, end, kind; ascending by start, at most one a line and kind.
pub(super) fn folds(text: &str, tokens: &[Token]) -> Vec<u32> {
    let mut folder = Folder::new(text);
    for token in tokens {
        folder.feed(token);
    }
    folder.finish()
}

struct Fold {
    /// Where the line begins that the fold begins on.
    line: u32,
    start: u32,
    end: u32,
    kind: Kind,
}

/// A place where something foldable began.
#[derive(Clone, Copy)]
struct Mark {
    line: u32,
    start: u32,
}

/// A run of comments or of imports.
#[derive(Clone, Copy)]
struct Run {
    first: Mark,
    end: u32,
    /// Where the line of the last member begins.
    last_line: u32,
}

struct Folder<'text> {
    text: &'text str,
    folds: Vec<Fold>,
    /// Where the physical line begins.
    line: u32,
    /// The first token of the logical line.
    logical: Option<Mark>,
    /// The first token of the logical line before.
    header: Mark,
    /// The end of the last token that is no trivia.
    last_end: u32,
    blocks: Vec<Mark>,
    brackets: Vec<Mark>,
    regions: Vec<Mark>,
    comments: Option<Run>,
    imports: Option<Run>,
    in_import: bool,
    /// Line ends since the last comment that stood alone.
    newlines_since_comment: u32,
}

impl<'text> Folder<'text> {
    fn new(text: &'text str) -> Self {
        Self {
            text,
            folds: Vec::new(),
            line: 0,
            logical: None,
            header: Mark { line: 0, start: 0 },
            last_end: 0,
            blocks: Vec::new(),
            brackets: Vec::new(),
            regions: Vec::new(),
            comments: None,
            imports: None,
            in_import: false,
            newlines_since_comment: 0,
        }
    }

    fn feed(&mut self, token: &Token) {
        let range = token.range();
        let mark = Mark { line: self.line, start: range.start().to_u32() };
        match token.kind() {
            TokenKind::Comment => return self.comment(range, mark),
            TokenKind::NonLogicalNewline => {
                self.newlines_since_comment += 1;
                self.line = range.end().to_u32();
                return;
            }
            TokenKind::Newline => {
                self.newlines_since_comment += 1;
                self.end_logical_line();
                self.line = range.end().to_u32();
                return;
            }
            TokenKind::Indent => return self.blocks.push(self.header),
            TokenKind::Dedent => {
                if let Some(block) = self.blocks.pop() {
                    self.fold(block, self.last_end, Kind::Code);
                }
                return;
            }
            TokenKind::EndOfFile => return,
            _ => {}
        }
        self.significant(token, mark);
        self.last_end = range.end().to_u32();
    }

    /// A token that is no trivia.
    fn significant(&mut self, token: &Token, mark: Mark) {
        let is_first = self.logical.is_none();
        if is_first {
            self.logical = Some(mark);
            self.end_comments();
            self.in_import = matches!(token.kind(), TokenKind::Import | TokenKind::From);
            if !self.in_import {
                self.end_imports();
            }
        }
        match token.kind() {
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                self.brackets.push(mark);
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::FStringEnd | TokenKind::TStringEnd => {
                if let Some(open) = self.brackets.pop()
                    && !self.in_import
                {
                    self.fold(open, token.end().to_u32(), Kind::Code);
                }
            }
            TokenKind::String if token.is_triple_quoted_string() => {
                let kind = if is_first { Kind::Comment } else { Kind::Code };
                self.pass_lines(token.range());
                self.fold(mark, token.end().to_u32(), kind);
            }
            TokenKind::FStringMiddle | TokenKind::TStringMiddle => self.pass_lines(token.range()),
            _ => {}
        }
    }

    /// Finds the beginning of the line in which a token of several lines ends.
    fn pass_lines(&mut self, range: TextRange) {
        let bytes = self.text.as_bytes().get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        if let Some(newline) = memchr::memrchr2(b'\n', b'\r', bytes) {
            self.line = range.start().to_u32() + newline as u32 + 1;
        }
    }

    fn end_logical_line(&mut self) {
        self.brackets.clear();
        let Some(logical) = self.logical.take() else { return };
        self.header = logical;
        if self.in_import {
            let first = self.imports.map_or(logical, |run| run.first);
            self.imports = Some(Run { first, end: self.last_end, last_line: self.line });
        }
    }

    fn comment(&mut self, range: TextRange, mark: Mark) {
        if self.logical.is_some() || self.last_end > self.line {
            return;
        }
        let comment = self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        let words = comment.trim_start_matches('#').trim_start();
        if words.starts_with("endregion") {
            self.end_comments();
            if let Some(region) = self.regions.pop() {
                self.fold(region, range.end().to_u32(), Kind::Region);
            }
            return;
        }
        if words.starts_with("region") && !words.starts_with("regional") {
            self.end_comments();
            self.regions.push(mark);
            return;
        }
        let continued = self.comments.filter(|_| self.newlines_since_comment == 1);
        if continued.is_none() {
            self.end_comments();
        }
        let first = continued.map_or(mark, |run| run.first);
        self.comments = Some(Run { first, end: range.end().to_u32(), last_line: mark.line });
        self.newlines_since_comment = 0;
    }

    fn end_comments(&mut self) {
        if let Some(run) = self.comments.take()
            && run.last_line > run.first.line
        {
            self.fold(run.first, run.end, Kind::Comment);
        }
    }

    fn end_imports(&mut self) {
        if let Some(run) = self.imports.take() {
            self.fold(run.first, run.end, Kind::Imports);
        }
    }

    /// Adds a fold, if it spans more than one line.
    fn fold(&mut self, from: Mark, end: u32, kind: Kind) {
        let bytes = self.text.as_bytes().get(from.start as usize..end as usize).unwrap_or_default();
        // Where a bracket is never closed, the last token may be the end of the text.
        let bytes = bytes.trim_ascii_end();
        if memchr2(b'\n', b'\r', bytes).is_some() {
            let end = from.start + bytes.len() as u32;
            self.folds.push(Fold { line: from.line, start: from.start, end, kind });
        }
    }

    fn finish(mut self) -> Vec<u32> {
        self.end_comments();
        self.end_imports();
        while let Some(block) = self.blocks.pop() {
            self.fold(block, self.last_end, Kind::Code);
        }
        // Editors fold by lines, so of several that begin on one line the largest is the one a person can use.
        self.folds.sort_by_key(|fold| (fold.line, fold.kind as u32, Reverse(fold.end)));
        self.folds.dedup_by_key(|fold| (fold.line, fold.kind as u32));
        self.folds.sort_by_key(|fold| (fold.start, Reverse(fold.end)));
        self.folds.iter().flat_map(|fold| [fold.start, fold.end, fold.kind as u32]).collect()
    }
}

//! What an editor selects when the selection grows: from the word under the cursor to the whole file. Told by syntax alone.

use ruff_python_ast::find_node::covering_node;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{AnyNodeRef, Stmt, StringFlags as _};
use ruff_text_size::{Ranged, TextRange, TextSize};
use vraftls_guest_sdk::{Failure, Span};

use crate::project::{PythonProject, Source, span};

/// For each offset the ranges around it, innermost first, each larger than the one before.
pub(crate) fn selection_ranges(
    project: &PythonProject,
    path: &str,
    offsets: &[u32],
) -> Result<Vec<Vec<Span>>, Failure> {
    let source = project.source(path)?;
    offsets.iter().map(|offset| Ok(ranges_around(&source, source.offset(*offset)?))).collect()
}

fn ranges_around(source: &Source<'_>, offset: TextSize) -> Vec<Span> {
    let root: AnyNodeRef<'_> = source.parsed.syntax().into();
    let whole = TextRange::up_to(TextSize::of(source.text.as_str()));
    let mut around = Around { source, offset, found: vec![whole] };
    let token = around.token();
    let inner = token.filter(|token| root.range().contains_range(*token)).unwrap_or(TextRange::empty(offset));
    if root.range().contains_range(inner) {
        for node in covering_node(root, inner).ancestors() {
            around.node(node);
        }
    }
    around.nested()
}

/// Ranges that may lie around an offset.
struct Around<'a, 'db> {
    source: &'a Source<'db>,
    offset: TextSize,
    found: Vec<TextRange>,
}

impl Around<'_, '_> {
    fn push(&mut self, range: TextRange) {
        if range.contains_inclusive(self.offset) && !range.is_empty() {
            self.found.push(range);
        }
    }

    /// What was found, as a chain: what overlaps without containing is left out.
    fn nested(mut self) -> Vec<Span> {
        self.found.sort_by_key(|range| (range.len(), range.start()));
        let mut chain: Vec<TextRange> = Vec::with_capacity(self.found.len());
        for range in self.found {
            if chain.last().is_none_or(|inner| range.contains_range(*inner) && range != *inner) {
                chain.push(range);
            }
        }
        chain.into_iter().map(span).collect()
    }

    /// Adds the token at the offset, a name rather than what stands next to it, and says where it is.
    fn token(&mut self) -> Option<TextRange> {
        let tokens = self.source.parsed.tokens();
        let after = tokens.partition_point(|token| token.start() <= self.offset);
        let near =
            tokens[..after].iter().rev().take_while(|token| token.end() >= self.offset || token.range().is_empty());
        let rank = |kind: TokenKind| match kind {
            TokenKind::Name | TokenKind::String | TokenKind::Comment => 0,
            TokenKind::Int | TokenKind::Float | TokenKind::Complex | TokenKind::FStringMiddle => 0,
            kind if kind.is_keyword() => 1,
            _ => 2,
        };
        let near = near.filter(|token| token.range().contains_inclusive(self.offset) && !token.range().is_empty());
        let token = near.min_by_key(|token| rank(token.kind()))?;
        match token.kind() {
            TokenKind::Newline | TokenKind::NonLogicalNewline | TokenKind::Indent => return None,
            TokenKind::Comment => self.comment(token.range()),
            TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle => self.text(token.range()),
            kind if rank(kind) < 2 => self.push(token.range()),
            _ => {}
        }
        Some(token.range())
    }

    /// Adds the word and the line of a text that goes over lines, and the text itself.
    fn text(&mut self, text: TextRange) {
        let written = self.source.slice(text);
        let at = (self.offset - text.start()).to_usize();
        let (Some(before), Some(after)) = (written.get(..at), written.get(at..)) else { return };
        let is_word = |c: char| c == '_' || c.is_alphanumeric();
        let length = |text: &str| TextSize::of(text);
        let word = TextRange::new(
            self.offset - length(&before[before.trim_end_matches(is_word).len()..]),
            self.offset + length(&after[..after.len() - after.trim_start_matches(is_word).len()]),
        );
        self.push(word);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line_end = after.find('\n').map_or(written.len(), |end| at + end);
        let line = &written[line_start..line_end];
        let indentation = length(&line[..line.len() - line.trim_start().len()]);
        if line_start > 0 || line_end < written.len() {
            let start = text.start() + length(&written[..line_start]) + indentation;
            self.push(TextRange::at(start, length(line.trim())));
        }
        self.push(text);
    }

    /// Adds a comment, and the block of comments that it belongs to.
    fn comment(&mut self, comment: TextRange) {
        self.text(comment);
        let text = self.source.text.as_str();
        let indentation = |start: TextSize| {
            let before = &text[..start.to_usize()];
            let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
            line.trim().is_empty().then_some(line.len())
        };
        let Some(own) = indentation(comment.start()) else { return };
        let is_next = |range: &TextRange| indentation(range.start()) == Some(own);
        let tokens = self.source.parsed.tokens();
        let at = tokens.partition_point(|token| token.start() < comment.start());
        let comments = |token: &ruff_python_ast::token::Token| match token.kind() {
            TokenKind::Comment => Some(Some(token.range()).filter(is_next)),
            TokenKind::NonLogicalNewline => Some(Some(token.range())),
            _ => None,
        };
        let is_blank = |range: TextRange| {
            let before = &text[..range.start().to_usize()];
            before[before.rfind('\n').map_or(0, |end| end + 1)..].trim().is_empty()
        };
        let mut block = comment;
        for token in tokens[..at].iter().rev() {
            match comments(token) {
                Some(Some(range)) if token.kind() == TokenKind::Comment => block = block.cover(range),
                Some(Some(range)) if !is_blank(range) => {}
                _ => break,
            }
        }
        for token in &tokens[at..] {
            match comments(token) {
                Some(Some(range)) if token.kind() == TokenKind::Comment => block = block.cover(range),
                Some(Some(range)) if !is_blank(range) => {}
                _ => break,
            }
        }
        self.push(block);
    }

    /// Adds a node, what stands between its brackets or quotes, and the block of statements in it.
    fn node(&mut self, node: AnyNodeRef<'_>) {
        for suite in suites(node) {
            if let (Some(first), Some(last)) = (suite.first(), suite.last()) {
                self.push(first.range().cover(last.range()));
            }
        }
        match node {
            AnyNodeRef::StringLiteral(literal) => self.push(literal.content_range()),
            AnyNodeRef::BytesLiteral(literal) => {
                self.between(literal.range(), literal.flags.opener_len(), literal.flags.closer_len());
            }
            AnyNodeRef::FString(string) => {
                self.between(string.range(), string.flags.opener_len(), string.flags.closer_len());
            }
            AnyNodeRef::TString(string) => {
                self.between(string.range(), string.flags.opener_len(), string.flags.closer_len());
            }
            AnyNodeRef::Arguments(_)
            | AnyNodeRef::PatternArguments(_)
            | AnyNodeRef::Parameters(_)
            | AnyNodeRef::TypeParams(_)
            | AnyNodeRef::ExprList(_)
            | AnyNodeRef::ExprTuple(_)
            | AnyNodeRef::ExprSet(_)
            | AnyNodeRef::ExprDict(_)
            | AnyNodeRef::ExprListComp(_)
            | AnyNodeRef::ExprSetComp(_)
            | AnyNodeRef::ExprDictComp(_)
            | AnyNodeRef::ExprGenerator(_)
            | AnyNodeRef::InterpolatedElement(_)
            | AnyNodeRef::PatternMatchSequence(_)
            | AnyNodeRef::PatternMatchMapping(_) => self.in_brackets(node.range()),
            AnyNodeRef::StmtFunctionDef(function) => {
                self.without_decorators(function.range(), function.decorator_list.last().map(Ranged::end));
            }
            AnyNodeRef::StmtClassDef(class) => {
                self.without_decorators(class.range(), class.decorator_list.last().map(Ranged::end));
            }
            _ => {}
        }
        self.push(node.range());
    }

    fn between(&mut self, range: TextRange, opener: TextSize, closer: TextSize) {
        if opener + closer <= range.len() {
            self.push(TextRange::new(range.start() + opener, range.end() - closer));
        }
    }

    fn in_brackets(&mut self, range: TextRange) {
        let text = self.source.slice(range);
        let one = TextSize::new(1);
        if text.len() > 2 && text.starts_with(['(', '[', '{']) && text.ends_with([')', ']', '}']) {
            let inner = TextRange::new(range.start() + one, range.end() - one);
            let trimmed = self.source.slice(inner);
            let start = inner.start() + TextSize::of(&trimmed[..trimmed.len() - trimmed.trim_start().len()]);
            self.push(TextRange::at(start, TextSize::of(trimmed.trim())));
        }
    }

    /// Adds a definition as it stands below its decorators.
    fn without_decorators(&mut self, range: TextRange, decorated: Option<TextSize>) {
        let Some(end) = decorated else { return };
        let tokens = self.source.parsed.tokens();
        let after = tokens.partition_point(|token| token.start() < end);
        let keyword = tokens[after..]
            .iter()
            .find(|token| matches!(token.kind(), TokenKind::Def | TokenKind::Async | TokenKind::Class));
        if let Some(keyword) = keyword.filter(|keyword| keyword.start() < range.end()) {
            self.push(TextRange::new(keyword.start(), range.end()));
        }
    }
}

/// The blocks of statements that a node holds.
fn suites(node: AnyNodeRef<'_>) -> Vec<&[Stmt]> {
    match node {
        AnyNodeRef::ModModule(module) => vec![&module.body],
        AnyNodeRef::StmtFunctionDef(function) => vec![&function.body],
        AnyNodeRef::StmtClassDef(class) => vec![&class.body],
        AnyNodeRef::StmtIf(statement) => vec![&statement.body],
        AnyNodeRef::ElifElseClause(clause) => vec![&clause.body],
        AnyNodeRef::StmtFor(statement) => vec![&statement.body, &statement.orelse],
        AnyNodeRef::StmtWhile(statement) => vec![&statement.body, &statement.orelse],
        AnyNodeRef::StmtWith(statement) => vec![&statement.body],
        AnyNodeRef::StmtTry(statement) => vec![&statement.body, &statement.orelse, &statement.finalbody],
        AnyNodeRef::ExceptHandlerExceptHandler(handler) => vec![&handler.body],
        AnyNodeRef::MatchCase(case) => vec![&case.body],
        _ => Vec::new(),
    }
}

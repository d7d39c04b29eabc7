//! Indentation while typing: of the line that a new line began, and of a line that has become `else:` or the like.
//!
//! Everything is told by tokens, which are there however broken the code is. Only the white space before a line changes, and
//! nothing inside of strings.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange, TextSize};
use vraftls_guest_sdk::{Failure, FormattingOptions, TextEdit};

use crate::imports::text::{line_at, line_start, previous_line};
use crate::paths;
use crate::project::{PythonProject, Source, span};

/// Characters that ask for it as they are typed; the first is the main one.
pub(crate) const TRIGGERS: [&str; 2] = ["\n", ":"];

/// The widest tab that is believed.
const TAB_SIZE_MAX: u32 = 16;

/// The edits after a character was typed before the offset.
pub(crate) fn format_on_type(
    project: &PythonProject,
    path: &str,
    offset: u32,
    typed: &str,
    options: FormattingOptions,
) -> Result<Vec<TextEdit>, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    if paths::is_read_only(path) {
        return Ok(Vec::new());
    }
    let line = Line::at(&source, offset);
    let wanted = match typed {
        "\n" => line.after_newline(&options),
        ":" => line.after_colon(offset),
        _ => None,
    };
    let indentation = TextRange::at(line.start, TextSize::of(line.indentation()));
    Ok(match wanted {
        Some(wanted) if wanted != line.indentation() => vec![TextEdit { span: span(indentation), new_text: wanted }],
        _ => Vec::new(),
    })
}

/// The line that is being typed on, and what comes before it.
struct Line<'src, 'db> {
    source: &'src Source<'db>,
    start: TextSize,
    /// The tokens that end before the line, without those that stand for nothing.
    before: Vec<Token>,
    /// The brackets that are open where the line begins.
    open: Vec<Token>,
}

impl<'src, 'db> Line<'src, 'db> {
    fn at(source: &'src Source<'db>, offset: TextSize) -> Self {
        let start = line_start(&source.text, offset);
        let tokens = source.parsed.tokens();
        let end = tokens.partition_point(|token| token.start() < start);
        let before: Vec<Token> = tokens[..end].iter().filter(|token| !token.range().is_empty()).copied().collect();
        let mut open: Vec<Token> = Vec::new();
        for token in &before {
            match token.kind() {
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => open.push(*token),
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                    open.pop();
                }
                // What a statement left open does not reach into the next definition.
                TokenKind::Def | TokenKind::Class if begins_line(source, token) => open.clear(),
                _ => {}
            }
        }
        Self { source, start, before, open }
    }

    fn text(&self) -> &'src str {
        line_at(&self.source.text, self.start)
    }

    fn indentation(&self) -> &'src str {
        indentation_of(self.text())
    }

    /// The indentation of the line of an offset.
    fn indentation_at(&self, offset: TextSize) -> &'src str {
        indentation_of(line_at(&self.source.text, line_start(&self.source.text, offset)))
    }

    /// The indentation of a line that has just begun; None to leave it alone.
    fn after_newline(&self, options: &FormattingOptions) -> Option<String> {
        let previous = line_at(&self.source.text, previous_line(&self.source.text, self.start)?);
        // A blank line says nothing, and who typed two line ends wants out.
        if previous.trim().is_empty() || self.is_in_string() {
            return None;
        }
        let unit = self.unit(options);
        let kept = indentation_of(previous);
        let last = self.before.iter().rev().find(|token| !is_trivia(token.kind()))?;
        let rest = self.text().trim_start();
        if let Some(open) = self.open.last() {
            if rest.starts_with([')', ']', '}']) {
                return Some(self.indentation_at(open.start()).to_owned());
            }
            let is_opened_here = last.range() == open.range();
            return Some(if is_opened_here { kept.to_owned() + &unit } else { kept.to_owned() });
        }
        if previous.trim_end().ends_with('\\') {
            let is_first = !self.is_continuation(previous);
            return Some(if is_first { kept.to_owned() + &unit } else { kept.to_owned() });
        }
        if previous.trim_start().starts_with('#') {
            return Some(kept.to_owned());
        }
        let first = self.first_of_last_statement()?;
        let base = self.indentation_at(first.start());
        match (last.kind(), first.kind()) {
            (TokenKind::Colon, _) => Some(base.to_owned() + &unit),
            (_, TokenKind::Return | TokenKind::Pass | TokenKind::Break | TokenKind::Continue | TokenKind::Raise)
                if rest.is_empty() =>
            {
                Some(self.outer(base).to_owned())
            }
            _ => Some(base.to_owned()),
        }
    }

    /// The indentation of a line that has just become a clause of a statement above; None to leave it alone.
    fn after_colon(&self, offset: TextSize) -> Option<String> {
        let line = self.text();
        let typed = (offset - self.start).to_usize();
        let is_end = line.get(typed..)?.trim().is_empty() && line.get(..typed)?.ends_with(':');
        if !is_end || !self.open.is_empty() || self.is_in_string() || !self.is_balanced(offset) {
            return None;
        }
        let word = line.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        let openers: &[TokenKind] = match word {
            "elif" => &[TokenKind::If, TokenKind::Elif],
            "else" => {
                &[TokenKind::If, TokenKind::Elif, TokenKind::For, TokenKind::While, TokenKind::Try, TokenKind::Except]
            }
            "except" => &[TokenKind::Try, TokenKind::Except],
            "finally" => &[TokenKind::Try, TokenKind::Except, TokenKind::Else],
            _ => return None,
        };
        let mut limit = width(self.indentation());
        for first in self.firsts().rev() {
            let indentation = self.indentation_at(first.start());
            let width = width(indentation);
            if width > limit {
                continue;
            }
            if openers.contains(&first.kind()) {
                return Some(indentation.to_owned());
            }
            limit = width;
        }
        None
    }

    /// Whether the line has as many closing brackets as opening ones up to an offset, and ends in the colon itself.
    fn is_balanced(&self, offset: TextSize) -> bool {
        let tokens = self.source.parsed.tokens();
        let first = tokens.partition_point(|token| token.start() < self.start);
        let inside: Vec<&Token> = tokens[first..].iter().take_while(|token| token.start() < offset).collect();
        let count = |kinds: [TokenKind; 3]| inside.iter().filter(|token| kinds.contains(&token.kind())).count();
        let opening = count([TokenKind::Lpar, TokenKind::Lsqb, TokenKind::Lbrace]);
        let closing = count([TokenKind::Rpar, TokenKind::Rsqb, TokenKind::Rbrace]);
        let last = inside.iter().rev().find(|token| !token.range().is_empty());
        opening == closing && last.is_some_and(|token| token.kind() == TokenKind::Colon)
    }

    /// Whether the line begins inside of a string.
    fn is_in_string(&self) -> bool {
        let tokens = self.source.parsed.tokens();
        let around = tokens.iter().take_while(|token| token.start() < self.start);
        let is_string = |kind: TokenKind| {
            matches!(
                kind,
                TokenKind::String
                    | TokenKind::FStringStart
                    | TokenKind::FStringMiddle
                    | TokenKind::TStringStart
                    | TokenKind::TStringMiddle
            )
        };
        let last = around.filter(|token| !token.range().is_empty()).last();
        last.is_some_and(|token| {
            let is_unfinished =
                token.kind() == TokenKind::Unknown && self.source.slice(token.range()).contains(['"', '\'']);
            (is_string(token.kind()) || is_unfinished) && token.end() > self.start
        })
    }

    /// Whether a line goes on with the one before it.
    fn is_continuation(&self, line: &str) -> bool {
        let start = previous_line(&self.source.text, self.start);
        let before = start.and_then(|start| previous_line(&self.source.text, start));
        before.is_some_and(|before| line_at(&self.source.text, before).trim_end().ends_with('\\')) && !line.is_empty()
    }

    /// The tokens that statements before the line begin with, each the first on its line.
    fn firsts(&self) -> impl DoubleEndedIterator<Item = &Token> {
        self.before.iter().enumerate().filter_map(|(index, token)| {
            let starts = self.before[..index]
                .iter()
                .rev()
                .find(|before| !matches!(before.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline))
                .is_none_or(|before| matches!(before.kind(), TokenKind::Newline | TokenKind::Indent));
            (starts && !is_trivia(token.kind())).then_some(token)
        })
    }

    fn first_of_last_statement(&self) -> Option<&Token> {
        self.firsts().next_back()
    }

    /// The indentation of what a line of some indentation lies in.
    fn outer<'a>(&'a self, indentation: &'a str) -> &'a str {
        let limit = width(indentation);
        let outer = self.firsts().rev().map(|first| self.indentation_at(first.start()));
        let mut outer = outer.filter(|outer| width(outer) < limit);
        outer.next().unwrap_or(indentation)
    }

    /// One step of indentation: the first of the file, or else what the editor uses.
    fn unit(&self, options: &FormattingOptions) -> String {
        let indent = self.source.parsed.tokens().iter().find(|token| token.kind() == TokenKind::Indent);
        let written = indent.map(|token| self.source.slice(token.range()).trim_start_matches('\x0c'));
        match written.filter(|written| !written.is_empty()) {
            Some(written) => written.to_owned(),
            None if options.insert_spaces => " ".repeat(options.tab_size.clamp(1, TAB_SIZE_MAX) as usize),
            None => "\t".to_owned(),
        }
    }
}

fn begins_line(source: &Source<'_>, token: &Token) -> bool {
    crate::imports::text::begins_line(&source.text, token.start())
}

fn is_trivia(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent
    )
}

fn indentation_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The column that an indentation leads to, tabs as wide as the language counts them.
fn width(indentation: &str) -> usize {
    indentation.chars().fold(0, |column, c| if c == '\t' { (column / 8 + 1) * 8 } else { column + 1 })
}

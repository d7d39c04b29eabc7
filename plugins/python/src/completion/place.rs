//! What may be written at a place, by the tokens before it alone. Tokens are there however broken the code is; the syntax
//! tree, which may have lost the place to error recovery, is asked only afterwards.

use ruff_python_ast::StringFlags;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::project::Source;

/// A place where something is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The word around the offset, which a proposal replaces; may be empty.
    pub(super) word: TextRange,
    /// The part of the word before the offset.
    pub(super) prefix: String,
    /// What may stand here.
    pub(super) expected: Expected,
}

/// What may stand at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// Nothing we could propose: a comment, a number, a name that is only being made up.
    Nothing,
    /// A member of the expression before the dot.
    Member { dot: TextRange },
    /// A module below `parent` in an import; `parent` is dotted and may be empty.
    Module { parent: ModuleRef, from: bool },
    /// A name of a module in `from module import`, beside those taken already.
    Imported { module: ModuleRef, taken: Vec<String> },
    /// The contents of the string literal at a range.
    Text { literal: TextRange },
    /// Only what continues an expression or a statement.
    Continuation { words: Vec<&'static str> },
    /// The name of a method of a class.
    MethodName,
    /// The name of the first parameter of a function.
    FirstParameter,
    /// An expression; perhaps at the beginning of a statement, perhaps as an argument of a call.
    Expression { statement: bool, call: Option<TextRange> },
}

/// A module as an import spells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ModuleRef {
    /// Leading dots.
    pub(super) level: u32,
    /// The dotted name; may be empty.
    pub(super) name: String,
}

/// Looks at the tokens around the offset.
pub(super) fn place_at(source: &Source<'_>, offset: TextSize) -> Place {
    let word = word_at(&source.text, offset);
    let prefix = source.slice(TextRange::new(word.start(), offset)).to_owned();
    let tokens = source.parsed.tokens();
    let expected = match literal_at(tokens, &source.text, offset) {
        Some(expected) => expected,
        None if prefix.starts_with(|first: char| first.is_ascii_digit()) => Expected::Nothing,
        None => Line::before(tokens, word.start()).expected(source),
    };
    Place { word, prefix, expected }
}

/// The identifier around an offset, empty if there is none.
pub(super) fn word_at(text: &str, offset: TextSize) -> TextRange {
    let (before, after) = text.split_at(offset.to_usize());
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let start = before.trim_end_matches(is_word).len();
    let end = text.len() - after.trim_start_matches(is_word).len();
    TextRange::new(size(start), size(end))
}

/// An offset in a text; texts are shorter than 4 GiB by contract.
fn size(offset: usize) -> TextSize {
    TextSize::new(u32::try_from(offset).unwrap_or(u32::MAX))
}

/// What may stand inside a comment, a string or a number; None elsewhere.
fn literal_at(tokens: &[Token], text: &str, offset: TextSize) -> Option<Expected> {
    let after = tokens.partition_point(|token| token.start() < offset);
    let token = tokens[..after].iter().rev().find(|token| !token.range().is_empty())?;
    let inside = offset < token.end();
    match token.kind() {
        TokenKind::Comment => (offset <= token.end()).then_some(Expected::Nothing),
        TokenKind::String => {
            if inside || !is_closed(text, token) {
                Some(Expected::Text { literal: token.range() })
            } else {
                // Right after a closing quote nothing can be written.
                (offset == token.end()).then_some(Expected::Nothing)
            }
        }
        TokenKind::FStringStart | TokenKind::TStringStart | TokenKind::FStringMiddle | TokenKind::TStringMiddle => {
            (offset <= token.end()).then_some(Expected::Nothing)
        }
        TokenKind::Int | TokenKind::Float | TokenKind::Complex => (offset <= token.end()).then_some(Expected::Nothing),
        TokenKind::Unknown if offset <= token.end() && begins_string(text, token) => {
            Some(Expected::Text { literal: token.range() })
        }
        _ => None,
    }
}

/// Whether a string token has its closing quotes.
fn is_closed(text: &str, token: &Token) -> bool {
    token.string_flags().is_some_and(|flags| !flags.is_unclosed()) && text.len() >= token.end().to_usize()
}

/// Whether a token that the lexer could not read is a string that lacks its end.
fn begins_string(text: &str, token: &Token) -> bool {
    let written = text.get(token.start().to_usize()..token.end().to_usize()).unwrap_or_default();
    written.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with(['"', '\''])
}

/// The tokens of a logical line before a place, without trivia.
struct Line {
    tokens: Vec<Token>,
    /// Indices of the brackets that are open at the place, outermost first.
    open: Vec<usize>,
}

impl Line {
    fn before(tokens: &[Token], start: TextSize) -> Self {
        let end = tokens.partition_point(|token| token.end() <= start);
        // The line may end right here, by a token that is nothing but the end of the text.
        let mut line: Vec<Token> = tokens[..end]
            .iter()
            .rev()
            .skip_while(|token| token.range().is_empty())
            .take_while(|token| !matches!(token.kind(), TokenKind::Newline | TokenKind::Semi))
            .filter(|token| !is_trivia(token.kind()))
            .copied()
            .collect();
        line.reverse();
        let mut open = Vec::new();
        for (index, token) in line.iter().enumerate() {
            match token.kind() {
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => open.push(index),
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                    open.pop();
                }
                _ => {}
            }
        }
        Self { tokens: line, open }
    }

    fn kind(&self, index: usize) -> TokenKind {
        self.tokens.get(index).map_or(TokenKind::EndOfFile, Token::kind)
    }

    /// The last token before the place.
    fn last(&self) -> TokenKind {
        self.tokens.last().map_or(TokenKind::Newline, Token::kind)
    }

    fn expected(&self, source: &Source<'_>) -> Expected {
        match self.kind(0) {
            TokenKind::Import => return self.in_import(source),
            TokenKind::From => return self.in_from_import(source),
            _ => {}
        }
        let last = self.last();
        match last {
            TokenKind::Dot => match self.tokens.last() {
                Some(dot) => Expected::Member { dot: dot.range() },
                None => Expected::Nothing,
            },
            TokenKind::Def => Expected::MethodName,
            TokenKind::Async => Expected::Continuation { words: vec!["def", "with", "for"] },
            TokenKind::Class | TokenKind::As | TokenKind::Ellipsis | TokenKind::Lambda => Expected::Nothing,
            TokenKind::For if self.is_binding_for() => Expected::Nothing,
            TokenKind::Lpar if self.is_parameter_name() => Expected::FirstParameter,
            _ if self.is_parameter_name() => Expected::Nothing,
            _ if self.begins_statement() => Expected::Expression { statement: true, call: None },
            // At the beginning of a line these are taken for keywords, though they may be names as well.
            TokenKind::Match | TokenKind::Case if self.tokens.len() == 1 => {
                Expected::Expression { statement: false, call: None }
            }
            TokenKind::Type if self.tokens.len() == 1 => Expected::Nothing,
            _ if ends_operand(last) => Expected::Continuation { words: self.continuations() },
            _ => Expected::Expression { statement: false, call: self.call() },
        }
    }

    /// `for x`: the name is being made up.
    fn is_binding_for(&self) -> bool {
        self.last() == TokenKind::For
    }

    /// Whether a statement begins here: at the beginning of the line, or after the colon of a block's header.
    fn begins_statement(&self) -> bool {
        if self.tokens.is_empty() {
            return true;
        }
        self.last() == TokenKind::Colon && self.open.is_empty() && self.is_header() && !self.has_lambda()
    }

    fn is_header(&self) -> bool {
        let first = match self.kind(0) {
            TokenKind::Async => self.kind(1),
            other => other,
        };
        matches!(
            first,
            TokenKind::If
                | TokenKind::Elif
                | TokenKind::Else
                | TokenKind::While
                | TokenKind::For
                | TokenKind::With
                | TokenKind::Try
                | TokenKind::Except
                | TokenKind::Finally
                | TokenKind::Def
                | TokenKind::Class
                | TokenKind::Match
                | TokenKind::Case
        )
    }

    fn has_lambda(&self) -> bool {
        self.tokens.iter().any(|token| token.kind() == TokenKind::Lambda)
    }

    /// Whether a parameter of a function or lambda is being named.
    fn is_parameter_name(&self) -> bool {
        let separates =
            matches!(self.last(), TokenKind::Lpar | TokenKind::Comma | TokenKind::Star | TokenKind::DoubleStar);
        if !separates {
            return false;
        }
        match self.open.as_slice() {
            [open] => self.kind(*open) == TokenKind::Lpar && self.is_definition(*open),
            _ => {
                let lambda = self.tokens.iter().rposition(|token| token.kind() == TokenKind::Lambda);
                let colon = self.tokens.iter().rposition(|token| token.kind() == TokenKind::Colon);
                lambda.is_some_and(|lambda| {
                    colon.is_none_or(|colon| colon < lambda) && self.open.last().is_none_or(|open| *open < lambda)
                })
            }
        }
    }

    /// Whether the bracket at an index opens the parameters of a `def`.
    fn is_definition(&self, open: usize) -> bool {
        let def = match self.kind(0) {
            TokenKind::Async => 1,
            _ => 0,
        };
        self.kind(def) == TokenKind::Def && open > def
    }

    /// The opening parenthesis of the call of which an argument may begin here.
    fn call(&self) -> Option<TextRange> {
        if !matches!(self.last(), TokenKind::Lpar | TokenKind::Comma) {
            return None;
        }
        let open = *self.open.last()?;
        let before = self.kind(open.checked_sub(1)?);
        let is_call = self.kind(open) == TokenKind::Lpar && ends_operand(before);
        (is_call && !self.is_definition(open)).then(|| self.tokens[open].range())
    }

    /// What can follow an operand.
    fn continuations(&self) -> Vec<&'static str> {
        let mut words = vec!["and", "or", "in", "not in", "is", "is not", "if", "else", "for", "async for"];
        let first = self.kind(0);
        if matches!(first, TokenKind::With | TokenKind::Except | TokenKind::Case) || self.kind(1) == TokenKind::With {
            words.insert(0, "as");
        }
        if first == TokenKind::Raise {
            words.insert(0, "from");
        }
        if matches!(first, TokenKind::For) || self.kind(1) == TokenKind::For {
            words.insert(0, "in");
            words.dedup();
        }
        words
    }

    /// `import a.b as c, d.`.
    fn in_import(&self, source: &Source<'_>) -> Expected {
        let begin = self.tokens.iter().rposition(|token| token.kind() == TokenKind::Comma).unwrap_or(0) + 1;
        let tokens = &self.tokens[begin.min(self.tokens.len())..];
        match tokens.last().map(Token::kind) {
            None | Some(TokenKind::Dot) => Expected::Module { parent: module_of(tokens, source), from: false },
            Some(TokenKind::As) => Expected::Nothing,
            Some(_) if tokens.iter().any(|token| token.kind() == TokenKind::As) => Expected::Nothing,
            Some(_) => Expected::Continuation { words: vec!["as"] },
        }
    }

    /// `from .a.b import c as d, `.
    fn in_from_import(&self, source: &Source<'_>) -> Expected {
        let import = self.tokens.iter().position(|token| token.kind() == TokenKind::Import);
        let Some(import) = import else {
            let tokens = &self.tokens[1..];
            return match tokens.last().map(Token::kind) {
                None | Some(TokenKind::Dot | TokenKind::Ellipsis) => {
                    Expected::Module { parent: module_of(tokens, source), from: true }
                }
                Some(_) => Expected::Continuation { words: vec!["import"] },
            };
        };
        match self.last() {
            TokenKind::Import | TokenKind::Comma | TokenKind::Lpar => {
                let names = self.tokens[import + 1..].split(|token| token.kind() == TokenKind::Comma);
                let taken = names
                    .filter_map(|name| name.iter().find(|token| is_name(token.kind())))
                    .map(|token| source.slice(token.range()).to_owned())
                    .collect();
                Expected::Imported { module: module_of(&self.tokens[1..import], source), taken }
            }
            last if is_name(last) && !self.names_alias() => Expected::Continuation { words: vec!["as"] },
            _ => Expected::Nothing,
        }
    }

    /// Whether the last token is the name after `as`.
    fn names_alias(&self) -> bool {
        self.tokens.len().checked_sub(2).is_some_and(|before| self.kind(before) == TokenKind::As)
    }
}

/// The module that tokens spell.
fn module_of(tokens: &[Token], source: &Source<'_>) -> ModuleRef {
    let mut module = ModuleRef::default();
    for token in tokens {
        match token.kind() {
            TokenKind::Dot if module.name.is_empty() => module.level += 1,
            TokenKind::Ellipsis if module.name.is_empty() => module.level += 3,
            kind if is_name(kind) => {
                if !module.name.is_empty() {
                    module.name.push('.');
                }
                module.name.push_str(source.slice(token.range()));
            }
            _ => {}
        }
    }
    module
}

fn is_name(kind: TokenKind) -> bool {
    kind == TokenKind::Name || kind.is_soft_keyword()
}

fn is_trivia(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::Indent | TokenKind::Dedent)
}

/// Whether a token can end an operand, after which only an operator makes sense.
fn ends_operand(kind: TokenKind) -> bool {
    is_name(kind)
        || matches!(
            kind,
            TokenKind::Rpar
                | TokenKind::Rsqb
                | TokenKind::Rbrace
                | TokenKind::Int
                | TokenKind::Float
                | TokenKind::Complex
                | TokenKind::String
                | TokenKind::FStringEnd
                | TokenKind::TStringEnd
                | TokenKind::None
                | TokenKind::True
                | TokenKind::False
        )
}

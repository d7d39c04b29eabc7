//! What the text before an expression says of the kind of thing that is wanted there: after `if not self.` a condition, after
//! `isinstance(value, models.` a class.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextSize};
use ty_python_semantic::types::Type;

use super::resemblance::words_of;
use super::usage::is_significant;
use crate::project::Source;

/// What a name is worth of which one can say yes or no, where that is wanted.
const CONDITION: u32 = 700;
/// What is left of the weight of what is no class where one is wanted.
const NO_CLASS: u32 = 8;
/// How far back the parenthesis is looked for that an argument stands in, in tokens.
const TOKENS_MAX: usize = 64;

/// The first words of names of which one can say yes or no.
const ASKED: [&str; 22] = [
    "is", "has", "have", "can", "should", "supports", "support", "allow", "allows", "needs", "use", "uses", "was",
    "are", "must", "may", "will", "requires", "does", "do", "include", "exists",
];

/// What is wanted at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing is known of it.
    Anything,
    /// Something that is true or false.
    Condition,
    /// A class.
    Class,
}

impl Wanted {
    /// What the text before a place says.
    pub(super) fn before(source: &Source<'_>, place: TextSize) -> Self {
        let tokens = source.parsed.tokens();
        let end = tokens.partition_point(|token| token.end() <= place);
        let mut before = tokens[..end].iter().rev().filter(|token| is_significant(token)).take(TOKENS_MAX);
        let Some(last) = before.next() else { return Self::Anything };
        match last.kind() {
            TokenKind::If
            | TokenKind::Elif
            | TokenKind::While
            | TokenKind::Not
            | TokenKind::And
            | TokenKind::Or
            | TokenKind::Assert => Self::Condition,
            TokenKind::Raise | TokenKind::Except | TokenKind::Rarrow => Self::Class,
            TokenKind::Comma | TokenKind::Lpar => Self::in_parentheses(source, std::iter::once(last).chain(before)),
            _ => Self::Anything,
        }
    }

    /// What is wanted at an argument, whose call is found by going back.
    fn in_parentheses<'a>(source: &Source<'_>, before: impl Iterator<Item = &'a Token>) -> Self {
        let mut before = before.peekable();
        let (mut depth, mut n_commas) = (0_u32, 0_u32);
        while let Some(token) = before.next() {
            match token.kind() {
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth += 1,
                TokenKind::Lsqb | TokenKind::Lbrace if depth == 0 => return Self::Anything,
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace if depth > 0 => depth -= 1,
                TokenKind::Comma if depth == 0 => n_commas += 1,
                TokenKind::Lpar => {
                    let Some(callee) = before.next() else { return Self::Anything };
                    let is_class = before.peek().is_some_and(|token| token.kind() == TokenKind::Class);
                    let is_test = matches!(source.slice(callee.range()), "isinstance" | "issubclass");
                    match callee.kind() {
                        TokenKind::Except => return Self::Class,
                        TokenKind::Name if is_class || is_test && n_commas > 0 => return Self::Class,
                        // A tuple of classes.
                        TokenKind::Comma => n_commas += 1,
                        _ => return Self::Anything,
                    }
                }
                TokenKind::Newline | TokenKind::Colon | TokenKind::Equal if depth == 0 => return Self::Anything,
                _ => {}
            }
        }
        Self::Anything
    }

    /// The weight of a member of this type.
    pub(super) fn adjusted(self, weight: u32, name: &str, ty: Type<'_>) -> u32 {
        match self {
            Self::Anything => weight,
            Self::Condition if is_asked(name) => weight.saturating_add(CONDITION),
            Self::Condition => weight,
            Self::Class => match ty {
                // It may be in a module.
                Type::ClassLiteral(_)
                | Type::GenericAlias(_)
                | Type::SubclassOf(_)
                | Type::Dynamic(_)
                | Type::ModuleLiteral(_) => weight,
                _ => weight / NO_CLASS,
            },
        }
    }
}

/// Whether the name alone says that it is true or false.
fn is_asked(name: &str) -> bool {
    words_of(name).next().is_some_and(|first| ASKED.contains(&first.as_str()))
}

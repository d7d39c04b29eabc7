//! How often names are used in a file, and how near: what a person wrote before they are likely to write again.

use ruff_db::parsed::parsed_module;
use ruff_db::source::source_text;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};
use ty_python_core::definition::Definition;

use crate::project::Source;

/// The distance in bytes at which a use counts half.
const HALF_WEIGHT_BYTES: u32 = 200;
/// The weight of a use right beside the place, in the unit of all weights.
const NEAR: u32 = 1000;
/// What a use counts at any distance.
const FAR: u32 = 10;
/// How much more a member counts on the same receiver than on another.
const SAME_RECEIVER: u32 = 4;
/// What a use in the file where the receiver's type is defined counts, for each doubling.
const HOME: u32 = 14;

/// How much each name is used around a place; a higher weight is more and nearer use.
#[derive(Default)]
pub(super) struct Usage {
    weights: FxHashMap<String, u32>,
    /// Members that are used on the receiver itself.
    familiar: FxHashSet<String>,
    /// How often members are used where the type of the receiver is defined.
    at_home: FxHashMap<String, u32>,
}

impl Usage {
    /// The weight of a name, 0 where it is not used.
    pub(super) fn weight(&self, name: &str) -> u32 {
        let home = self.at_home.get(name).map_or(0, |count| HOME * (count + 1).ilog2());
        self.weights.get(name).copied().unwrap_or(0).saturating_add(home)
    }

    /// Whether a member is used on the same receiver.
    pub(super) fn is_familiar(&self, name: &str) -> bool {
        self.familiar.contains(name)
    }

    /// All names that are used, in no particular order.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, u32)> {
        self.weights.iter().map(|(name, weight)| (name.as_str(), *weight))
    }

    fn add(&mut self, name: &str, at: TextSize, place: TextSize, factor: u32) {
        // What comes after the place is further away than what came before.
        let (at, place) = (at.to_u32(), place.to_u32());
        let distance_bytes = if at > place { 2 * u64::from(at - place) } else { u64::from(place - at) };
        let near = u64::from(NEAR) * u64::from(HALF_WEIGHT_BYTES) / (u64::from(HALF_WEIGHT_BYTES) + distance_bytes);
        let weight = factor * (near as u32 + FAR);
        match self.weights.get_mut(name) {
            Some(sum) => *sum = sum.saturating_add(weight),
            None => {
                self.weights.insert(name.to_owned(), weight);
            }
        }
    }

    /// The use of members: of the receiver before the dot above all, of others as well.
    pub(super) fn of_members(source: &Source<'_>, dot: TextRange, word: TextRange) -> Self {
        let tokens = significant(source);
        let place = tokens.partition_point(|token| token.end() <= dot.start());
        let receiver = receiver(source, &tokens[..place]);
        let mut usage = Self::default();
        for (index, window) in tokens.windows(2).enumerate() {
            let [before, token] = window else { continue };
            if before.kind() != TokenKind::Dot || !is_name(token) || token.range() == word || before.range() == dot {
                continue;
            }
            let same = receiver.is_some() && self::receiver(source, &tokens[..index]) == receiver;
            let factor = if same { SAME_RECEIVER } else { 1 };
            let name = source.slice(token.range());
            usage.add(name, token.start(), dot.start(), factor);
            if same && !usage.familiar.contains(name) {
                usage.familiar.insert(name.to_owned());
            }
        }
        usage
    }

    /// Adds the use of members in the file where the class of the receiver is defined: its author uses it most.
    ///
    /// Stubs have no code, and so say nothing.
    pub(super) fn with_home<'db>(mut self, source: &Source<'db>, class: Definition<'db>) -> Self {
        let db = source.model.db();
        let file = class.file(db);
        if file == source.file || file.is_stub(db) {
            return self;
        }
        let parsed = parsed_module(db, class.python_file(db)).load(db);
        let text = source_text(db, file);
        let mut before = TokenKind::Newline;
        for token in parsed.tokens().iter() {
            if before == TokenKind::Dot && is_name(token) {
                let name = text.get(token.start().to_usize()..token.end().to_usize()).unwrap_or_default();
                *self.at_home.entry(name.to_owned()).or_default() += 1;
            }
            before = token.kind();
        }
        self
    }

    /// The use of names that are not members.
    pub(super) fn of_names(source: &Source<'_>, word: TextRange) -> Self {
        let tokens = significant(source);
        let mut usage = Self::default();
        let mut before = TokenKind::Newline;
        for token in &tokens {
            if is_name(token) && before != TokenKind::Dot && token.range() != word {
                usage.add(source.slice(token.range()), token.start(), word.start(), 1);
            }
            before = token.kind();
        }
        usage
    }
}

/// All tokens but comments and line ends inside of brackets.
fn significant(source: &Source<'_>) -> Vec<Token> {
    let is_trivia = |kind| matches!(kind, TokenKind::Comment | TokenKind::NonLogicalNewline);
    source.parsed.tokens().iter().filter(|token| !is_trivia(token.kind())).copied().collect()
}

fn is_name(token: &Token) -> bool {
    token.kind() == TokenKind::Name || token.kind().is_soft_keyword()
}

/// The name right before a dot: `console` in `self.console.`, and that of the function in a call `open(path).`.
fn receiver<'src>(source: &'src Source<'_>, before_dot: &[Token]) -> Option<&'src str> {
    /// How far back the parenthesis of a call is looked for, in tokens.
    const CALL_TOKENS_MAX: usize = 64;
    let last = before_dot.last()?;
    if is_name(last) {
        return Some(source.slice(last.range()));
    }
    if last.kind() != TokenKind::Rpar {
        return None;
    }
    let mut depth = 0_u32;
    for (index, token) in before_dot.iter().enumerate().rev().take(CALL_TOKENS_MAX) {
        match token.kind() {
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth += 1,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let callee = before_dot.get(index.checked_sub(1)?)?;
            return is_name(callee).then(|| source.slice(callee.range()));
        }
    }
    None
}

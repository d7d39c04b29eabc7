//! How often names are used in a file, and how near: what a person wrote before they are likely to write again.

use ruff_db::parsed::parsed_module;
use ruff_db::source::source_text;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::{FxHashMap, FxHashSet};
use ty_python_core::definition::Definition;
use vraftls_guest_sdk::roles;

use crate::project::{PythonProject, Source};

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

/// What a use behind the same name in another file counts, for each doubling.
const ELSEWHERE: u32 = 400;
/// How many uses one counts that stands right behind the same letters, as `on_delete=`, and how many letters that takes.
const SAME_BEFORE: u32 = 4;
const SAME_LETTERS_MIN: usize = 3;
/// How many other files are read for that.
const NAMESAKE_FILES_MAX: usize = 96;

/// How much each name is used around a place; a higher weight is more and nearer use.
#[derive(Default)]
pub(super) struct Usage {
    weights: FxHashMap<String, u32>,
    /// Members that are used on the receiver itself.
    familiar: FxHashSet<String>,
    /// Members that are called somewhere.
    called: FxHashSet<String>,
    /// The name right before the dot, and how often other files use which member behind it.
    receiver: Option<String>,
    elsewhere: FxHashMap<String, u32>,
    /// How often members are used where the type of the receiver is defined.
    at_home: FxHashMap<String, u32>,
}

impl Usage {
    /// The weight of a name, 0 where it is not used.
    pub(super) fn weight(&self, name: &str) -> u32 {
        let home = self.at_home.get(name).map_or(0, |count| HOME * (count + 1).ilog2());
        let elsewhere = self.elsewhere.get(name).map_or(0, |count| ELSEWHERE * (count + 1).ilog2());
        self.weights.get(name).copied().unwrap_or(0).saturating_add(home).saturating_add(elsewhere)
    }

    /// Whether a member is used on the same receiver, or on one of the same name elsewhere.
    pub(super) fn is_familiar(&self, name: &str) -> bool {
        self.familiar.contains(name) || self.elsewhere.contains_key(name)
    }

    /// Whether the receiver is that of a method.
    pub(super) fn is_of_receiver(&self) -> bool {
        matches!(self.receiver.as_deref(), Some("self" | "cls"))
    }

    /// Whether a member is called somewhere in the file.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.called.contains(name)
    }

    /// All names that are used, in no particular order.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, u32)> {
        let others = self.elsewhere.keys().filter(|name| !self.weights.contains_key(*name));
        self.weights.keys().chain(others).map(|name| (name.as_str(), self.weight(name)))
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
        let mut usage = Self { receiver: receiver.map(str::to_owned), ..Self::default() };
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
            let is_call = tokens.get(index + 2).is_some_and(|next| next.kind() == TokenKind::Lpar);
            if is_call && !usage.called.contains(name) {
                usage.called.insert(name.to_owned());
            }
        }
        usage
    }

    /// Adds what other files use of receivers of the same name: where no type says what a thing is, its name often does.
    ///
    /// The files that lie nearest are read, and their text alone: what stands behind the name and a dot, and right before it.
    pub(super) fn with_namesakes(mut self, project: &PythonProject, source: &Source<'_>, dot: TextSize) -> Self {
        let Some(receiver) = self.receiver.clone().filter(|_| !self.is_of_receiver()) else { return self };
        let own = project.path_of(source.file);
        let here =
            source.text.get(..dot.to_usize()).and_then(|text| text.strip_suffix(receiver.as_str())).unwrap_or_default();
        let mut candidates = project.workspace().candidates(&receiver, roles::REFERS);
        candidates.retain(|candidate| candidate.path != own);
        // Stable, so files that are as near stay in their order.
        candidates.sort_by_key(|candidate| std::cmp::Reverse(in_common(&candidate.path, &own)));
        for candidate in candidates.iter().take(NAMESAKE_FILES_MAX) {
            let Ok(text) = project.workspace().read(&candidate.path) else { continue };
            for offset in &candidate.offsets {
                let Some(rest) = text.get(*offset as usize..).and_then(|rest| rest.strip_prefix(receiver.as_str()))
                else {
                    continue;
                };
                let Some(rest) = rest.strip_prefix('.') else { continue };
                let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                let (name, after) = rest.split_at(length);
                if name.is_empty() {
                    continue;
                }
                let there = text.get(..*offset as usize).unwrap_or_default();
                let n_uses = if end_alike(here, there) { SAME_BEFORE } else { 1 };
                *self.elsewhere.entry(name.to_owned()).or_default() += n_uses;
                if after.starts_with('(') && !self.called.contains(name) {
                    self.called.insert(name.to_owned());
                }
            }
        }
        self
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

/// Whether both texts end in the same letters and signs behind them. Behind `return` and a space anything stands.
fn end_alike(one: &str, other: &str) -> bool {
    let alike = one.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b && !a.is_ascii_whitespace());
    alike.filter(|(a, _)| a.is_ascii_alphanumeric()).take(SAME_LETTERS_MIN).count() == SAME_LETTERS_MIN
}

/// How many directories two files have in common, from the top.
fn in_common(path: &str, other: &str) -> usize {
    path.split('/').zip(other.split('/')).take_while(|(one, other)| one == other).count()
}

/// All tokens but comments and line ends inside of brackets.
fn significant(source: &Source<'_>) -> Vec<Token> {
    source.parsed.tokens().iter().filter(|token| is_significant(token)).copied().collect()
}

/// Whether a token is neither a comment nor a line end inside of brackets.
pub(super) fn is_significant(token: &Token) -> bool {
    !matches!(token.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline)
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

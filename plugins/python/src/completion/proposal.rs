//! A proposal before it is handed out: what it is, how it matches what was typed, and how it is ranked.

use serde::{Deserialize, Serialize};
use ty_python_core::definition::Definition;
use ty_python_semantic::NameKind;
use ty_python_semantic::types::Type;
use vraftls_guest_sdk::{CompletionItem, TextEdit};

/// What a proposal is about; what `resolve` gets back.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) enum Subject {
    /// A member of the expression before the dot at an offset.
    Member { dot: u32, name: String },
    /// A name in scope at an offset.
    Name { offset: u32, name: String },
    /// A name of a module, as a `from` import brings it in.
    Imported { level: u32, module: String, name: String },
    /// A module.
    Module { level: u32, module: String },
    /// A parameter of the call whose parenthesis opens at an offset.
    Argument { open: u32, name: String },
    /// A name that is to be imported.
    Missing { module: String, name: Option<String> },
}

/// Where the kind of a proposal comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'db> {
    /// It is known.
    Kind(u32),
    /// From its type; a member of something or not.
    Type(Type<'db>),
    /// From its definition, which may be an import that is still to be followed.
    Definition(Definition<'db>),
}

/// Large parts of a ranking; each comes wholly before the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// What the place asks for before all else: arguments of the call, values of the literal type.
    Expected,
    /// Names of the scopes around, innermost first.
    Scope(u16),
    /// Names of the language.
    Builtin,
    /// Words of the grammar.
    Keyword,
    /// Names that are not imported yet. They come after all that are there and match as well.
    Missing,
}

/// A proposal.
#[derive(Debug, Clone)]
pub(super) struct Proposal<'db> {
    /// What is shown.
    pub(super) name: String,
    /// What is inserted, if that is something else.
    pub(super) insert: Option<String>,
    /// Where its kind comes from.
    pub(super) origin: Origin<'db>,
    /// Its part of the ranking.
    pub(super) group: Group,
    /// Its place in the group: higher is better.
    pub(super) weight: u32,
    /// Whom it is for: public names come first.
    pub(super) visibility: NameKind,
    /// Whether its author advises against it.
    pub(super) deprecated: bool,
    /// What `resolve` would ask about.
    pub(super) subject: Option<Subject>,
    /// The module that it comes from, where that is worth showing.
    pub(super) module: Option<String>,
    /// What else accepting it changes.
    pub(super) additional: Vec<TextEdit>,
}

impl<'db> Proposal<'db> {
    /// A proposal that is inserted as it is shown.
    pub(super) fn new(name: impl Into<String>, origin: Origin<'db>, group: Group) -> Self {
        let name = name.into();
        Self {
            visibility: NameKind::classify(&name),
            name,
            insert: None,
            origin,
            group,
            weight: 0,
            deprecated: false,
            subject: None,
            module: None,
            additional: Vec::new(),
        }
    }

    pub(super) fn with_weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    pub(super) fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The item of the contract.
    pub(super) fn into_item(self, kind: u32) -> CompletionItem {
        // A token that cannot be encoded only loses the details.
        let token = self.subject.and_then(|subject| postcard::to_stdvec(&subject).ok()).unwrap_or_default();
        CompletionItem {
            label: self.name,
            label_detail: String::new(),
            label_source: self.module.unwrap_or_default(),
            kind,
            detail: String::new(),
            insert: self.insert.unwrap_or_default(),
            snippet: false,
            additional: self.additional,
            deprecated: self.deprecated,
            token,
        }
    }
}

/// How well a name matches what was typed; the smaller the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    /// It begins so.
    Prefix,
    /// It begins so but for case.
    PrefixIgnoringCase,
    /// Its words begin so, as `rj` in `read_json`.
    Words,
    /// The letters occur in order.
    Letters,
}

/// Whether a name begins as what was typed, whatever its case, or its words do.
pub(super) fn matches_well(name: &str, typed: &str) -> bool {
    match_of(name, typed).is_some_and(|quality| quality < Match::Letters)
}

/// How a name matches what was typed; None if it does not.
fn match_of(name: &str, typed: &str) -> Option<Match> {
    if name.starts_with(typed) {
        return Some(Match::Prefix);
    }
    let folded = |c: char| c.to_lowercase().next().unwrap_or(c);
    let mut letters = name.chars().map(folded);
    if typed.chars().map(folded).all(|typed| letters.next() == Some(typed)) {
        return Some(Match::PrefixIgnoringCase);
    }
    let mut rest = name.chars().map(folded);
    if !typed.chars().map(folded).all(|typed| rest.any(|c| c == typed)) {
        return None;
    }
    let mut starts = word_starts(name).map(folded);
    let by_words = typed.chars().map(folded).all(|typed| starts.any(|c| c == typed));
    Some(if by_words { Match::Words } else { Match::Letters })
}

/// The letters with which the words of an identifier begin.
fn word_starts(name: &str) -> impl Iterator<Item = char> {
    let mut before = '_';
    name.chars().filter(move |&c| {
        let starts = c != '_' && (before == '_' || (c.is_uppercase() && !before.is_uppercase()));
        before = c;
        starts
    })
}

/// The proposals that match what was typed, best first, at most `limit`; and whether some were left out.
///
/// The order: what is there and begins so, what would have to be imported, what only has the letters; then how well the
/// name matches; public names before those of the language's machinery before private ones; the group; weight; the
/// alphabet.
pub(super) fn rank<'db>(proposals: Vec<Proposal<'db>>, typed: &str, limit: usize) -> (Vec<Proposal<'db>>, bool) {
    let mut matched: Vec<_> = proposals
        .into_iter()
        .filter_map(|proposal| match_of(&proposal.name, typed).map(|quality| (quality, proposal)))
        .collect();
    matched.sort_by(|(quality, a), (other, b)| {
        let tier = |proposal: &Proposal<'_>, quality: Match| match (proposal.group, quality) {
            (Group::Missing, _) => 1,
            (_, Match::Letters) => 2,
            _ => 0,
        };
        (tier(a, *quality), quality, a.visibility, a.group, b.weight, a.deprecated)
            .cmp(&(tier(b, *other), other, b.visibility, b.group, a.weight, b.deprecated))
            .then_with(|| (&a.name, &a.module).cmp(&(&b.name, &b.module)))
    });
    let cut = matched.len() > limit;
    matched.truncate(limit);
    (matched.into_iter().map(|(_, proposal)| proposal).collect(), cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(names: &[&str], typed: &str) -> Vec<String> {
        let proposals =
            names.iter().map(|name| Proposal::new(*name, Origin::Kind(6), Group::Builtin)).collect::<Vec<_>>();
        rank(proposals, typed, 100).0.into_iter().map(|proposal| proposal.name).collect()
    }

    #[test]
    fn prefixes_come_before_words_before_letters() {
        assert_eq!(
            ranked(&["bread_jam", "ReadJson", "read_json", "rj"], "rj"),
            ["rj", "ReadJson", "read_json", "bread_jam"]
        );
        assert_eq!(ranked(&["Abc", "abc", "b"], "a"), ["abc", "Abc"]);
    }

    #[test]
    fn public_names_come_before_dunders_before_private_ones() {
        assert_eq!(ranked(&["_c", "__b__", "a"], ""), ["a", "__b__", "_c"]);
        assert_eq!(ranked(&["_c", "__b__", "a"], "_"), ["__b__", "_c"]);
    }

    #[test]
    fn what_is_to_be_imported_comes_between_good_and_poor_matches() {
        let proposals = [("Xpa", Group::Builtin), ("path", Group::Missing), ("parent", Group::Builtin)];
        let proposals = proposals.map(|(name, group)| Proposal::new(name, Origin::Kind(6), group)).to_vec();
        let names: Vec<String> = rank(proposals, "pa", 9).0.into_iter().map(|proposal| proposal.name).collect();
        assert_eq!(names, ["parent", "path", "Xpa"]);
    }

    #[test]
    fn the_limit_is_told() {
        let proposals = || vec![Proposal::new("a", Origin::Kind(6), Group::Builtin); 3];
        assert!(rank(proposals(), "", 2).1);
        assert!(!rank(proposals(), "", 3).1);
    }
}

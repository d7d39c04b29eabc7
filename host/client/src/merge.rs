//! Puts the answers of several nodes together, of which each knows the files of some groups. Pure.
//!
//! A node's answer counts for the files that it was asked for, and for those that belong to no group: whatever else it says is left
//! out first. Then everything is put together and sorted as one node sorts it, and cut to the limit last. So it does not matter how
//! the groups were dealt out.

use std::collections::BTreeMap;

use vraftls_index::{merge_references, merge_symbols};
use vraftls_proto::{Answer, Answered, FileChange, Query, Revisions};
use vraftls_vfs::{Revision, VfsPath};

/// How answers to a question are put together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Merge {
    References,
    Symbols {
        limit: u32,
    },
    Files,
    Calls,
    HierarchyItems,
    /// All or nothing.
    Edits,
}

/// What one node answered.
#[derive(Debug)]
pub(crate) struct Part {
    /// The groups that it was asked for.
    pub(crate) groups: Vec<u32>,
    pub(crate) answered: Answered,
}

/// An answer is of another kind than its question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OtherKind;

impl Merge {
    /// How answers to a question are put together; none for what one node answers.
    pub(crate) fn of(query: &Query) -> Option<Self> {
        match query {
            Query::References { .. } => Some(Self::References),
            Query::WorkspaceSymbols { limit, .. } => Some(Self::Symbols { limit: *limit }),
            Query::Files => Some(Self::Files),
            Query::IncomingCalls { .. } => Some(Self::Calls),
            Query::Subtypes { .. } => Some(Self::HierarchyItems),
            Query::Rename { .. } => Some(Self::Edits),
            _ => None,
        }
    }

    /// Whether a part of the answer is worse than none.
    pub(crate) fn is_all_or_nothing(self) -> bool {
        self == Self::Edits
    }

    /// One answer out of those of all parts; `group_of` tells which group a file belongs to.
    pub(crate) fn put_together(
        self,
        parts: Vec<Part>,
        group_of: impl Fn(&VfsPath) -> Option<u32>,
    ) -> Result<Answered, OtherKind> {
        let partial = parts.iter().any(|part| part.answered.partial);
        let revisions = revisions(&parts);
        let mut digests = BTreeMap::new();
        let mut answers = Vec::new();
        for Part { groups, answered } in parts {
            let counts = |path: &VfsPath| {
                // The paths of libraries and bundled files begin like this; every node has the same.
                let is_of_all = path.as_str().starts_with('@');
                is_of_all || group_of(path).is_none_or(|group| groups.contains(&group))
            };
            for (path, digest) in answered.digests {
                if counts(&path) {
                    digests.insert(path, digest);
                } else {
                    // Somebody else knows better, but may have had nothing to say of it.
                    digests.entry(path).or_insert(digest);
                }
            }
            answers.push(hide(answered.answer, counts));
        }
        let answer = self.join(answers)?;
        Ok(Answered {
            revision: Revision::default(),
            revisions,
            digests: digests.into_iter().collect(),
            partial,
            answer,
        })
    }

    fn join(self, answers: Vec<Answer>) -> Result<Answer, OtherKind> {
        Ok(match self {
            Self::References => {
                let lists = lists(answers, |answer| if let Answer::References(it) = answer { Some(it) } else { None })?;
                Answer::References(merge_references(lists))
            }
            Self::Symbols { limit } => {
                let lists = lists(answers, |answer| if let Answer::Symbols(it) = answer { Some(it) } else { None })?;
                Answer::Symbols(merge_symbols(lists, limit))
            }
            Self::Files => {
                let lists = lists(answers, |answer| if let Answer::Files(it) = answer { Some(it) } else { None })?;
                let mut files = lists.concat();
                files.sort_unstable();
                files.dedup();
                Answer::Files(files)
            }
            Self::Calls => {
                let lists = lists(answers, |answer| if let Answer::Calls(it) = answer { Some(it) } else { None })?;
                let mut calls = lists.concat();
                calls.sort_by(|a, b| a.item.location.cmp(&b.item.location));
                calls.dedup();
                Answer::Calls(calls)
            }
            Self::HierarchyItems => {
                let lists =
                    lists(answers, |answer| if let Answer::HierarchyItems(it) = answer { Some(it) } else { None })?;
                let mut items = lists.concat();
                items.sort_by(|a, b| a.location.cmp(&b.location));
                items.dedup();
                Answer::HierarchyItems(items)
            }
            Self::Edits => {
                let mut moves = Vec::new();
                let lists = lists(answers, |answer| match answer {
                    Answer::Edits(it) => Some(it),
                    // Every node says all that moves.
                    Answer::Change(it) if it.creations.is_empty() => {
                        moves = it.moves;
                        Some(it.edits)
                    }
                    _ => None,
                })?;
                let mut edits = lists.concat();
                edits.sort_by(|a, b| a.path.cmp(&b.path));
                edits.dedup();
                match moves.is_empty() {
                    true => Answer::Edits(edits),
                    false => Answer::Change(FileChange { edits, creations: Vec::new(), moves }),
                }
            }
        })
    }
}

fn lists<T>(answers: Vec<Answer>, mut list: impl FnMut(Answer) -> Option<Vec<T>>) -> Result<Vec<Vec<T>>, OtherKind> {
    answers.into_iter().map(|answer| list(answer).ok_or(OtherKind)).collect()
}

/// Leaves out what an answer says of files that do not count.
fn hide(mut answer: Answer, counts: impl Fn(&VfsPath) -> bool) -> Answer {
    match &mut answer {
        Answer::References(files) => files.retain(|file| counts(&file.path)),
        Answer::Symbols(symbols) => symbols.retain(|symbol| counts(&symbol.location.path)),
        Answer::Files(files) => files.retain(|path| counts(path)),
        Answer::Calls(calls) => calls.retain(|call| counts(&call.item.location.path)),
        Answer::HierarchyItems(items) => items.retain(|item| counts(&item.location.path)),
        Answer::Edits(files) => files.retain(|file| counts(&file.path)),
        Answer::Change(change) => change.edits.retain(|file| counts(&file.path)),
        _ => {}
    }
    answer
}

/// Of each group the revision that those saw who were asked for it; of the others the oldest that anybody saw.
fn revisions(parts: &[Part]) -> Revisions {
    let mut oldest: BTreeMap<u32, (bool, Revision)> = BTreeMap::new();
    for part in parts {
        for (group, revision) in part.answered.revisions.iter() {
            let is_asked = part.groups.contains(&group);
            let known = oldest.entry(group).or_insert((is_asked, revision));
            *known = match (known.0, is_asked) {
                (true, false) => *known,
                (false, true) => (true, revision),
                _ => (is_asked, known.1.min(revision)),
            };
        }
    }
    oldest.into_iter().map(|(group, (_, revision))| (group, revision)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use vraftls_index::{Location, Roles};
    use vraftls_proto::{DocumentEdit, FileMove, FileReferences, Reference, SymbolMatch};
    use vraftls_text::{Span, TextEdit};
    use vraftls_vfs::ContentDigest;

    use super::*;

    const N_GROUPS: u32 = 4;

    fn path(n: u32) -> VfsPath {
        VfsPath::new(&format!("f{n}.py")).unwrap()
    }

    /// The number in its name.
    fn group_of(path: &VfsPath) -> Option<u32> {
        let number: u32 = path.as_str()[1..].strip_suffix(".py").unwrap().parse().unwrap();
        Some(number % N_GROUPS)
    }

    fn digest(n: u32) -> ContentDigest {
        ContentDigest::of(&n.to_le_bytes())
    }

    fn span(start: u32) -> Span {
        Span::new(start, start + 1).unwrap()
    }

    fn answered(answer: Answer, digests: &[(u32, u32)], revisions: &[(u32, u64)]) -> Answered {
        Answered {
            revision: Revision(0),
            revisions: revisions.iter().map(|(group, revision)| (*group, Revision(*revision))).collect(),
            digests: digests.iter().map(|(file, contents)| (path(*file), digest(*contents))).collect(),
            partial: false,
            answer,
        }
    }

    fn symbol(file: u32, start: u32, score: u32) -> SymbolMatch {
        let location = Location { path: path(file), span: span(start), full: span(start) };
        SymbolMatch { name: "s".into(), container: String::new(), kind: 1, location, score }
    }

    fn references(file: u32, starts: &[u32]) -> FileReferences {
        let reference = |start: &u32| Reference { span: span(*start), roles: Roles(1) };
        FileReferences { path: path(file), references: starts.iter().map(reference).collect() }
    }

    fn of_all(merge: Merge, answer: &Answer) -> Answer {
        let part = Part { groups: (0..N_GROUPS).collect(), answered: answered(answer.clone(), &[], &[]) };
        merge.put_together(vec![part], group_of).unwrap().answer
    }

    fn dealt_out(merge: Merge, answer: &Answer, deal: &[usize], n_parts: usize) -> Answer {
        let groups = |part: usize| (0..N_GROUPS).filter(|group| deal[*group as usize] % n_parts == part).collect();
        let part = |part| Part { groups: groups(part), answered: answered(answer.clone(), &[], &[]) };
        merge.put_together((0..n_parts).map(part).collect(), group_of).unwrap().answer
    }

    proptest! {
        /// Even nodes that say too much answer together as one does.
        #[test]
        fn it_does_not_matter_how_groups_are_dealt_out(
            symbols in vec((0..9_u32, 0..5_u32, 0..3_u32), 0..20),
            limit in 0..12_u32,
            deal in vec(0..3_usize, N_GROUPS as usize),
            n_parts in 1..4_usize,
        ) {
            let found = symbols.iter().map(|(file, start, score)| symbol(*file, *start, *score)).collect();
            let (answer, merge) = (Answer::Symbols(found), Merge::Symbols { limit });
            prop_assert_eq!(of_all(merge, &answer), dealt_out(merge, &answer, &deal, n_parts));
            let found = symbols.iter().map(|(file, start, _)| references(*file, &[*start])).collect();
            let answer = Answer::References(found);
            prop_assert_eq!(of_all(Merge::References, &answer), dealt_out(Merge::References, &answer, &deal, n_parts));
            let answer = Answer::Files(symbols.iter().map(|(file, ..)| path(*file)).collect());
            prop_assert_eq!(of_all(Merge::Files, &answer), dealt_out(Merge::Files, &answer, &deal, n_parts));
        }
    }

    #[test]
    fn what_somebody_else_knows_better_is_hidden_before_the_limit() {
        // The second node still has an old, better match in the first one's file.
        let first = answered(Answer::Symbols(vec![symbol(0, 1, 5)]), &[(0, 10)], &[(0, 7), (1, 3)]);
        let second =
            answered(Answer::Symbols(vec![symbol(0, 9, 9), symbol(1, 1, 1)]), &[(0, 11), (1, 12)], &[(0, 6), (1, 4)]);
        let parts = vec![Part { groups: vec![0], answered: first }, Part { groups: vec![1], answered: second }];
        let merged = Merge::Symbols { limit: 2 }.put_together(parts, group_of).unwrap();
        assert_eq!(merged.answer, Answer::Symbols(vec![symbol(0, 1, 5), symbol(1, 1, 1)]));
        assert_eq!(merged.digests, [(path(0), digest(10)), (path(1), digest(12))]);
        let known: Vec<_> = merged.revisions.iter().collect();
        assert_eq!(known, [(0, Revision(7)), (1, Revision(4))], "as their owners saw them");
    }

    #[test]
    fn a_part_that_is_partial_makes_the_whole_partial() {
        let part = |group, partial| {
            let answered = Answered { partial, ..answered(Answer::Files(Vec::new()), &[], &[]) };
            Part { groups: vec![group], answered }
        };
        let whole = |parts| Merge::Files.put_together(parts, group_of).unwrap().partial;
        assert!(whole(vec![part(0, false), part(1, true)]));
        assert!(!whole(vec![part(0, false), part(1, false)]));
    }

    #[test]
    fn edits_are_of_those_who_own_the_files() {
        let edit = |file, new_text: &str| {
            let edits = vec![TextEdit { span: span(1), new_text: new_text.into() }];
            DocumentEdit { path: path(file), edits }
        };
        let moves = vec![FileMove { old: path(0), new: path(2) }];
        for moves in [Vec::new(), moves] {
            let of = |edits| match moves.is_empty() {
                true => Answer::Edits(edits),
                false => Answer::Change(FileChange { edits, creations: Vec::new(), moves: moves.clone() }),
            };
            let part =
                |groups: &[u32], edits| Part { groups: groups.to_vec(), answered: answered(of(edits), &[], &[]) };
            let parts = vec![part(&[1], vec![edit(0, "old"), edit(1, "x")]), part(&[0, 2], vec![edit(0, "x")])];
            let merged = Merge::Edits.put_together(parts, group_of).unwrap();
            assert_eq!(merged.answer, of(vec![edit(0, "x"), edit(1, "x")]));
        }
    }

    #[test]
    fn an_answer_of_another_kind_is_none() {
        let part = Part { groups: vec![0], answered: answered(Answer::Files(Vec::new()), &[], &[]) };
        assert_eq!(Merge::References.put_together(vec![part], group_of), Err(OtherKind));
    }
}

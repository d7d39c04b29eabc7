//! How what several shards say, or base and overlays, is put together.
//!
//! Every function here is a union of sorted lists: it does not matter in which order the parts come (commutative), how
//! they are grouped (associative) or whether one comes twice (idempotent). Whoever hides a file does so before, in the
//! list of the one who does not own it; whoever limits does so after, and by the same total order: *hide first, limit
//! after*.

use std::collections::BTreeMap;

use vraftls_text::Span;
use vraftls_vfs::VfsPath;

use crate::{Candidate, FileReferences, Reference, Roles, SymbolMatch};

/// The files of all parts by path, each once, with the offsets of all parts.
pub fn merge_candidates(parts: impl IntoIterator<Item = Vec<Candidate>>) -> Vec<Candidate> {
    let mut files: BTreeMap<VfsPath, Vec<u32>> = BTreeMap::new();
    for candidate in parts.into_iter().flatten() {
        files.entry(candidate.path).or_default().extend(candidate.offsets);
    }
    let merged = files.into_iter().filter(|(_, offsets)| !offsets.is_empty());
    merged
        .map(|(path, mut offsets)| {
            offsets.sort_unstable();
            offsets.dedup();
            Candidate { path, offsets }
        })
        .collect()
}

/// The files of all parts by path, each once, with the occurrences of all parts by place. The same place of two parts
/// has the roles of both. Files without occurrences are left out.
pub fn merge_references(parts: impl IntoIterator<Item = Vec<FileReferences>>) -> Vec<FileReferences> {
    let mut files: BTreeMap<VfsPath, BTreeMap<Span, Roles>> = BTreeMap::new();
    for file in parts.into_iter().flatten() {
        let places = files.entry(file.path).or_default();
        for reference in file.references {
            let roles = places.entry(reference.span).or_default();
            *roles = Roles(roles.0 | reference.roles.0);
        }
    }
    let merged = files.into_iter().filter(|(_, places)| !places.is_empty());
    merged
        .map(|(path, places)| FileReferences {
            path,
            references: places.into_iter().map(|(span, roles)| Reference { span, roles }).collect(),
        })
        .collect()
}

/// The best `limit` symbols of all parts in the order of [`SymbolMatch::cmp_rank`], each once.
///
/// Each part must hold its own best `limit` at least; then the result is the best of everything.
pub fn merge_symbols(parts: impl IntoIterator<Item = Vec<SymbolMatch>>, limit: u32) -> Vec<SymbolMatch> {
    let mut merged: Vec<SymbolMatch> = parts.into_iter().flatten().collect();
    merged.sort_unstable_by(SymbolMatch::cmp_rank);
    merged.dedup();
    merged.truncate(limit as usize);
    merged
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::Location;

    fn path() -> impl Strategy<Value = VfsPath> {
        (0..4_u8).prop_map(|n| VfsPath::new(&format!("f{n}.py")).expect("a path"))
    }

    fn span() -> impl Strategy<Value = Span> {
        (0..6_u32, 0..3_u32).prop_map(|(start, len)| Span::new(start, start + len).expect("ascending"))
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        vec((path(), vec(0..8_u32, 0..4)).prop_map(|(path, offsets)| Candidate { path, offsets }), 0..5)
            .prop_map(|list| merge_candidates([list]))
    }

    fn references() -> impl Strategy<Value = Vec<FileReferences>> {
        let reference = (span(), 0..8_u32).prop_map(|(span, roles)| Reference { span, roles: Roles(roles) });
        vec((path(), vec(reference, 0..4)).prop_map(|(path, references)| FileReferences { path, references }), 0..5)
            .prop_map(|list| merge_references([list]))
    }

    fn symbols() -> impl Strategy<Value = Vec<SymbolMatch>> {
        let symbol = (path(), span(), 0..3_u32, 0..3_u32, "[ab]{1,2}").prop_map(|(path, span, kind, score, name)| {
            let location = Location { path, span, full: span };
            SymbolMatch { name, container: String::new(), kind, location, score }
        });
        vec(symbol, 0..8)
    }

    proptest! {
        #[test]
        fn merging_candidates_is_a_union(a in candidates(), b in candidates(), c in candidates()) {
            let merge = |a: &Vec<_>, b: &Vec<_>| merge_candidates([a.clone(), b.clone()]);
            prop_assert_eq!(merge(&a, &b), merge(&b, &a));
            prop_assert_eq!(merge(&merge(&a, &b), &c), merge(&a, &merge(&b, &c)));
            prop_assert_eq!(merge(&a, &a), a);
        }

        #[test]
        fn merging_references_is_a_union(a in references(), b in references(), c in references()) {
            let merge = |a: &Vec<_>, b: &Vec<_>| merge_references([a.clone(), b.clone()]);
            prop_assert_eq!(merge(&a, &b), merge(&b, &a));
            prop_assert_eq!(merge(&merge(&a, &b), &c), merge(&a, &merge(&b, &c)));
            prop_assert_eq!(merge(&a, &a), a);
        }

        #[test]
        fn merging_symbols_keeps_the_best_of_all(a in symbols(), b in symbols(), c in symbols(), limit in 0..6_u32) {
            let merge = |a: &[_], b: &[_]| merge_symbols([a.to_vec(), b.to_vec()], limit);
            let everything = merge_symbols([a.clone(), b.clone(), c.clone()], u32::MAX);
            prop_assert_eq!(merge(&a, &b), merge(&b, &a));
            prop_assert_eq!(&merge(&merge(&a, &b), &c), &merge(&a, &merge(&b, &c)));
            prop_assert_eq!(&merge(&merge(&a, &b), &c)[..], &everything[..everything.len().min(limit as usize)]);
            let best = merge_symbols([a], limit);
            prop_assert_eq!(merge(&best, &best), best);
        }

        #[test]
        fn hiding_first_never_shows_a_hidden_file_nor_loses_another(
            base in symbols(),
            own in symbols(),
            hidden in path(),
            limit in 0..6_u32,
        ) {
            let mut visible: Vec<_> = base.iter().filter(|symbol| symbol.location.path != hidden).cloned().collect();
            visible.extend(own.iter().cloned());
            let expected = merge_symbols([visible], limit);
            let left = base.into_iter().filter(|symbol| symbol.location.path != hidden).collect();
            let parts = [merge_symbols([left], limit), merge_symbols([own], limit)];
            prop_assert_eq!(merge_symbols(parts, limit), expected);
        }
    }
}

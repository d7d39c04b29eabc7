//! The index against a model that looks into every file.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use vraftls_text::Span;

use super::*;
use crate::{Occurrences, Symbol, SymbolTraits, merge_candidates, merge_symbols};

fn path(name: &str) -> VfsPath {
    VfsPath::new(name).expect("a path")
}

fn digest(text: &str) -> ContentDigest {
    ContentDigest::of(text.as_bytes())
}

/// Facts of occurrences `(start, name, roles)`; every one that defines is a symbol in the one before it.
fn facts(places: &[(u32, &str, u32)]) -> Facts {
    let mut names: Vec<&str> = places.iter().map(|place| place.1).collect();
    names.sort_unstable();
    names.dedup();
    let mut places = places.to_vec();
    places.sort_unstable();
    let id = |name: &str| names.iter().position(|other| *other == name).expect("collected above") as u32;
    let packed = places.iter().flat_map(|&(start, name, roles)| [start, name.len() as u32, id(name), roles]).collect();
    let mut symbols: Vec<Symbol> = Vec::new();
    for &(start, name, roles) in places.iter().filter(|place| Roles(place.2).answers(Roles::DEFINES)) {
        let _ = roles;
        let span = Span::new(start, start + name.len() as u32).expect("ascending");
        symbols.push(Symbol {
            name: name.to_owned(),
            detail: String::new(),
            kind: 12,
            parent: symbols.len().checked_sub(1).map(|idx| idx as u32),
            full: span,
            span,
            traits: SymbolTraits::default(),
        });
    }
    let occurrences = Occurrences::from_packed(packed).expect("sorted");
    Facts { symbols, names: names.into_iter().map(Into::into).collect(), occurrences, ..Facts::default() }
}

fn names_of(symbols: &[SymbolMatch]) -> Vec<(&str, &str)> {
    symbols.iter().map(|symbol| (&*symbol.container, &*symbol.name)).collect()
}

#[test]
fn names_are_found_by_role_in_files_sorted_by_path() {
    let mut index = ShardIndex::default();
    index.insert(&path("b.py"), digest("b"), &facts(&[(0, "run", 1), (9, "run", 2)]));
    index.insert(&path("a.py"), digest("a"), &facts(&[(4, "run", 2), (300, "run", 2), (7, "other", 1)]));
    let candidates = |roles| {
        let found = index.candidates("run", roles).into_iter();
        found.map(|candidate| (candidate.path.to_string(), candidate.offsets)).collect::<Vec<_>>()
    };
    assert_eq!(candidates(Roles(0)), [("a.py".into(), vec![4, 300]), ("b.py".into(), vec![0, 9])]);
    assert_eq!(candidates(Roles::DEFINES), [("b.py".into(), vec![0])]);
    assert_eq!(candidates(Roles::KEYWORD), []);
    assert_eq!(index.candidates("walk", Roles(0)), []);
}

#[test]
fn symbols_know_what_they_lie_in() {
    let mut index = ShardIndex::default();
    index.insert(&path("a.py"), digest("a"), &facts(&[(0, "Outer", 1), (9, "Inner", 1), (20, "method", 1)]));
    assert_eq!(names_of(&index.symbols("method", 9)), [("Outer.Inner", "method")]);
    assert_eq!(names_of(&index.symbols("", 2)), [("", "Outer"), ("Outer", "Inner")]);
    assert_eq!(names_of(&index.symbols_named("Inner", 9)), [("Outer", "Inner")]);
    assert_eq!(index.symbols_named("inner", 9), []);
    assert_eq!(index.symbols("e", 0), []);
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let mut index = ShardIndex::default();
    index.insert(&path("a.py"), digest("1"), &facts(&[(0, "old", 1)]));
    let snapshot = index.clone();
    index.insert(&path("a.py"), digest("2"), &facts(&[(5, "new", 1)]));
    assert_eq!(snapshot.candidates("old", Roles(0)).len(), 1);
    assert_eq!(snapshot.candidates("new", Roles(0)).len(), 0);
    assert_eq!(index.candidates("old", Roles(0)).len(), 0);
    assert_eq!((index.digest(&path("a.py")), index.n_names()), (Some(digest("2")), 1));
}

#[test]
fn a_file_without_facts_is_remembered_until_it_has_some() {
    let mut index = ShardIndex::default();
    index.insert(&path("a.py"), digest("1"), &facts(&[(0, "f", 1)]));
    index.insert_unindexed(&path("a.py"), digest("2"));
    assert_eq!((index.n_files(), index.n_unindexed(), index.n_names()), (0, 1, 0));
    assert_eq!(index.files().collect::<Vec<_>>(), [(&path("a.py"), digest("2"))]);
    index.insert(&path("a.py"), digest("3"), &facts(&[(0, "f", 1)]));
    assert_eq!((index.n_files(), index.n_unindexed()), (1, 0));
    assert!(index.remove(&path("a.py")));
    assert!(!index.remove(&path("a.py")));
}

#[test]
fn what_files_show_is_told_by_their_interfaces_where_they_have_one() {
    let with = |hash: u64| Facts { interface_hash: hash, ..Facts::default() };
    let mut index = ShardIndex::default();
    index.insert(&path("a.py"), digest("1"), &with(7));
    index.insert(&path("b.py"), digest("2"), &with(0));
    index.insert_plain(&path("c.toml"), digest("3"));
    let before = index.interfaces();
    index.insert(&path("a.py"), digest("other"), &with(7));
    assert_eq!(index.interfaces(), before);
    let changes: [&dyn Fn(&mut ShardIndex); 5] = [
        &|index| index.insert(&path("a.py"), digest("1"), &with(8)),
        &|index| index.insert(&path("b.py"), digest("other"), &with(0)),
        &|index| index.insert_plain(&path("c.toml"), digest("other")),
        &|index| index.insert_unindexed(&path("a.py"), digest("1")),
        &|index| assert!(index.remove(&path("c.toml"))),
    ];
    for change in changes {
        let mut changed = index.clone();
        change(&mut changed);
        assert_ne!(changed.interfaces(), before);
    }
    assert_eq!(index.files().count(), 3);
    for file in ["a.py", "b.py", "c.toml"] {
        index.remove(&path(file));
    }
    assert_eq!(index.interfaces(), ShardIndex::default().interfaces());
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, Vec<(u32, &'static str, u32)>),
    Unindexed(u8),
    Remove(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let name = prop::sample::select(vec!["run", "Run", "runner", "re_use_name", "x"]);
    let places = vec((0..400_u32, name, 0..4_u32), 0..8);
    prop_oneof![
        6 => (0..5_u8, places).prop_map(|(file, places)| Step::Insert(file, places)),
        1 => (0..5_u8).prop_map(Step::Unindexed),
        2 => (0..5_u8).prop_map(Step::Remove),
    ]
}

proptest! {
    #[test]
    fn it_is_a_function_of_what_is_in_it(steps in vec(step(), 0..30), limit in 0..6_u32) {
        let mut index = ShardIndex::default();
        let mut model: BTreeMap<VfsPath, Option<Facts>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Insert(file, places) => {
                    let (path, facts) = (path(&format!("f{file}.py")), facts(&places));
                    index.insert(&path, digest("x"), &facts);
                    model.insert(path, Some(facts));
                }
                Step::Unindexed(file) => {
                    index.insert_unindexed(&path(&format!("f{file}.py")), digest("x"));
                    model.insert(path(&format!("f{file}.py")), None);
                }
                Step::Remove(file) => {
                    let path = path(&format!("f{file}.py"));
                    prop_assert_eq!(index.remove(&path), model.remove(&path).is_some());
                }
            }
        }
        let indexed = || model.iter().filter_map(|(path, facts)| facts.as_ref().map(|facts| (path, facts)));
        let mut fresh: Vec<ShardIndex> = Vec::new();
        for (path, facts) in indexed() {
            let mut alone = ShardIndex::default();
            alone.insert(path, digest("x"), facts);
            fresh.push(alone);
        }
        // As many shards as files answer as one does.
        for name in ["run", "Run", "runner", "re_use_name", "x", "y"] {
            for roles in [Roles(0), Roles(1), Roles(2), Roles(3)] {
                let mut expected = Vec::new();
                for (path, facts) in indexed() {
                    let of_name = facts.occurrences.iter().filter(|place| &*facts.names[place.name as usize] == name);
                    let mut offsets: Vec<u32> =
                        of_name.filter(|place| place.roles.answers(roles)).map(|place| place.span.start()).collect();
                    offsets.dedup();
                    if !offsets.is_empty() {
                        expected.push(Candidate { path: path.clone(), offsets });
                    }
                }
                let parts = fresh.iter().map(|alone| alone.candidates(name, roles));
                prop_assert_eq!(&merge_candidates(parts), &expected);
                prop_assert_eq!(index.candidates(name, roles), expected);
            }
        }
        for typed in ["", "run", "r", "run_", "z"] {
            let parts = fresh.iter().map(|alone| alone.symbols(typed, limit));
            prop_assert_eq!(index.symbols(typed, limit), merge_symbols(parts, limit));
        }
        prop_assert_eq!(index.n_files() + index.n_unindexed(), model.len());
        let shown = model.keys().fold(Interfaces::default(), |all, path| all.with(path, Shown::Contents(digest("x"))));
        prop_assert_eq!(index.interfaces(), shown);
    }
}

/// A made-up tree as large as django: 880 files of 6.2 KB, 640 identifiers and 45 symbols each.
fn large_index() -> ShardIndex {
    let mut index = ShardIndex::default();
    let mut seed = 1_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for file in 0..880 {
        let names: Vec<String> = (0..130)
            .map(|n| match n {
                0..50 => format!("common_{}", random(400)),
                50..90 => format!("SomewhatRarer{}", random(8_000)),
                _ => format!("only_here_{file}_{n}"),
            })
            .collect();
        let mut places: Vec<(u32, &str, u32)> = Vec::new();
        for n in 0..640_u32 {
            let name = &names[random(names.len() as u64) as usize];
            places.push((n * 10, name, if n % 14 == 0 { 1 } else { 2 }));
        }
        index.insert(&path(&format!("package{}/module_{file}.py", file % 40)), digest(&names[0]), &facts(&places));
    }
    index
}

#[test]
fn an_index_as_large_as_django_fits_its_budget() {
    const BUDGET_BYTES: usize = 15 << 20;
    let index = large_index();
    let weight_bytes = index.weight_bytes();
    assert!(weight_bytes < BUDGET_BYTES, "{weight_bytes} bytes");
}

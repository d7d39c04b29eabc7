//! Where all names of a file lead, at once, is where each leads by itself: held for every file of every fixture.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::fs;
use std::sync::Arc;

use vraftls_guest_sdk::fixture::{Fixture, Step};
use vraftls_guest_sdk::{Analyzer as _, Document, Location, MemoryWorkspace, Project as _, Resolved, Span};
use vraftls_rust::{Rust, RustProject};

/// The places that a name leads to, by the bulk answer.
fn leads(resolved: &Resolved, [_, _, _, first, n]: &[u32; 5]) -> Vec<(String, Span)> {
    let (targets, _) = resolved.targets.as_chunks::<9>();
    let leads = &resolved.leads[*first as usize..(first + n) as usize];
    let place = |lead: &u32| {
        let [path, start, end, ..] = targets[*lead as usize];
        (resolved.paths[path as usize].clone(), Span { start, end })
    };
    leads.iter().map(place).collect()
}

/// Compares the two answers for each name of a file. Says how many names it has.
fn compare(project: &mut RustProject, path: &str, text: &str) -> usize {
    let resolved = match project.resolve_all(path) {
        Ok(resolved) => resolved,
        Err(failure) => {
            assert_eq!(project.definition(path, 0).err(), Some(failure), "{path}");
            return 0;
        }
    };
    let document = Document { path: path.to_owned(), language: "rust".to_owned(), text: text.to_owned() };
    let facts = Rust::index(&document).unwrap();
    let (names, _) = resolved.occurrences.as_chunks::<5>();
    let of_facts =
        facts.occurrences.as_chunks::<4>().0.iter().map(|[start, length, _, roles]| [*start, *length, *roles]);
    assert!(of_facts.eq(names.iter().map(|[start, length, roles, ..]| [*start, *length, *roles])), "{path}");
    for name in names {
        let single = project.definition(path, name[0]).unwrap().map(|targets| targets.locations).unwrap_or_default();
        let single: Vec<_> = single.into_iter().map(|Location { path, span, .. }| (path, span)).collect();
        let shown = &text[name[0] as usize..(name[0] + name[1]) as usize];
        assert_eq!(leads(&resolved, name), single, "{shown} at {} of {path}:\n{text}", name[0]);
    }
    names.len()
}

#[test]
fn the_bulk_says_what_each_name_says_by_itself() {
    let mut n_names = 0;
    for entry in fs::read_dir("fixtures").unwrap() {
        let fixture = Fixture::parse(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        for case in fixture.cases {
            let workspace = Arc::new(MemoryWorkspace::default());
            let mut files = Vec::new();
            for step in case.steps {
                if let Step::Write { path, text, .. } = step {
                    workspace.write(&path, &text);
                    files.retain(|(known, _)| *known != path);
                    files.push((path, text));
                }
            }
            let mut project = Rust::open(case.config, workspace).unwrap();
            for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
                n_names += compare(&mut project, path, text);
            }
        }
    }
    assert!(n_names > 500, "{n_names} names");
}

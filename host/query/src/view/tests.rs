//! A view against a model that is one map.

use proptest::prelude::*;

use super::*;
use crate::fake::{FakeBase, Tree, overlays, path, tree};

struct Nothing;

impl Lookup for Nothing {
    fn candidates(&self, _: &str, _: Roles) -> Vec<Candidate> {
        Vec::new()
    }

    fn symbols(&self, _: &str, _: bool, _: u32) -> Vec<SymbolMatch> {
        Vec::new()
    }
}

fn view(files: &[(&str, &str)], unsaved: &[(&str, &str)]) -> View {
    view_without(files, unsaved, &[])
}

fn view_without(files: &[(&str, &str)], unsaved: &[(&str, &str)], removed: &[&str]) -> View {
    let base = Arc::new(FakeBase { revision: 1, files: tree(files) });
    let overlays = OverlaySet::clone(&overlays(unsaved)).without(removed.iter().map(|name| path(name)));
    View { base, overlays: Arc::new(overlays), lookup: Arc::new(Nothing) }
}

fn names(entries: &[DirEntry]) -> Vec<(&str, NodeKind)> {
    entries.iter().map(|entry| (&*entry.name, entry.kind)).collect()
}

#[test]
fn an_unsaved_file_hides_the_saved_one() {
    let view = view(&[("a.w", "old"), ("b.w", "b")], &[("a.w", "newer")]);
    assert_eq!(view.read(&path("a.w")).as_deref(), Ok("newer"));
    assert_eq!(view.read(&path("b.w")).as_deref(), Ok("b"));
    assert_eq!(view.file(&path("a.w")).map(|file| file.size_bytes), Some(5));
    assert_eq!(view.read(&path("c.w")), Err(ReadError::NotFound));
}

#[test]
fn unsaved_new_files_and_their_directories_are_listed() {
    let view = view(&[("src/a.w", ""), ("z.w", "")], &[("new/deep/b.w", ""), ("src/c.w", ""), ("@lib/x/y.w", "")]);
    assert_eq!(
        names(&view.list("")),
        [("new", NodeKind::Directory), ("src", NodeKind::Directory), ("z.w", NodeKind::File)]
    );
    assert_eq!(names(&view.list("src")), [("a.w", NodeKind::File), ("c.w", NodeKind::File)]);
    assert_eq!(names(&view.list("new")), [("deep", NodeKind::Directory)]);
    assert_eq!(names(&view.list("@lib/x")), [("y.w", NodeKind::File)]);
    assert_eq!(view.list("sr"), []);
    assert!(view.is_directory("new/deep") && view.is_directory("src"));
    assert!(!view.is_directory("ne") && !view.is_directory("new/deep/b.w"));
}

#[test]
fn a_file_that_is_gone_is_nowhere_and_its_directory_goes_with_the_last() {
    let files = [("a.w", ""), ("d/a.w", ""), ("d/e/b.w", ""), ("f/c.w", "")];
    let view = view_without(&files, &[("f/new.w", "")], &["a.w", "d/e/b.w", "f/c.w", "never.w"]);
    assert_eq!(names(&view.list("")), [("d", NodeKind::Directory), ("f", NodeKind::Directory)]);
    assert_eq!(names(&view.list("d")), [("a.w", NodeKind::File)]);
    assert_eq!(names(&view.list("f")), [("new.w", NodeKind::File)]);
    assert_eq!((view.list("d/e"), view.is_directory("d/e")), (vec![], false));
    assert_eq!((view.read(&path("d/e/b.w")), view.file(&path("a.w"))), (Err(ReadError::NotFound), None));
    assert_eq!(
        (view.read(&path("d")), view.read(&path("d/e"))),
        (Err(ReadError::IsDirectory), Err(ReadError::NotFound))
    );
    let whole = self::view(&files, &[]);
    let Changes::Paths(changes) = view.changes_since(&whole) else { panic!("too much") };
    let removed = |name| Change::Removed(path(name));
    let expected = [removed("a.w"), removed("d/e/b.w"), removed("f/c.w"), Change::Created(path("f/new.w"))];
    assert_eq!(changes, expected);
}

fn files() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let name = prop::sample::select(vec!["a.w", "b.w", "d/a.w", "d/e/b.w"]);
    let text = prop::sample::select(vec!["", "1", "2"]);
    prop::collection::vec((name, text), 0..4)
}

fn removed() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(vec!["a.w", "b.w", "d/a.w", "d/e/b.w"]), 0..3)
}

/// What a view shows, as a map.
fn shown(base: &[(&str, &str)], unsaved: &[(&str, &str)], removed: &[&str]) -> Tree {
    let mut files = tree(base);
    files.retain(|file, _| !removed.contains(&file.as_str()));
    files.extend(tree(unsaved));
    files
}

proptest! {
    #[test]
    fn changes_lead_from_the_older_view_to_the_newer(
        bases in (files(), files()),
        unsaved in (files(), files()),
        removed in (removed(), removed()),
    ) {
        let older = view_without(&bases.0, &unsaved.0, &removed.0);
        let newer = view_without(&bases.1, &unsaved.1, &removed.1);
        let models = [shown(&bases.0, &unsaved.0, &removed.0), shown(&bases.1, &unsaved.1, &removed.1)]
            .map(|files| FakeBase { revision: 1, files });
        prop_assert_eq!(newer.changes_since(&older), models[1].changes_since(&models[0]));
        for directory in ["", "d", "d/e", "x"] {
            prop_assert_eq!(newer.list(directory), models[1].list(directory));
            prop_assert_eq!(newer.is_directory(directory), models[1].is_directory(directory));
        }
        for file in ["a.w", "b.w", "d/a.w", "d/e/b.w", "d"] {
            prop_assert_eq!(newer.read(&path(file)), models[1].read(&path(file)));
            prop_assert_eq!(newer.file(&path(file)), models[1].file(&path(file)));
        }
    }
}

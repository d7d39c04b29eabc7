//! References, renaming and symbols over base and overlays.

use super::*;

fn references(file: &str, offset: u32) -> Query {
    Query::References { at: at(file, offset), include_declaration: true }
}

fn rename(file: &str, offset: u32, new_name: &str) -> Query {
    Query::Rename { at: at(file, offset), new_name: new_name.into() }
}

#[tokio::test]
async fn references_are_sorted_by_path_and_place() {
    let setup = Setup::new(&[("b.w", "run run"), ("a.w", "def run"), ("c.w", "runs")]);
    let answered = setup.ask(references("b.w", 5)).await.expect("answered");
    assert_eq!(places(&answered), ["a.w:4", "b.w:0", "b.w:4"]);
    assert_eq!(answered.digests.len(), 2);
    let uses = Query::References { at: at("b.w", 5), include_declaration: false };
    assert_eq!(places(&setup.ask(uses).await.expect("answered")), ["b.w:0", "b.w:4"]);
    let nowhere = setup.ask(references("c.w", 4)).await.expect("answered");
    assert_eq!(places(&nowhere), ["c.w:0"]);
}

#[tokio::test]
async fn overlays_hide_what_their_files_had_and_add_what_they_have() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "run"), ("c.w", "run")]);
    let unsaved = overlays(&[("b.w", "walk"), ("new.w", "walk run")]);
    let answered = setup.ask_with(references("a.w", 5), &unsaved).await.expect("answered");
    assert_eq!(places(&answered), ["a.w:4", "c.w:0", "new.w:5"]);
    assert!(answered.digests.contains(&(path("new.w"), ContentDigest::of(b"walk run"))));
    let search = Query::WorkspaceSymbols { query: "run".into(), limit: 10 };
    let hidden = overlays(&[("a.w", "x def runs")]);
    let found = setup.ask_with(search, &hidden).await.expect("answered");
    assert_eq!(places(&found), ["a.w:6"]);
}

#[tokio::test]
async fn what_is_local_to_a_file_is_looked_for_there_only_even_in_a_library() {
    let setup = Setup::new(&[("a.w", "_x"), ("@lib/l.w", "def _x _x")]);
    let answered = setup.ask(references("@lib/l.w", 5)).await.expect("answered");
    assert_eq!(places(&answered), ["@lib/l.w:4", "@lib/l.w:7"]);
}

#[tokio::test]
async fn files_that_cannot_be_indexed_are_searched_as_text() {
    let setup = Setup::new(&[("a.w", "def run"), ("bad.w", "TRAP run rerun"), ("c.w", "run")]);
    let answered = setup.ask(references("a.w", 5)).await.expect("answered");
    assert_eq!(places(&answered), ["a.w:4", "bad.w:5", "c.w:0"]);
    let progress = *setup.service.keeper(WORKSPACE).progress().borrow();
    assert_eq!((progress.n_done, progress.n_total, progress.n_unindexed), (3, 3, 1));
    let search = || Query::WorkspaceSymbols { query: "run".into(), limit: 10 };
    let found = setup.ask(search()).await.expect("answered");
    assert!(found.partial, "the symbols of a file without facts are missing");
    let repaired = setup.ask_with(search(), &overlays(&[("bad.w", "def run")])).await.expect("answered");
    assert_eq!((places(&repaired), repaired.partial), (vec!["a.w:4".to_owned(), "bad.w:4".to_owned()], false));
    let unsaved = overlays(&[("c.w", "TRAP x run")]);
    let answered = setup.ask_with(references("a.w", 5), &unsaved).await.expect("answered");
    assert_eq!(places(&answered), ["a.w:4", "bad.w:5", "c.w:7"]);
}

#[tokio::test]
async fn a_renaming_edits_every_place() {
    let setup = Setup::new(&[("a.w", "def run run"), ("b.w", "x run"), ("bad.w", "TRAP run")]);
    let answered = setup.ask(rename("b.w", 3, "walk")).await.expect("answered");
    assert_eq!(places(&answered), ["a.w:4", "a.w:8", "b.w:2", "bad.w:5"]);
    let Answer::Edits(files) = &answered.answer else { panic!("no edits") };
    assert!(files.iter().flat_map(|file| &file.edits).all(|edit| edit.new_text == "walk"));
}

#[tokio::test]
async fn files_move_with_the_name_that_they_have() {
    let setup = Setup::new(&[("a.w", "def run"), ("run.w", "run")]);
    let answered = setup.ask(rename("a.w", 5, "walk")).await.expect("answered");
    assert!(answered.digests.contains(&(path("run.w"), ContentDigest::of(b"run"))), "it is edited where it was");
    let Answer::Change(change) = &answered.answer else { panic!("{:?}", answered.answer) };
    let edited: Vec<&str> = change.edits.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(edited, ["a.w", "run.w"]);
    assert_eq!(change.moves, [FileMove { old: path("run.w"), new: path("walk.w") }]);
    assert!(change.creations.is_empty());
}

#[tokio::test]
async fn a_renaming_never_touches_a_library() {
    let setup = Setup::new(&[("a.w", "_x"), ("@lib/l.w", "def _x")]);
    let refused = setup.ask(rename("@lib/l.w", 5, "_y")).await.unwrap_err();
    assert!(matches!(refused, QueryError::InvalidInput(_)), "{refused}");
}

#[tokio::test]
async fn a_renaming_is_made_of_the_files_as_they_are_at_its_end() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "run")]);
    // The index is there, so that the calls below are those of the renaming.
    setup.ask(references("a.w", 5)).await.expect("answered");
    setup.analyzer.close_gate();
    let service = Arc::clone(&setup.service);
    let asked = tokio::spawn(async move { service.answer(request(rename("a.w", 5, "walk"), &Arc::default())).await });
    let n_asked = setup.analyzer.n_asked();
    while setup.analyzer.n_asked() == n_asked {
        tokio::task::yield_now().await;
    }
    // After the view was pinned, before the plan is there.
    setup.workspaces.write("b.w", Some("more run"));
    setup.analyzer.gate.add_permits(100);
    let answered = asked.await.expect("no panic").expect("answered");
    assert_eq!(places(&answered), ["a.w:4", "b.w:5"]);
    assert_eq!(answered.revision.0, 2);
    assert!(answered.digests.contains(&(path("b.w"), ContentDigest::of(b"more run"))));
}

#[tokio::test]
async fn a_question_about_everything_waits_until_all_files_are_taken_in() {
    let setup = Setup::new(&[("a.w", "def run")]);
    setup.workspaces.set_whole(false);
    let service = Arc::clone(&setup.service);
    let asked = tokio::spawn(async move { service.answer(request(references("a.w", 5), &Arc::default())).await });
    assert!(setup.ask(hover("a.w", 5)).await.is_ok(), "a question about one file does not wait");
    setup.workspaces.write("b.w", Some("run"));
    setup.workspaces.set_whole(true);
    let answered = asked.await.expect("no panic").expect("answered");
    assert_eq!(places(&answered), ["a.w:4", "b.w:0"]);
}

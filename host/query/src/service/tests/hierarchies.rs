//! Hierarchies, moved files and decorations over base and overlays.

use vraftls_proto::{FileMove, HierarchyItem};

use super::*;

async fn prepared(setup: &Setup, file: &str, offset: u32) -> HierarchyItem {
    let answered = setup.ask(Query::PrepareCalls(at(file, offset))).await.expect("answered");
    match answered.answer {
        Answer::HierarchyItems(mut items) if items.len() == 1 => items.remove(0),
        other => panic!("not one item: {other:?}"),
    }
}

#[tokio::test]
async fn callers_are_found_in_all_files_whatever_the_chunks() {
    let files = ["b.w", "c.w", "d.w", "e.w"].map(|file| (file, "main run x run"));
    let mut all = vec![("a.w", "def run"), ("z.w", "nothing")];
    all.extend(files);
    let setup = Setup::new(&all);
    let item = prepared(&setup, "a.w", 4).await;
    let answered = setup.ask(Query::IncomingCalls { item }).await.expect("answered");
    let expected = ["b.w", "c.w", "d.w", "e.w"].map(|file| format!("{file} calls at [5, 11]"));
    assert_eq!(places(&answered), expected);
    let named: Vec<&str> = answered.digests.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(named, ["a.w", "b.w", "c.w", "d.w", "e.w"]);
}

#[tokio::test]
async fn callers_in_unsaved_buffers_count_and_hidden_ones_do_not() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "main run")]);
    let item = prepared(&setup, "a.w", 4).await;
    let unsaved = overlays(&[("b.w", "main walk"), ("new.w", "main run")]);
    let answered = setup.ask_with(Query::IncomingCalls { item: item.clone() }, &unsaved).await.expect("answered");
    assert_eq!(places(&answered), ["new.w calls at [5]"]);
    let subtypes = setup.ask_with(Query::Subtypes { item }, &unsaved).await.expect("answered");
    assert_eq!(places(&subtypes), ["new.w:0"]);
}

#[tokio::test]
async fn callers_wait_until_all_files_are_taken_in() {
    let setup = Setup::new(&[("a.w", "def run")]);
    let item = prepared(&setup, "a.w", 4).await;
    setup.workspaces.set_whole(false);
    let service = Arc::clone(&setup.service);
    let asked =
        tokio::spawn(async move { service.answer(request(Query::IncomingCalls { item }, &Arc::default())).await });
    setup.workspaces.write("b.w", Some("main run"));
    setup.workspaces.set_whole(true);
    let answered = asked.await.expect("no panic").expect("answered");
    assert_eq!(places(&answered), ["b.w calls at [5]"]);
}

fn moved(old: &str, new: &str) -> Query {
    Query::WillRename { moves: vec![FileMove { old: path(old), new: path(new) }] }
}

#[tokio::test]
async fn files_that_name_a_moved_one_are_edited_as_the_session_sees_them() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "x a"), ("c.w", "a a")]);
    let unsaved = overlays(&[("b.w", "a")]);
    let answered = setup.ask_with(moved("a.w", "z.w"), &unsaved).await.expect("answered");
    assert_eq!(places(&answered), ["b.w:0", "c.w:0", "c.w:2"]);
    let Answer::Edits(files) = &answered.answer else { panic!("no edits") };
    assert!(files.iter().flat_map(|file| &file.edits).all(|edit| edit.new_text == "z"));
    assert_eq!(answered.digests.len(), 2);
}

#[tokio::test]
async fn a_failure_while_files_move_gives_no_edits_at_all() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "a")]);
    setup.analyzer.set_fault(Some(Fault::Trap("gone".into())));
    let error = setup.ask(moved("a.w", "z.w")).await.unwrap_err();
    assert!(matches!(error, QueryError::AnalyzerFault { .. }), "{error}");
    let none = setup.ask(Query::WillRename { moves: Vec::new() }).await.unwrap_err();
    assert!(matches!(none, QueryError::InvalidInput(_)), "{none}");
}

#[tokio::test]
async fn tokens_bring_the_words_in_which_they_speak_and_are_kept() {
    let setup = Setup::new(&[("a.w", "def run")]);
    let query = || Query::SemanticTokens { path: path("a.w"), span: None };
    let answered = setup.ask(query()).await.expect("answered");
    let Answer::SemanticTokens(found) = &answered.answer else { panic!("no tokens") };
    assert_eq!((found.words.types.join(" ").as_str(), found.tokens.len()), ("word", 2));
    let n_asked = setup.analyzer.n_asked();
    setup.ask(query()).await.expect("answered");
    assert_eq!(setup.analyzer.n_asked(), n_asked, "the second was kept");
}

#[tokio::test]
async fn proposals_of_unsaved_buffers_are_whole_though_these_are_indexed_meanwhile() {
    let setup = Setup::new(&[("a.w", "def run"), ("b.w", "r")]);
    setup.ask(Query::WorkspaceSymbols { query: "run".into(), limit: 1 }).await.expect("the index is ready");
    let (n_asked, n_indexed) = (setup.analyzer.n_asked(), setup.analyzer.n_indexed());
    let unsaved = overlays(&[("b.w", "def runner")]);
    let complete = Query::Complete { at: at("b.w", 1), trigger: None, limit: 10 };
    let answered = setup.ask_with(complete, &unsaved).await.expect("answered");
    let Answer::Completion(found) = answered.answer else { panic!("no proposals: {:?}", answered.answer) };
    assert_eq!((found.items.len(), found.incomplete), (2, false));
    // It was stopped at its first look-up, because it looks at once.
    assert_eq!((setup.analyzer.n_asked() - n_asked, setup.analyzer.n_indexed() - n_indexed), (2, 1));
}

#[tokio::test]
async fn proposals_do_not_wait_for_the_index_and_say_that_more_may_come() {
    let setup = Setup::without_index(&[("a.w", "def run"), ("b.w", "r")], FakeAnalyzer::new("1"));
    let complete = || Query::Complete { at: at("b.w", 1), trigger: None, limit: 10 };
    let proposed = |answered: Answered| match answered.answer {
        Answer::Completion(found) => (found.items.len(), found.incomplete),
        other => panic!("no proposals: {other:?}"),
    };
    assert_eq!(proposed(setup.ask(complete()).await.expect("answered")), (0, true));
    setup.keep_index();
    setup.ask(Query::WorkspaceSymbols { query: "run".into(), limit: 1 }).await.expect("the index is ready");
    assert_eq!(proposed(setup.ask(complete()).await.expect("answered")), (1, false));
}

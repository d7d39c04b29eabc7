//! What an engine sees: it keeps what it learned, so each difference between two views must be told, and only that.

use std::sync::Arc;

use vraftls_query::{Analyzer, Question, Reply, View};
use vraftls_vfs::VfsPath;
use vraftls_wasm::ComponentAnalyzer;

use crate::support::*;

/// The documentation of the name that `a.toy` uses.
fn documentation(toy: &ComponentAnalyzer, view: View) -> Option<String> {
    let question = Question::Hover { path: path("a.toy"), offset: 4 };
    match wait(toy.ask(call(view, question))).unwrap() {
        Reply::Hover(hover) => hover.map(|hover| hover.documentation),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_engine_answers_for_the_view_of_each_call() {
    let runtime = runtime(tight());
    let toy = load(&runtime, "toy");
    let first = Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]);
    let second = first.with("b.toy", Some("def name # two\n"));
    let third = second.with("b.toy", None);
    let fourth = third.with("c.toy", Some("def name # four\n"));
    let [first, second, third, fourth] = [first, second, third, fourth].map(Arc::new);
    let unsaved = overlays(&[("b.toy", "def name # unsaved\n")]);
    let other = overlays(&[("b.toy", "def name # other\n")]);
    let steps = [
        (plain(&first), Some("one")),
        (plain(&second), Some("two")),
        (view(&second, &unsaved), Some("unsaved")),
        (view(&second, &other), Some("other")),
        (plain(&second), Some("two")),
        // Hidden before and after: what the base says of it is no difference.
        (view(&first, &unsaved), Some("unsaved")),
        (view(&second, &unsaved), Some("unsaved")),
        (plain(&first), Some("one")),
        (plain(&third), None),
        // A new file that is nowhere saved.
        (view(&third, &unsaved), Some("unsaved")),
        (plain(&third), None),
        (plain(&fourth), Some("four")),
        (plain(&first), Some("one")),
    ];
    for (n, (view, expected)) in steps.into_iter().enumerate() {
        assert_eq!(documentation(&toy, view).as_deref(), expected, "step {n}");
    }
    assert_eq!(runtime.counters().engines_started, 1);
}

#[test]
fn an_engine_is_told_of_a_file_that_is_gone_for_a_session() {
    let runtime = runtime(tight());
    let toy = load(&runtime, "toy");
    let base = Arc::new(Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one\n")]));
    let unsaved = overlays(&[("b.toy", "def name # unsaved\n")]);
    let steps = [
        // Opened on it, and then told.
        (view(&base, &gone(&["b.toy"])), None),
        (plain(&base), Some("one")),
        (view(&base, &gone(&["b.toy", "never.toy"])), None),
        (view(&base, &unsaved), Some("unsaved")),
        (view(&base, &overlays(&[("b.toy", "")])), None),
        (view(&base, &gone(&["b.toy"])), None),
        (view(&base, &gone(&["never.toy"])), Some("one")),
    ];
    for (n, (view, expected)) in steps.into_iter().enumerate() {
        assert_eq!(documentation(&toy, view).as_deref(), expected, "step {n}");
    }
    assert_eq!(runtime.counters().engines_started, 1);
}

#[test]
fn a_fresh_engine_opens_on_the_overlays_of_its_first_call() {
    let runtime = runtime(tight());
    let toy = load(&runtime, "toy");
    let base = Arc::new(Files::new(&[("a.toy", "use name\n")]));
    let unsaved = overlays(&[("b.toy", "def name # unsaved\n")]);
    assert_eq!(documentation(&toy, view(&base, &unsaved)).as_deref(), Some("unsaved"));
    assert_eq!(documentation(&toy, plain(&base)), None);
}

#[test]
fn offsets_are_checked_against_the_overlay_that_hides_the_base() {
    let runtime = runtime(tight());
    let toy = load(&runtime, "toy");
    let base = Arc::new(Files::new(&[("a.toy", "def n\n")]));
    let longer = overlays(&[("a.toy", "# é\n\ndef a_long_name # documented\nuse a_long_name\n")]);
    let text = longer.get(&path("a.toy")).unwrap().text.clone();
    let offset = text.rfind("a_long_name").unwrap() as u32;
    let question = Question::Definition { path: path("a.toy"), offset };
    let reply = wait(toy.ask(call(view(&base, &longer), question))).unwrap();
    let Reply::Targets(Some(targets)) = reply else { panic!("{reply:?}") };
    assert_eq!(targets.locations[0].span.slice(&text), Some("a_long_name"));
}

#[test]
fn all_questions_that_an_analyzer_answers_come_back() {
    let runtime = runtime(tight());
    let toy = load(&runtime, "toy");
    let base = Arc::new(Files::new(&[("a.toy", "use name\n"), ("b.toy", "def name # one  \ndef name\n")]));
    let ask = |question| wait(toy.ask(call(plain(&base), question))).unwrap();
    let (a, b) = (path("a.toy"), path("b.toy"));
    let Reply::Plan(Some(plan)) = ask(Question::Plan { path: a.clone(), offset: 5 }) else { panic!("no plan") };
    assert_eq!(plan.names, ["name"]);
    let candidate = |path: &VfsPath| vraftls_proto::Candidate { path: path.clone(), offsets: vec![4] };
    let files = vec![candidate(&a), candidate(&b)];
    let Reply::References(found) = ask(Question::Confirm { plan: plan.clone(), files: files.clone() }) else {
        panic!("no references")
    };
    assert_eq!(found.iter().map(|file| file.references.len()).collect::<Vec<_>>(), [1, 2]);
    let Reply::Edits(edits) = ask(Question::RenameEdits { plan, new_name: "other".to_owned(), files }) else {
        panic!("no edits")
    };
    assert_eq!(edits.iter().map(|edit| edit.path.as_str()).collect::<Vec<_>>(), ["a.toy", "b.toy"]);
    let Reply::Diagnostics(found) = ask(Question::Diagnostics { path: b.clone() }) else { panic!("no diagnostics") };
    assert_eq!(found[0].related[0].location.path, b);
    let Reply::Completion(items) = ask(Question::Complete { path: b.clone(), offset: 5, trigger: None, limit: 5 })
    else {
        panic!("no proposals")
    };
    let token = items.items[0].token.clone();
    let Reply::CompletionDetails(details) = ask(Question::ResolveCompletion { path: b.clone(), token }) else {
        panic!("no details")
    };
    assert_eq!(details.documentation, "one");
    let Reply::Highlights(marks) = ask(Question::Highlights { path: b.clone(), offset: 5 }) else { panic!("no marks") };
    assert_eq!(marks.len(), 2);
    let Reply::RenameTarget(Some(target)) = ask(Question::PrepareRename { path: a, offset: 5 }) else {
        panic!("no target")
    };
    assert_eq!(target.placeholder, "name");
    let options = vraftls_proto::FormattingOptions { tab_size: 4, insert_spaces: true };
    let Reply::TextEdits(edits) = ask(Question::Format { path: b, span: None, options }) else { panic!("no edits") };
    assert_eq!(edits.len(), 1);
    assert!(matches!(ask(Question::Bundled { path: path("@bundled/none") }), Reply::Bundled(None)));
}

//! Saves, what became of them, and what others made of a file meanwhile: told in words, once, and the buffer stays.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use vraftls_gateway::Options;
use vraftls_proto::{Author, Loss, SaveBase, SaveOutcome};
use vraftls_vfs::ContentDigest;

use super::backend::FakeBackend;
use super::client::{Editor, edit};

const URI: &str = "file:///w/a.py";

fn digest(text: &str) -> ContentDigest {
    ContentDigest::of(text.as_bytes())
}

/// An editor that waits for nothing before it is told.
async fn start(backend: &Arc<FakeBackend>) -> Editor {
    let mut options = Options::default();
    options.timing.save_grace = Duration::from_millis(1);
    let mut editor = Editor::connect(backend, options);
    editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
    editor
}

/// Opens a document and waits until it is known from what it grew.
async fn open(backend: &FakeBackend, editor: &mut Editor, text: &str) {
    let n_looks = *backend.saves.n_looks.borrow();
    editor.open(URI, text).await;
    backend.saves.until_looked(n_looks + 1).await;
}

async fn save(editor: &mut Editor) {
    editor.notify("textDocument/didSave", json!({"textDocument": {"uri": URI}})).await;
}

/// What the person is told next: how grave it is, and in which words.
async fn told(editor: &mut Editor) -> (Value, String) {
    let message = editor.next_of("window/showMessage").await;
    let text = message["message"].as_str().unwrap().to_owned();
    assert!(text.contains("/w/a.py"), "{text}");
    (message["type"].clone(), text)
}

#[tokio::test]
async fn a_save_says_what_the_editor_had_seen_and_moves_its_base() {
    let backend = FakeBackend::with(&[("a.py", "base")]);
    let mut editor = start(&backend).await;
    open(&backend, &mut editor, "base").await;
    editor.change(URI, 2, json!([{"text": "one"}])).await;
    save(&mut editor).await;
    let saves = backend.saves.until_asked(1).await;
    assert_eq!((&*saves[0].text, saves[0].base), ("one", SaveBase::Contents(digest("base"))));
    backend.write("/w", "a.py", "one");
    // The base has moved when the outcome was heard, which nobody says: the next save shows it.
    assert_eq!(editor.text(URI).await, "one");
    editor.change(URI, 3, json!([{"text": "two"}])).await;
    let mut n_saves = 1;
    let base = loop {
        save(&mut editor).await;
        n_saves += 1;
        match backend.saves.until_asked(n_saves).await[n_saves - 1].base {
            SaveBase::Contents(base) if base == digest("base") => tokio::task::yield_now().await,
            base => break base,
        }
    };
    assert!([digest("one"), digest("two")].map(SaveBase::Contents).contains(&base), "{base:?}");
    assert_eq!(editor.text(URI).await, "two");
    editor.finish().await;
}

#[tokio::test]
async fn each_outcome_is_told_once_and_the_buffer_stays() {
    let now = digest("theirs");
    let program = Author::Program;
    for (outcome, kind, words) in [
        (SaveOutcome::Replaced { now: digest("mine"), author: Author::Editor }, 2, "changed by another editor since"),
        (SaveOutcome::Replaced { now: digest("mine"), author: program }, 2, "changed by another program since"),
        (SaveOutcome::Conflict { now, author: Author::Editor }, 2, "has what another editor wrote"),
        (SaveOutcome::Conflict { now, author: program }, 2, "has what another program wrote"),
        (SaveOutcome::NotWritten { now: digest("base") }, 2, "not on disk"),
        (SaveOutcome::Gone, 2, "is not there"),
        (SaveOutcome::Unreadable("not UTF-8 text".into()), 3, "not UTF-8 text"),
        (SaveOutcome::Unknown("the node ends".into()), 3, "the node ends"),
    ] {
        let backend = FakeBackend::with(&[("a.py", "base")]);
        let mut editor = start(&backend).await;
        open(&backend, &mut editor, "base").await;
        editor.change(URI, 2, json!([{"text": "mine"}])).await;
        // What is unpleasant is asked for twice before it is told.
        backend.saves.outcomes.lock().unwrap().extend([outcome.clone(), outcome.clone()]);
        save(&mut editor).await;
        let (told_kind, text) = told(&mut editor).await;
        assert_eq!(told_kind, kind, "{outcome:?}");
        assert!(text.contains(words), "{outcome:?}: {text}");
        assert_eq!(editor.text(URI).await, "mine");
        editor.finish().await;
    }
}

#[tokio::test]
async fn what_settles_in_a_moment_is_not_told() {
    let backend = FakeBackend::with(&[("a.py", "base")]);
    let mut editor = start(&backend).await;
    open(&backend, &mut editor, "base").await;
    editor.change(URI, 2, json!([{"text": "mine"}])).await;
    // A write that arrives late, and then a program that lays the file out: the editor reads it again.
    backend.saves.outcomes.lock().unwrap().push_back(SaveOutcome::NotWritten { now: digest("base") });
    save(&mut editor).await;
    backend.saves.until_asked(2).await;
    let laid_out = SaveOutcome::Conflict { now: digest("mine, laid out"), author: Author::Program };
    backend.saves.outcomes.lock().unwrap().extend([laid_out.clone(), laid_out]);
    editor.change(URI, 3, json!([{"text": "mine again"}])).await;
    editor.change(URI, 4, json!([{"text": "mine, laid out"}])).await;
    save(&mut editor).await;
    let saves = backend.saves.until_asked(4).await;
    assert!(saves[3].recent.contains(&digest("mine again")), "{:?}", saves[3]);
    assert_eq!(editor.text(URI).await, "mine, laid out");
    editor.finish().await;
}

#[tokio::test]
async fn of_saves_in_a_row_only_the_last_is_told() {
    let backend = FakeBackend::with(&[("a.py", "base")]);
    let mut options = Options::default();
    options.timing.save_grace = Duration::from_millis(300);
    let mut editor = Editor::connect(&backend, options);
    editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
    open(&backend, &mut editor, "base").await;
    for n in 0..3 {
        editor.change(URI, n + 2, json!([edit((0, 0), (0, 0), "x")])).await;
        let outcome = SaveOutcome::NotWritten { now: digest("base") };
        backend.saves.outcomes.lock().unwrap().extend([outcome.clone(), outcome]);
        save(&mut editor).await;
    }
    let (_, text) = told(&mut editor).await;
    assert!(text.contains("not on disk"), "{text}");
    backend.saves.until_asked(6).await;
    assert_eq!(editor.text(URI).await, "xxxbase");
    editor.finish().await;
}

#[tokio::test]
async fn a_save_of_what_is_not_open_is_a_hint_only() {
    let backend = FakeBackend::with(&[("a.py", "base")]);
    let mut editor = start(&backend).await;
    save(&mut editor).await;
    editor.open("file:///libs/x.py", "text").await;
    editor.notify("textDocument/didSave", json!({"textDocument": {"uri": "file:///libs/x.py"}})).await;
    open(&backend, &mut editor, "base").await;
    assert_eq!(editor.text(URI).await, "base");
    assert!(backend.saves.asked.borrow().is_empty());
    assert!(backend.hints.lock().unwrap().contains(&"a.py".to_owned()));
    editor.finish().await;
}

#[tokio::test]
async fn unsaved_edits_above_older_contents_are_told_once() {
    for (author, words) in [(Author::Editor, "by another editor"), (Author::Program, "by another program")] {
        let backend = FakeBackend::with(&[("a.py", "base")]);
        backend.saves.authors.lock().unwrap().insert("a.py".into(), author);
        let mut editor = start(&backend).await;
        open(&backend, &mut editor, "base").await;
        editor.change(URI, 2, json!([{"text": "mine"}])).await;
        assert_eq!(editor.text(URI).await, "mine");
        backend.write("/w", "a.py", "theirs");
        let (kind, text) = told(&mut editor).await;
        assert_eq!(kind, 3);
        assert!(text.contains(words) && text.contains("based on what it had before"), "{text}");
        // No storm, however often the others save and this one types.
        for n in 0..5 {
            let n_looks = *backend.saves.n_looks.borrow();
            backend.write("/w", "a.py", &format!("theirs {n}"));
            editor.change(URI, n + 3, json!([edit((0, 0), (0, 0), "x")])).await;
            backend.saves.until_looked(n_looks + 1).await;
        }
        assert_eq!(editor.text(URI).await, "xxxxxmine");
        // The editor reads the file again, and types on: the next change is told again.
        editor.change(URI, 20, json!([{"text": "theirs 4"}])).await;
        editor.change(URI, 21, json!([{"text": "theirs 4!"}])).await;
        assert_eq!(editor.text(URI).await, "theirs 4!");
        backend.write("/w", "a.py", "theirs again");
        told(&mut editor).await;
        editor.finish().await;
    }
}

#[tokio::test]
async fn a_buffer_without_edits_is_told_nothing_until_it_is_edited() {
    let backend = FakeBackend::with(&[("a.py", "base")]);
    let mut editor = start(&backend).await;
    open(&backend, &mut editor, "base").await;
    let n_looks = *backend.saves.n_looks.borrow();
    backend.write("/w", "a.py", "theirs");
    backend.saves.until_looked(n_looks + 1).await;
    assert_eq!(editor.text(URI).await, "base", "nothing was told");
    editor.change(URI, 2, json!([edit((0, 0), (0, 0), "x")])).await;
    let (_, text) = told(&mut editor).await;
    assert!(text.contains("based on what it had before"), "{text}");
    editor.finish().await;
}

#[tokio::test]
async fn who_lost_a_save_is_told_even_without_edits() {
    for (loss, words) in [(Loss::Lost, "that had not seen it"), (Loss::Replaced, "your save replaced that")] {
        let backend = FakeBackend::with(&[("a.py", "base")]);
        let mut editor = start(&backend).await;
        open(&backend, &mut editor, "base").await;
        backend.saves.losses.lock().unwrap().insert("a.py".into(), loss);
        backend.lose_save("/w");
        let (kind, text) = told(&mut editor).await;
        assert_eq!(kind, 2);
        assert!(text.contains(words), "{text}");
        assert_eq!(editor.text(URI).await, "base");
        editor.finish().await;
    }
}

#[tokio::test]
async fn a_mark_that_editors_do_not_show_is_no_difference() {
    let backend = FakeBackend::with(&[("a.py", "\u{feff}base")]);
    let mut editor = start(&backend).await;
    open(&backend, &mut editor, "base").await;
    let n_looks = *backend.saves.n_looks.borrow();
    // Changed on disk, and read again by the editor.
    editor.change(URI, 2, json!([{"text": "theirs"}])).await;
    assert_eq!(editor.text(URI).await, "theirs");
    backend.write("/w", "a.py", "\u{feff}theirs");
    backend.saves.until_looked(n_looks + 1).await;
    assert_eq!(editor.text(URI).await, "theirs", "nothing was told");
    editor.finish().await;
}

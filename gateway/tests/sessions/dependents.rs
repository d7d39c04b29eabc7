//! What depends on an edited document is looked at again only where it may see a difference.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use vraftls_gateway::Options;

use super::backend::{FakeBackend, Look};
use super::client::{DEADLINE, Editor, edit};

const A: &str = "file:///w/a.py";
const B: &str = "file:///w/b.py";

/// An editor that is pushed diagnostics.
async fn connect(backend: &Arc<FakeBackend>, recheck_delay: Duration) -> Editor {
    let mut options = Options::default();
    options.timing.check_delay = Duration::from_millis(1);
    options.timing.recheck_delay = recheck_delay;
    let mut editor = Editor::connect(backend, options);
    let capabilities = json!({"textDocument": {"publishDiagnostics": {"relatedInformation": true}}});
    editor.initialize(json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
    editor
}

/// One with `a.py` and `b.py` open as they are saved and told of.
async fn start(backend: &Arc<FakeBackend>, a: &str, b: &str) -> Editor {
    let mut editor = connect(backend, Duration::from_millis(20)).await;
    for (uri, text) in [(A, a), (B, b)] {
        editor.open(uri, text).await;
        assert_eq!(editor.next_of("textDocument/publishDiagnostics").await["uri"], uri);
    }
    editor
}

/// Edits `a.py`, of which something else is told then.
async fn change(editor: &mut Editor, version: i64, text: &str) {
    editor.change(A, version, json!([{"text": text}])).await;
    assert_eq!(editor.next_of("textDocument/publishDiagnostics").await["uri"], A);
}

#[tokio::test]
async fn typing_inside_a_body_asks_nothing_about_others_and_another_signature_does() {
    let backend = FakeBackend::with(&[("a.py", "def f\n ERROR"), ("b.py", "ERROR f")]);
    let mut editor = start(&backend, "def f\n ERROR", "ERROR f").await;
    let body = |n: usize| format!("def f\n {} ERROR", "x".repeat(n));
    for n in 1..6 {
        change(&mut editor, n as i64 + 1, &body(n)).await;
        backend.until_seen(Look::Findings, "a.py", &body(n)).await;
        // The look whether others may see a difference.
        backend.until_seen(Look::Outline, "a.py", &body(n)).await;
    }
    change(&mut editor, 7, "def g\n ERROR ERROR").await;
    backend.until_seen(Look::Findings, "b.py", "def g\n ERROR ERROR").await;
    // Until then only the news that the folder is open may have been a reason, and that is older than the second edit.
    let looks = backend.looks.borrow().clone();
    let of_b = looks
        .iter()
        .filter(|(look, path, seen)| *look == Look::Findings && path == "b.py" && (2..6).any(|n| *seen == body(n)));
    assert_eq!(of_b.count(), 0, "{looks:?}");
    editor.finish().await;
}

#[tokio::test]
async fn what_has_a_place_in_the_edited_document_is_looked_at_again() {
    let backend = FakeBackend::with(&[("a.py", "def f ERROR"), ("b.py", "LEADS f")]);
    let mut editor = start(&backend, "def f ERROR", "LEADS f").await;
    editor.change(A, 2, json!([edit((0, 0), (0, 0), "\n")])).await;
    // The edited document first, and then the place that moved.
    assert_eq!(editor.next_of("textDocument/publishDiagnostics").await["uri"], A);
    let second = editor.next_of("textDocument/publishDiagnostics").await;
    assert_eq!(second["uri"], B);
    assert_eq!(second["diagnostics"][0]["relatedInformation"][0]["location"]["range"]["start"]["line"], 1);
    editor.finish().await;
}

#[tokio::test]
async fn opening_and_closing_what_shows_something_else_than_its_file_are_looked_at() {
    let backend = FakeBackend::with(&[("a.py", "def saved"), ("b.py", "ERROR f")]);
    let mut editor = start(&backend, "def opened ERROR", "ERROR f").await;
    backend.until_seen(Look::Findings, "b.py", "def opened ERROR").await;
    backend.until_seen(Look::Outline, "a.py", "def opened ERROR").await;
    editor.close(A).await;
    assert_eq!(editor.next_of("textDocument/publishDiagnostics").await["diagnostics"], json!([]));
    backend.until_seen(Look::Outline, "a.py", "def saved").await;
    backend.until_seen(Look::Findings, "b.py", "def saved").await;
    editor.finish().await;
}

#[tokio::test]
async fn what_saw_a_buffer_that_came_and_went_is_looked_at_again() {
    let backend = FakeBackend::with(&[("b.py", "ERROR f")]);
    let mut editor = connect(&backend, Duration::from_millis(100)).await;
    editor.open(B, "ERROR f").await;
    assert_eq!(editor.next_of("textDocument/publishDiagnostics").await["uri"], B);
    let saw = |backend: &FakeBackend| {
        let looks = backend.looks.borrow();
        let of_b = looks.iter().rev().find(|(look, path, _)| *look == Look::Findings && path == "b.py");
        of_b.is_some_and(|(_, _, seen)| !seen.is_empty())
    };
    for round in 0..2 {
        // All is checked because of a file, while there is a buffer. Edits of that put off the look whether it shows something else, until
        // it is gone again.
        backend.write("/w", "c.py", &round.to_string());
        editor.open(A, "def opened").await;
        let mut version = 1;
        while !saw(&backend) {
            version += 1;
            let text = format!("def opened{round}  {version}");
            editor.change(A, version, json!([{"text": text}])).await;
            backend.until_seen(Look::Findings, "a.py", &text).await;
        }
        editor.close(A).await;
        let mut looks = backend.looks.subscribe();
        let looked = tokio::time::timeout(DEADLINE, async {
            while saw(&backend) {
                looks.changed().await.unwrap();
            }
        });
        looked.await.expect("what was found above the buffer should not stay");
    }
}

#[tokio::test]
async fn what_nobody_can_tell_is_looked_at_again() {
    let backend = FakeBackend::with(&[("a.py", "def f ERROR"), ("b.py", "ERROR f")]);
    let mut editor = start(&backend, "def f ERROR", "ERROR f").await;
    change(&mut editor, 2, "def f  ERROR").await;
    backend.until_seen(Look::Outline, "a.py", "def f  ERROR").await;
    // From now on no outline is answered, so that what a document shows is not known.
    backend.silence_outlines();
    change(&mut editor, 3, "def f   ERROR").await;
    backend.until_seen(Look::Findings, "b.py", "def f   ERROR").await;
    editor.finish().await;
}

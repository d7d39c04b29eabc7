//! A request sees exactly the edits that came before it, however slow everything is.

use serde_json::json;

use super::backend::FakeBackend;
use super::client::{Editor, at, edit, text_of};

const URI: &str = "file:///w/a.py";

/// Sends 300 edits, and after every tenth a request that is held. Each edit inserts where the one before it ended.
async fn edit_and_ask(editor: &mut Editor) -> Vec<(i64, String)> {
    let mut expected = String::new();
    let mut asked = Vec::new();
    editor.open(URI, "").await;
    for n in 0..300_u32 {
        let word = format!("w{n} ");
        let column = u32::try_from(expected.len()).unwrap();
        editor.change(URI, i64::from(n) + 2, json!([edit((0, column), (0, column), &word)])).await;
        expected.push_str(&word);
        if n % 10 == 0 {
            asked.push((editor.request("textDocument/hover", at(URI, 0, 0)).await, expected.clone()));
        }
    }
    asked
}

async fn expect_answers(editor: &mut Editor, asked: Vec<(i64, String)>) {
    let mut open: std::collections::BTreeMap<i64, String> = asked.into_iter().collect();
    while !open.is_empty() {
        let response = editor.next().await;
        let expected = open.remove(&response["id"].as_i64().unwrap()).expect("one response each");
        assert_eq!(text_of(&response["result"]), expected);
    }
}

#[tokio::test]
async fn requests_see_the_edits_before_them_while_all_handlers_are_slow() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    backend.hold(|_| true);
    let asked = edit_and_ask(&mut editor).await;
    backend.until_waiting(30).await;
    backend.release();
    expect_answers(&mut editor, asked).await;
    editor.finish().await;
}

#[tokio::test]
async fn requests_see_the_edits_before_them_when_the_folder_opens_after_all_of_them() {
    let backend = FakeBackend::with(&[]);
    backend.folders_held.send_replace(true);
    let mut editor = Editor::start(&backend).await;
    let asked = edit_and_ask(&mut editor).await;
    backend.folders_held.send_replace(false);
    expect_answers(&mut editor, asked).await;
    editor.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_see_the_edits_before_them_on_many_threads() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    let asked = edit_and_ask(&mut editor).await;
    expect_answers(&mut editor, asked).await;
    editor.finish().await;
}

#[tokio::test]
async fn no_session_sees_what_another_has_not_saved() {
    let backend = FakeBackend::with(&[("a.py", "def saved"), ("b.py", "saved mine")]);
    let mut mine = Editor::start(&backend).await;
    let mut other = Editor::start(&backend).await;
    mine.open(URI, "def mine").await;
    let definition = mine.ask("textDocument/definition", at("file:///w/b.py", 0, 8)).await;
    assert_eq!(definition[0]["uri"], URI);
    assert!(mine.ask("textDocument/definition", at("file:///w/b.py", 0, 0)).await.is_null());
    assert!(other.ask("textDocument/definition", at("file:///w/b.py", 0, 8)).await.is_null());
    assert_eq!(other.ask("textDocument/definition", at("file:///w/b.py", 0, 0)).await[0]["uri"], URI);
    mine.close(URI).await;
    assert!(mine.ask("textDocument/definition", at("file:///w/b.py", 0, 8)).await.is_null());
    mine.finish().await;
    other.finish().await;
}

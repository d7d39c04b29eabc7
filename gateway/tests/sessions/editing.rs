//! Buffers are what the editor has, or requests on them fail.

use proptest::prelude::*;
use serde_json::{Value, json};
use vraftls_gateway::Options;

use super::backend::FakeBackend;
use super::client::{Editor, at, edit, range};

const URI: &str = "file:///w/a.py";
const CONTENT_MODIFIED: i64 = -32801;

async fn expect_poisoned(editor: &mut Editor) {
    let message = editor.next_of("window/showMessage").await;
    assert!(message["message"].as_str().unwrap().starts_with("/w/a.py"), "{message}");
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(URI, 0, 0)).await, CONTENT_MODIFIED);
}

#[tokio::test]
async fn an_edit_outside_the_text_poisons_the_buffer_until_it_is_opened_again() {
    let backend = FakeBackend::with(&[("a.py", "base")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "one\ntwo").await;
    editor.change(URI, 2, json!([edit((7, 0), (7, 1), "x")])).await;
    expect_poisoned(&mut editor).await;
    // Edits that would fit are ignored now, and the person is told only once.
    editor.change(URI, 3, json!([edit((0, 0), (0, 0), "x")])).await;
    editor.change(URI, 4, json!([edit((9, 0), (9, 0), "x")])).await;
    assert_eq!(editor.ask_in_vain("textDocument/diagnostic", at(URI, 0, 0)).await, CONTENT_MODIFIED);
    assert_eq!(editor.ask("workspace/symbol", json!({"query": "nothing"})).await, json!([]), "no place in it is told");
    editor.open(URI, "new").await;
    assert_eq!(editor.text(URI).await, "new");
    editor.finish().await;
}

#[tokio::test]
async fn an_edit_that_counts_in_another_encoding_is_refused_where_it_cannot_be_meant() {
    // The place behind the face, as an editor counts that did not hear what was agreed on, lies inside of it.
    for (agreed, character) in [("utf-8", 2), ("utf-8", 1), ("utf-16", 1)] {
        let backend = FakeBackend::with(&[]);
        let mut editor = Editor::connect(&backend, Options::default());
        let capabilities = json!({"general": {"positionEncodings": [agreed]}, "textDocument": {"diagnostic": {}}});
        editor.initialize(json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
        editor.open(URI, "😀x").await;
        editor.change(URI, 2, json!([edit((0, character), (0, character), "y")])).await;
        expect_poisoned(&mut editor).await;
        editor.finish().await;
    }
}

#[tokio::test]
async fn no_answer_has_a_place_in_a_poisoned_buffer() {
    let backend = FakeBackend::with(&[("b.py", "f")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "def f").await;
    assert_eq!(editor.ask("textDocument/definition", at("file:///w/b.py", 0, 0)).await[0]["uri"], URI);
    editor.change(URI, 2, json!([edit((0, 3), (0, 1), "")])).await;
    expect_poisoned(&mut editor).await;
    let code = editor.ask_in_vain("textDocument/definition", at("file:///w/b.py", 0, 0)).await;
    assert_eq!(code, CONTENT_MODIFIED);
    editor.finish().await;
}

#[tokio::test]
async fn a_whole_text_makes_a_poisoned_buffer_known_again() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "one").await;
    editor.change(URI, 2, json!([edit((3, 0), (3, 0), "x")])).await;
    expect_poisoned(&mut editor).await;
    editor.change(URI, 3, json!([{"text": "whole"}, edit((0, 5), (0, 5), "!")])).await;
    assert_eq!(editor.text(URI).await, "whole!");
    editor.finish().await;
}

#[tokio::test]
async fn an_edit_that_is_no_edit_poisons_the_buffer() {
    for changes in [json!(7), json!([{"range": {"start": 1}, "text": "x"}]), json!([{"range": range((0, 0), (0, 1))}])]
    {
        let backend = FakeBackend::with(&[]);
        let mut editor = Editor::start(&backend).await;
        editor.open(URI, "one").await;
        editor.change(URI, 2, changes).await;
        expect_poisoned(&mut editor).await;
        editor.finish().await;
    }
}

#[tokio::test]
async fn old_and_repeated_versions_are_ignored_and_skipped_numbers_are_fine() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "").await;
    editor.change(URI, 7, json!([edit((0, 0), (0, 0), "seven")])).await;
    editor.change(URI, 7, json!([edit((0, 0), (0, 0), "again")])).await;
    editor.change(URI, 6, json!([edit((0, 0), (0, 0), "six")])).await;
    assert_eq!(editor.text(URI).await, "seven");
    editor.change(URI, 8, json!([])).await;
    editor.change(URI, 9, json!([edit((0, 5), (0, 5), "!")])).await;
    assert_eq!(editor.text(URI).await, "seven!");
    editor.finish().await;
}

#[tokio::test]
async fn opening_twice_replaces_and_closing_releases() {
    let backend = FakeBackend::with(&[("a.py", "base")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "one").await;
    editor.change(URI, 5, json!([{"text": "two"}])).await;
    editor.open(URI, "three").await;
    // The numbers begin anew.
    editor.change(URI, 2, json!([edit((0, 5), (0, 5), "!")])).await;
    assert_eq!(editor.text(URI).await, "three!");
    editor.close(URI).await;
    assert_eq!(editor.text(URI).await, "base");
    editor.close(URI).await;
    editor.change(URI, 3, json!([{"text": "not open"}])).await;
    assert_eq!(editor.text(URI).await, "base");
    editor.finish().await;
}

#[tokio::test]
async fn a_document_that_grows_too_long_is_poisoned() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.limits.document_bytes_max = 10;
    options.limits.documents_bytes_max = 15;
    let mut editor = Editor::connect(&backend, options);
    editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
    editor.open("file:///w/other.py", "12345678").await;
    editor.open(URI, "12345").await;
    assert_eq!(editor.text(URI).await, "12345");
    editor.change(URI, 2, json!([edit((0, 0), (0, 0), "678")])).await;
    expect_poisoned(&mut editor).await;
    editor.close(URI).await;
    editor.open(URI, "12345678901").await;
    expect_poisoned(&mut editor).await;
    editor.finish().await;
}

#[tokio::test]
async fn what_neovim_sends_for_a_file_without_a_last_line_break_fits() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    // Recorded from Neovim 0.7: numbers jump, and the line behind the last one is named.
    editor.open(URI, "a = 1\nb = 2\nc = 3").await;
    let changes =
        json!([edit((0, 0), (0, 5), "x = 10"), edit((1, 0), (1, 5), "y = 10\nz=5"), edit((3, 0), (4, 0), ""),]);
    editor.change(URI, 7, changes).await;
    assert_eq!(editor.text(URI).await, "x = 10\ny = 10\nz=5\n");
    editor.change(URI, 8, json!([edit((0, 0), (1, 0), "")])).await;
    assert_eq!(editor.text(URI).await, "y = 10\nz=5\n");
    editor.finish().await;
}

#[tokio::test]
async fn uris_with_bare_characters_name_the_same_document() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open("file:///w/ä b[1].py", "text").await;
    assert_eq!(editor.text("file:///w/%C3%A4%20b%5B1%5D.py").await, "text");
    assert_eq!(editor.text("file://localhost/w/./x/../%c3%a4 b[1].py").await, "text");
    editor.finish().await;
}

/// An edit in characters: from, to, and what comes instead.
type ModelEdit = (usize, usize, String);

fn text_strategy() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "_", " ", "\n", "\r\n", "é", "中", "😀"]), 0..12)
        .prop_map(|parts| parts.concat())
}

/// The position of a character in an encoding, by walking the text.
fn position(text: &str, n_chars: usize, encoding: &str) -> (u32, u32) {
    let before: String = text.chars().take(n_chars).collect();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = u32::try_from(before.matches('\n').count()).unwrap();
    let units = |char: char| match encoding {
        "utf-8" => char.len_utf8(),
        "utf-16" => char.len_utf16(),
        _ => 1,
    };
    (line, u32::try_from(before[line_start..].chars().map(units).sum::<usize>()).unwrap())
}

async fn edits_follow_the_model(encoding: &str, start: String, batches: Vec<Vec<ModelEdit>>) {
    let backend = FakeBackend::with(&[]);
    let capabilities = json!({"general": {"positionEncodings": [encoding]}, "textDocument": {"diagnostic": {}}});
    let mut editor = Editor::connect(&backend, Options::default());
    let result = editor.initialize(json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
    assert_eq!(result["capabilities"]["positionEncoding"], encoding);
    let mut text = start;
    editor.open(URI, &text).await;
    for (n, batch) in batches.into_iter().enumerate() {
        let mut changes: Vec<Value> = Vec::new();
        for (a, b, new_text) in batch {
            let chars: Vec<char> = text.chars().collect();
            let (a, b) = (a % (chars.len() + 1), b % (chars.len() + 1));
            let mut ends = [a.min(b), a.max(b)];
            for end in &mut ends {
                // No editor has a cursor inside `\r\n`.
                if *end > 0 && chars[*end - 1] == '\r' {
                    *end -= 1;
                }
            }
            let [from, to] = ends;
            changes.push(edit(position(&text, from, encoding), position(&text, to, encoding), &new_text));
            text = chars[..from].iter().chain(&new_text.chars().collect::<Vec<_>>()).chain(&chars[to..]).collect();
        }
        editor.change(URI, n as i64 + 2, Value::Array(changes)).await;
    }
    assert_eq!(editor.text(URI).await, text);
    editor.finish().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn edits_follow_the_model_in_all_encodings(
        encoding in prop::sample::select(vec!["utf-8", "utf-16", "utf-32"]),
        start in text_strategy(),
        batches in prop::collection::vec(
            prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), text_strategy()), 0..4),
            0..5,
        ),
    ) {
        let batches = batches.into_iter().map(|batch| {
            batch.into_iter().map(|(a, b, text)| (a.index(1000), b.index(1000), text)).collect()
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(edits_follow_the_model(encoding, start, batches.collect()));
    }
}

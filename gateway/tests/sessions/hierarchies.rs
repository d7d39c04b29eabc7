//! Who calls whom and what extends what, as editors ask for it; and items that come back when their file is another.

use serde_json::{Value, json};

use super::backend::FakeBackend;
use super::client::{Editor, at, edit, range};

const URI: &str = "file:///w/a.py";
const OTHER: &str = "file:///w/b.py";

/// The item at a place, as a hierarchy's next question names it.
async fn prepared(editor: &mut Editor, kind: &str, uri: &str, line: u32, character: u32) -> Value {
    let mut items = editor.ask(&format!("textDocument/prepare{kind}Hierarchy"), at(uri, line, character)).await;
    assert_eq!(items.as_array().map(Vec::len), Some(1), "{items}");
    items[0].take()
}

#[tokio::test]
async fn callers_and_callees_have_the_places_of_the_calls() {
    let backend = FakeBackend::with(&[("b.py", "é def f"), ("c.py", "f f"), ("d.py", "nothing")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "😀 f\ndef main").await;
    let item = prepared(&mut editor, "Call", URI, 0, 3).await;
    assert_eq!((&item["name"], &item["kind"], &item["detail"]), (&json!("f"), &json!(12), &json!("a word")));
    assert_eq!((&item["uri"], &item["selectionRange"]), (&json!(OTHER), &range((0, 6), (0, 7))));
    assert_eq!(item["range"], range((0, 2), (0, 7)));
    let calls = editor.ask("callHierarchy/incomingCalls", json!({"item": item})).await;
    let shown: Vec<_> =
        calls.as_array().unwrap().iter().map(|call| (&call["from"]["uri"], &call["fromRanges"])).collect();
    let expected = [
        (json!(URI), json!([range((0, 3), (0, 4)), range((1, 2), (1, 3))])),
        // The word is a part of `def` too: the backend's language is simple.
        (json!(OTHER), json!([range((0, 4), (0, 5))])),
        (json!("file:///w/c.py"), json!([range((0, 0), (0, 1)), range((0, 2), (0, 3))])),
    ];
    assert_eq!(shown, expected.iter().map(|(uri, ranges)| (uri, ranges)).collect::<Vec<_>>());
    let main = prepared(&mut editor, "Call", URI, 1, 5).await;
    let calls = editor.ask("callHierarchy/outgoingCalls", json!({"item": main})).await;
    assert_eq!(calls[0]["to"]["uri"], OTHER);
    assert_eq!(calls[0]["fromRanges"], json!([range((0, 3), (0, 4)), range((1, 2), (1, 3))]));
    editor.finish().await;
}

#[tokio::test]
async fn types_have_those_above_and_below() {
    let backend = FakeBackend::with(&[("b.py", "def T")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "T").await;
    let item = prepared(&mut editor, "Type", URI, 0, 0).await;
    let above = editor.ask("typeHierarchy/supertypes", json!({"item": item})).await;
    assert_eq!((&above[0]["name"], &above[0]["uri"]), (&json!("T_super"), &json!(OTHER)));
    let below = editor.ask("typeHierarchy/subtypes", json!({"item": item})).await;
    assert_eq!(below[0]["name"], "T_sub");
    assert_eq!(editor.ask("textDocument/prepareTypeHierarchy", at(OTHER, 0, 1)).await, Value::Null);
    editor.finish().await;
}

#[tokio::test]
async fn an_item_of_an_edited_file_is_asked_for_again_or_refused() {
    let backend = FakeBackend::with(&[("b.py", "f")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "def f").await;
    let item = prepared(&mut editor, "Call", URI, 0, 4).await;
    // Behind the item: it still stands where it stood.
    editor.change(URI, 2, json!([edit((0, 5), (0, 5), " f")])).await;
    let calls = editor.ask("callHierarchy/incomingCalls", json!({"item": item})).await;
    assert_eq!(calls[0]["fromRanges"], json!([range((0, 2), (0, 3)), range((0, 6), (0, 7))]));
    // Before it: another thing may stand there by now.
    editor.change(URI, 3, json!([edit((0, 0), (0, 0), "x\n")])).await;
    assert_eq!(editor.ask_in_vain("callHierarchy/incomingCalls", json!({"item": item})).await, -32801);
    assert_eq!(editor.ask_in_vain("callHierarchy/outgoingCalls", json!({"item": item})).await, -32801);
    editor.finish().await;
}

#[tokio::test]
async fn an_item_that_was_not_made_here_is_refused() {
    let backend = FakeBackend::with(&[("b.py", "def f")]);
    let mut editor = Editor::start(&backend).await;
    let item = prepared(&mut editor, "Call", OTHER, 0, 4).await;
    for (member, value) in [
        ("data", json!({"token": "zz", "digest": item["data"]["digest"]})),
        ("data", json!(7)),
        ("selectionRange", range((9, 0), (9, 1))),
        ("range", range((0, 5), (0, 5))),
    ] {
        let mut forged = item.clone();
        forged[member] = value;
        let code = editor.ask_in_vain("callHierarchy/incomingCalls", json!({"item": forged})).await;
        assert_eq!(code, -32602, "{member}");
    }
    let mut bare = item.clone();
    bare.as_object_mut().unwrap().remove("data");
    assert_eq!(editor.ask_in_vain("callHierarchy/outgoingCalls", json!({"item": bare})).await, -32602);
    editor.finish().await;
}

//! What this server answers beyond the protocol, to programs that are its clients.

use serde_json::json;
use vraftls_proto::QueryError;

use super::backend::FakeBackend;
use super::client::{Editor, at, range};

const URI: &str = "file:///w/a.py";

#[tokio::test]
async fn a_client_can_have_the_folders_looked_at_again() {
    let backend = FakeBackend::with(&[("b.py", "def f")]);
    let mut editor = Editor::start(&backend).await;
    let id = editor.request_without_params("vraftls/catchUp").await;
    let response = editor.next().await;
    assert_eq!((&response["id"], response.get("error")), (&json!(id), None), "{response}");
    assert!(response["result"].is_null());
    let hints = backend.hints.lock().unwrap().clone();
    assert!(matches!(hints.as_slice(), [hint] if hint.starts_with("everything of ")), "{hints:?}");
    editor.finish().await;
}

#[tokio::test]
async fn a_client_can_ask_which_files_there_are() {
    let backend = FakeBackend::with(&[("b c.py", "def f"), ("a.py", "")]);
    let mut editor = Editor::start(&backend).await;
    editor.request_without_params("vraftls/files").await;
    let response = editor.next().await;
    assert_eq!(response["result"], json!(["file:///w/a.py", "file:///w/b%20c.py"]), "{response}");
    editor.finish().await;
}

#[tokio::test]
async fn a_client_that_wants_to_know_hears_of_every_partial_answer() {
    let backend = FakeBackend::with(&[("b.py", "def f")]);
    let abilities = json!({
        "textDocument": {"diagnostic": {}},
        "experimental": {"vraftls": {"partialAnswers": true}},
    });
    let mut editor = Editor::start_with(&backend, abilities).await;
    editor.open(URI, "f").await;
    backend.partial.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut params = at(URI, 0, 0);
    params["context"] = json!({"includeDeclaration": true});
    for n in 0..2 {
        let id = editor.request("textDocument/references", params.clone()).await;
        if n == 0 {
            editor.next_of("window/showMessage").await;
        }
        let told = editor.next_of("$/vraftls/partial").await;
        assert_eq!(told, json!({"what": "references"}));
        editor.next_of("window/logMessage").await;
        assert_eq!(editor.next().await["id"], id, "it comes before the answer");
    }
    editor.finish().await;
}

#[tokio::test]
async fn a_client_gets_as_many_symbols_as_it_wants() {
    let files: Vec<(String, String)> = (0..300).map(|n| (format!("m{n}.py"), format!("def f{n}"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let backend = FakeBackend::with(&files);
    for (wanted, n_expected) in [(json!(null), 256), (json!(280), 280), (json!(0), 1)] {
        let abilities = json!({"experimental": {"vraftls": {"workspaceSymbols": wanted}}});
        let mut editor = Editor::start_with(&backend, abilities).await;
        let symbols = editor.ask("workspace/symbol", json!({"query": "f"})).await;
        assert_eq!(symbols.as_array().map(Vec::len), Some(n_expected), "{wanted}");
        editor.finish().await;
    }
}

#[tokio::test]
async fn lines_are_joined_and_macros_expanded_in_the_sessions_own_text_and_positions() {
    let backend = FakeBackend::with(&[("b.py", "é def f")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "😀 f\nx\ny\n").await;
    let cursors = [((0, 3), (0, 3)), ((1, 0), (2, 1))].map(|(start, end)| range(start, end));
    let edits = editor.ask("experimental/joinLines", json!({"textDocument": {"uri": URI}, "ranges": cursors})).await;
    let joined =
        [((0, 4), (1, 0)), ((1, 1), (2, 0))].map(|(start, end)| json!({"range": range(start, end), "newText": " "}));
    assert_eq!(edits, json!(joined));
    let expanded = editor.ask("rust-analyzer/expandMacro", at(URI, 0, 3)).await;
    assert_eq!(expanded, json!({"name": "f", "expansion": "def f"}));
    assert!(editor.ask("rust-analyzer/expandMacro", at(URI, 1, 0)).await.is_null());
    editor.finish().await;
}

#[tokio::test]
async fn lines_that_nobody_can_join_are_refused_in_words() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "x\ny\n").await;
    *backend.failure.lock().unwrap() = Some(QueryError::Unsupported { analyzer: "words".into() });
    let asked = json!({"textDocument": {"uri": URI}, "ranges": [range((0, 0), (0, 0))]});
    for (method, params) in [("experimental/joinLines", asked), ("rust-analyzer/expandMacro", at(URI, 0, 0))] {
        let response = editor.call(method, params).await;
        assert!(response["error"]["message"].as_str().unwrap().contains("words"), "{method}: {response}");
    }
    let beyond = json!({"textDocument": {"uri": URI}, "ranges": [range((9, 0), (9, 0))]});
    assert_eq!(editor.call("experimental/joinLines", beyond).await["error"]["code"], -32602);
    editor.finish().await;
}

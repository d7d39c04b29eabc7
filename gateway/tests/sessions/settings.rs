//! Settings: asked for, sent, told wrong, and what they change. The backend shows with what it was asked.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use vraftls_gateway::{Options, Timing};

use super::backend::FakeBackend;
use super::client::{DEADLINE, Editor, at};

const A: &str = "file:///w/a.py";

/// An editor that answers when it is asked for settings, and pulls diagnostics.
fn pulling() -> Value {
    json!({"workspace": {"configuration": true}, "textDocument": {"diagnostic": {}}})
}

fn backend() -> Arc<FakeBackend> {
    FakeBackend::with(&[("a.py", "ERROR word")])
}

async fn start(backend: &Arc<FakeBackend>, capabilities: Value, options: Value) -> Editor {
    let mut editor = Editor::connect(backend, Options::default());
    let params = json!({"capabilities": capabilities, "rootUri": "file:///w", "initializationOptions": options});
    editor.initialize(params).await;
    editor
}

/// Answers the server's request for settings, which is the next message.
async fn tell(editor: &mut Editor, settings: &[Value]) -> Value {
    let request = editor.next().await;
    assert_eq!(request["method"], "workspace/configuration", "{request}");
    editor.send(json!({"jsonrpc": "2.0", "id": request["id"], "result": settings})).await;
    request["params"]["items"].clone()
}

/// The settings with which a question reaches the backend now.
async fn asked_with(editor: &mut Editor, backend: &FakeBackend) -> Vec<(String, String)> {
    editor.ask("textDocument/hover", at(A, 0, 7)).await;
    backend.last_settings()
}

fn version(version: &str) -> Vec<(String, String)> {
    vec![("python.version".to_owned(), version.to_owned())]
}

#[tokio::test]
async fn the_first_answer_waits_for_settings_that_are_asked_for() {
    let backend = backend();
    let mut editor = start(&backend, pulling(), Value::Null).await;
    let early = editor.request("textDocument/hover", at(A, 0, 7)).await;
    let items = tell(&mut editor, &[json!({"python": {"version": "3.12"}})]).await;
    assert_eq!(items, json!([{"scopeUri": "file:///w", "section": "vraftls"}]));
    let response = editor.next().await;
    assert_eq!(response["id"], early);
    assert_eq!(backend.last_settings(), version("3.12"));
    editor.finish().await;
}

#[tokio::test]
async fn changed_settings_are_asked_for_again_and_findings_anew() {
    let backend = backend();
    let mut capabilities = pulling();
    capabilities["workspace"]["diagnostics"] = json!({"refreshSupport": true});
    let mut editor = start(&backend, capabilities, Value::Null).await;
    tell(&mut editor, &[Value::Null]).await;
    assert_eq!(editor.next().await["method"], "workspace/diagnostic/refresh", "the folder is open");
    editor.notify("workspace/didChangeConfiguration", json!({"settings": null})).await;
    tell(&mut editor, &[json!({"python": {"version": "3.13"}})]).await;
    assert_eq!(editor.next().await["method"], "workspace/diagnostic/refresh");
    assert_eq!(asked_with(&mut editor, &backend).await, version("3.13"));
    editor.finish().await;
}

#[tokio::test]
async fn each_folder_has_its_own_settings() {
    let backend = FakeBackend::new(&[("/w", &[("a.py", "word")]), ("/v", &[("b.py", "word")])]);
    let mut editor = Editor::connect(&backend, Options::default());
    let folders = json!([{"uri": "file:///w", "name": "w"}, {"uri": "file:///v", "name": "v"}]);
    editor.initialize(json!({"capabilities": pulling(), "workspaceFolders": folders})).await;
    let items = tell(&mut editor, &[json!({"python.version": "3.11"}), json!({"python.version": "3.12"})]).await;
    let (first, second) =
        if items[0]["scopeUri"] == "file:///w" { (A, "file:///v/b.py") } else { ("file:///v/b.py", A) };
    for (uri, expected) in [(first, "3.11"), (second, "3.12")] {
        editor.ask("textDocument/hover", at(uri, 0, 1)).await;
        assert_eq!(backend.last_settings(), version(expected), "{uri}");
    }
    editor.finish().await;
}

#[tokio::test]
async fn an_editor_that_cannot_be_asked_sends_settings_above_its_first_ones() {
    let backend = backend();
    let only_pulling = json!({"textDocument": {"diagnostic": {}}});
    let initial = json!({"vraftls": {"python": {"version": "3.10", "platform": "darwin"}}});
    let mut editor = start(&backend, only_pulling, initial).await;
    let with = |version: &str| -> Vec<(String, String)> {
        [("python.platform", "darwin"), ("python.version", version)].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    };
    assert_eq!(asked_with(&mut editor, &backend).await, with("3.10"));
    for (settings, expected) in [
        (json!({"vraftls": {"python": {"version": "3.12"}}, "other": {}}), "3.12"),
        (json!({"python": {"version": "3.13"}}), "3.13"),
        (json!({"vraftls": {}}), "3.10"),
    ] {
        editor.notify("workspace/didChangeConfiguration", json!({"settings": settings})).await;
        let adopted = async { while asked_with(&mut editor, &backend).await != with(expected) {} };
        tokio::time::timeout(DEADLINE, adopted).await.unwrap();
    }
    editor.finish().await;
}

#[tokio::test]
async fn wrong_values_are_told_once_and_leave_what_was() {
    let backend = backend();
    let mut editor = start(&backend, pulling(), Value::Null).await;
    let good = json!({"python": {"version": "3.12", "interpreter": ".venv"}});
    tell(&mut editor, std::slice::from_ref(&good)).await;
    let before = asked_with(&mut editor, &backend).await;
    assert_eq!(before.len(), 2);
    let wrong = json!({"python": {"version": 3.12, "interpreter": "/gone/python"}});
    for round in 0..2 {
        editor.notify("workspace/didChangeConfiguration", json!({"settings": null})).await;
        tell(&mut editor, std::slice::from_ref(&wrong)).await;
        for key in ["vraftls.python.interpreter", "vraftls.python.version"] {
            if round == 0 {
                let message = editor.next_of("window/showMessage").await;
                let text = message["message"].as_str().unwrap();
                assert!(message["type"] == 2 && text.contains(key) && text.len() > key.len() + 40, "{message}");
            }
        }
        assert_eq!(asked_with(&mut editor, &backend).await, before, "round {round}");
    }
    editor.finish().await;
}

#[tokio::test]
async fn an_editor_that_does_not_tell_is_served_with_the_defaults() {
    let backend = backend();
    let timing = Timing { configuration_deadline: Duration::from_millis(20), ..Timing::default() };
    let mut editor = Editor::connect(&backend, Options { timing, ..Options::default() });
    editor.initialize(json!({"capabilities": pulling(), "rootUri": "file:///w"})).await;
    let hover = editor.request("textDocument/hover", at(A, 0, 7)).await;
    assert_eq!(editor.next().await["method"], "workspace/configuration");
    assert_eq!(editor.next().await["id"], hover);
    assert_eq!(backend.last_settings(), []);
    editor.finish().await;
}

#[tokio::test]
async fn the_server_asks_to_be_told_of_changes() {
    let backend = backend();
    let mut capabilities = pulling();
    capabilities["workspace"] = json!({"didChangeConfiguration": {"dynamicRegistration": true}});
    let mut editor = start(&backend, capabilities, Value::Null).await;
    let registration = editor.next_of("client/registerCapability").await["registrations"][0].clone();
    assert_eq!(registration["method"], "workspace/didChangeConfiguration");
    assert_eq!(registration["registerOptions"], json!({"section": "vraftls"}));
    editor.finish().await;
}

#[tokio::test]
async fn findings_and_layouts_can_be_switched_off() {
    let backend = backend();
    let mut editor = start(&backend, json!({}), Value::Null).await;
    editor.open(A, "ERROR").await;
    let n_findings = |published: Value| published["diagnostics"].as_array().unwrap().len();
    assert_eq!(n_findings(editor.next_of("textDocument/publishDiagnostics").await), 1);
    let off = json!({"diagnostics": {"mode": "off"}, "formatting": {"enable": false}});
    editor.notify("workspace/didChangeConfiguration", json!({"settings": {"vraftls": off}})).await;
    assert_eq!(n_findings(editor.next_of("textDocument/publishDiagnostics").await), 0);
    let format = json!({"textDocument": {"uri": A}, "options": {"tabSize": 4, "insertSpaces": true}});
    assert_eq!(editor.ask("textDocument/formatting", format.clone()).await, Value::Null);
    editor.notify("workspace/didChangeConfiguration", json!({"settings": {"vraftls": {}}})).await;
    assert_eq!(n_findings(editor.next_of("textDocument/publishDiagnostics").await), 1);
    assert!(editor.ask("textDocument/formatting", format).await.is_array());
    editor.finish().await;
}

#[tokio::test]
async fn what_is_shown_beside_the_text_can_be_switched_off_one_by_one() {
    let backend = FakeBackend::with(&[("a.py", "def x §")]);
    let mut editor = start(&backend, json!({"textDocument": {"diagnostic": {}}}), Value::Null).await;
    let document = json!({"textDocument": {"uri": A}});
    let hints = json!({"textDocument": {"uri": A}, "range": {
        "start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 7},
    }});
    // Hints by kind, lenses, proposals.
    let n = |value: &Value| value.as_array().map(Vec::len);
    for (settings, expected) in [
        (json!({}), (json!([1, 2]), Some(1), 1)),
        (json!({"inlayHints": {"variableTypes": false}}), (json!([2]), Some(1), 1)),
        (json!({"inlayHints": {"parameterNames": false}}), (json!([1]), Some(1), 1)),
        (json!({"codeLens": {"enable": false}}), (json!([1, 2]), None, 1)),
        (json!({"completion": {"autoImports": false}}), (json!([1, 2]), Some(1), 0)),
    ] {
        editor.notify("workspace/didChangeConfiguration", json!({"settings": {"vraftls": settings}})).await;
        let adopted = async {
            loop {
                let shown = editor.ask("textDocument/inlayHint", hints.clone()).await;
                let kinds = shown.as_array().unwrap().iter().map(|hint| hint["kind"].clone()).collect::<Value>();
                let lenses = n(&editor.ask("textDocument/codeLens", document.clone()).await);
                let proposed = editor.ask("textDocument/completion", at(A, 0, 5)).await;
                if (kinds, lenses, n(&proposed["items"]).unwrap()) == expected {
                    return;
                }
            }
        };
        tokio::time::timeout(DEADLINE, adopted).await.unwrap();
    }
    editor.finish().await;
}

#[tokio::test]
async fn the_status_is_the_backend_s() {
    let backend = backend();
    let mut editor = Editor::start(&backend).await;
    let request = editor.request_without_params("vraftls/status").await;
    let response = editor.next().await;
    assert_eq!(response["id"], request);
    assert_eq!(response["result"]["revision"], 7, "{response}");
    editor.finish().await;
}

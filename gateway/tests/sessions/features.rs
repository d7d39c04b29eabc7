//! Each request, as editors with many and with few abilities see it, in all encodings.

use serde_json::{Value, json};
use vraftls_gateway::Options;
use vraftls_proto::QueryError;

use super::backend::FakeBackend;
use super::client::{Editor, at, range};

const URI: &str = "file:///w/a.py";
const OTHER: &str = "file:///w/b.py";

fn rich() -> Value {
    json!({
        "workspace": {"workspaceEdit": {"documentChanges": true}},
        "textDocument": {
            "definition": {"linkSupport": true},
            "hover": {"contentFormat": ["markdown", "plaintext"]},
            "completion": {"completionItem": {
                "snippetSupport": true, "insertReplaceSupport": true, "labelDetailsSupport": true,
                "documentationFormat": ["markdown"], "tagSupport": {"valueSet": [1]},
            }},
            "signatureHelp": {"signatureInformation": {
                "documentationFormat": ["markdown"], "activeParameterSupport": true,
                "parameterInformation": {"labelOffsetSupport": true},
            }},
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": true, "tagSupport": {"valueSet": [1]}},
            "rename": {"prepareSupport": true},
            "diagnostic": {},
        },
    })
}

fn poor() -> Value {
    json!({"textDocument": {"diagnostic": {}, "foldingRange": {"lineFoldingOnly": true}}})
}

/// One open document that uses what another defines, behind characters of every width.
async fn start(capabilities: Value) -> Editor {
    let backend = FakeBackend::with(&[("b.py", "é😀 def f")]);
    let mut editor = Editor::start_with(&backend, capabilities).await;
    editor.open(URI, "中😀 f f").await;
    editor
}

#[tokio::test]
async fn places_are_told_in_the_negotiated_encoding() {
    for (offered, chosen, column, target) in [
        (json!(["utf-16", "utf-8"]), "utf-8", 8, 11),
        (json!(["utf-16"]), "utf-16", 4, 8),
        (json!(["utf-32", "utf-16"]), "utf-32", 3, 7),
        (json!(["ebcdic"]), "utf-16", 4, 8),
        (json!([]), "utf-16", 4, 8),
    ] {
        let backend = FakeBackend::with(&[("b.py", "é😀 def f")]);
        let mut editor = Editor::connect(&backend, Options::default());
        let mut capabilities = rich();
        capabilities["general"] = json!({"positionEncodings": offered});
        let result = editor.initialize(json!({"capabilities": capabilities, "rootUri": "file:///w"})).await;
        assert_eq!(result["capabilities"]["positionEncoding"], chosen);
        editor.open(URI, "中😀 f f").await;
        let definition = editor.ask("textDocument/definition", at(URI, 0, column)).await;
        let name = range((0, target), (0, target + 1));
        let whole = range((0, target - 4), (0, target + 1));
        let origin = range((0, column), (0, column + 1));
        let link = json!([{
            "originSelectionRange": origin, "targetUri": OTHER, "targetRange": whole, "targetSelectionRange": name,
        }]);
        assert_eq!(definition, link, "{chosen}");
        editor.finish().await;
    }
}

#[tokio::test]
async fn definitions_are_locations_for_editors_without_links() {
    let mut editor = start(poor()).await;
    let definition = editor.ask("textDocument/definition", at(URI, 0, 4)).await;
    assert_eq!(definition, json!([{"uri": OTHER, "range": range((0, 8), (0, 9))}]));
    assert_eq!(editor.ask("textDocument/definition", at(URI, 0, 0)).await, Value::Null);
    assert_eq!(editor.ask_in_vain("textDocument/definition", at(URI, 5, 0)).await, -32602);
    assert_eq!(editor.ask_in_vain("textDocument/definition", at(URI, 0, 2)).await, -32602, "inside a character");
    assert_eq!(editor.ask_in_vain("textDocument/typeDefinition", at(URI, 0, 4)).await, -32803);
    editor.finish().await;
}

#[tokio::test]
async fn references_and_highlights() {
    let mut editor = start(rich()).await;
    let mut params = at(URI, 0, 4);
    params["context"] = json!({"includeDeclaration": true});
    let references = editor.ask("textDocument/references", params).await;
    let expected = json!([
        {"uri": URI, "range": range((0, 4), (0, 5))},
        {"uri": URI, "range": range((0, 6), (0, 7))},
        // The word is a part of `def` too: the backend's language is simple.
        {"uri": OTHER, "range": range((0, 6), (0, 7))},
        {"uri": OTHER, "range": range((0, 8), (0, 9))},
    ]);
    assert_eq!(references, expected);
    let highlights = editor.ask("textDocument/documentHighlight", at(URI, 0, 4)).await;
    assert_eq!(
        highlights,
        json!([{"range": range((0, 4), (0, 5)), "kind": 2}, {"range": range((0, 6), (0, 7)), "kind": 2}])
    );
    editor.finish().await;
}

#[tokio::test]
async fn partial_answers_are_told_once_and_never_renamed_by() {
    let backend = FakeBackend::with(&[("b.py", "def f")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "f").await;
    backend.partial.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut params = at(URI, 0, 0);
    params["context"] = json!({"includeDeclaration": true});
    for n in 0..2 {
        let id = editor.request("textDocument/references", params.clone()).await;
        if n == 0 {
            editor.next_of("window/showMessage").await;
        }
        editor.next_of("window/logMessage").await;
        assert_eq!(editor.next().await["id"], id);
    }
    params["newName"] = json!("g");
    assert_eq!(editor.ask_in_vain("textDocument/rename", params).await, -32803);
    editor.finish().await;
}

#[tokio::test]
async fn hovers_are_markdown_or_plain_text() {
    let mut editor = start(rich()).await;
    let hover = editor.ask("textDocument/hover", at(URI, 0, 4)).await;
    let content = json!({"kind": "markdown", "value": "```words\n<f>\n```\n\n---\n\n中😀 f f"});
    assert_eq!(hover, json!({"contents": content, "range": range((0, 4), (0, 5))}));
    editor.finish().await;
    let mut editor = start(poor()).await;
    let hover = editor.ask("textDocument/hover", at(URI, 0, 4)).await;
    assert_eq!(hover["contents"], json!({"kind": "plaintext", "value": "<f>\n\n中😀 f f"}));
    editor.finish().await;
}

#[tokio::test]
async fn completions_and_what_resolving_adds() {
    let mut editor = start(rich()).await;
    let list = editor.ask("textDocument/completion", at(URI, 0, 4)).await;
    assert_eq!(list["isIncomplete"], true);
    let item = &list["items"][0];
    let expected = json!({
        "label": "f_more", "labelDetails": {"detail": "(x)", "description": "more"}, "kind": 3, "detail": "a word",
        "sortText": "00000", "insertTextFormat": 2, "tags": [1], "data": {"uri": URI, "token": "0102ff"},
        "textEdit": {"newText": "f_more($1)", "insert": range((0, 4), (0, 4)), "replace": range((0, 4), (0, 5))},
        "additionalTextEdits": [{"range": range((0, 0), (0, 0)), "newText": "import more\n"}],
    });
    assert_eq!(*item, expected);
    let resolved = editor.ask("completionItem/resolve", item.clone()).await;
    assert_eq!(resolved["documentation"], json!({"kind": "markdown", "value": "More **words**."}));
    assert_eq!(resolved["detail"], "a word");
    let forged = json!({"label": "x", "data": {"uri": URI, "token": "xyz"}});
    assert_eq!(editor.ask_in_vain("completionItem/resolve", forged).await, -32602);
    editor.finish().await;

    let mut editor = start(poor()).await;
    let list = editor.ask("textDocument/completion", at(URI, 0, 5)).await;
    let item = &list["items"][0];
    assert_eq!(
        item["textEdit"],
        json!({"newText": "f_more", "range": range((0, 4), (0, 5))}),
        "no snippet is inserted as text"
    );
    assert_eq!((item.get("labelDetails"), item.get("tags"), item.get("insertTextFormat")), (None, None, None));
    editor.finish().await;
}

#[tokio::test]
async fn signatures_name_their_parameters_as_the_editor_can_show_them() {
    let mut editor = start(rich()).await;
    let help = editor.ask("textDocument/signatureHelp", at(URI, 0, 4)).await;
    let parameters = &help["signatures"][0]["parameters"];
    assert_eq!(parameters[0]["label"], json!([2, 4]));
    assert_eq!(parameters[1]["label"], json!([6, 7]));
    assert_eq!(parameters[1]["documentation"]["kind"], "markdown");
    assert_eq!((&help["activeParameter"], &help["signatures"][0]["activeParameter"]), (&json!(1), &json!(1)));
    editor.finish().await;
    let mut editor = start(poor()).await;
    let help = editor.ask("textDocument/signatureHelp", at(URI, 0, 4)).await;
    assert_eq!(help["signatures"][0]["parameters"][0]["label"], "😀");
    assert_eq!((&help["activeParameter"], help["signatures"][0].get("activeParameter")), (&json!(1), None));
    editor.finish().await;
}

#[tokio::test]
async fn renaming_names_the_versions_of_open_documents() {
    let mut editor = start(rich()).await;
    let target = editor.ask("textDocument/prepareRename", at(URI, 0, 4)).await;
    assert_eq!(target, json!({"range": range((0, 4), (0, 5)), "placeholder": "f"}));
    let mut params = at(URI, 0, 4);
    params["newName"] = json!("g");
    let edit = editor.ask("textDocument/rename", params.clone()).await;
    let changes = edit["documentChanges"].as_array().unwrap();
    assert_eq!(changes[0]["textDocument"], json!({"uri": URI, "version": 1}));
    assert_eq!(changes[0]["edits"][1], json!({"range": range((0, 6), (0, 7)), "newText": "g"}));
    assert_eq!(changes[1]["textDocument"], json!({"uri": OTHER, "version": null}));
    params["newName"] = json!("no word");
    let response = editor.call("textDocument/rename", params).await;
    assert_eq!(response["error"], json!({"code": -32803, "message": "`no word` is no word"}));
    editor.finish().await;

    let mut editor = start(poor()).await;
    let mut params = at(URI, 0, 4);
    params["newName"] = json!("g");
    let edit = editor.ask("textDocument/rename", params).await;
    assert_eq!(edit["changes"][OTHER].as_array().unwrap().len(), 2);
    editor.finish().await;
}

#[tokio::test]
async fn outlines_are_trees_or_lists_and_folds_are_of_lines() {
    let text = "def a\ndef b\n  def c\n";
    let params = json!({"textDocument": {"uri": URI}});
    let mut editor = start(rich()).await;
    editor.open(URI, text).await;
    let tree = editor.ask("textDocument/documentSymbol", params.clone()).await;
    assert_eq!(tree[0]["children"][0]["children"][0]["name"], "c");
    assert_eq!(tree[0]["selectionRange"], range((0, 4), (0, 5)));
    assert_eq!(tree[0]["tags"], json!([1]));
    let folds = editor.ask("textDocument/foldingRange", params.clone()).await;
    assert_eq!(
        folds,
        json!([{"startLine": 0, "startCharacter": 0, "endLine": 3, "endCharacter": 0, "kind": "imports"}])
    );
    editor.finish().await;

    let mut editor = start(poor()).await;
    editor.open(URI, text).await;
    let flat = editor.ask("textDocument/documentSymbol", params.clone()).await;
    let names: Vec<_> =
        flat.as_array().unwrap().iter().map(|s| (s["name"].as_str(), s["containerName"].as_str())).collect();
    assert_eq!(names, [(Some("a"), None), (Some("b"), Some("a")), (Some("c"), Some("b"))]);
    let folds = editor.ask("textDocument/foldingRange", params).await;
    assert_eq!(folds, json!([{"startLine": 0, "endLine": 3, "kind": "imports"}]));
    editor.finish().await;
}

#[tokio::test]
async fn layout_of_a_document_and_of_a_part() {
    let mut editor = start(poor()).await;
    let options = json!({"tabSize": 4, "insertSpaces": true});
    let mut params = json!({"textDocument": {"uri": URI}, "options": options});
    let edits = editor.ask("textDocument/formatting", params.clone()).await;
    assert_eq!(edits, json!([{"range": range((0, 0), (0, 7)), "newText": "中😀 F F"}]));
    params["range"] = range((0, 1), (0, 5));
    let edits = editor.ask("textDocument/rangeFormatting", params).await;
    assert_eq!(edits, json!([{"range": range((0, 1), (0, 5)), "newText": "😀 F"}]));
    editor.finish().await;
}

#[tokio::test]
async fn symbols_of_all_folders() {
    let backend = FakeBackend::new(&[("/w", &[("a.py", "def f")]), ("/v", &[("b.py", "\ndef f")])]);
    let mut editor = Editor::connect(&backend, Options::default());
    let folders = json!([{"uri": "file:///w", "name": "w"}, {"uri": "file:///v", "name": "v"}]);
    editor.initialize(json!({"capabilities": poor(), "workspaceFolders": folders})).await;
    let symbols = editor.ask("workspace/symbol", json!({"query": "f"})).await;
    let mut uris: Vec<_> = symbols.as_array().unwrap().iter().map(|s| s["location"]["uri"].as_str().unwrap()).collect();
    uris.sort_unstable();
    assert_eq!(uris, ["file:///v/b.py", "file:///w/a.py"]);
    assert_eq!(symbols[0]["containerName"], "c");
    editor.finish().await;
}

#[tokio::test]
async fn only_what_some_analyzer_answers_is_promised() {
    let backend = FakeBackend::with(&[]);
    {
        let mut features = backend.features.lock().unwrap();
        (features.declaration, features.type_definition) = (false, false);
        (features.code_actions, features.semantic_tokens) = (false, false);
    }
    let mut editor = Editor::connect(&backend, Options::default());
    let result = editor.initialize(json!({"capabilities": rich(), "rootUri": "file:///w"})).await;
    let capabilities = &result["capabilities"];
    for promised in ["definitionProvider", "referencesProvider", "hoverProvider", "documentSymbolProvider"] {
        assert_eq!(capabilities[promised], true, "{promised}");
    }
    for absent in ["declarationProvider", "typeDefinitionProvider", "codeActionProvider", "semanticTokensProvider"] {
        assert!(capabilities.get(absent).is_none(), "{absent}");
    }
    assert_eq!(capabilities["renameProvider"], json!({"prepareProvider": true}));
    assert_eq!(capabilities["completionProvider"]["triggerCharacters"], json!(["."]));
    assert_eq!(capabilities["diagnosticProvider"]["interFileDependencies"], true);
    assert_eq!(capabilities["textDocumentSync"]["change"], 2);
    editor.finish().await;
}

#[tokio::test]
async fn who_is_not_served_is_told_only_when_asking() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open("file:///w/notes.txt", "text").await;
    let place = || at("file:///w/notes.txt", 0, 0);
    assert_eq!(editor.ask_in_vain("textDocument/definition", place()).await, -32803);
    assert_eq!(editor.ask("textDocument/documentHighlight", place()).await, Value::Null);
    assert_eq!(editor.ask("textDocument/foldingRange", place()).await, Value::Null);
    *backend.failure.lock().unwrap() = Some(QueryError::Cancelled);
    assert_eq!(editor.ask_in_vain("textDocument/hover", place()).await, -32800);
    editor.finish().await;
}

#[tokio::test]
async fn an_answer_about_another_content_fails() {
    let backend = FakeBackend::with(&[("b.py", "def f")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "f").await;
    // A buffer is pinned: another digest than its own is a defect. A file that is not open cannot be had under a wrong digest.
    for (liar, code) in [("a.py", -32603), ("b.py", -32803)] {
        *backend.lies_about.lock().unwrap() = Some(liar.to_owned());
        let mut params = at(URI, 0, 0);
        params["context"] = json!({"includeDeclaration": true});
        assert_eq!(editor.ask_in_vain("textDocument/references", params).await, code, "{liar}");
    }
    editor.finish().await;
}

#[tokio::test]
async fn line_indexes_are_asked_for_once_for_all_sessions() {
    let backend = FakeBackend::with(&[("b.py", "def f")]);
    let options = Options::default();
    for _ in 0..3 {
        let mut editor = Editor::connect(&backend, options.clone());
        editor.initialize(json!({"capabilities": poor(), "rootUri": "file:///w"})).await;
        editor.open(URI, "f").await;
        for _ in 0..3 {
            assert!(editor.ask("textDocument/definition", at(URI, 0, 0)).await.is_array());
        }
        editor.finish().await;
    }
    assert_eq!(backend.n_line_indexes.load(std::sync::atomic::Ordering::SeqCst), 1);
}

//! The table of the protocol's messages (`gateway/docs/lsp.md`) says what is announced and what is answered, no more and no less.

use serde_json::{Value, json};
use vraftls_gateway::Options;
use vraftls_index::Features;

use super::backend::FakeBackend;
use super::client::Editor;

const TABLE: &str = include_str!("../../docs/lsp.md");

/// A row of the table.
#[derive(Debug)]
struct Row {
    message: &'static str,
    kind: &'static str,
    served: Served,
    /// Member names from the capabilities down.
    announced_as: Option<Vec<&'static str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Served {
    Yes,
    No,
    /// By analyzers with this feature.
    Feature(&'static str),
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| line.starts_with("| `"));
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [message, kind, served, announced_as, _] = cells[..] else { panic!("not five cells: {line}") };
        let served = match served {
            "yes" => Served::Yes,
            "no" => Served::No,
            feature => Served::Feature(feature.strip_prefix("analyzer: ").unwrap().trim_matches('`')),
        };
        let announced_as = announced_as.trim_matches('`');
        Row {
            message: message.trim_matches('`'),
            kind,
            served,
            announced_as: (!announced_as.is_empty()).then(|| announced_as.split('/').collect()),
        }
    };
    lines.map(row).collect()
}

/// What an editor can that can everything.
fn able() -> Value {
    let edits = json!({"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}, "dataSupport": true,
        "resolveSupport": {"properties": ["edit"]}});
    let told = json!({"willRename": true, "willCreate": true, "willDelete": true, "didRename": true, "didCreate": true, "didDelete": true});
    json!({
        "textDocument": {"diagnostic": {}, "codeAction": edits, "rename": {"prepareSupport": true}},
        "workspace": {"fileOperations": told, "symbol": {"resolveSupport": {"properties": ["location.range"]}}},
    })
}

async fn editor(features: Features) -> (Editor, Value) {
    let backend = FakeBackend::with(&[]);
    *backend.features.lock().unwrap() = features;
    let mut editor = Editor::connect(&backend, Options::default());
    let options = json!({"diagnostics": {"mode": "workspace"}});
    let params = json!({"capabilities": able(), "rootUri": "file:///w", "initializationOptions": options});
    let mut result = editor.initialize(params).await;
    (editor, result["capabilities"].take())
}

fn all_features() -> Features {
    *FakeBackend::with(&[]).features.lock().unwrap()
}

/// Every feature with a set of it alone.
fn single_features() -> Vec<(&'static str, Features)> {
    type Set = fn(&mut Features);
    let setters: [Set; 24] = [
        |f| f.diagnostics = true,
        |f| f.definition = true,
        |f| f.declaration = true,
        |f| f.type_definition = true,
        |f| f.implementation = true,
        |f| f.references = true,
        |f| f.highlight = true,
        |f| f.hover = true,
        |f| f.completion = true,
        |f| f.signature_help = true,
        |f| f.rename = true,
        |f| f.formatting = true,
        |f| f.range_formatting = true,
        |f| f.on_type_formatting = true,
        |f| f.call_hierarchy = true,
        |f| f.type_hierarchy = true,
        |f| f.semantic_tokens = true,
        |f| f.inlay_hints = true,
        |f| f.selection_ranges = true,
        |f| f.code_actions = true,
        |f| f.code_lens = true,
        |f| f.document_links = true,
        |f| f.linked_editing = true,
        |f| f.file_operations = true,
    ];
    let single = setters.map(|set| {
        let mut features = Features::default();
        set(&mut features);
        (features.names()[0], features)
    });
    assert_eq!(single.len(), all_features().names().len());
    single.to_vec()
}

fn is_announced(capabilities: &Value, members: &[&str]) -> bool {
    let member = members.iter().try_fold(capabilities, |value, member| value.get(member));
    member.is_some_and(|value| !value.is_null() && *value != json!(false))
}

#[tokio::test]
async fn what_is_announced_is_what_the_table_says_for_each_feature() {
    let rows = rows();
    for (name, features) in single_features() {
        let (editor, capabilities) = editor(features).await;
        let mut n_of_feature = 0;
        for row in &rows {
            let Some(members) = &row.announced_as else { continue };
            let expected = match row.served {
                Served::Yes => true,
                Served::No => false,
                Served::Feature(feature) => feature == name,
            };
            n_of_feature += usize::from(matches!(row.served, Served::Feature(_)) && expected);
            assert_eq!(is_announced(&capabilities, members), expected, "{} with {name}: {capabilities}", row.message);
        }
        assert!(n_of_feature > 0, "no row of the table is for {name}");
        editor.finish().await;
    }
}

#[tokio::test]
async fn nothing_is_announced_that_the_table_does_not_have() {
    let (editor, capabilities) = editor(all_features()).await;
    let rows = rows();
    let has_row = |path: &[&str]| {
        let announced = rows.iter().filter_map(|row| row.announced_as.as_ref());
        announced.into_iter().any(|members| members.starts_with(path))
    };
    for (member, value) in capabilities.as_object().unwrap() {
        match member.as_str() {
            "positionEncoding" => continue,
            "experimental" => {
                assert_eq!(*value, json!({"joinLines": true, "languages": ["words"]}));
                assert!(has_row(&[member, "joinLines"]));
                continue;
            }
            "workspace" | "textDocumentSync" => {}
            provider => assert!(has_row(&[provider]), "{provider} is not in the table"),
        }
        if member == "workspace" {
            for (operation, _) in value["fileOperations"].as_object().unwrap() {
                assert!(has_row(&["workspace", "fileOperations", operation]), "{operation} is not in the table");
            }
        }
        let is_group = matches!(member.as_str(), "workspace" | "textDocumentSync");
        for (inner, _) in
            value.as_object().into_iter().flatten().filter(|(inner, _)| is_group || inner.ends_with("Provider"))
        {
            assert!(has_row(&[member, inner]), "{member}/{inner} is not in the table");
        }
    }
    editor.finish().await;
}

/// Parameters with all that those requests want that nobody answers.
fn any_params() -> Value {
    let place = json!({"line": 0, "character": 0});
    let range = json!({"start": place, "end": place});
    json!({
        "textDocument": {"uri": "file:///w/a.py"}, "position": place, "range": range, "files": [], "command": "x", "reason": 1,
        "color": {"red": 0, "green": 0, "blue": 0, "alpha": 0}, "context": {"frameId": 1, "stoppedLocation": range},
    })
}

#[tokio::test]
async fn requests_are_answered_or_unknown_as_the_table_says() {
    const METHOD_NOT_FOUND: i64 = -32601;
    let (mut editor, _) = editor(all_features()).await;
    let mut n_unknown = 0;
    for row in rows().iter().filter(|row| row.kind == "request") {
        if matches!(row.message, "initialize" | "shutdown") {
            continue;
        }
        // What is known refuses parameters that no request has. The library looks at those of some that nobody answers, too.
        let params = if row.served == Served::No { any_params() } else { json!({"nonsense": true}) };
        let response = editor.call(row.message, params).await;
        let is_unknown = response["error"]["code"] == METHOD_NOT_FOUND;
        assert_eq!(is_unknown, row.served == Served::No, "{}: {response}", row.message);
        n_unknown += usize::from(is_unknown);
    }
    assert!(n_unknown > 5);
    editor.finish().await;
}

#[test]
fn no_message_stands_twice_in_the_table() {
    let mut messages: Vec<&str> = rows().iter().map(|row| row.message).collect();
    let n_rows = messages.len();
    messages.sort_unstable();
    messages.dedup();
    assert_eq!(messages.len(), n_rows);
    assert!(n_rows > 90, "{n_rows} rows");
}

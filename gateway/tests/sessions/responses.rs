//! One request, exactly one response, whatever is cancelled when.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::backend::FakeBackend;
use super::client::{Editor, at, edit};

const URI: &str = "file:///w/a.py";

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(usize),
    /// Cancels the request that was sent so many before the last.
    Cancel(usize),
    Edit,
    /// Sends an impossible edit, or opens the document again.
    Poison(bool),
    Hold,
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..METHODS.len()).prop_map(Step::Ask),
        4 => (0..12_usize).prop_map(Step::Cancel),
        2 => Just(Step::Edit),
        1 => any::<bool>().prop_map(Step::Poison),
        1 => Just(Step::Hold),
        1 => Just(Step::Release),
    ]
}

const METHODS: [&str; 10] = [
    "textDocument/definition",
    "textDocument/references",
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/documentSymbol",
    "textDocument/diagnostic",
    "textDocument/unknown",
    "$/unknown",
    "workspace/symbol",
    "completionItem/resolve",
];

fn params(method: &str) -> Value {
    let mut params = at(URI, 0, 1);
    let more = match method {
        "textDocument/references" => json!({"context": {"includeDeclaration": true}}),
        "workspace/symbol" => json!({"query": "f"}),
        "completionItem/resolve" => json!({"label": "f"}),
        _ => json!({}),
    };
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

/// Sends all requests without reading, then reads until each has its response, and `shutdown` its own at last.
async fn run(steps: Vec<Step>) {
    let backend = FakeBackend::with(&[("b.py", "def f")]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "f f f").await;
    let mut version = 1;
    let mut asked: Vec<i64> = Vec::new();
    for step in steps {
        match step {
            Step::Ask(method) => asked.push(editor.request(METHODS[method], params(METHODS[method])).await),
            Step::Cancel(back) => {
                if let Some(id) = asked.iter().rev().nth(back) {
                    editor.notify("$/cancelRequest", json!({"id": id})).await;
                }
            }
            Step::Edit => {
                version += 1;
                editor.change(URI, version, json!([edit((0, 0), (0, 0), "f ")])).await;
            }
            Step::Poison(true) => {
                version += 1;
                editor.change(URI, version, json!([edit((900, 0), (900, 1), "")])).await;
            }
            Step::Poison(false) => {
                version = 1;
                editor.open(URI, "f f").await;
            }
            Step::Hold => backend.hold(|_| true),
            Step::Release => backend.release(),
        }
    }
    backend.release();
    // Whatever was told of a poisoned buffer is told before this is answered.
    asked.push(editor.request("workspace/symbol", params("workspace/symbol")).await);
    let mut open: BTreeSet<i64> = asked.iter().copied().collect();
    let mut outcomes: BTreeMap<i64, usize> = BTreeMap::new();
    while !open.is_empty() {
        let message = editor.next().await;
        if message.get("method").is_some() {
            // The message that tells the person of a buffer that is not known any more.
            assert_eq!(message["method"], "window/showMessage");
            continue;
        }
        let id = message["id"].as_i64().unwrap();
        assert!(open.remove(&id), "a second response: {message}");
        assert!(message.get("result").is_some() != message.get("error").is_some(), "{message}");
        *outcomes.entry(message["error"]["code"].as_i64().unwrap_or(0)).or_default() += 1;
    }
    let known = [0, -32800, -32801, -32601];
    assert!(outcomes.keys().all(|code| known.contains(code)), "{outcomes:?}");
    editor.finish().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn each_request_has_one_response_on_one_thread(steps in prop::collection::vec(step(), 64..160)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }

    #[test]
    fn each_request_has_one_response_on_many_threads(steps in prop::collection::vec(step(), 64..160)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}

//! A cluster gives the same answers as a node that is embedded, wherever its replicas are.

use serde_json::{Value, json};
use vraftls_harness::{LspClient, Project, Server, TestCluster, at, range};

use crate::editor::{answered, cluster, open, orders, push};

/// The questions about a place, and those about a whole document.
const AT_A_PLACE: [&str; 8] = [
    "textDocument/definition",
    "textDocument/typeDefinition",
    "textDocument/hover",
    "textDocument/documentHighlight",
    "textDocument/references",
    "textDocument/completion",
    "textDocument/prepareRename",
    "textDocument/signatureHelp",
];
const OF_A_DOCUMENT: [&str; 5] = [
    "textDocument/documentSymbol",
    "textDocument/semanticTokens/full",
    "textDocument/foldingRange",
    "textDocument/diagnostic",
    "textDocument/codeLens",
];

const FILES: [&str; 3] = ["src/orders/model.py", "src/orders/pricing.py", "tests/test_pricing.py"];

fn capabilities() -> Value {
    json!({"textDocument": {
        "diagnostic": {}, "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
        "semanticTokens": {"requests": {"full": true}, "tokenTypes": ["class", "function", "variable"],
            "tokenModifiers": [], "formats": ["relative"]},
    }})
}

/// Places in a text: where each word begins.
fn places(text: &str) -> Vec<(u32, u32)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut places = Vec::new();
    for (line, text) in (0..).zip(text.lines()) {
        for column in 0..text.len() {
            let bytes = text.as_bytes();
            if is_word(bytes[column]) && (column == 0 || !is_word(bytes[column - 1])) {
                places.push((line, u32::try_from(column).unwrap()));
            }
        }
    }
    places
}

/// Returns when a session has its folder's files.
async fn ready(client: &mut LspClient) {
    client
        .ask_until("vraftls/status", Value::Null, |status| {
            status["folders"][0]["phase"] == "ready" && status["folders"][0]["files"].as_u64() >= Some(4)
        })
        .await;
}

async fn show_all(client: &mut LspClient, project: &Project) {
    for file in FILES {
        client.open_document(&project.uri(file), "python", &project.read(file)).await;
    }
}

/// All answers about open files, each with its question. What the analyzer carries itself is written out in other places.
async fn answers(client: &mut LspClient, project: &Project) -> Vec<String> {
    let mut answers = Vec::new();
    for file in FILES {
        let (uri, text) = (project.uri(file), project.read(file));
        for (line, column) in places(&text) {
            for method in AT_A_PLACE {
                let mut params = at(&uri, line, column);
                params["context"] = json!({"includeDeclaration": true, "triggerKind": 1, "isRetrigger": false});
                // What cannot be asked there is refused in the same words.
                let asked = client.request(method, params).await;
                let mut response = client.response(asked).await;
                let is_answered = response.get("result").is_some();
                let answer = response[if is_answered { "result" } else { "error" }].take();
                answers.push(format!("{file}:{line}:{column} {method}: {}", without_stubs(&answer)));
            }
        }
        for method in OF_A_DOCUMENT {
            let answer = client.ask(method, json!({"textDocument": {"uri": uri}})).await;
            answers.push(format!("{file} {method}: {}", without_stubs(&answer)));
        }
        let hints = json!({"textDocument": {"uri": uri}, "range": range((0, 0), (500, 0))});
        answers.push(format!("{file} hints: {}", without_stubs(&client.ask("textDocument/inlayHint", hints).await)));
    }
    for query in ["", "Order", "price", "tot"] {
        let answer = client.ask("workspace/symbol", json!({"query": query})).await;
        answers.push(format!("symbols {query}: {}", without_stubs(&answer)));
    }
    answers
}

fn without_stubs(answer: &Value) -> String {
    fn walk(value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(at) = text.find("/bundled/").filter(|_| text.starts_with("file://")) {
                    let inner = text[at + "/bundled/".len()..].split_once('/').map_or("", |(_, inner)| inner);
                    *text = format!("stub {inner}");
                }
            }
            Value::Array(list) => list.iter_mut().for_each(walk),
            Value::Object(fields) => fields.values_mut().for_each(walk),
            _ => {}
        }
    }
    let mut answer = answer.clone();
    // It is a number of the session's.
    answer.as_object_mut().and_then(|fields| fields.remove("resultId"));
    walk(&mut answer);
    answer.to_string()
}

/// The answers of a session that begins now.
async fn answers_of_new(client: &mut LspClient, project: &Project) -> Vec<String> {
    ready(client).await;
    show_all(client, project).await;
    answers(client, project).await
}

fn assert_same(right: &[String], answers: &[String], when: &str) {
    for (right, answer) in right.iter().zip(answers) {
        assert_eq!(right, answer, "{when}");
    }
    assert_eq!(right.len(), answers.len(), "{when}");
}

#[tokio::test]
async fn an_embedded_node_and_a_cluster_give_the_same_answers() {
    let (cluster, project) = (cluster().await, orders());
    push(&cluster, "orders", &project).await;
    let server = Server::with_plugins(&["python"]);
    let mut embedded = server.open(&project, capabilities()).await;
    let here = answers_of_new(&mut embedded, &project).await;
    embedded.finish().await;
    let mut gateway = open(&cluster, &project, capabilities()).await;
    let there = answers_of_new(&mut gateway, &project).await;
    gateway.finish().await;
    assert!(here.len() > 1000, "{}", here.len());
    assert!(here.iter().any(|answer| answer.contains("stub stdlib")));
    assert_same(&here, &there, "in a cluster");
}

/// How many replicas a node has, if nothing is being moved.
fn settled_replicas(status: &Value, node: u64) -> Option<usize> {
    let is_calm = status["moves"].as_array().is_some_and(Vec::is_empty);
    let groups = status["cluster"]["groups"].as_array().filter(|_| is_calm)?;
    let has_it = |group: &&Value| group["replicas"].as_array().is_some_and(|all| all.iter().any(|one| *one == node));
    Some(groups.iter().filter(has_it).count())
}

#[tokio::test]
async fn answers_stay_the_same_when_replicas_have_moved() {
    const N_DATA_GROUPS: u32 = 4;
    // Replicas of all groups, over four nodes: no two differ by two.
    const SHARE: usize = 3 * (N_DATA_GROUPS as usize + 1) / 4;
    let (mut cluster, project) = (TestCluster::start(&["python"], 3, N_DATA_GROUPS).await, orders());
    push(&cluster, "orders", &project).await;
    let mut editor = open(&cluster, &project, capabilities()).await;
    let before = answers_of_new(&mut editor, &project).await;
    assert!(before.len() > 1000, "{}", before.len());
    let answering = answered(&cluster).await.into_iter().max_by_key(|(_, count)| *count).unwrap().0;

    let fourth = cluster.join().await;
    let rebalanced = cluster.run(project.root(), &["cluster", "rebalance"]).await;
    assert_eq!(rebalanced.code, 0, "{rebalanced:?}");
    let has_its_share = |status: &Value| settled_replicas(status, fourth) >= Some(SHARE);
    cluster.until("the fourth node has its share", has_its_share).await;
    assert_same(&before, &answers(&mut editor, &project).await, "after a rebalance");

    // Whoever answered so far gives everything away, so that others have to.
    let drained = cluster.run(project.root(), &["cluster", "drain", &answering.to_string(), "--wait"]).await;
    assert_eq!(drained.code, 0, "{drained:?}");
    cluster.until("the node has nothing", |status| settled_replicas(status, answering) == Some(0)).await;
    assert_same(&before, &answers(&mut editor, &project).await, "after a drain");
    let mut late = open(&cluster, &project, capabilities()).await;
    assert_same(&before, &answers_of_new(&mut late, &project).await, "after a drain, in a new session");
    late.finish().await;
    editor.finish().await;
}

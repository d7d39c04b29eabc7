//! Nodes that are exchanged one by one, as a new version is brought in, while clients write and an editor asks.
//!
//! Nothing was released yet that could be upgraded from: the binary that comes is the one that goes. What is held is what an upgrade
//! asks of nodes, that each can go and come while nobody notices, and that versions which cannot speak to each other say so.

use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use vraftls_cluster_tests::{Guest, Load, World};
use vraftls_harness::{LspClient, Project, TestCluster, at};
use vraftls_meta::Incarnation;
use vraftls_raft::ids::Peer;
use vraftls_transport::{Dial, HandshakeError, Lane, TcpDialer};

use crate::editor::{cluster, open_with, orders, push};

const N_NODES: u64 = 3;
const PRICING: &str = "src/orders/pricing.py";

/// Questions whose answers nothing changes that clients write.
fn questions(project: &Project) -> Vec<(&'static str, Value)> {
    let text = project.read(PRICING);
    let places = text.match_indices("total").map(|(offset, _)| {
        let line = text[..offset].matches('\n').count();
        (line, offset - text[..offset].rfind('\n').map_or(0, |at| at + 1))
    });
    let place =
        |(line, column)| at(&project.uri(PRICING), u32::try_from(line).unwrap(), u32::try_from(column).unwrap());
    let of_each = |place: Value| {
        let mut references = place.clone();
        references["context"] = json!({"includeDeclaration": true});
        [
            ("textDocument/definition", place.clone()),
            ("textDocument/hover", place),
            ("textDocument/references", references),
        ]
    };
    let mut all: Vec<_> = places.map(place).flat_map(of_each).collect();
    all.push(("workspace/symbol", json!({"query": "Order"})));
    all
}

async fn ask_all(editor: &mut LspClient, questions: &[(&'static str, Value)]) -> Vec<Value> {
    let mut answers = Vec::new();
    for (method, params) in questions {
        answers.push(editor.ask(method, params.clone()).await);
    }
    answers
}

#[tokio::test]
async fn nodes_are_exchanged_one_by_one_and_nobody_notices() {
    let (mut cluster, project) = (cluster().await, orders());
    let created = cluster.run(project.root(), &["workspace", "create", "written"]).await;
    assert_eq!(created.code, 0, "{created:?}");
    let seeds: Vec<String> = (1..=N_NODES).map(|node| cluster.address(node).to_owned()).collect();
    let world = Arc::new(World::new(&["a.txt", "b.txt", "pkg/c.txt", "pkg/d.txt"]));
    let load = Load::start(Arc::clone(&world), seeds, 3, 11).await.unwrap();
    push(&cluster, "orders", &project).await;
    let mut editor = open_with(&cluster, &project, &["--workspace", "orders"], json!({})).await;
    editor.allow("textDocument/publishDiagnostics");
    editor.open_document(&project.uri(PRICING), "python", &project.read(PRICING)).await;
    let questions = questions(&project);
    let of_order = questions[2].1.clone();
    editor.ask_until(questions[2].0, of_order, |found| found.as_array().is_some_and(|found| found.len() > 4)).await;
    let right = ask_all(&mut editor, &questions).await;

    for node in 1..=N_NODES {
        let is_over = Cell::new(false);
        let exchange = async {
            cluster.stop(node).await;
            load.goes_on(20).await.unwrap();
            cluster.restart(node).await;
            cluster.until_whole().await;
            load.goes_on(20).await.unwrap();
            is_over.set(true);
        };
        let asking = async {
            while !is_over.get() {
                assert_eq!(ask_all(&mut editor, &questions).await, right, "while node {node} is exchanged");
            }
        };
        tokio::join!(exchange, asking);
    }
    editor.finish().await;
    let judged = load.end().await.unwrap();
    assert_eq!(judged.n_unknown, 0, "every write has an outcome: {judged:?}");
    assert!(judged.n_operations > 100, "{judged:?}");
}

/// Says to a node what one would say that speaks these versions of the protocol, and gives its answer.
async fn greet(cluster: &TestCluster, versions: (u16, u16)) -> Result<(u16, Incarnation), HandshakeError> {
    let here = Guest::new(&[cluster.address(1).to_owned()]).await.cluster().routes().cluster();
    let (guest, incarnation) = (0_u64, Incarnation::from_bytes([9; 16]));
    // As the handshake's own format has it: its version, then who wants whom for what.
    let hello = (versions, here, guest, incarnation, 1_u64, Lane::Service);
    let hello = postcard::to_extend(&hello, vec![1_u8]).unwrap();
    let mut wire = TcpDialer.dial(Peer::new(cluster.address(1))).await.unwrap();
    wire.outgoing.send(Bytes::from(hello)).await.unwrap();
    let answer = wire.incoming.next().await.unwrap().unwrap();
    assert_eq!(answer[0], 1, "the handshake's own version");
    postcard::from_bytes(&answer[1..]).unwrap()
}

#[tokio::test]
async fn a_node_refuses_who_speaks_only_other_versions_and_says_which_it_speaks() {
    let cluster = TestCluster::start(&["toy"], 1, 1).await;
    let created = cluster.run(std::path::Path::new("."), &["workspace", "create", "any"]).await;
    assert_eq!(created.code, 0, "{created:?}");
    let (newest, _) = greet(&cluster, (1, 1)).await.unwrap();
    // One that is newer and still speaks an old version is let in; what both speak is spoken.
    assert_eq!(greet(&cluster, (newest, newest + 5)).await.unwrap().0, newest);
    let refused = greet(&cluster, (newest + 1, newest + 5)).await.unwrap_err();
    assert!(matches!(refused, HandshakeError::NoCommonVersion { newest: n, .. } if n == newest), "{refused}");
    // It goes on as before.
    assert!(greet(&cluster, (1, newest)).await.is_ok());
}

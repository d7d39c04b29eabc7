//! What holds however bytes get to a session, with many sessions on one node: the defects that other transport loops were measured
//! to have (edits out of order, cancels that are not heard, a stop for ever when the editor does not answer, a panic at a late reply
//! or when an editor vanishes), one response for each request, and that whoever does not read is cut off alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vraftls_gateway::{FolderPhase, Options};

use super::backend::FakeBackend;
use super::client::{DEADLINE, Editor, at, edit, text_of};
use super::transports::{Node, Transport};

const URI: &str = "file:///w/a.py";
const N_SESSIONS: usize = 100;
const CANCELLED: i64 = -32800;

async fn node(transport: Transport) -> Node {
    Node::start(transport, FakeBackend::with(&[]), Options::default()).await
}

/// `shutdown` and `exit`; nothing may be unread.
async fn say_goodbye(mut editor: Editor, transport: Transport) {
    editor.ask("shutdown", Value::Null).await;
    editor.notify("exit", Value::Null).await;
    assert_eq!(editor.try_next().await, None, "{transport:?}");
}

/// Reads until each of these requests has its one response; says what it was.
async fn responses(editor: &mut Editor, ids: &[i64]) -> BTreeMap<i64, Value> {
    let mut found = BTreeMap::new();
    while found.len() < ids.len() {
        let response = editor.next().await;
        let id = response["id"].as_i64().unwrap_or_else(|| panic!("{response} is no response"));
        assert!(ids.contains(&id) && !found.contains_key(&id), "a response too many: {response}");
        found.insert(id, response);
    }
    found
}

#[tokio::test]
async fn edits_apply_in_order_while_all_handlers_are_slow() {
    for transport in Transport::ALL {
        let node = node(transport).await;
        let mut editors = node.editors(N_SESSIONS).await;
        node.backend.hold(|_| true);
        let mut asked = Vec::new();
        for (n, editor) in editors.iter_mut().enumerate() {
            editor.open(URI, "").await;
            let mut expected = String::new();
            let mut of_editor = Vec::new();
            for step in 0..40_u32 {
                let word = format!("s{n}w{step} ");
                let column = u32::try_from(expected.len()).unwrap();
                editor.change(URI, i64::from(step) + 2, json!([edit((0, column), (0, column), &word)])).await;
                expected.push_str(&word);
                if step % 5 == 0 {
                    of_editor.push((editor.request("textDocument/hover", at(URI, 0, 0)).await, expected.clone()));
                }
            }
            asked.push(of_editor);
        }
        // More of each session than the four that wait in other loops.
        node.backend.until_waiting(N_SESSIONS * 8).await;
        node.backend.release();
        for (editor, asked) in editors.iter_mut().zip(asked) {
            let ids: Vec<i64> = asked.iter().map(|(id, _)| *id).collect();
            let found = responses(editor, &ids).await;
            for (id, expected) in asked {
                assert_eq!(text_of(&found[&id]["result"]), expected, "{transport:?}");
            }
        }
        for editor in editors {
            say_goodbye(editor, transport).await;
        }
    }
}

#[tokio::test]
async fn cancels_are_heard_while_all_handlers_of_all_sessions_are_held() {
    for transport in Transport::ALL {
        let node = node(transport).await;
        let mut editors = node.editors(N_SESSIONS).await;
        node.backend.hold(|_| true);
        let mut asked = Vec::new();
        for editor in &mut editors {
            editor.open(URI, "a").await;
            let mut ids = Vec::new();
            for _ in 0..8 {
                ids.push(editor.request("textDocument/hover", at(URI, 0, 0)).await);
            }
            asked.push(ids);
        }
        node.backend.until_waiting(N_SESSIONS * 8).await;
        // Not one handler goes on before all of these are answered.
        for (n, (editor, ids)) in editors.iter_mut().zip(&mut asked).enumerate() {
            let cancelled = ids.remove(n % 8);
            editor.notify("$/cancelRequest", json!({"id": cancelled})).await;
            let response = editor.next().await;
            assert_eq!((&response["id"], &response["error"]["code"]), (&json!(cancelled), &json!(CANCELLED)));
        }
        assert_eq!(node.backend.n_dropped(), N_SESSIONS, "{transport:?}");
        node.backend.release();
        for (mut editor, ids) in editors.into_iter().zip(asked) {
            for response in responses(&mut editor, &ids).await.values() {
                assert!(response["result"].is_object(), "{transport:?}: {response}");
            }
            say_goodbye(editor, transport).await;
        }
    }
}

/// Editors that let the server ask them something, and never answer, with the ids of what they were asked.
async fn unanswering(transport: Transport) -> Vec<(Editor, Vec<i64>)> {
    let node = node(transport).await;
    node.backend.set_phase("/w", FolderPhase::Indexing { n_done: 1, n_total: 2 });
    let able = json!({
        "window": {"workDoneProgress": true},
        "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}},
    });
    let mut editors = Vec::new();
    for _ in 0..N_SESSIONS {
        editors.push((node.editor_that_can(able.clone()).await, Vec::new()));
    }
    for (editor, ids) in &mut editors {
        for _ in 0..2 {
            let request = editor.next().await;
            assert!(request["method"].is_string(), "{request}");
            ids.push(request["id"].as_i64().unwrap());
        }
    }
    editors
}

#[tokio::test]
async fn editors_that_answer_nothing_are_still_read_and_answered() {
    for transport in Transport::ALL {
        let mut editors = unanswering(transport).await;
        for (n, (editor, _)) in editors.iter_mut().enumerate() {
            editor.open(URI, "").await;
            // Other loops stopped reading at the 579th.
            let n_edits = if n == 0 { 1000 } else { 20 };
            for step in 0..n_edits {
                editor.change(URI, i64::from(step) + 2, json!([edit((0, step), (0, step), "x")])).await;
            }
            assert_eq!(editor.text(URI).await, "x".repeat(n_edits as usize), "{transport:?}");
        }
        for (editor, _) in editors {
            say_goodbye(editor, transport).await;
        }
    }
}

#[tokio::test]
async fn replies_that_nobody_waits_for_end_no_session() {
    for transport in Transport::ALL {
        let mut editors = unanswering(transport).await;
        for (editor, ids) in &mut editors {
            for id in ids.iter().map(|id| json!(id)).chain([json!(12_345), json!("never asked")]) {
                // Refused, so that nothing follows from it; and then answered too late.
                let refusal = json!({"code": -32803, "message": "no"});
                editor.send(json!({"jsonrpc": "2.0", "id": id, "error": refusal})).await;
                editor.send(json!({"jsonrpc": "2.0", "id": id, "result": null})).await;
            }
            editor.open(URI, "still here").await;
            assert_eq!(editor.text(URI).await, "still here", "{transport:?}");
        }
        for (editor, _) in editors {
            say_goodbye(editor, transport).await;
        }
    }
}

#[tokio::test]
async fn editors_that_vanish_take_their_work_along_and_nobody_elses() {
    for transport in Transport::ALL {
        let node = node(transport).await;
        let mut editors = node.editors(N_SESSIONS).await;
        node.backend.hold(|_| true);
        let mut asked = Vec::new();
        for editor in &mut editors {
            editor.open(URI, "mine").await;
            asked.push(editor.request("textDocument/hover", at(URI, 0, 0)).await);
        }
        node.backend.until_waiting(N_SESSIONS).await;
        let mut others = Vec::new();
        for (n, mut editor) in editors.into_iter().enumerate() {
            match n % 3 {
                // Between two messages, and inside one.
                0 => drop(editor),
                1 => {
                    let half = json!({"jsonrpc": "2.0", "method": "x", "params": "y".repeat(100)}).to_string();
                    let half = format!("Content-Length: {}\r\n\r\n{}", half.len() + 1, half);
                    editor.try_send_bytes(half.as_bytes()).await;
                    drop(editor);
                }
                _ => others.push((editor, asked[n])),
            }
        }
        let n_gone = N_SESSIONS - others.len();
        node.until_ended(n_gone).await;
        // Tasks end a moment after they are told to.
        let mut waiting = node.backend.n_waiting.subscribe();
        let dropped = tokio::time::timeout(DEADLINE, waiting.wait_for(|n| *n == others.len())).await;
        drop(dropped.unwrap_or_else(|_| panic!("work goes on over {transport:?}")).unwrap());
        assert_eq!(node.backend.n_dropped(), n_gone, "{transport:?}");
        node.backend.release();
        for (mut editor, id) in others {
            let response = editor.next().await;
            assert_eq!((&response["id"], text_of(&response["result"])), (&json!(id), "mine".to_owned()));
            say_goodbye(editor, transport).await;
        }
    }
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_alone() {
    for transport in Transport::ALL {
        let mut options = Options::default();
        options.limits.outbox_bytes_max = 200_000;
        let node = Node::start(transport, FakeBackend::with(&[]), options).await;
        let mut editors = node.editors(N_SESSIONS).await;
        for (n, editor) in editors.iter_mut().enumerate() {
            editor.open(URI, &format!("of {n}")).await;
        }
        let mut slow = node.editor().await;
        slow.open(URI, &"x ".repeat(100_000)).await;
        let flood = async {
            // Whatever pipes and sockets hold, at some time it is full.
            while slow.try_send_request("textDocument/hover", at(URI, 0, 0)).await {}
        };
        let others = async {
            for (n, editor) in editors.iter_mut().enumerate() {
                assert_eq!(editor.text(URI).await, format!("of {n}"), "{transport:?}");
            }
        };
        let ended = node.until_ended(1);
        tokio::join!(others, async {
            tokio::select! { () = flood => {} () = ended => {} }
        });
        node.until_ended(1).await;
        assert_eq!(node.backend.ended.borrow().len(), 1, "{transport:?}");
        for editor in editors {
            say_goodbye(editor, transport).await;
        }
    }
}

#[tokio::test]
async fn an_announced_length_or_a_header_beyond_the_limit_ends_its_session_with_the_reason() {
    let mut options = Options::default();
    options.limits.message_bytes_max = 10_000;
    for transport in Transport::ALL {
        let node = Node::start(transport, FakeBackend::with(&[]), options.clone()).await;
        let mut other = node.editor().await;
        let mut attacks = vec![format!("Content-Length: 10001\r\n\r\n{}", " ".repeat(10_001))];
        if transport != Transport::Bare {
            attacks.extend([
                "Content-Length: 99999999999\r\n\r\n".to_owned(),
                format!("{}Content-Length: 2\r\n\r\n{{}}", "X-Header: 1\r\n".repeat(16)),
                format!("X-Header: {}\r\n\r\n", "1".repeat(10_000)),
            ]);
        }
        for attack in attacks {
            let mut editor = node.editor().await;
            editor.try_send_bytes(attack.as_bytes()).await;
            assert_eq!(editor.next().await["error"]["code"], -32700, "{transport:?} {attack:.60}");
            assert_eq!(editor.try_next().await, None, "{transport:?} {attack:.60}");
        }
        other.open(URI, "fine").await;
        assert_eq!(other.text(URI).await, "fine");
        say_goodbye(other, transport).await;
    }
}

/// SplitMix64, as far as it is needed to choose.
struct Choice(u64);

impl Choice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % n as u64) as usize
    }
}

const METHODS: [&str; 6] = [
    "textDocument/hover",
    "textDocument/definition",
    "textDocument/completion",
    "textDocument/documentSymbol",
    "textDocument/documentHighlight",
    "textDocument/unknown",
];

/// 64 requests at once, some of them cancelled, while everything is held or while everything runs.
async fn sixty_four_requests(node: &Node, editor: &mut Editor, choice: &mut Choice, is_held: bool) {
    if is_held {
        node.backend.hold(|_| true);
    }
    let mut ids = Vec::new();
    let mut cancelled = Vec::new();
    let mut n_held = 0;
    for _ in 0..64 {
        let method = METHODS[choice.below(METHODS.len())];
        let id = editor.request(method, at(URI, 0, 1)).await;
        ids.push(id);
        let is_held = is_held && method != "textDocument/unknown";
        n_held += usize::from(is_held);
        // Some at once, before their handlers ran at all; some twice.
        for _ in 0..choice.below(4) / 2 {
            editor.notify("$/cancelRequest", json!({"id": id})).await;
            if is_held && !cancelled.contains(&id) {
                cancelled.push(id);
                n_held -= 1;
            }
        }
    }
    let mut found = BTreeMap::new();
    if is_held {
        node.backend.until_waiting(n_held).await;
        // Others when all of them wait.
        for id in ids.clone() {
            if choice.below(3) == 0 {
                editor.notify("$/cancelRequest", json!({"id": id})).await;
                cancelled.push(id);
            }
        }
        cancelled.sort_unstable();
        cancelled.dedup();
        // All of those are answered before anything goes on.
        let mut n_cancelled = 0;
        while n_cancelled < cancelled.len() {
            let response = editor.next().await;
            let id = response["id"].as_i64().unwrap();
            n_cancelled += usize::from(cancelled.contains(&id));
            assert!(found.insert(id, response).is_none(), "a second response of {id}");
        }
        node.backend.release();
    }
    let open: Vec<i64> = ids.iter().copied().filter(|id| !found.contains_key(id)).collect();
    found.extend(responses(editor, &open).await);
    for (id, response) in &found {
        let code = response["error"]["code"].as_i64();
        assert!(matches!(code, None | Some(CANCELLED | -32601)), "{response}");
        assert!(code != Some(CANCELLED) || !is_held || cancelled.contains(id), "nobody cancelled {response}");
    }
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a failure says what it began with")]
async fn each_of_64_requests_at_once_has_one_response_whatever_is_cancelled() {
    let seed = std::env::var("VRAFTLS_TEST_SEED").map_or(20_261_126, |seed| seed.parse().unwrap());
    println!("VRAFTLS_TEST_SEED={seed}");
    for transport in Transport::ALL {
        let mut choice = Choice(seed);
        let node = node(transport).await;
        let mut editor = node.editor().await;
        editor.open(URI, "def f f f").await;
        for round in 0..20 {
            sixty_four_requests(&node, &mut editor, &mut choice, round % 2 == 0).await;
        }
        // A response too many would be unread now.
        say_goodbye(editor, transport).await;
    }
}

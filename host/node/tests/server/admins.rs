//! What admins ask.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use vraftls_meta::{GroupId, NodeId, Refusal};
use vraftls_node::server::admin::ChangeError;
use vraftls_node::server::client::{AskError, Client, Join, Joined, Sent};
use vraftls_node::server::draw_token;
use vraftls_proto::rpc::NodeKindInfo;

use super::fake::{CLUSTER, SOON};
use super::support::{Served, refused, status};

const NOTHING: Value = Value::Null;

/// What only admins may ask.
const QUESTIONS: [(Method, &str); 19] = [
    (Method::GET, "/v1/status"),
    (Method::POST, "/v1/nodes/1/drain"),
    (Method::DELETE, "/v1/nodes/1"),
    (Method::POST, "/v1/groups/1/moves"),
    (Method::POST, "/v1/groups/1/leader"),
    (Method::POST, "/v1/rebalance"),
    (Method::GET, "/v1/workspaces"),
    (Method::POST, "/v1/workspaces"),
    (Method::DELETE, "/v1/workspaces/1"),
    (Method::GET, "/v1/settings"),
    (Method::PUT, "/v1/settings/a"),
    (Method::DELETE, "/v1/settings/a"),
    (Method::GET, "/v1/tokens"),
    (Method::POST, "/v1/tokens"),
    (Method::DELETE, "/v1/tokens/a"),
    (Method::GET, "/v1/plugins"),
    (Method::POST, "/v1/plugins"),
    (Method::POST, "/v1/plugins/toy/activate"),
    (Method::POST, "/v1/plugins/toy/rollback"),
];

#[tokio::test]
async fn whoever_shows_no_token_is_no_admin() {
    let served = Served::new().await;
    let before = served.fake.n_waiting.borrow().to_owned();
    for (method, path) in QUESTIONS {
        for shown in
            ["", "Authorization: Bearer wrong\r\n", "Authorization: Basic secret\r\n", "Authorization: secret\r\n"]
        {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{shown}\r\n");
            let answer = served.raw(request).await;
            assert_eq!(status(&answer), 401, "{method} {path} {shown}");
            assert!(answer.contains("www-authenticate: Bearer\r\n"), "{answer}");
            assert!(answer.ends_with("}"), "{answer}");
        }
    }
    assert_eq!(*served.fake.n_waiting.borrow(), before, "nothing was changed");
}

#[tokio::test]
async fn tokens_are_drawn_shown_once_and_revoked() {
    let served = Served::new().await;
    let made = served.admin(Method::POST, "/v1/tokens", json!({ "name": "ops" })).await.unwrap();
    let token = made["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("vraftls_") && token.len() == 72, "{token}");
    assert_eq!(served.admin(Method::GET, "/v1/tokens", NOTHING).await.unwrap().as_array().unwrap().len(), 2);
    let ops = Client { token: Some(token), tls: None };
    let ask = async || ops.ask::<Value>(&served.address(), Method::GET, "/v1/tokens", Sent::Nothing, SOON).await;
    assert_eq!(ask().await.unwrap().as_array().unwrap().len(), 2);
    let again = served.admin(Method::POST, "/v1/tokens", json!({ "name": "ops" })).await;
    assert_eq!(refused(again), (409, "token_exists".to_owned()));
    served.admin(Method::DELETE, "/v1/tokens/ops", NOTHING).await.unwrap();
    assert_eq!(refused(ask().await), (401, "unauthorized".to_owned()));
    assert_ne!(draw_token().unwrap().text, draw_token().unwrap().text);
}

#[tokio::test]
async fn a_node_joins_once_and_learns_whom_to_follow() {
    let served = Served::new().await;
    let join = Join {
        incarnation: "5a".repeat(16),
        address: "127.0.0.1:9002".to_owned(),
        kind: NodeKindInfo::Witness,
        node: None,
    };
    let sent = || serde_json::to_value(&join).unwrap();
    for _ in 0..2 {
        let joined = served.anybody(Method::POST, "/v1/nodes", sent()).await.unwrap();
        let Joined { node, cluster, members } = serde_json::from_value(joined).unwrap();
        assert_eq!((node, cluster), (2, CLUSTER.to_string()));
        let members: Vec<(u64, &str)> = members.iter().map(|member| (member.node, &*member.address)).collect();
        assert_eq!(members, [(1, "127.0.0.1:9001")]);
    }
    for (change, expected) in [
        (json!({ "incarnation": "xyz" }), (400, "malformed")),
        (json!({ "address": "nowhere" }), (400, "malformed")),
        (json!({ "kind": "king" }), (400, "malformed")),
        (json!({ "more": 1 }), (400, "malformed")),
        (json!({ "node": 9 }), (409, "other_node")),
        (json!({ "incarnation": "5b".repeat(16) }), (409, "address_taken")),
    ] {
        let mut sent = sent();
        sent.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, code) = refused(served.anybody(Method::POST, "/v1/nodes", sent).await);
        assert_eq!((status, code.as_str()), expected, "{change}");
    }
}

#[tokio::test]
async fn nodes_are_drained_and_removed() {
    let served = Served::new().await;
    let drain = |how: Value| served.admin(Method::POST, "/v1/nodes/1/drain", how);
    // There is nobody else to take anything over.
    let alone = drain(json!({ "draining": true })).await;
    assert_eq!(refused(alone), (409, "fewer_replicas".to_owned()));
    let forced = || drain(json!({ "draining": true, "force": true }));
    assert_eq!(refused(forced().await), (409, "last_node".to_owned()));
    // A witness keeps no files.
    let join = |fill: &str, port: u16, kind: &str| {
        let sent = json!({ "incarnation": fill.repeat(16), "address": format!("127.0.0.1:{port}"), "kind": kind });
        served.anybody(Method::POST, "/v1/nodes", sent)
    };
    join("5a", 9002, "witness").await.unwrap();
    assert_eq!(refused(forced().await), (409, "last_node".to_owned()));
    let unknown = served.admin(Method::POST, "/v1/nodes/9/drain", json!({ "draining": true, "force": true })).await;
    assert_eq!(refused(unknown), (404, "no_such_node".to_owned()));
    join("5b", 9003, "full").await.unwrap();
    forced().await.unwrap();
    let status = served.admin(Method::GET, "/v1/status", NOTHING).await.unwrap();
    assert_eq!(status["cluster"]["nodes"][0]["draining"], json!(true));
    assert_eq!(status["nodes"][0]["error"], json!("it did not answer"));
    assert_eq!((&status["node"], &status["not_ready"]), (&json!(1), &json!([])));
    assert_eq!(refused(served.admin(Method::DELETE, "/v1/nodes/1", NOTHING).await), (409, "node_in_use".to_owned()));
    assert_eq!(refused(served.admin(Method::DELETE, "/v1/nodes/9", NOTHING).await), (404, "no_such_node".to_owned()));
    assert_eq!(refused(served.admin(Method::DELETE, "/v1/nodes/x", NOTHING).await), (400, "malformed".to_owned()));
}

#[tokio::test]
async fn replicas_and_leaders_are_moved() {
    let served = Served::new().await;
    let join = json!({ "incarnation": "5a".repeat(16), "address": "127.0.0.1:9002", "kind": "full" });
    served.anybody(Method::POST, "/v1/nodes", join).await.unwrap();
    let moves = |sent| served.admin(Method::POST, "/v1/groups/1/moves", sent);
    assert_eq!(refused(moves(json!({ "add": 2, "epoch": 7 })).await), (409, "wrong_epoch".to_owned()));
    assert_eq!(refused(moves(json!({})).await), (409, "senseless_move".to_owned()));
    assert!(moves(json!({ "add": 2 })).await.unwrap()["move"].is_u64());
    assert_eq!(refused(moves(json!({ "remove": 1 })).await), (409, "move_under_way".to_owned()));
    let unknown = served.admin(Method::POST, "/v1/groups/9/moves", json!({ "add": 2 })).await;
    assert_eq!(refused(unknown), (404, "no_such_group".to_owned()));

    let unknown = served.admin(Method::POST, "/v1/groups/9/leader", json!({ "to": 2 })).await;
    assert_eq!(refused(unknown), (404, "no_such_group".to_owned()));
    served.admin(Method::POST, "/v1/groups/1/leader", json!({ "to": 2 })).await.unwrap();
    assert_eq!(*served.fake.transfers.lock().unwrap(), [(GroupId(1), NodeId(2))]);
    assert_eq!(served.admin(Method::POST, "/v1/rebalance", NOTHING).await.unwrap(), json!({ "begun": 3 }));
}

#[tokio::test]
async fn workspaces_and_settings_are_kept() {
    let served = Served::new().await;
    let create = |name: &str| served.admin(Method::POST, "/v1/workspaces", json!({ "name": name }));
    assert_eq!(create("a").await.unwrap(), json!({ "id": 1, "name": "a" }));
    assert_eq!(refused(create("a").await), (409, "workspace_exists".to_owned()));
    assert_eq!(refused(create("a/b").await), (400, "malformed".to_owned()));
    served.admin(Method::DELETE, "/v1/workspaces/1", NOTHING).await.unwrap();
    assert_eq!(served.admin(Method::GET, "/v1/workspaces", NOTHING).await.unwrap(), json!([]));

    let path = "/v1/settings/gateway.tabs";
    assert_eq!(refused(served.admin(Method::GET, path, NOTHING).await), (404, "no_such_setting".to_owned()));
    served.admin(Method::PUT, path, json!({ "value": "4" })).await.unwrap();
    assert_eq!(served.admin(Method::GET, path, NOTHING).await.unwrap(), json!({ "value": "4" }));
    assert_eq!(served.admin(Method::GET, "/v1/settings", NOTHING).await.unwrap(), json!({ "gateway.tabs": "4" }));
    let long = served.admin(Method::PUT, path, json!({ "value": "4".repeat(5000) })).await;
    assert_eq!(refused(long), (400, "out_of_bounds".to_owned()));
    served.admin(Method::DELETE, path, NOTHING).await.unwrap();
    assert_eq!(served.admin(Method::GET, "/v1/settings", NOTHING).await.unwrap(), json!({}));
    let bad = served.admin(Method::PUT, "/v1/settings/-a", json!({ "value": "4" })).await;
    assert_eq!(refused(bad), (400, "malformed".to_owned()));
}

#[tokio::test]
async fn what_became_of_a_change_is_told_apart() {
    let served = Served::new().await;
    let second = Duration::from_millis(1500);
    for (error, expected) in [
        (ChangeError::NoLeader { group: GroupId(0), retry_after: second }, (503, "no_leader", Some(2))),
        (ChangeError::Busy { retry_after: Duration::ZERO }, (503, "busy", Some(1))),
        (ChangeError::Unknown { why: "the leader died".to_owned() }, (504, "outcome_unknown", None)),
        (ChangeError::Impossible { why: "no replica there".to_owned() }, (409, "impossible", None)),
        (ChangeError::Stopping, (503, "stopping", Some(1))),
        (Refusal::AnswerForgotten { forgotten: 1 }.into(), (504, "outcome_unknown", None)),
        (Refusal::LastToken.into(), (409, "last_token", None)),
    ] {
        *served.fake.change_error.lock().unwrap() = Some(error);
        match served.admin(Method::POST, "/v1/workspaces", json!({ "name": "a" })).await {
            Err(AskError::Refused { status, code, retry_after, .. }) => {
                assert_eq!((status, &*code, retry_after.map(|after| after.as_secs())), expected);
            }
            other => panic!("{other:?}"),
        }
    }
}

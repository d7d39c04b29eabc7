//! What is too much, too slow or no HTTP at all.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vraftls_node::server::Bounds;

use super::fake::{Fake, SOON, TOKEN};
use super::support::{Served, refused, rest, status};

/// So short that a test sees it pass.
const BRIEF: Duration = Duration::from_millis(100);

async fn bounded(bounds: Bounds) -> Served {
    Served::with(bounds, Fake::new()).await
}

#[tokio::test]
async fn unknown_routes_and_methods_are_refused_as_json() {
    let served = Served::new().await;
    for (method, path, expected) in [
        (Method::GET, "/", (404, "no_such_route")),
        (Method::GET, "/v1/peer/x", (404, "no_such_route")),
        (Method::GET, "/v1/../livez", (404, "no_such_route")),
        (Method::POST, "/livez", (405, "method_not_allowed")),
        (Method::PATCH, "/v1/settings/a", (405, "method_not_allowed")),
    ] {
        let (status, code) = refused(served.admin(method.clone(), path, Value::Null).await);
        assert_eq!((status, code.as_str()), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn garbage_ends_its_connection_and_nothing_else() {
    let served = Served::new().await;
    for garbage in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ] {
        let answer = served.raw(garbage).await;
        assert!(answer.is_empty() || status(&answer) == 400, "{answer}");
    }
    assert_eq!(status(&served.get("/livez").await), 200);
}

#[tokio::test]
async fn heads_are_small_and_come_in_time() {
    let served = bounded(Bounds { n_headers: 8, head_bytes: 8 << 10, head_patience: BRIEF, ..Bounds::default() }).await;
    let head = |more: &str| format!("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n");
    assert_eq!(status(&served.raw(head(&"A: b\r\n".repeat(6))).await), 200);
    assert_eq!(status(&served.raw(head(&"A: b\r\n".repeat(7))).await), 431);
    assert_eq!(status(&served.raw(head(&format!("A: {}\r\n", "b".repeat(8 << 10)))).await), 431);
    let mut slow = served.connect().await;
    slow.write_all(b"GET /livez HTTP/1.1\r\nHo").await.unwrap();
    let answer = rest(&mut slow).await;
    assert!(answer.is_empty() || status(&answer) == 408, "{answer}");
    // Nor is a connection kept that says nothing.
    assert_eq!(rest(&mut served.connect().await).await, "");
}

#[tokio::test]
async fn bodies_are_small_and_come_in_time() {
    let served = bounded(Bounds { json_bytes: 100, body_patience: BRIEF, ..Bounds::default() }).await;
    let head = format!("POST /v1/workspaces HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n");
    let with = |more: &str| format!("{head}Content-Type: application/json\r\nConnection: close\r\n{more}");
    let sized = |length: u64, body: &str| with(&format!("Content-Length: {length}\r\n\r\n{body}"));
    assert_eq!(status(&served.raw(sized(12, r#"{"name":"a"}"#)).await), 201);
    assert_eq!(status(&served.raw(sized(101, "")).await), 413);
    assert_eq!(status(&served.raw(sized(1 << 62, "")).await), 413);
    let chunked = with(&format!("Transfer-Encoding: chunked\r\n\r\n65\r\n{}\r\n0\r\n\r\n", " ".repeat(0x65)));
    assert_eq!(status(&served.raw(chunked).await), 413);
    assert_eq!(status(&served.raw(sized(12, r#"{"name":"#)).await), 408);
    assert_eq!(status(&served.raw(sized(12, r#"{"name":"a" "#)).await), 400);
    assert_eq!(status(&served.raw(sized(2, "\u{e4}")).await), 400);
    let untyped = format!("{head}Connection: close\r\nContent-Length: 12\r\n\r\n{{\"name\":\"b\"}}");
    assert_eq!(status(&served.raw(untyped).await), 415);
}

#[tokio::test]
async fn requests_beyond_the_bound_are_told_to_come_again() {
    let served = bounded(Bounds { n_requests: 2, ..Bounds::default() }).await;
    served.fake.is_held.send_replace(true);
    let ask = |name: &str| served.admin(Method::POST, "/v1/workspaces", json!({ "name": name }));
    let (first, second, third) = tokio::join!(ask("a"), ask("b"), async {
        let mut waiting = served.fake.n_waiting.subscribe();
        tokio::time::timeout(SOON, waiting.wait_for(|n| *n == 2)).await.unwrap().unwrap();
        let third = ask("c").await;
        // Monitoring is answered all the same.
        assert_eq!(status(&served.get("/livez").await), 200);
        assert_eq!(status(&served.get("/metrics").await), 200);
        served.fake.is_held.send_replace(false);
        third
    });
    assert_eq!(refused(third), (503, "busy".to_owned()));
    assert!(first.is_ok() && second.is_ok());
    assert!(ask("d").await.is_ok());
}

#[tokio::test]
async fn a_change_that_takes_too_long_has_an_unknown_outcome() {
    let served = bounded(Bounds { request_patience: BRIEF, ..Bounds::default() }).await;
    served.fake.is_held.send_replace(true);
    let answer = served.admin(Method::POST, "/v1/workspaces", json!({ "name": "a" })).await;
    assert_eq!(refused(answer), (504, "outcome_unknown".to_owned()));
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_a_place() {
    let served = bounded(Bounds { n_connections: 1, ..Bounds::default() }).await;
    let mut first = served.connect().await;
    first.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();
    let second = served.get("/livez");
    tokio::pin!(second);
    // It is connected by the system, and not answered.
    assert!(tokio::time::timeout(BRIEF, second.as_mut()).await.is_err());
    drop(first);
    assert_eq!(status(&tokio::time::timeout(SOON, second).await.unwrap()), 200);
}

#[tokio::test]
async fn old_connections_end() {
    let served = bounded(Bounds { connection_age: BRIEF, ..Bounds::default() }).await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(status(&rest(&mut stream).await), 200);
}

#[tokio::test]
async fn whoever_does_not_read_the_answers_is_cut_off() {
    let served = bounded(Bounds { body_patience: BRIEF, ..Bounds::default() }).await;
    let mut stream = served.connect().await;
    let question = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
    let asking = async { while stream.write_all(question.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(SOON, asking).await.expect("the connection ends");
}

#[tokio::test]
async fn pages_of_browsers_are_refused() {
    let served = Served::new().await;
    for head in
        ["Host: localhost\r\nOrigin: http://localhost", "Host: stranger.example", "Host: localhost\r\nOrigin: null"]
    {
        for path in ["/v1/cluster", "/v1/peer", "/livez"] {
            let answer = served.raw(format!("GET {path} HTTP/1.1\r\n{head}\r\nConnection: close\r\n\r\n")).await;
            assert_eq!(status(&answer), 403, "{head} {path}");
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_lets_requests_end() {
    let served = Served::new().await;
    served.fake.is_held.send_replace(true);
    let (address, fake) = (served.address(), served.fake.clone());
    let mut idle = served.connect().await;
    let asking = tokio::spawn({
        let address = address.clone();
        async move {
            let client = vraftls_node::server::client::Client { token: Some(TOKEN.to_owned()), tls: None };
            let sent = vraftls_node::server::client::Sent::json(&json!({ "name": "a" })).unwrap();
            client.ask::<Value>(&address, Method::POST, "/v1/workspaces", sent, SOON).await
        }
    });
    fake.n_waiting.subscribe().wait_for(|n| *n == 1).await.unwrap();
    let stopping = tokio::spawn(served.server.shutdown(SOON));
    // What is idle ends at once, and nobody new is taken.
    assert_eq!(rest(&mut idle).await, "");
    tokio::time::timeout(SOON, async { while tokio::net::TcpStream::connect(&address).await.is_ok() {} })
        .await
        .unwrap();
    fake.is_held.send_replace(false);
    assert_eq!(asking.await.unwrap().unwrap(), json!({ "id": 1, "name": "a" }));
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn requests_that_do_not_end_are_ended() {
    let served = Served::new().await;
    served.fake.is_held.send_replace(true);
    let mut stream = served.connect().await;
    let head = "POST /v1/nodes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let body = json!({ "incarnation": "5a".repeat(16), "address": "127.0.0.1:9", "kind": "full" }).to_string();
    let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    served.fake.n_waiting.subscribe().wait_for(|n| *n == 1).await.unwrap();
    let (address, stopping) = (served.address(), served.server.shutdown(BRIEF));
    tokio::time::timeout(SOON, stopping).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
    assert!(tokio::net::TcpStream::connect(&address).await.is_err());
}

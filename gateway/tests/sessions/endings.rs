//! How sessions end, and that no other notices.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vraftls_gateway::{Options, SessionEnd, serve_tcp};

use super::backend::FakeBackend;
use super::client::{DEADLINE, Editor, at};

const URI: &str = "file:///w/a.py";

#[tokio::test]
async fn an_editor_that_vanishes_ends_its_session_and_drops_its_work() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "a").await;
    backend.hold(|_| true);
    for _ in 0..5 {
        editor.request("textDocument/hover", at(URI, 0, 0)).await;
    }
    backend.until_waiting(5).await;
    assert!(matches!(editor.vanish().await, SessionEnd::Disconnected));
    assert_eq!(backend.n_dropped(), 5);
    assert_eq!(backend.ended.borrow().len(), 1);
}

#[tokio::test]
async fn an_editor_that_vanishes_inside_a_message_ends_its_session() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.send_bytes(b"Content-Length: 100\r\n\r\n{\"jsonrpc\":").await;
    let end = editor.vanish().await;
    assert!(matches!(end, SessionEnd::Disconnected), "{end:?}");
    assert_eq!(end.exit_code(), 1);
}

#[tokio::test]
async fn exit_without_shutdown_ends_with_one_even_if_the_stream_stays_open() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "a").await;
    backend.hold(|_| true);
    editor.request("textDocument/hover", at(URI, 0, 0)).await;
    editor.notify("exit", Value::Null).await;
    let end = editor.end().await;
    assert!(matches!(end, SessionEnd::Exited { after_shutdown: false }), "{end:?}");
    assert_eq!(end.exit_code(), 1);
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_nobody_else_notices() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.limits.outbox_bytes_max = 200_000;
    let mut slow = Editor::connect_through(&backend, options, 32 * 1024);
    slow.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
    slow.open(URI, &"x ".repeat(5000)).await;
    let mut other = Editor::start(&backend).await;
    other.open(URI, "mine").await;
    for _ in 0..100 {
        if !slow.try_send_request("textDocument/hover", at(URI, 0, 0)).await {
            break;
        }
        assert_eq!(other.text(URI).await, "mine");
    }
    let end = slow.end_unread().await;
    assert!(matches!(end, SessionEnd::SlowConsumer), "{end:?}");
    other.finish().await;
}

#[tokio::test]
async fn a_defect_in_a_request_is_an_error_of_that_request() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor.open("file:///w/panic.py", "x").await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at("file:///w/panic.py", 0, 0)).await, -32603);
    editor.open(URI, "fine").await;
    assert_eq!(editor.text(URI).await, "fine");
    editor.finish().await;
}

#[tokio::test]
async fn a_defect_in_an_edit_ends_its_session_alone() {
    let backend = FakeBackend::with(&[]);
    let mut other = Editor::start(&backend).await;
    let mut editor = Editor::start(&backend).await;
    editor.open(URI, "fine").await;
    assert_eq!(editor.text(URI).await, "fine");
    editor.open("file:///w/defect.py", "x").await;
    let end = editor.end().await;
    assert!(matches!(end, SessionEnd::Panicked), "{end:?}");
    other.open(URI, "mine").await;
    assert_eq!(other.text(URI).await, "mine");
    other.finish().await;
}

#[tokio::test]
async fn a_defect_beside_requests_ends_its_session_alone() {
    let backend = FakeBackend::with(&[("collapse.py", "x")]);
    let mut other = Editor::start(&backend).await;
    let mut editor = Editor::start(&backend).await;
    editor.open("file:///w/collapse.py", "x").await;
    let end = editor.end().await;
    assert!(matches!(end, SessionEnd::Panicked), "{end:?}");
    other.open(URI, "mine").await;
    assert_eq!(other.text(URI).await, "mine");
    other.finish().await;
}

#[tokio::test]
async fn a_defect_in_a_check_leaves_the_checks_of_other_documents() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start_with(&backend, json!({"textDocument": {"publishDiagnostics": {}}})).await;
    editor.open("file:///w/panic.py", "ERROR").await;
    let said = editor.next_of("window/logMessage").await;
    assert!(said["message"].as_str().unwrap().starts_with("/w/panic.py"), "{said}");
    editor.open(URI, "ERROR").await;
    let mut published = editor.next().await;
    while published["method"] == "window/logMessage" {
        published = editor.next().await;
    }
    assert_eq!(published["params"]["uri"], URI);
    assert!(matches!(editor.vanish().await, SessionEnd::Disconnected));
}

#[tokio::test]
async fn a_session_that_panics_leaves_the_others_and_the_listener() {
    let backend = FakeBackend::with(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve_tcp(listener, backend.clone(), Options::default()));
    let connect = async || {
        let mut editor = Editor::over(TcpStream::connect(address).await.unwrap());
        editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
        editor
    };
    let (mut other, mut editor) = (connect().await, connect().await);
    editor.open("file:///w/defect.py", "x").await;
    while editor.try_next().await.is_some() {}
    other.open(URI, "mine").await;
    assert_eq!(other.text(URI).await, "mine");
    let mut later = connect().await;
    later.open(URI, "later").await;
    assert_eq!(later.text(URI).await, "later");
    assert_eq!(backend.ended.borrow().len(), 1);
    server.abort();
}

#[tokio::test]
async fn many_sessions_over_tcp_share_a_backend() {
    let backend = FakeBackend::with(&[("a.py", "shared")]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve_tcp(listener, backend.clone(), Options::default()));
    let mut editors = Vec::new();
    for n in 0..100 {
        let mut editor = Editor::over(TcpStream::connect(address).await.unwrap());
        editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
        editor.open(URI, &format!("mine {n}")).await;
        editors.push(editor);
    }
    for (n, editor) in editors.iter_mut().enumerate() {
        assert_eq!(editor.text(URI).await, format!("mine {n}"));
    }
    // Half of them say goodbye, the others vanish.
    for (n, mut editor) in editors.into_iter().enumerate() {
        if n % 2 == 0 {
            editor.ask("shutdown", Value::Null).await;
            editor.notify("exit", Value::Null).await;
        }
    }
    let mut ended = backend.ended.subscribe();
    tokio::time::timeout(DEADLINE, ended.wait_for(|ended| ended.len() == 100)).await.unwrap().unwrap();
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_let_go_and_who_said_something_may_be_silent() {
    let backend = FakeBackend::with(&[]);
    let mut options = Options::default();
    options.timing.first_message_deadline = Duration::from_secs(1);
    // Nothing, a header, and all but the last byte of a message.
    for said in ["", "Content-Length: 2\r\n\r\n", "Content-Length: 2\r\n\r\n{"] {
        let mut editor = Editor::connect(&backend, options.clone());
        editor.send_bytes(said.as_bytes()).await;
        let end = editor.end().await;
        assert!(matches!(end, SessionEnd::Silent), "{said:?}: {end:?}");
    }
    let mut editor = Editor::connect(&backend, options);
    editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
    tokio::time::advance(Duration::from_secs(24 * 60 * 60)).await;
    editor.open(URI, "still here").await;
    assert_eq!(editor.text(URI).await, "still here");
    editor.finish().await;
}

#[tokio::test]
async fn who_closes_one_direction_is_gone() {
    let backend = FakeBackend::with(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_tcp(listener, backend.clone(), Options::default()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"Content-Length: 2\r\n\r\n{}").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut read = Vec::new();
    tokio::time::timeout(DEADLINE, stream.read_to_end(&mut read)).await.expect("it should be closed").unwrap();
    // What was answered before comes still.
    assert!(String::from_utf8(read).unwrap().ends_with('}'));
    assert_eq!(backend.ended.borrow().len(), 1);
}

#[tokio::test]
async fn a_client_says_who_it_is() {
    let backend = FakeBackend::with(&[]);
    let (sender, told) = std::sync::mpsc::channel();
    let mut options = Options { on_client: None, ..Options::default() };
    options.on_client = Some(std::sync::Arc::new(move |facts| sender.send(facts.clone()).unwrap()));
    let mut editor = Editor::connect(&backend, options);
    let result = editor
        .initialize(json!({
            "capabilities": {}, "processId": 4711, "clientInfo": {"name": "ed", "version": "1"}, "rootUri": null,
        }))
        .await;
    assert_eq!(result["serverInfo"]["name"], "vraftls");
    let facts = told.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!((facts.process_id, facts.name.as_deref()), (Some(4711), Some("ed")));
    editor.finish().await;
}

//! What is no message, or no request, or comes at the wrong time.

use proptest::prelude::*;
use serde_json::{Value, json};
use vraftls_gateway::{FrameError, Options, SessionEnd};

use super::backend::FakeBackend;
use super::client::{Editor, at};

const URI: &str = "file:///w/a.py";

fn frame(content: &str) -> Vec<u8> {
    format!("Content-Length: {}\r\n\r\n{content}", content.len()).into_bytes()
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_the_session_goes_on() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    for (content, id, code) in [
        ("{", Value::Null, -32700),
        ("", Value::Null, -32700),
        ("nonsense", Value::Null, -32700),
        ("[]", Value::Null, -32600),
        (r#"[{"jsonrpc":"2.0","method":"x"}]"#, Value::Null, -32600),
        (r#"{"jsonrpc":"2.0","id":"a"}"#, json!("a"), -32600),
        (r#"{"id":5,"method":"textDocument/hover"}"#, json!(5), -32600),
        (r#"{"jsonrpc":"2.0","id":5,"method":"textDocument/hover"}"#, json!(5), -32602),
        (r#"{"jsonrpc":"2.0","id":5,"method":"textDocument/hover","params":[1]}"#, json!(5), -32602),
        (r#"{"jsonrpc":"2.0","id":5,"method":"textDocument/nonsense"}"#, json!(5), -32601),
        (r#"{"jsonrpc":"2.0","id":5,"method":"$/nonsense"}"#, json!(5), -32601),
        (r#"{"jsonrpc":"2.0","id":5,"method":"textDocument/didOpen","params":{}}"#, json!(5), -32600),
        (r#"{"jsonrpc":"2.0","id":5,"method":"exit"}"#, json!(5), -32600),
    ] {
        editor.send_bytes(&frame(content)).await;
        let response = editor.next().await;
        assert_eq!((&response["id"], &response["error"]["code"]), (&id, &json!(code)), "{content}");
    }
    // None of these has a response.
    for content in [
        r#"{"jsonrpc":"2.0","method":"$/nonsense","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"nonsense"}"#,
        r#"{"jsonrpc":"2.0","method":"textDocument/hover","params":{}}"#,
        r#"{"jsonrpc":"2.0","method":"textDocument/didSave","params":"x"}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"you are mad"}}"#,
        r#"{"jsonrpc":"2.0","id":99,"result":{}}"#,
    ] {
        editor.send_bytes(&frame(content)).await;
    }
    editor.open(URI, "fine").await;
    assert_eq!(editor.text(URI).await, "fine");
    editor.finish().await;
}

#[tokio::test]
async fn a_foreign_charset_is_refused_and_the_session_goes_on() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::start(&backend).await;
    editor
        .send_bytes(b"Content-Type: application/vscode-jsonrpc; charset=utf-16\r\nContent-Length: 4\r\n\r\n{\0}\0")
        .await;
    assert_eq!(editor.next().await["error"]["code"], -32700);
    editor.finish().await;
}

#[tokio::test]
async fn a_stream_whose_messages_cannot_be_found_ends_its_session_alone() {
    let backend = FakeBackend::with(&[]);
    let mut other = Editor::start(&backend).await;
    let long_header = vec![b'x'; 100_000];
    for bytes in
        [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], b"Content-Length: 999999999999\r\n\r\n", &long_header]
    {
        let mut editor = Editor::connect(&backend, Options::default());
        editor.send_bytes(bytes).await;
        assert_eq!(editor.next().await["error"]["code"], -32700);
        let end = editor.end().await;
        assert!(matches!(end, SessionEnd::Broken(_)), "{end:?}");
        assert_eq!(end.exit_code(), 1);
    }
    let mut editor = Editor::connect(&backend, Options::default());
    editor.send_bytes(b"Content-Length: 70000000\r\n\r\n").await;
    assert!(matches!(editor.end().await, SessionEnd::Broken(FrameError::TooLong { announced_bytes: 70_000_000, .. })));
    other.open(URI, "fine").await;
    assert_eq!(other.text(URI).await, "fine");
    other.finish().await;
}

#[tokio::test]
async fn requests_before_initialize_and_after_shutdown_are_refused() {
    let backend = FakeBackend::with(&[]);
    let mut editor = Editor::connect(&backend, Options::default());
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(URI, 0, 0)).await, -32002);
    assert_eq!(editor.ask_in_vain("shutdown", Value::Null).await, -32002);
    editor.open(URI, "too early").await;
    assert_eq!(editor.ask_in_vain("initialize", json!({"capabilities": 3})).await, -32602);
    editor.initialize(json!({"capabilities": {}, "rootUri": "file:///w"})).await;
    assert_eq!(editor.ask_in_vain("initialize", json!({"capabilities": {}})).await, -32600);
    assert!(editor.call("textDocument/hover", at(URI, 0, 0)).await.get("error").is_some(), "nothing was opened");
    editor.ask("shutdown", Value::Null).await;
    assert_eq!(editor.ask_in_vain("textDocument/hover", at(URI, 0, 0)).await, -32600);
    editor.notify("exit", Value::Null).await;
    assert_eq!(editor.end().await.exit_code(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever comes, the session ends when the stream does, and never by a panic.
    #[test]
    fn any_bytes_end_a_session_without_a_panic(
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "[ -~\r\n]{0,60}".prop_map(String::into_bytes),
            r#"\{"jsonrpc":"2.0","id":[0-9],"method":"(initialize|shutdown|textDocument/hover|\$/cancelRequest)","params":(null|\{\}|\{"capabilities":\{\}\}|\{"id":[0-9]\})\}"#
                .prop_map(|content| frame(&content)),
            Just(frame(r#"{"jsonrpc":"2.0","method":"exit"}"#)),
        ], 0..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let backend = FakeBackend::with(&[]);
            let mut editor = Editor::connect(&backend, Options::default());
            for piece in pieces {
                editor.try_send_bytes(&piece).await;
            }
            let end = editor.vanish().await;
            assert!(!matches!(end, SessionEnd::Panicked), "{end:?}");
        });
    }
}

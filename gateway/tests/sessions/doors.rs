//! Listeners that find out who connects before there is a session.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use vraftls_gateway::{Admits, BoxFuture, Door, Encrypt, Encrypted, Options, Speech, serve_guarded, tunnel};

use super::backend::FakeBackend;
use super::client::{DEADLINE, Editor};

const URI: &str = "file:///w/a.py";

/// What would be encryption: whoever connects says one byte, `c` with a certificate, `n` without one, anything else is no handshake.
struct OneByte {
    /// How many are in it.
    n_begun: watch::Sender<usize>,
}

impl Encrypt for OneByte {
    fn encrypt(&self, mut stream: TcpStream) -> BoxFuture<'static, io::Result<Encrypted>> {
        self.n_begun.send_modify(|n| *n += 1);
        Box::pin(async move {
            let has_certificate = match stream.read_u8().await? {
                b'c' => true,
                b'n' => false,
                _ => return Err(io::ErrorKind::InvalidData.into()),
            };
            Ok(Encrypted { stream: Box::new(stream), has_certificate })
        })
    }
}

struct Guarded {
    address: String,
    backend: Arc<FakeBackend>,
    n_begun: watch::Receiver<usize>,
}

impl Guarded {
    async fn start(speech: Speech, admits: Admits, options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (backend, n_begun) = (FakeBackend::with(&[]), watch::Sender::new(0));
        let heard = n_begun.subscribe();
        let door = Door { encrypt: Arc::new(OneByte { n_begun }), admits };
        tokio::spawn(serve_guarded(listener, backend.clone(), options, speech, door));
        Self { address, backend, n_begun: heard }
    }

    /// Connects, and says so much of the handshake.
    async fn connect(&self, shown: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(shown.as_bytes()).await.unwrap();
        stream
    }

    async fn until_begun(&mut self, n: usize) {
        let begun = self.n_begun.wait_for(|begun| *begun >= n);
        drop(tokio::time::timeout(DEADLINE, begun).await.expect("it should be taken").unwrap());
    }
}

fn tokens() -> Admits {
    Admits::CertificatesAndTokens(Arc::new(|token| token == "right"))
}

/// Whether an editor is served here.
async fn assert_served(mut editor: Editor) {
    editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
    editor.open(URI, "mine").await;
    assert_eq!(editor.text(URI).await, "mine");
}

/// Waits until the other side has closed a connection, and gives what it said.
async fn until_closed(mut stream: TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // How it ends is not the point.
    drop(tokio::time::timeout(DEADLINE, stream.read_to_end(&mut said)).await.expect("it should be closed"));
    said
}

#[tokio::test]
async fn on_a_stream_only_a_certificate_lets_in() {
    for admits in [Admits::Certificates, tokens()] {
        let guarded = Guarded::start(Speech::Stream, admits, Options::default()).await;
        assert_served(Editor::over(guarded.connect("c").await)).await;
        for shown in ["n", "x", "Content-Length: 2\r\n\r\n{}"] {
            assert_eq!(until_closed(guarded.connect(shown).await).await, b"", "{shown}");
        }
    }
    let open = Guarded::start(Speech::Stream, Admits::Everybody, Options::default()).await;
    assert_served(Editor::over(open.connect("n").await)).await;
}

#[tokio::test]
async fn over_a_websocket_a_certificate_or_a_token_lets_in() {
    let guarded = Guarded::start(Speech::WebSocket, tokens(), Options::default()).await;
    for (shown, token) in [("c", None), ("n", Some("right")), ("c", Some("wrong"))] {
        // By a name that is not this machine's own.
        let stream = tunnel(guarded.connect(shown).await, "ide.example:443", token).await.unwrap();
        assert_served(Editor::through(stream)).await;
    }
    for token in [None, Some(""), Some("wrong"), Some("right but more")] {
        let refused = tunnel(guarded.connect("n").await, "ide.example:443", token).await.unwrap_err();
        assert!(refused.to_string().contains("401"), "{token:?}: {refused}");
    }
    assert!(guarded.backend.ended.borrow().len() <= 3, "nobody else had a session");
    let certain = Guarded::start(Speech::WebSocket, Admits::Certificates, Options::default()).await;
    assert_eq!(until_closed(certain.connect("n").await).await, b"");
}

#[tokio::test]
async fn a_page_of_a_stranger_is_refused_whatever_it_shows() {
    let guarded = Guarded::start(Speech::WebSocket, tokens(), Options::default()).await;
    let mut request = "ws://ide.example/".into_client_request().unwrap();
    request.headers_mut().insert("Origin", "https://evil.example".parse().unwrap());
    request.headers_mut().insert("Authorization", "Bearer right".parse().unwrap());
    match client_async(request, guarded.connect("c").await).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_never_comes_to_the_point_is_let_go() {
    let mut options = Options::default();
    options.timing.handshake_deadline = Duration::from_millis(50);
    for speech in [Speech::Stream, Speech::WebSocket] {
        let guarded = Guarded::start(speech, tokens(), options.clone()).await;
        let half = if speech == Speech::WebSocket { "nGET / HTTP/1.1\r\nHost: localhost\r\n" } else { "" };
        for said in ["", half] {
            assert_eq!(until_closed(guarded.connect(said).await).await, b"", "{speech:?} {said:?}");
        }
    }
}

#[tokio::test]
async fn strangers_take_no_editors_place_and_editors_take_no_strangers() {
    let mut options = Options::default();
    (options.limits.n_handshakes_max, options.limits.n_sessions_max) = (1, 3);
    let mut guarded = Guarded::start(Speech::Stream, Admits::Certificates, options).await;
    let mut editors = Vec::new();
    for n in 1..=3 {
        let mut editor = Editor::over(guarded.connect("c").await);
        editor.initialize(json!({"capabilities": {"textDocument": {"diagnostic": {}}}, "rootUri": "file:///w"})).await;
        editor.open(URI, &format!("mine {n}")).await;
        assert_eq!(editor.text(URI).await, format!("mine {n}"));
        editors.push(editor);
    }
    // Somebody takes the only place for a handshake and says nothing: who comes then is not even asked.
    let silent = guarded.connect("").await;
    guarded.until_begun(4).await;
    assert_eq!(until_closed(guarded.connect("c").await).await, b"");
    assert_eq!(*guarded.n_begun.borrow(), 4);
    // The silent one comes to the point, but all places of editors are taken.
    let mut late = silent;
    late.write_all(b"c").await.unwrap();
    assert_eq!(until_closed(late).await, b"");
    for (n, editor) in (1..).zip(&mut editors) {
        assert_eq!(editor.text(URI).await, format!("mine {n}"));
    }
}

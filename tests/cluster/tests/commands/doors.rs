//! A gateway that editors of other machines connect to: who is let in, by real certificates and tokens, over real sockets.

use std::process::Stdio;

use rcgen::ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use vraftls_harness::{Certificates, DEADLINE, LspClient, Project, Ran, TestCluster, at};

use crate::tls::Authority;

const FILES: [(&str, &str); 2] = [("def.toy", "def thing\n"), ("use.toy", "use thing\n")];

/// A gateway of a cluster, with a listener of each kind that is encrypted.
struct Gateway {
    cluster: TestCluster,
    project: Project,
    editors: Authority,
    listener: Certificates,
    scratch: TempDir,
    tls: String,
    wss: String,
    _process: Child,
}

impl Gateway {
    /// With a token of `anna`, which it gives.
    async fn start() -> (Self, String) {
        let cluster = TestCluster::start(&["toy"], 1, 1).await;
        let project = Project::new(&FILES);
        let pushed = cluster.run(project.root(), &["workspace", "push", "--workspace", "things"]).await;
        assert_eq!(pushed.code, 0, "{pushed:?}");
        let (editors, scratch) = (Authority::new(), TempDir::with_prefix("vraftls-doors-").unwrap());
        let listener = editors.sign("127.0.0.1", &[ServerAuth]);
        let tokens = scratch.path().join("tokens");
        let token = draw(&tokens, "anna").await;

        let mut command = cluster.command(&["gateway"]);
        for scheme in ["tls", "wss"] {
            command.args(["--listen", &format!("{scheme}://127.0.0.1:0")]);
        }
        command.arg("--listen-cert").arg(&listener.certificate).arg("--listen-key").arg(&listener.key);
        command.arg("--listen-ca").arg(&listener.authority).arg("--listen-tokens").arg(&tokens);
        let mut process = command.stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut said = async |scheme: &str| {
            let line = tokio::time::timeout(DEADLINE, lines.next_line()).await.expect("it should say where it listens");
            let line = line.unwrap().expect("it should start");
            let address = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
            assert!(address.starts_with(scheme), "{address}");
            address.to_owned()
        };
        let (tls, wss) = (said("tls://").await, said("wss://").await);
        (Self { cluster, project, editors, listener, scratch, tls, wss, _process: process }, token)
    }

    /// The command of an editor that connects, and knows the authority of the gateway.
    fn attach(&self, address: &str) -> Command {
        let mut command = Command::new(vraftls_harness::vraftls());
        command.args(["attach", address]).env("VRAFTLS_TLS_CA", &self.listener.authority);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// An editor that is let in is led to where something is defined.
    async fn assert_served(&self, mut command: Command) {
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut editor = LspClient::new(Box::new(stdout), Box::new(stdin), Some(child));
        editor.allow("textDocument/publishDiagnostics");
        editor.initialize(&self.project, json!({})).await;
        let uri = self.project.uri("use.toy");
        editor.open_document(&uri, "toy", FILES[1].1).await;
        let found = editor.ask("textDocument/definition", at(&uri, 0, 4)).await;
        assert_eq!(found[0]["uri"], self.project.uri("def.toy"), "{found}");
        editor.finish().await;
    }

    /// One that is not let in is told so, and hears nothing of the protocol.
    async fn assert_refused(&self, mut command: Command, why: &str) {
        let mut child = command.spawn().unwrap();
        // As an editor does at once; whether it is taken does not matter.
        let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "shutdown"}).to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{initialize}", initialize.len());
        let mut stdin = child.stdin.take().unwrap();
        drop(stdin.write_all(framed.as_bytes()).await);
        let ended = tokio::time::timeout(DEADLINE, child.wait_with_output()).await;
        let ran = Ran::of(ended.unwrap_or_else(|_| panic!("{why}: it should end")).unwrap());
        assert!(ran.code == 2 && ran.stdout.is_empty() && ran.stderr.contains(why), "{why}: {ran:?}");
    }
}

/// Draws a token into a file.
async fn draw(tokens: &std::path::Path, name: &str) -> String {
    let mut command = Command::new(vraftls_harness::vraftls());
    let drawn = Ran::of(command.args(["token", name, "--tokens"]).arg(tokens).output().await.unwrap());
    assert_eq!(drawn.code, 0, "{drawn:?}");
    drawn.stdout.trim().to_owned()
}

#[tokio::test]
async fn editors_of_other_machines_show_who_they_are() {
    let (gateway, token) = Gateway::start().await;
    let own = gateway.editors.sign("anna.example", &[ClientAuth]);
    let (strangers, token_file) = (Authority::new(), gateway.scratch.path().join("token"));
    std::fs::write(&token_file, format!("{token}\n")).unwrap();
    let stranger = Certificates { authority: own.authority.clone(), ..strangers.sign("anna.example", &[ClientAuth]) };
    // Who is half way through a handshake, and stays there, keeps out nobody.
    let addresses = [&gateway.tls, &gateway.wss];
    let mut half = Vec::new();
    for address in addresses {
        let mut stream = TcpStream::connect(address.split_once("://").unwrap().1).await.unwrap();
        // The beginning of a record of TLS that announces more than comes.
        stream.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
        half.push(stream);
    }
    for address in addresses {
        let mut with_certificate = gateway.attach(address);
        own.show(&mut with_certificate);
        gateway.assert_served(with_certificate).await;
        let mut of_another = gateway.attach(address);
        stranger.show(&mut of_another);
        gateway.assert_refused(of_another, "error").await;
        // Who trusts another authority does not believe the gateway, and says nothing to it.
        let mut misled = gateway.attach(address);
        misled.env("VRAFTLS_TLS_CA", strangers.file("ca.pem"));
        gateway.assert_refused(misled, "does not show a certificate that is good for it").await;
        let mut trusting = gateway.attach(address);
        trusting.env_remove("VRAFTLS_TLS_CA");
        gateway.assert_refused(trusting, "--tls-ca").await;
    }
    gateway.assert_refused(gateway.attach(&gateway.tls), "CertificateRequired").await;
    gateway.assert_refused(gateway.attach(&gateway.wss), "401").await;

    let mut with_token = gateway.attach(&gateway.wss);
    with_token.arg("--token-file").arg(&token_file);
    gateway.assert_served(with_token).await;
    for (wrong, why) in [("vraftls_0", "401"), (&*gateway.cluster_token(), "401"), ("no\ttoken", "401")] {
        let mut command = gateway.attach(&gateway.wss);
        command.env("VRAFTLS_GATEWAY_TOKEN", wrong);
        gateway.assert_refused(command, why).await;
    }
    // A token says nothing where none is asked for.
    let mut not_there = gateway.attach(&gateway.tls);
    not_there.env("VRAFTLS_GATEWAY_TOKEN", &token);
    gateway.assert_refused(not_there, "CertificateRequired").await;
    drop(half);
}

impl Gateway {
    /// A token of an admin of the cluster, which lets in no editor.
    fn cluster_token(&self) -> String {
        std::fs::read_to_string(self.cluster.data_of(1).join("admin-token")).unwrap().trim().to_owned()
    }
}

#[tokio::test]
async fn who_does_not_encrypt_gets_no_answer() {
    let (gateway, token) = Gateway::start().await;
    let (tls, wss) = (&gateway.tls["tls://".len()..], &gateway.wss["wss://".len()..]);
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {wss}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let message = "Content-Length: 46\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"shutdown\"}  ".to_owned();
    for (address, said) in [(tls, &message), (wss, &request), (tls, &request), (wss, &message)] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        drop(tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await.expect("it should be closed"));
        // An alert of TLS at most.
        assert!(answer.len() < 16 && answer.first().is_none_or(|kind| *kind == 21), "{answer:?}");
    }
}

/// Starts a gateway that is expected to end by itself; what it says.
async fn gateway_that_does_not_start(arguments: &[&str]) -> Ran {
    let mut command = Command::new(vraftls_harness::vraftls());
    command.args(["gateway", "--cluster", "127.0.0.1:1"]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = tokio::time::timeout(DEADLINE, command.spawn().unwrap().wait_with_output()).await;
    Ran::of(ended.expect("the gateway should not start").unwrap())
}

#[tokio::test]
async fn a_gateway_does_not_listen_to_the_world_unless_it_encrypts_and_asks_who_connects() {
    let authority = Authority::new();
    let listener = authority.sign("127.0.0.1", &[ServerAuth]);
    let (certificate, key) = (listener.certificate.to_str().unwrap(), listener.key.to_str().unwrap());
    let shown = ["--listen-cert", certificate, "--listen-key", key];
    for address in ["tcp://0.0.0.0:0", "ws://[::]:0"] {
        let open = gateway_that_does_not_start(&["--listen", address]).await;
        assert!(open.code == 2 && open.stderr.contains("--listen-cert"), "{open:?}");
    }
    for address in ["tls://0.0.0.0:0", "wss://0.0.0.0:0"] {
        let bare = gateway_that_does_not_start(&["--listen", address]).await;
        assert!(bare.code == 2 && bare.stderr.contains("--listen-cert"), "{bare:?}");
        let to_all = gateway_that_does_not_start(&[&["--listen", address], &shown[..]].concat()).await;
        assert!(to_all.code == 2 && to_all.stderr.contains("--listen-ca"), "{to_all:?}");
        // With that it goes on to look for the cluster, of which there is none.
        let authority = listener.authority.to_str().unwrap();
        let safe = [&["--listen", address, "--listen-ca", authority], &shown[..]].concat();
        let safe = gateway_that_does_not_start(&safe).await;
        assert!(safe.code == 2 && !safe.stderr.contains("--listen"), "{safe:?}");
    }
    // Tokens are of no use on a stream.
    let tokens = authority.file("tokens");
    draw(&tokens, "anna").await;
    let stream = [&["--listen", "tls://0.0.0.0:0", "--listen-tokens", tokens.to_str().unwrap()], &shown[..]].concat();
    let stream = gateway_that_does_not_start(&stream).await;
    assert!(stream.code == 2 && stream.stderr.contains("--listen-ca"), "{stream:?}");
}

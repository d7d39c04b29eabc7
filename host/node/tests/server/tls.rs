//! TLS: who is believed, and what is asked only with a certificate.

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::Method;
use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use vraftls_node::server::client::{AskError, Client, Sent};
use vraftls_node::server::config::Lacking;
use vraftls_node::server::{ListenError, Server, ServerConfig};
use vraftls_raft::ids::{NodeId, Peer};
use vraftls_raft::network::NetworkError;
use vraftls_transport::{
    Lane, Method as Question, Peers, PeersConfig, TcpDialer, TlsDialer, TlsError, TlsFiles, TlsIdentity,
};

use super::fake::{Fake, SOON, TOKEN, identity};
use super::support::refused;

/// An authority and what it signed, as files.
struct Authority {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Only the certificate of the authority: what an admin has.
    fn files(&self) -> TlsFiles {
        TlsFiles { authorities: self.file("ca.pem"), identity: None }
    }

    /// Signs for somebody of a name, or of an address in numbers.
    fn sign(&self, name: &str) -> TlsFiles {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let identity =
            TlsIdentity { certificates: self.file(&format!("{name}.pem")), key: self.file(&format!("{name}.key")) };
        std::fs::write(&identity.certificates, certificate.pem()).unwrap();
        std::fs::write(&identity.key, key.serialize_pem()).unwrap();
        TlsFiles { identity: Some(identity), ..self.files() }
    }
}

async fn serve(files: &TlsFiles) -> (Server, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let config = ServerConfig { tls: Some(files.server(&address).unwrap()), ..ServerConfig::default() };
    (Server::start(listener, config, Fake::new()).unwrap(), address)
}

fn admin(files: &TlsFiles) -> Client {
    Client { tls: Some(files.client().unwrap()), token: Some(TOKEN.to_owned()) }
}

async fn get(client: &Client, address: &str, path: &str) -> Result<Value, AskError> {
    client.ask(address, Method::GET, path, Sent::Nothing, SOON).await
}

async fn ask(dialer: impl vraftls_transport::Dial, address: &str) -> Result<Bytes, NetworkError> {
    let peers = Peers::new(identity(2), Arc::new(dialer), PeersConfig::default());
    peers.ask(NodeId(1), &Peer::new(address), Lane::Service, Question(1), Bytes::from_static(b"abc"), SOON).await
}

#[tokio::test]
async fn nodes_show_each_other_certificates() {
    let authority = Authority::new();
    let files = authority.sign("127.0.0.1");
    let (_server, address) = serve(&files).await;
    let dialer = |files: &TlsFiles| TlsDialer::new(files.client().unwrap());
    assert_eq!(ask(dialer(&files), &address).await.unwrap(), Bytes::from_static(b"abc"));
    // Somebody of the cluster who listens nowhere is let in as well.
    assert!(ask(dialer(&authority.sign("gateway.example")), &address).await.is_ok());
    // Without a certificate, and with that of another authority, nobody is.
    let refused = ask(dialer(&authority.files()), &address).await;
    assert!(refused.unwrap_err().to_string().contains("403"));
    let strangers = Authority::new();
    let stranger = strangers.sign("127.0.0.1");
    let stranger = TlsFiles { authorities: authority.file("ca.pem"), ..stranger };
    assert!(ask(dialer(&stranger), &address).await.is_err());
    assert!(ask(TcpDialer, &address).await.is_err());
}

#[tokio::test]
async fn a_server_that_cannot_show_the_dialed_name_is_not_believed() {
    let authority = Authority::new();
    let files = authority.sign("127.0.0.1");
    let (_server, address) = serve(&files).await;
    let other_name = address.replace("127.0.0.1", "localhost");
    let refused = ask(TlsDialer::new(files.client().unwrap()), &other_name).await.unwrap_err().to_string();
    assert!(refused.contains("not valid for name") || refused.contains("NotValidForName"), "{refused}");
    let strangers = Authority::new();
    let refused = get(&admin(&strangers.files()), &address, "/v1/tokens").await;
    assert!(matches!(refused, Err(AskError::Unreachable { .. })), "{refused:?}");
}

#[tokio::test]
async fn admins_need_a_token_and_no_certificate() {
    let authority = Authority::new();
    let (_server, address) = serve(&authority.sign("127.0.0.1")).await;
    let client = admin(&authority.files());
    assert_eq!(get(&client, &address, "/v1/tokens").await.unwrap().as_array().unwrap().len(), 1);
    assert_eq!(refused(get(&client, &address, "/v1/cluster").await), (403, "no_certificate".to_owned()));
    let join =
        Sent::json(&json!({ "incarnation": "5a".repeat(16), "address": "127.0.0.1:9", "kind": "full" })).unwrap();
    let joined = client.ask::<Value>(&address, Method::POST, "/v1/nodes", join.clone(), SOON).await;
    assert_eq!(refused(joined), (403, "no_certificate".to_owned()));
    // A certificate is no token.
    let node = Client { token: None, ..admin(&authority.sign("127.0.0.1")) };
    assert_eq!(refused(get(&node, &address, "/v1/tokens").await), (401, "unauthorized".to_owned()));
    assert!(get(&node, &address, "/v1/cluster").await.is_ok());
    let joined = node.ask::<Value>(&address, Method::POST, "/v1/nodes", join, SOON).await.unwrap();
    assert_eq!(joined["node"], json!(2));
}

#[tokio::test]
async fn a_client_without_tls_is_answered_nothing() {
    let authority = Authority::new();
    let (_server, address) = serve(&authority.sign("127.0.0.1")).await;
    let plain = Client { tls: None, token: Some(TOKEN.to_owned()) };
    assert!(get(&plain, &address, "/v1/tokens").await.is_err());
}

#[test]
fn certificates_that_do_not_serve_are_named() {
    let authority = Authority::new();
    let files = authority.sign("node-1.example");
    assert!(files.server("node-1.example:9257").is_ok());
    assert!(files.server("NODE-1.example:1").is_ok());
    for address in ["node-2.example:9257", "127.0.0.1:9257", "nowhere"] {
        assert!(matches!(files.server(address), Err(TlsError::OtherName { .. })), "{address}");
    }
    assert!(matches!(authority.files().server("a:1"), Err(TlsError::NoIdentity)));
    let missing = TlsFiles { authorities: authority.file("none.pem"), ..files.clone() };
    assert!(matches!(missing.client(), Err(TlsError::File { .. })));
    let identity = files.identity.clone().unwrap();
    let swapped = TlsIdentity { certificates: identity.key.clone(), key: identity.certificates.clone() };
    assert!(matches!(with(&files, swapped).client(), Err(TlsError::File { .. })));
    let foreign = authority.sign("other.example").identity.unwrap();
    let mixed = TlsIdentity { key: foreign.key, ..identity };
    assert!(matches!(with(&files, mixed).client(), Err(TlsError::Unusable(_))));
    let other_authority = Authority::new();
    let unsigned = TlsFiles { authorities: other_authority.file("ca.pem"), ..files };
    assert!(matches!(unsigned.server("node-1.example:1"), Err(TlsError::OtherName { .. })));
}

fn with(files: &TlsFiles, identity: TlsIdentity) -> TlsFiles {
    TlsFiles { identity: Some(identity), ..files.clone() }
}

#[tokio::test]
async fn nobody_listens_to_the_world_without_certificates() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let started = Server::start(listener, ServerConfig::default(), Fake::new());
    assert!(matches!(started, Err(ListenError::Unsafe { lacking: Lacking::Tls, .. })));
    let authority = Authority::new();
    let tls = authority.sign("127.0.0.1").server("127.0.0.1:1").unwrap();
    let config = ServerConfig { tls: Some(tls), ..ServerConfig::default() };
    let world = "192.0.2.1:9257".parse().unwrap();
    assert!(matches!(config.may_listen(world, false), Err(ListenError::Unsafe { lacking: Lacking::Token, .. })));
    assert!(config.may_listen(world, true).is_ok());
}

//! Nodes, commands and editors that show each other certificates, and those that are not let in.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use vraftls_harness::{Certificates, DEADLINE, LspClient, Project, Ran, TestCluster, at};

/// An authority, and what it signed.
pub(crate) struct Authority {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let directory = TempDir::with_prefix("vraftls-authority-").unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), directory }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Signs for somebody.
    pub(crate) fn sign(&self, name: &str, uses: &[ExtendedKeyUsagePurpose]) -> Certificates {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages = uses.to_vec();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        let certificates = Certificates {
            authority: self.file("ca.pem"),
            certificate: self.file(&format!("{name}.pem")),
            key: self.file(&format!("{name}.key")),
        };
        std::fs::write(&certificates.certificate, signed.pem()).unwrap();
        std::fs::write(&certificates.key, key.serialize_pem()).unwrap();
        certificates
    }

    fn node(&self) -> Certificates {
        self.sign("127.0.0.1", &[ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth])
    }

    fn gateway(&self) -> Certificates {
        self.sign("gateway.example", &[ExtendedKeyUsagePurpose::ClientAuth])
    }
}

/// Runs a command of a cluster to its end, with what somebody shows.
async fn run(cluster: &TestCluster, folder: &Path, arguments: &[&str], shows: &Certificates) -> Ran {
    let mut command = cluster.command(arguments);
    shows.show(&mut command);
    let child = command.current_dir(folder).spawn().unwrap();
    let ended = tokio::time::timeout(DEADLINE, child.wait_with_output()).await;
    Ran::of(ended.unwrap_or_else(|_| panic!("{arguments:?} should end")).unwrap())
}

/// Starts a gateway for one editor and asks it where something is defined.
async fn definition(cluster: &TestCluster, project: &Project, shows: &Certificates) -> Value {
    let mut command = cluster.command(&["lsp"]);
    shows.show(&mut command);
    command.env("XDG_CACHE_HOME", cluster.data_of(0)).stdin(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut editor = LspClient::new(Box::new(stdout), Box::new(stdin), Some(child));
    editor.allow("textDocument/publishDiagnostics");
    editor.initialize(project, json!({})).await;
    let uri = project.uri("use.toy");
    editor.open_document(&uri, "toy", &project.read("use.toy")).await;
    let found = editor.ask("textDocument/definition", at(&uri, 0, 4)).await;
    editor.finish().await;
    found
}

fn assert_refused(ran: &Ran, why: &str) {
    assert!(ran.code > 1 && ran.stderr.contains(why), "{why}: {ran:?}");
}

#[tokio::test]
async fn a_cluster_is_spoken_to_only_by_those_whose_certificates_its_authority_signed() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    let (gateway, mut stranger) = (authority.gateway(), strangers.gateway());
    let mut cluster = TestCluster::start_with(authority.node(), &["toy"], 3, 2).await;
    let project = Project::new(&[("def.toy", "def thing\n"), ("use.toy", "use thing\n")]);

    // Guests need a certificate; who has one pushes a tree and asks about it.
    let push = ["workspace", "push", "--workspace", "things"];
    let pushed = run(&cluster, project.root(), &push, &gateway).await;
    assert_eq!(pushed.code, 0, "{pushed:?}");
    let found = definition(&cluster, &project, &gateway).await;
    assert_eq!(found[0]["uri"].as_str(), Some(project.uri("def.toy").as_str()), "{found}");
    let without = cluster.run(project.root(), &push).await;
    assert_refused(&without, "certificate");
    // One of another authority is none, though its holder believes the nodes.
    stranger.authority.clone_from(&gateway.authority);
    let strange = run(&cluster, project.root(), &push, &stranger).await;
    assert_ne!(strange.code, 0, "{strange:?}");
    // Who trusts another authority does not believe the nodes.
    let misled = Certificates { authority: strangers.file("ca.pem"), ..gateway.clone() };
    let misled = run(&cluster, project.root(), &push, &misled).await;
    assert_ne!(misled.code, 0, "{misled:?}");

    // Admins need a token, and no certificate.
    let listed = cluster.run(project.root(), &["plugin", "list"]).await;
    assert_eq!(listed.code, 0, "{listed:?}");
    let output = cluster.command(&["cluster", "status"]).env_remove("VRAFTLS_TOKEN").output().await.unwrap();
    assert_refused(&Ran::of(output), "--token-file");
    let plain = cluster.command(&["cluster", "status"]).env_remove("VRAFTLS_TLS_CA").output().await.unwrap();
    assert_ne!(plain.status.code(), Some(0), "{plain:?}");

    // The nodes find each other again when one was away.
    cluster.kill(2).await;
    cluster.restart(2).await;
    cluster.until_whole().await;
    assert!(definition(&cluster, &project, &gateway).await[0].is_object());
}

/// Starts a node that is expected to end by itself; what it says.
async fn node_that_does_not_start(arguments: &[&str], shows: Option<&Certificates>) -> Ran {
    let data = TempDir::with_prefix("vraftls-refused-").unwrap();
    let mut command = Command::new(vraftls_harness::vraftls());
    command.args(["node", "--data-dir"]).arg(data.path().join("node")).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    if let Some(shows) = shows {
        shows.show(&mut command);
    }
    let ended = tokio::time::timeout(DEADLINE, command.spawn().unwrap().wait_with_output()).await;
    let ran = Ran::of(ended.expect("the node should not start").unwrap());
    assert!(!data.path().join("node").exists(), "nothing is begun: {ran:?}");
    ran
}

#[tokio::test]
async fn a_node_does_not_listen_to_the_world_without_certificates_nor_with_some_that_others_would_not_believe() {
    let open = node_that_does_not_start(&["--init", "--listen", "0.0.0.0:0"], None).await;
    assert_refused(&open, "there are no certificates");
    let authority = Authority::new();
    let of_gateway = authority.gateway();
    let wrong = node_that_does_not_start(&["--init", "--listen", "127.0.0.1:0"], Some(&of_gateway)).await;
    assert_refused(&wrong, "127.0.0.1");
}

#[tokio::test]
async fn a_node_of_another_authority_is_not_let_in() {
    let (authority, strangers) = (Authority::new(), Authority::new());
    let cluster = TestCluster::start_with(authority.node(), &["toy"], 1, 1).await;
    let stranger = Certificates { authority: authority.file("ca.pem"), ..strangers.node() };
    // It would not even believe itself.
    let seed = cluster.address(1).to_owned();
    let refused = node_that_does_not_start(&["--listen", "127.0.0.1:0", "--join", &seed], Some(&stranger)).await;
    assert_ne!(refused.code, 0, "{refused:?}");
    let status = cluster.status().await.unwrap();
    assert_eq!(status["nodes"].as_array().map(Vec::len), Some(1), "{status}");
}

//! `vraftls cluster backup` and `restore`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;
use vraftls_client::{Cluster, Options};
use vraftls_harness::{DEADLINE, Project, Ran, TestCluster, plugin, vraftls};
use vraftls_proto::Revisions;
use vraftls_proto::rpc::TreePage;

/// A command that needs no cluster.
async fn offline(arguments: &[&str], paths: &[&Path]) -> Ran {
    let mut command = Command::new(vraftls());
    command.args(arguments).args(paths).env_remove("VRAFTLS_CLUSTER").kill_on_drop(true);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    Ran::of(tokio::time::timeout(DEADLINE, child.wait_with_output()).await.unwrap().unwrap())
}

/// All texts of the only workspace, as somebody reads them who has none of them.
async fn texts(cluster: &TestCluster) -> BTreeMap<String, String> {
    let seeds = cluster.addresses().split(',').map(str::to_owned).collect();
    let guest = Cluster::connect(seeds, Options::default()).await.unwrap();
    let [(workspace, _)] = guest.workspaces(DEADLINE).await.unwrap()[..] else { panic!("one workspace") };
    let at_least: Revisions = guest.current(workspace, DEADLINE).await.unwrap();
    // Nobody writes, so whoever leads says the same by its lease.
    assert_eq!(guest.current_by_lease(workspace, DEADLINE).await.unwrap(), at_least);
    let page = TreePage { workspace, at_least, after: None, n_max: 1000 };
    let files = guest.tree_page(&page, DEADLINE).await.unwrap().files;
    let mut texts = BTreeMap::new();
    for file in files {
        let text = guest.file_text(workspace, file.path.clone(), file.digest, DEADLINE).await.unwrap();
        texts.insert(file.path.to_string(), text);
    }
    texts
}

async fn symbols(cluster: &TestCluster, project: &Project) -> Value {
    let asked = ["query", "symbols", "name", "--json", "--workspace", "tree"];
    let ran = cluster.run(project.root(), &asked).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.json()
}

async fn listed(cluster: &TestCluster, project: &Project, what: &str) -> Value {
    cluster.run(project.root(), &[what, "list", "--json"]).await.json()
}

async fn push(cluster: &TestCluster, project: &Project) -> Value {
    let ran = cluster.run(project.root(), &["workspace", "push", "--workspace", "tree", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.json()
}

fn cluster_id(status: &Value) -> String {
    status["cluster"]["cluster"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_cluster_is_made_again_of_its_backup() {
    let mut cluster = TestCluster::start(&["toy"], 3, 2).await;
    let project = Project::new(&[("toy.project", ""), ("same/a.toy", "def same\n"), ("same/b.toy", "def same\n")]);
    for n in 0..40 {
        project.write(&format!("pkg{}/file{n}.toy", n % 7), &format!("def name{n} # Number {n}.\n"));
    }
    project.write("large.toy", &format!("# {}\n", "x".repeat(200_000)));
    push(&cluster, &project).await;
    let component = plugin("toy");
    let pushed = cluster.run(project.root(), &["plugin", "push", component.to_str().unwrap(), "--activate"]).await;
    assert_eq!(pushed.code, 0, "{pushed:?}");
    let (read, found) = (texts(&cluster).await, symbols(&cluster, &project).await);
    assert!(read.len() >= 43 && found.as_array().is_some_and(|list| !list.is_empty()), "{found}");
    let (plugins, old) = (listed(&cluster, &project, "plugin").await, cluster_id(&cluster.status().await.unwrap()));

    let scratch = Project::new(&[]);
    let backup = scratch.root().join("backup");
    let taken = cluster.run(scratch.root(), &["cluster", "backup", "backup"]).await;
    assert_eq!(taken.code, 0, "{taken:?}");
    let again = cluster.run(scratch.root(), &["cluster", "backup", "backup"]).await;
    assert_eq!(again.code, 2, "what is there is not written over: {again:?}");
    for node in 1..=3 {
        cluster.kill(node).await;
        std::fs::remove_dir_all(cluster.data_of(node)).unwrap();
    }
    let verified = offline(&["cluster", "backup", "--verify"], &[&backup]).await;
    assert_eq!(verified.code, 0, "{verified:?}");

    // The new node has no analyzers but the one that was pushed.
    let mut new = TestCluster::on(&[], cluster.token(), async |data| {
        let restored = offline(&["cluster", "restore"], &[&backup, Path::new("--data-dir"), data]).await;
        assert_eq!(restored.code, 0, "{restored:?}");
    })
    .await;
    let status = new.until("the groups are led", |status| status["not_ready"] == json!([])).await;
    assert_ne!(cluster_id(&status), old);
    assert_eq!(texts(&new).await, read);
    assert_eq!(symbols(&new, &project).await, found);
    assert_eq!(listed(&new, &project, "plugin").await, plugins);
    assert_eq!(push(&new, &project).await["written"], 0, "every digest is as it was");

    // It goes on: others come and get replicas, it is written, it is started again.
    let second = new.join().await;
    let has_both = |group: &Value| group["replicas"] == json!([1, second]);
    let groups = |status: &Value| status["cluster"]["groups"].as_array().cloned().unwrap_or_default();
    new.until("all groups have two replicas", |status| {
        status["moves"] == json!([]) && groups(status).len() == 3 && groups(status).iter().all(has_both)
    })
    .await;
    project.write("pkg0/new.toy", "def later\n");
    assert_eq!(push(&new, &project).await["written"], 1);
    new.kill(1).await;
    new.restart(1).await;
    new.until("the groups are led", |status| status["not_ready"] == json!([])).await;
    let after = texts(&new).await;
    assert_eq!((after.len(), &after["pkg0/new.toy"]), (read.len() + 1, &"def later\n".to_owned()));
}

#[tokio::test]
async fn what_is_no_backup_is_neither_verified_nor_restored() {
    let cluster = TestCluster::start(&["toy"], 1, 1).await;
    let scratch = Project::new(&[]);
    let (backup, data) = (scratch.root().join("backup"), scratch.root().join("data"));
    let taken = cluster.run(scratch.root(), &["cluster", "backup", "backup"]).await;
    assert_eq!(taken.code, 0, "{taken:?}");
    std::fs::write(backup.join("group-1.contents"), "something else").unwrap();
    let verified = offline(&["cluster", "backup", "--verify"], &[&backup]).await;
    assert!(verified.code == 1 && verified.stderr.contains("group-1.contents"), "{verified:?}");
    std::fs::remove_file(backup.join("MANIFEST")).unwrap();
    let restored = offline(&["cluster", "restore"], &[&backup, Path::new("--data-dir"), &data]).await;
    assert!(restored.code == 2 && restored.stderr.contains("MANIFEST"), "{restored:?}");
    assert!(!data.exists());
    let mut nobody = cluster.command(&["cluster", "backup", "other"]);
    let nobody = nobody.env_remove("VRAFTLS_TOKEN").current_dir(scratch.root());
    let told = String::from_utf8(nobody.output().await.unwrap().stderr).unwrap();
    assert!(told.contains("--token-file"), "{told}");
}

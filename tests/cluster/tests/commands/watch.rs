//! `vraftls workspace watch`, and two who change the same file.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout};
use vraftls_harness::{DEADLINE, Project, TestCluster};

/// Somebody who watches a folder.
struct Watcher {
    said: Lines<BufReader<ChildStdout>>,
    told: Lines<BufReader<ChildStderr>>,
    _process: Child,
}

impl Watcher {
    fn start(cluster: &TestCluster, project: &Project, how: &[&str]) -> Self {
        let mut command = cluster.command(&["workspace", "watch", "--workspace", "tree", "--json"]);
        command.args(how);
        let mut process = command.current_dir(project.root()).spawn().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        let told = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { said, told, _process: process }
    }

    /// What its next push did.
    async fn pushed(&mut self) -> Value {
        let line = tokio::time::timeout(DEADLINE, self.said.next_line()).await;
        let line = line.expect("a push should come").unwrap().expect("it should go on");
        serde_json::from_str(&line).unwrap()
    }

    /// Waits until it tells people something.
    async fn tells(&mut self, what: &str) {
        let told = async {
            loop {
                let line = self.told.next_line().await.unwrap().expect("it should go on");
                if line.contains(what) {
                    return;
                }
            }
        };
        tokio::time::timeout(DEADLINE, told).await.unwrap_or_else(|_| panic!("{what:?} should be told"));
    }
}

#[tokio::test]
async fn what_changes_on_disk_is_pushed_and_what_others_changed_is_left() {
    let cluster = TestCluster::start(&["toy"], 3, 2).await;
    let files = [("toy.project", ""), ("a.toy", "def one\n"), ("b.toy", "def two\n")];
    let (project, other) = (Project::new(&files), Project::new(&files));
    let mut watcher = Watcher::start(&cluster, &project, &[]);
    let first = watcher.pushed().await;
    assert!(first["written"].as_u64().unwrap() >= 2, "{first}");

    project.write("a.toy", "def changed\n");
    let changed = watcher.pushed().await;
    assert_eq!((&changed["written"], &changed["conflicts"]), (&json!(1), &json!([])), "{changed}");
    project.write("new/c.toy", "def three\n");
    assert_eq!(watcher.pushed().await["written"], 1);
    project.remove("new/c.toy");
    assert_eq!(watcher.pushed().await["removed"], 1);

    // Somebody else has other contents of `b.toy`, and pushes them.
    other.write("a.toy", "def changed\n");
    other.write("b.toy", "def theirs\n");
    let pushed = cluster.run(other.root(), &["workspace", "push", "--workspace", "tree", "--json"]).await;
    assert_eq!((pushed.code, &pushed.json()["written"]), (0, &json!(1)), "{pushed:?}");
    project.write("b.toy", "def mine\n");
    let conflicting = watcher.pushed().await;
    let (written, path) = (&conflicting["written"], &conflicting["conflicts"][0]["path"]);
    assert_eq!((written, path), (&json!(0), &json!("b.toy")), "{conflicting}");
    watcher.tells("conflict: b.toy").await;
    let again = cluster.run(other.root(), &["workspace", "push", "--workspace", "tree", "--json"]).await;
    assert_eq!(again.json()["written"], 0, "theirs is still there: {again:?}");

    // Who looked at it and saves again means it.
    project.write("b.toy", "def both\n");
    let saved = watcher.pushed().await;
    assert_eq!((&saved["written"], &saved["conflicts"]), (&json!(1), &json!([])), "{saved}");
}

#[tokio::test]
async fn who_forces_it_overwrites_what_others_changed() {
    let cluster = TestCluster::start(&["toy"], 1, 1).await;
    let files = [("toy.project", ""), ("a.toy", "def one\n")];
    let (project, other) = (Project::new(&files), Project::new(&files));
    let mut watcher = Watcher::start(&cluster, &project, &["--force"]);
    watcher.pushed().await;
    other.write("a.toy", "def theirs\n");
    let pushed = cluster.run(other.root(), &["workspace", "push", "--workspace", "tree", "--json"]).await;
    assert_eq!((pushed.code, &pushed.json()["written"]), (0, &json!(1)), "{pushed:?}");
    project.write("a.toy", "def mine\n");
    let forced = watcher.pushed().await;
    assert_eq!((&forced["written"], &forced["conflicts"]), (&json!(1), &json!([])), "{forced}");
    let again = cluster.run(project.root(), &["workspace", "push", "--workspace", "tree", "--json"]).await;
    assert_eq!(again.json()["written"], 0, "it is there: {again:?}");
}

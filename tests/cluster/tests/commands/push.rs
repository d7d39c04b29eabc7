//! `vraftls workspace push` and `list`.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use vraftls_harness::{DEADLINE, Project, Ran, TestCluster};

/// A project of so many files of the made-up language.
fn project(n_files: usize) -> Project {
    let project = Project::new(&[("toy.project", "")]);
    for n in 0..n_files {
        project.write(&format!("pkg{}/file{n}.toy", n % 7), &format!("def name{n} # Number {n}.\n"));
    }
    project
}

async fn push(cluster: &TestCluster, project: &Project) -> Ran {
    cluster.run(project.root(), &["workspace", "push", "--workspace", "tree", "--json"]).await
}

async fn listed(cluster: &TestCluster, project: &Project) -> Value {
    let ran = cluster.run(project.root(), &["workspace", "list", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.json()
}

#[tokio::test]
async fn a_tree_is_pushed_once_and_then_what_differs() {
    let cluster = TestCluster::start(&["toy"], 3, 4).await;
    let project = project(60);
    project.write("notes.txt", "nobody reads this");
    project.write("large.toy", &format!("# {}\n", "x".repeat(200_000)));
    let first = push(&cluster, &project).await;
    assert_eq!(first.code, 0, "{first:?}");
    let summary = first.json();
    let n_files = summary["files"].as_u64().unwrap();
    assert!(n_files >= 61, "{summary}");
    assert_eq!((&summary["written"], &summary["removed"]), (&json!(n_files), &json!(0)), "{summary}");
    assert_eq!(summary["bytes_put"], 200_003, "{summary}");

    let second = push(&cluster, &project).await.json();
    let sent = ["written", "removed", "bytes_inline", "bytes_put"].map(|key| second[key].as_u64().unwrap());
    assert_eq!(sent, [0; 4], "{second}");

    project.write("pkg0/file0.toy", "def other\n");
    project.remove("pkg1/file1.toy");
    // A directory comes in place of a file.
    project.remove("pkg2/file2.toy");
    project.write("pkg2/file2.toy/inner.toy", "def inner\n");
    let third = push(&cluster, &project).await;
    assert_eq!(third.code, 0, "{third:?}");
    let third = third.json();
    assert_eq!((&third["written"], &third["removed"]), (&json!(2), &json!(2)), "{third}");
    let workspaces = listed(&cluster, &project).await;
    assert_eq!(
        (&workspaces[0]["name"], &workspaces[0]["files"]),
        (&json!("tree"), &json!(n_files - 1)),
        "{workspaces}"
    );

    let removed = cluster.run(project.root(), &["workspace", "remove", "tree"]).await;
    assert_eq!(removed.code, 0, "{removed:?}");
    assert_eq!(listed(&cluster, &project).await, json!([]));
}

#[tokio::test]
async fn contents_that_moved_are_not_sent_again() {
    let cluster = TestCluster::start(&["toy"], 3, 1).await;
    let project = project(5);
    project.write("from.toy", &"def moved\n".repeat(500));
    assert_eq!(push(&cluster, &project).await.code, 0);
    project.write("to.toy", &project.read("from.toy"));
    let moved = push(&cluster, &project).await.json();
    assert_eq!((&moved["written"], &moved["bytes_inline"]), (&json!(1), &json!(0)), "{moved}");
}

#[tokio::test]
async fn what_cannot_be_taken_in_is_named_and_stays_as_it_was() {
    let cluster = TestCluster::start(&["toy"], 3, 1).await;
    let project = project(3);
    project.write("grows.toy", "def small\n");
    assert_eq!(push(&cluster, &project).await.code, 0);
    project.write("grows.toy", &"#".repeat(5 << 20));
    let ran = push(&cluster, &project).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("grows.toy"), "{ran:?}");
    let summary = ran.json();
    assert_eq!(
        (&summary["removed"], &summary["left_out"].as_array().map(Vec::len)),
        (&json!(0), &Some(1)),
        "{summary}"
    );
}

#[tokio::test]
async fn a_push_that_was_killed_goes_on_where_it_was() {
    let cluster = TestCluster::start(&["toy"], 3, 1).await;
    let project = project(3);
    for n in 0..300 {
        // Eleven of these fill a log entry.
        project.write(&format!("many/file{n}.toy"), &format!("def many{n} # {}\n", "x".repeat(90_000)));
    }
    let created = cluster.run(project.root(), &["workspace", "create", "tree"]).await;
    assert_eq!(created.code, 0, "{created:?}");
    let mut command = cluster.command(&["workspace", "push", "--workspace", "tree"]);
    let mut pusher = command.current_dir(project.root()).spawn().unwrap();
    let mut said = BufReader::new(pusher.stderr.take().unwrap()).lines();
    let line = tokio::time::timeout(DEADLINE, said.next_line()).await.unwrap().unwrap().unwrap();
    assert!(line.starts_with("pushed "), "{line}");
    pusher.kill().await.unwrap();

    // Nothing of it is on its way any more when two looks find the same.
    let there = settled(&cluster, &project).await;
    assert!(there > 0, "something was pushed");
    let rest = push(&cluster, &project).await;
    assert_eq!(rest.code, 0, "{rest:?}");
    let rest = rest.json();
    assert_eq!(rest["written"].as_u64().unwrap() + there, rest["files"].as_u64().unwrap(), "{rest}");
    assert_eq!(push(&cluster, &project).await.json()["written"], 0);
}

/// How many files the workspace has, when that does not grow any more.
async fn settled(cluster: &TestCluster, project: &Project) -> u64 {
    let (started, mut last) = (Instant::now(), None);
    while started.elapsed() < DEADLINE {
        let now = listed(cluster, project).await[0]["files"].as_u64().unwrap();
        if last.replace(now) == Some(now) {
            return now;
        }
    }
    panic!("files come without end")
}

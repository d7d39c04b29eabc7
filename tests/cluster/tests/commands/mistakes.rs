//! What an admin gets wrong: each is told in words, costs little, and changes nothing.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;
use vraftls_harness::{DEADLINE, Project, Ran, TestCluster, plugin};

/// Waits for a command that is expected to end by itself.
async fn ended(mut command: Command) -> Ran {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let ended = tokio::time::timeout(DEADLINE, command.spawn().unwrap().wait_with_output()).await;
    Ran::of(ended.expect("it should end").unwrap())
}

fn node(data: &Path, plugins: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(vraftls_harness::vraftls());
    command
        .args(["node", "--listen", "127.0.0.1:0", "--plugin-dir"])
        .arg(plugins)
        .arg("--data-dir")
        .arg(data)
        .args(arguments);
    command
}

fn assert_told(what: &str, ran: &Ran, why: &str) {
    assert!(ran.code == 2 && ran.stderr.contains(why), "{what}: {ran:?}");
}

/// What a cluster is, as far as admins change it.
async fn facts(cluster: &TestCluster) -> String {
    let status = cluster.status().await.unwrap();
    let listed = cluster.run(Path::new("."), &["plugin", "list", "--json"]).await;
    assert_eq!(listed.code, 0, "{listed:?}");
    // Not how far its log is: what is refused is in it too.
    let known = &status["cluster"];
    format!("{} {} {} {}", known["nodes"], known["groups"], status["moves"], listed.stdout)
}

#[tokio::test]
async fn wrong_commands_are_refused_in_words_and_change_nothing() {
    let cluster = TestCluster::start(&["toy"], 1, 2).await;
    let scratch = Project::new(&[("garbage.wasm", "garbage"), ("empty.wasm", ""), ("bad.token", "vraftls_0\n")]);
    let component = std::fs::read(plugin("toy")).unwrap();
    std::fs::write(scratch.path("cut.wasm"), &component[..component.len() - 1000]).unwrap();
    // A file with nothing in it that says it is larger than any component.
    std::fs::File::create(scratch.path("huge.wasm")).unwrap().set_len(1 << 40).unwrap();
    let pushed = cluster.run(scratch.root(), &["plugin", "push", plugin("toy").to_str().unwrap()]).await;
    assert_eq!(pushed.code, 0, "{pushed:?}");
    let digest = pushed.stdout.split_whitespace().last().unwrap().to_owned();
    let before = facts(&cluster).await;
    let wrong: &[(&[&str], &str)] = &[
        (&["plugin", "push", "garbage.wasm"], "no WebAssembly"),
        (&["plugin", "push", "empty.wasm"], "empty"),
        (&["plugin", "push", "cut.wasm"], "does not compile"),
        (&["plugin", "push", "huge.wasm"], "more bytes than a component may"),
        (&["plugin", "push", "."], "cannot read"),
        (&["plugin", "activate", "toy", "ffff"], "no component ffff"),
        (&["plugin", "activate", "nobody", &digest], "no plugin nobody"),
        (&["plugin", "rollback", "toy"], "no component is active"),
        (&["plugin", "remove", "../nodes"], "no identifier"),
        (&["cluster", "add", "99", "1"], "no group 99"),
        (&["cluster", "add", "1", "1"], "has a replica already"),
        (&["cluster", "add", "1", "77"], "no node 77"),
        (&["cluster", "promote", "1", "77"], "neither has nor gets"),
        (&["cluster", "remove-replica", "1", "1"], "no replica would keep contents"),
        (&["cluster", "remove", "77"], "no node 77"),
        (&["cluster", "remove", "1"], "drain it first"),
        (&["cluster", "drain", "1"], "--force"),
        (&["cluster", "drain", "1", "--force"], "nothing would be left"),
        (&["cluster", "transfer-leader", "99", "1"], "no group 99"),
        (&["cluster", "transfer-leader", "1", "77"], "not a voter"),
        (&["cluster", "status", "--token-file", "bad.token"], "a token of the cluster is needed"),
        (&["plugin", "list", "--token-file", "bad.token"], "a token of the cluster is needed"),
        (&["workspace", "create", "new", "--token-file", "bad.token"], "a token of the cluster is needed"),
        (&["workspace", "remove", "nobody"], "no workspace `nobody`"),
    ];
    for (arguments, why) in wrong {
        assert_told(&arguments.join(" "), &cluster.run(scratch.root(), arguments).await, why);
    }
    assert_eq!(facts(&cluster).await, before);
    // The same component again is the same, active or not.
    for _ in 0..2 {
        let again =
            cluster.run(scratch.root(), &["plugin", "push", plugin("toy").to_str().unwrap(), "--activate"]).await;
        assert!(again.code == 0 && again.stdout.contains(&digest), "{again:?}");
    }
}

#[tokio::test]
async fn a_node_with_the_wrong_directory_or_id_does_not_start() {
    let cluster = TestCluster::start(&["toy"], 1, 1).await;
    let mut other = TestCluster::start(&["toy"], 1, 1).await;
    let scratch = Project::new(&[("file", "")]);
    let (none, seed) = (scratch.path("plugins"), cluster.address(1).to_owned());
    std::fs::create_dir(&none).unwrap();
    let held = node(&cluster.data_of(1), &none, &[]);
    assert_told("a directory that is in use", &ended(held).await, "is held by process");
    let nobodys = node(&scratch.path("nobodys"), &none, &[]);
    assert_told("a new directory without a word", &ended(nobodys).await, "--init to make one, or --join");
    let taken = node(&scratch.path("taken"), &none, &["--join", &seed, "--node-id", "1"]);
    assert_told("an id that exists", &ended(taken).await, "not given out a second time");
    let file = node(&scratch.path("file"), &none, &["--init"]);
    assert_told("a file", &ended(file).await, "cannot use");
    for (wrong, why) in [("0", "from 1 to 7"), ("8", "from 1 to 7")] {
        let impossible = node(&scratch.path("impossible"), &none, &["--init", "--replication", wrong]);
        assert_told("a replication that cannot be", &ended(impossible).await, why);
    }

    // The directory of a node of one cluster does not come into another; in its own it comes back.
    other.stop(1).await;
    let stray = node(&other.data_of(1), &none, &["--join", &seed]);
    assert_told("a directory of another cluster", &ended(stray).await, "is that of a node of cluster");
    let renamed = node(&other.data_of(1), &none, &["--init", "--node-id", "7"]);
    assert_told("a directory of another node", &ended(renamed).await, "is that of node 1, not of 7");
    other.restart(1).await;
    other.until_whole().await;
    assert_eq!(cluster.status().await.unwrap()["nodes"].as_array().map(Vec::len), Some(1));
}

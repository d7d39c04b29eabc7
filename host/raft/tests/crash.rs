//! A process that is killed while it writes loses nothing it acknowledged.
//!
//! The test runs itself again as a child process that writes as fast as it can and prints each sequence number once it
//! is acknowledged. The parent reads those numbers and kills the child without warning. The next child first checks
//! that everything reported before is there, then goes on.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;
use vraftls_raft::config::GroupConfig;
use vraftls_raft::error::InitializeError;
use vraftls_raft::group::{Group, ReadGuard};
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::log::{LogStore, LogStoreConfig};
use vraftls_raft::network::memory::MemoryNetwork;
use vraftls_raft::register::{Command as Request, Operation, Register};
use vraftls_raft::state_store::StateStore;

const DIR_VARIABLE: &str = "VRAFTLS_RAFT_CRASH_TEST_DIR";

/// How often a child is killed.
const ROUNDS: u64 = 12;

/// Writers in a child; each acknowledges its own sequence.
const WRITERS: u64 = 4;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn key(writer: u64) -> Vec<u8> {
    format!("writer/{writer}").into_bytes()
}

/// A value that names its number; now and then one that is cut into pieces.
fn value(number: u64) -> Vec<u8> {
    let mut value = number.to_string().into_bytes();
    value.resize(if number.is_multiple_of(40) { 150_000 } else { 1000 }, b' ');
    value
}

fn number(value: &[u8]) -> u64 {
    let text = std::str::from_utf8(value).expect("we wrote it");
    text.trim_end().parse().expect("we wrote it")
}

async fn start(dir: &Path) -> Group<Register> {
    let log = LogStore::open(&dir.join("log"), LogStoreConfig::default()).expect("the log opens");
    let state = StateStore::open(&dir.join("state"), 16 << 20).expect("the state opens");
    let mut config = GroupConfig::new(GroupId(0), NodeId(1), dir.join("spool"));
    config.snapshot_after_entries = 300;
    config.entries_kept = 20;
    let machine = Register::open(state).expect("the state loads");
    let network = MemoryNetwork::new().access(NodeId(1));
    let group = Group::start(config, &log, machine, network).await.expect("the group starts");
    match group.initialize_single(Peer::new("nowhere")).await {
        Ok(()) | Err(InitializeError::AlreadyFormed { .. }) => group,
        Err(error) => panic!("{error}"),
    }
}

/// Reports what was found, then writes until it is killed.
async fn write_for_ever(dir: &Path) {
    let group = start(dir).await;
    group.wait_for("leadership", soon(), |s| s.leader == Some(NodeId(1))).await.expect("leads");
    group.read_barrier(ReadGuard::ReadIndex, soon()).await.expect("reads");
    let mut next = Vec::new();
    for writer in 0..WRITERS {
        let found = group.inspect(move |register, _| register.get(&key(writer)).map(number)).await.expect("runs");
        report("found", writer, found.unwrap_or(0));
        next.push(found.unwrap_or(0) + 1);
    }
    let writers = next.into_iter().enumerate().map(|(writer, first)| {
        let (group, writer) = (group.clone(), writer as u64);
        tokio::spawn(async move {
            for number in first.. {
                let operation = Operation::Set { key: key(writer), value: value(number), expires_ms: None };
                group.propose(&Request { now_ms: 0, operation }, soon()).await.expect("commits");
                report("acknowledged", writer, number);
            }
        })
    });
    futures_util::future::join_all(writers).await;
}

fn report(what: &str, writer: u64, number: u64) {
    // One write for a line, so that lines of different writers do not mix.
    let line = format!("\n@ {what} {writer} {number}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).expect("the parent listens until it kills");
}

fn spawn_child(dir: &Path) -> Child {
    Command::new(std::env::current_exe().expect("a test binary has a path"))
        .args(["--exact", "child", "--nocapture", "--test-threads", "1"])
        .env(DIR_VARIABLE, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the test can run itself")
}

/// The child's part; nothing to do when run as a test of its own.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR_VARIABLE).map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(write_for_ever(&dir));
}

#[test]
fn a_killed_process_loses_nothing_it_acknowledged() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut acknowledged = vec![0; WRITERS as usize];
    for round in 0..ROUNDS {
        let mut child = spawn_child(dir.path());
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let mut n_acknowledged = 0;
        // Kill early and late, and at odd moments of a batch.
        let kill_after = 1 + round * 53 % 400;
        let mut is_killed = false;
        for line in lines.map_while(Result::ok) {
            let mut words = line.split_whitespace();
            if words.next() != Some("@") {
                continue;
            }
            let (what, writer, number) = match (words.next(), words.next(), words.next()) {
                (Some(what), Some(writer), Some(number)) => (what, writer, number),
                // The last line of a killed process may be cut.
                _ => continue,
            };
            let writer: usize = writer.parse().expect("a number");
            let number: u64 = number.parse().expect("a number");
            match what {
                "found" => assert!(
                    number >= acknowledged[writer],
                    "round {round}, writer {writer}: {} was acknowledged, {number} is there",
                    acknowledged[writer]
                ),
                _ => {
                    acknowledged[writer] = number;
                    n_acknowledged += 1;
                }
            }
            if n_acknowledged == kill_after && !is_killed {
                is_killed = true;
                child.kill().expect("it runs");
            }
        }
        child.wait().expect("it was ours");
        assert!(is_killed, "round {round}: the child ended by itself after {n_acknowledged} writes");
    }
    assert!(acknowledged.iter().all(|number| *number > 0));
}

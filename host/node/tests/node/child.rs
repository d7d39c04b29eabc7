//! A node in a process of its own: this test binary, started again with one test to run.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::support::{PATIENCE, Running, config, quick_sweep};

/// Names the data directory to the child.
const DATA: &str = "VRAFTLS_TEST_CHILD_DATA";

/// Names the folder to the child.
const ROOT: &str = "VRAFTLS_TEST_CHILD_ROOT";

/// Says to the child to collect unwanted contents all the time.
const SWEEPS: &str = "VRAFTLS_TEST_CHILD_SWEEPS";

/// What a child says, one a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Said {
    /// The folder is open, at this revision of the state.
    Open(u64),
    /// All that is known is committed, at this revision.
    InStep(u64),
}

/// A node in another process. Killed when dropped, as by `kill -9`.
pub(crate) struct OtherNode {
    process: Child,
    lines: Receiver<Said>,
}

impl OtherNode {
    pub(crate) fn start(data: &Path, root: &Path) -> Self {
        Self::start_command(&mut Self::command(data, root))
    }

    /// Starts one that collects unwanted contents all the time, at first sight.
    pub(crate) fn start_sweeping(data: &Path, root: &Path) -> Self {
        Self::start_command(Self::command(data, root).env(SWEEPS, "1"))
    }

    fn command(data: &Path, root: &Path) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "child::holds_a_node_when_started_as_a_child", "--nocapture", "--test-threads=1"])
            .env(DATA, data)
            .env(ROOT, root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }

    fn start_command(command: &mut Command) -> Self {
        let mut process = command.spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // The harness prints too, some of it on the same line.
            for line in stdout.lines().map_while(Result::ok) {
                let said = line.split_once("open ").map(|(_, revision)| revision.parse().map(Said::Open));
                let said = said
                    .or_else(|| line.split_once("in step ").map(|(_, revision)| revision.parse().map(Said::InStep)));
                if let Some(Ok(said)) = said
                    && sender.send(said).is_err()
                {
                    return;
                }
            }
        });
        Self { process, lines }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it says next.
    pub(crate) fn next(&self) -> Said {
        self.lines.recv_timeout(PATIENCE).expect("the child goes on")
    }

    /// All that it says within this time.
    pub(crate) fn listen(&self, time: Duration) -> Vec<Said> {
        let (deadline, mut heard) = (Instant::now() + time, Vec::new());
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(said) => heard.push(said),
                Err(RecvTimeoutError::Timeout) => return heard,
                Err(RecvTimeoutError::Disconnected) => panic!("the child ended"),
            }
        }
    }

    /// Kills it; what it said last.
    pub(crate) fn kill(mut self) -> Vec<Said> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.lines.iter().collect()
    }
}

impl Drop for OtherNode {
    fn drop(&mut self) {
        // Both fail only where it has ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Does nothing in a run of all tests: it is what [`OtherNode`] starts.
#[test]
fn holds_a_node_when_started_as_a_child() {
    let (Some(data), Some(root)) = (std::env::var_os(DATA), std::env::var_os(ROOT)) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut config = config(Path::new(&data));
        if std::env::var_os(SWEEPS).is_some() {
            config.sweep = quick_sweep(Duration::ZERO);
        }
        let running = Running::open_with(config, Path::new(&root)).await.unwrap();
        let mut progress = running.folder.progress.clone();
        say("open", progress.borrow().revision.0);
        let mut last = None;
        loop {
            let now = *progress.borrow_and_update();
            let in_step = (now.walked && now.n_taken == now.n_to_take).then_some(now.revision.0);
            if let Some(revision) = in_step
                && last != in_step
            {
                say("in step", revision);
                last = in_step;
            }
            progress.changed().await.unwrap();
        }
    });
}

fn say(what: &str, revision: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{what} {revision}").and_then(|()| out.flush()).unwrap();
}

//! Runs the binary as scripts and agents do.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::{Child, Command};
use vraftls_harness::{DEADLINE, Project, Server};

/// A command that ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// What it printed, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A command on a project, with a server's analyzers and data directory.
pub(crate) fn command(server: &Server, project: &Project, arguments: &[&str]) -> Command {
    // The binary, `lsp`, and what says where its data and its analyzers are.
    let line: Vec<PathBuf> = server.command_line();
    let mut command = Command::new(&line[0]);
    command.args(arguments).args(&line[2..]).current_dir(project.root());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn run(server: &Server, project: &Project, arguments: &[&str]) -> Ran {
    ended(arguments, command(server, project, arguments).spawn().unwrap()).await
}

/// Waits for a command's end.
pub(crate) async fn ended(arguments: &[&str], child: Child) -> Ran {
    let output = tokio::time::timeout(DEADLINE, child.wait_with_output()).await;
    let output = output.unwrap_or_else(|_| panic!("{arguments:?} should end")).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs a command that finds something, and gives its JSON.
pub(crate) async fn asked(server: &Server, project: &Project, question: &[&str]) -> Value {
    let arguments: Vec<&str> = ["query"].iter().chain(question).copied().chain(["--json"]).collect();
    let ran = run(server, project, &arguments).await;
    assert_eq!(ran.code, 0, "{question:?}: {ran:?}");
    ran.json()
}

/// The Python project that fixtures are about.
pub(crate) fn orders() -> Project {
    Project::copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../projects/orders"))
}

/// A project of the made-up language.
pub(crate) fn toy() -> Project {
    Project::new(&[
        ("toy.project", ""),
        ("lib.toy", "def helper # Helps.\n"),
        ("a.toy", "import lib.toy\nuse helper\n"),
    ])
}

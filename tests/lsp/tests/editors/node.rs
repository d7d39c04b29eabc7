//! Microsoft's protocol library for Node, which VS Code and many web editors stand on, as a client over both transports.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use vraftls_harness::{DEADLINE, Project, Server};

use super::{in_tree, orders, succeed};

/// The client, with the packages that `cargo xtask test` installed.
fn client() -> Command {
    let packages = in_tree("target/node/clients/node_modules");
    assert!(packages.is_dir(), "the packages of Node are not installed; `cargo xtask test` installs them");
    let mut command = Command::new("node");
    command.arg(in_tree("tests/lsp/node/session.cjs")).env("NODE_PATH", packages);
    command
}

/// A server that listens for WebSockets, and its address.
pub(crate) async fn listen(server: &Server, project: &Project) -> (Child, String) {
    let line = server.command_line();
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).args(["--listen", "ws://127.0.0.1:0", "--root"]).arg(project.root());
    let mut process = command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(DEADLINE, lines.next_line()).await;
    let line = line.expect("the server should say where it listens").unwrap().expect("the server should start");
    let address = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
    (process, address)
}

#[tokio::test]
async fn a_session_over_stdio_with_pushed_diagnostics() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    succeed(client().args(["stdio", "PUSH"]).arg(project.root()).args(server.command_line())).await;
}

#[tokio::test]
async fn a_session_over_a_websocket_with_pulled_diagnostics() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let (_process, address) = listen(&server, &project).await;
    succeed(client().args([&address, "PULL"]).arg(project.root())).await;
}

#[tokio::test]
async fn a_session_over_a_websocket_with_pushed_diagnostics() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let (_process, address) = listen(&server, &project).await;
    succeed(client().args([&address, "PUSH"]).arg(project.root())).await;
    // The server goes on for the next one.
    succeed(client().args([&address, "PUSH"]).arg(project.root())).await;
}

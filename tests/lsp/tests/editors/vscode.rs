//! The extension for VS Code: what is packed, and what it does with the real server. The editor itself is a stand-in; the
//! client library is the real one. Tests of its own run when `cargo xtask vsix` builds it.

use serde_json::Value;
use tokio::process::Command;
use vraftls_harness::Server;

use super::node::listen;
use super::{in_tree, orders, succeed};

/// The program that runs the extension.
fn extension() -> Command {
    let program = in_tree("target/node/vscode/dist/test/real.js");
    assert!(program.is_file(), "the extension is not built; `cargo xtask vsix` builds it");
    let mut command = Command::new("node");
    command.arg(program).current_dir(in_tree("target/node/vscode"));
    command
}

#[tokio::test]
async fn the_package_has_the_extension_and_nothing_else() {
    let vsix = in_tree("target/vraftls.vsix");
    assert!(vsix.is_file(), "the extension is not packed; `cargo xtask vsix` packs it");
    let printed = succeed(Command::new("node").arg(in_tree("tests/lsp/node/unzip.cjs")).arg(vsix)).await;
    let files: Value = serde_json::from_str(&printed).unwrap();
    let names: Vec<&str> = files.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "[Content_Types].xml",
        "extension.vsixmanifest",
        "extension/LICENSE.txt",
        "extension/dist/THIRD-PARTY-NOTICES.txt",
        "extension/dist/extension.js",
        "extension/package.json",
        "extension/readme.md",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);

    let manifest: Value = serde_json::from_str(files["extension/package.json"].as_str().unwrap()).unwrap();
    assert_eq!(manifest["main"], "./dist/extension.js");
    let source: Value =
        serde_json::from_str(&std::fs::read_to_string(in_tree("gateway/editors/vscode/package.json")).unwrap())
            .unwrap();
    assert_eq!(manifest["contributes"], source["contributes"], "it is packed from these sources");
    let bundle = files["extension/dist/extension.js"].as_str().unwrap();
    assert!(bundle.contains("vraftls/status") && bundle.contains("exports"), "{} bytes", bundle.len());
    let notices = files["extension/dist/THIRD-PARTY-NOTICES.txt"].as_str().unwrap();
    assert!(notices.contains("\nvscode-languageclient ") && notices.contains("\nws "), "{notices}");
}

#[tokio::test]
async fn the_extension_starts_a_server_and_jumps() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let mut words = server.command_line();
    // The extension says `lsp` itself.
    words.remove(1);
    succeed(extension().arg(project.root()).args(words)).await;
}

#[tokio::test]
async fn the_extension_connects_to_a_server_that_listens() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let (_process, address) = listen(&server, &project).await;
    succeed(extension().arg(project.root()).arg(address)).await;
}

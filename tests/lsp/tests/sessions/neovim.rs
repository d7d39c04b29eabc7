//! A real editor: Neovim without a screen does what people do with it. The scripts are in `neovim/`.
//!
//! `cargo xtask test` installs the editor; without it these tests fail.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use vraftls_harness::{DEADLINE, Project, Server};

/// How much longer than one thing a script may take, which does several.
const SCRIPT_TIME: Duration = Duration::from_secs(180);

/// Runs a script on a project.
///
/// # Panics
/// If Neovim is not there, or the script says that something is not as it should be.
async fn run(script: &str, project: &Project, server: &Server) {
    let words: Vec<String> = server.command_line().iter().map(|word| format!("{:?}", word.to_str().unwrap())).collect();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sessions/neovim");
    let call = format!(
        "lua local lib = assert(loadfile({:?}))(); assert(loadfile({:?}))({:?}, {{{}}}, lib)",
        scripts.join("lib.lua"),
        scripts.join(script),
        project.root(),
        words.join(", ")
    );
    let mut editor = tokio::process::Command::new("nvim");
    editor.args(["--clean", "--headless", "-n", "-c", &call]).env("HOME", project.root()).kill_on_drop(true);
    let output = tokio::time::timeout(DEADLINE + SCRIPT_TIME, editor.stdin(Stdio::null()).output()).await;
    let output = output.expect("nvim should end").expect("nvim should be installed; `cargo xtask test` does that");
    let failure = std::fs::read_to_string(project.path("failure")).unwrap_or_default();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(project.path("done").is_file(), "{script}: {failure}\n{said}");
}

#[tokio::test]
async fn neovim_opens_jumps_renames_and_sees_diagnostics() {
    let project = Project::new(&[
        ("toy.project", ""),
        ("lib.toy", "def other\ndef helper # Helps.\n"),
        // Without a line break at its end, which Neovim names in a way of its own.
        ("main.toy", "def main\n  use helper\n  use missing"),
    ]);
    run("toy.lua", &project, &Server::with_plugins(&["toy"])).await;
    assert_eq!(project.read("lib.toy"), "def other\ndef aid # Helps.\n");
    assert!(project.read("main.toy").starts_with("def main\n  use aid\n  use missing\ndef missing\n"));
}

#[tokio::test]
async fn python_is_written_in_neovim() {
    let project = Project::copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../projects/orders"));
    let files = ["src/orders/__init__.py", "src/orders/pricing.py", "tests/test_pricing.py"];
    let before = files.map(|path| project.read(path));
    run("python.lua", &project, &Server::with_plugins(&["python"])).await;
    for (path, before) in files.iter().zip(before) {
        // `NO_DISCOUNT` and `discount` are other names.
        assert_eq!(project.read(path), before.replace("Discount", "Rebate"), "{path}");
    }
}

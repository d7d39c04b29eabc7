//! `vraftls check`: its formats and exit codes.

use serde_json::json;
use vraftls_harness::{Project, Server};

use crate::command::{command, ended, orders, run};

fn wrong() -> Project {
    let project = orders();
    project.write("wrong.py", "x = \"é\" + undefined\n");
    project
}

#[tokio::test]
async fn a_tree_without_errors_is_fine_in_every_format() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    let text = run(&server, &project, &["check"]).await;
    assert_eq!((text.code, text.stdout.as_str()), (0, "4 files checked: 0 errors, 0 warnings\n"));
    let found = run(&server, &project, &["check", "--format", "json"]).await;
    assert_eq!((found.code, found.json()), (0, json!([])));
    let github = run(&server, &project, &["check", "--format", "github"]).await;
    assert_eq!((github.code, github.stdout.as_str()), (0, ""));
    let sarif = run(&server, &project, &["check", "--format", "sarif"]).await;
    assert_eq!((sarif.code, &sarif.json()["runs"][0]["results"]), (0, &json!([])));
}

#[tokio::test]
async fn an_error_is_told_with_its_place_and_its_rule_in_every_format() {
    let (project, server) = (wrong(), Server::with_plugins(&["python"]));
    let text = run(&server, &project, &["check"]).await;
    assert_eq!(text.code, 1);
    assert!(
        text.stdout.contains("x = \"é\" + undefined")
            && text.stdout.ends_with("5 files checked: 1 errors, 0 warnings\n"),
        "{text:?}"
    );
    let found = run(&server, &project, &["check", "--format", "json"]).await.json();
    let message = found[0]["message"].as_str().unwrap();
    let expected = json!([{
        "file": "wrong.py", "line": 1, "column": 11, "end_line": 1, "end_column": 20, "severity": "error",
        "code": "unresolved-reference", "message": message,
    }]);
    assert_eq!(found, expected);
    let github = run(&server, &project, &["check", "--format", "github"]).await;
    let expected = "::error file=wrong.py,line=1,endLine=1,col=11,endColumn=20,title=unresolved-reference::";
    assert!(github.stdout.starts_with(expected), "{github:?}");
    let sarif = run(&server, &project, &["check", "--format", "sarif"]).await.json();
    let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!(rule["id"], "unresolved-reference");
    assert!(rule["helpUri"].as_str().is_some_and(|url| url.starts_with("https://")), "{rule}");
}

#[tokio::test]
async fn a_folder_that_is_none_cannot_be_checked() {
    let (project, server) = (orders(), Server::with_plugins(&["python"]));
    for folder in ["absent", "pyproject.toml"] {
        let ran = run(&server, &project, &["check", folder]).await;
        assert!(ran.code == 2 && ran.stderr.contains(folder) && ran.stdout.is_empty(), "{ran:?}");
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;

        let odd = project.root().join(std::ffi::OsStr::from_bytes(b"\xff"));
        std::fs::create_dir(&odd).unwrap();
        let child = command(&server, &project, &["check"]).arg(&odd).spawn().unwrap();
        let ran = ended(&["check"], child).await;
        assert!(ran.code == 2 && ran.stderr.contains("not UTF-8"), "nothing would be found there: {ran:?}");
    }
}

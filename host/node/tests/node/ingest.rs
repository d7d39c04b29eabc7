//! What happens on disk is what requests see.

use std::collections::BTreeMap;
use std::fs;

use vraftls_proto::{Answer, Query};

use super::support::{Place, Running};

/// Lets a manifest trust the files: as if they were written long ago.
fn age(place: &Place) {
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    for path in place.disk().keys() {
        let file = fs::File::options().write(true).open(place.root.join(path)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
}

fn project(n_files: usize) -> Place {
    let place = Place::new();
    place.write("toy.project", "");
    for at in 0..n_files {
        place.write(&format!("pkg{}/f{at}.toy", at % 7), &format!("def name{at}\n"));
    }
    place
}

async fn symbols(running: &Running) -> Vec<String> {
    match running.ask(Query::WorkspaceSymbols { query: "name".to_owned(), limit: 10_000 }).await.unwrap() {
        Answer::Symbols(found) => found.iter().map(|found| format!("{found:?}")).collect(),
        other => panic!("not symbols: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_every_change_on_disk() {
    let place = project(30);
    let running = place.open().await;
    running.shows(&place.disk()).await;

    place.write("pkg1/f1.toy", "def edited\n");
    running.shows(&place.disk()).await;
    place.write("new.toy", "def created\n");
    place.write("deep/er/than/before.toy", "def deep\n");
    running.shows(&place.disk()).await;
    place.write("deep/er/than/later.toy", "def later\n");
    running.shows(&place.disk()).await;
    place.remove("pkg2/f2.toy");
    place.rename("pkg3/f3.toy", "pkg3/renamed.toy");
    running.shows(&place.disk()).await;
    place.rename("pkg4", "moved");
    running.shows(&place.disk()).await;
    place.write("moved/f4.toy", "def after the move\n");
    running.shows(&place.disk()).await;

    fs::remove_dir_all(place.root.join("pkg5")).unwrap();
    place.write("pkg5/again.toy", "def again\n");
    running.shows(&place.disk()).await;
    place.write("pkg5/again.toy", "def once more\n");
    running.shows(&place.disk()).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_directories_take_each_others_place() {
    let place = project(3);
    place.write("thing.toy", "def file\n");
    let running = place.open().await;
    running.shows(&place.disk()).await;
    place.remove("thing.toy");
    place.write("thing.toy/inner.toy", "def inner\n");
    running.shows(&place.disk()).await;
    place.write("thing.toy/inner.toy", "def edited\n");
    running.shows(&place.disk()).await;
    fs::remove_dir_all(place.root.join("thing.toy")).unwrap();
    place.write("thing.toy", "def file again\n");
    running.shows(&place.disk()).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_events_is_followed() {
    let place = project(10);
    let running = place.open().await;
    running.shows(&place.disk()).await;
    for round in 0..200 {
        place.write(&format!("pkg0/burst{}.toy", round % 50), &format!("def round{round}\n"));
    }
    running.shows(&place.disk()).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_hints_than_wait_are_not_lost() {
    let place = project(10);
    let running = place.open().await;
    running.shows(&place.disk()).await;
    let workspace = running.folder.workspace;
    let known = vraftls_vfs::VfsPath::new("pkg1/f1.toy").unwrap();
    for _ in 0..5000 {
        running.node.files_changed(workspace, vec![known.clone()]);
    }
    place.write("pkg2/f2.toy", "def written while the queue is full\n");
    running.shows(&place.disk()).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_change_is_not_proposed_again() {
    let place = project(40);
    age(&place);
    let running = place.open().await;
    let revision = running.in_step().await;
    running.end().await;

    let running = place.open().await;
    assert_eq!(running.in_step().await, revision, "nothing changed while it was down");
    assert_eq!(running.sees().await, place.disk());
    running.end().await;

    // A touched file is read, and found to be what it was.
    place.write("pkg1/f1.toy", "def name1\n");
    let running = place.open().await;
    assert_eq!(running.in_step().await, revision, "no contents changed");
    running.end().await;

    place.write("pkg1/f1.toy", "def other\n");
    place.remove("pkg2/f2.toy");
    place.write("new.toy", "def new\n");
    place.rename("pkg3", "pkg9");
    let running = place.open().await;
    running.shows(&place.disk()).await;
    let later = running.in_step().await;
    assert!(later > revision);
    running.end().await;

    for damage in [&b""[..], b"\x01\xff\xff\xff\xff", b"no manifest"] {
        for manifest in fs::read_dir(place.data.join("manifests")).unwrap() {
            fs::write(manifest.unwrap().path(), damage).unwrap();
        }
        let running = place.open().await;
        assert_eq!(running.in_step().await, later, "files are read again, and found to be what they were");
        assert_eq!(running.sees().await, place.disk());
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_before_the_ingest_is_done_are_those_after_it() {
    let place = project(1200);
    let running = place.open().await;
    // The walk is enough for an answer.
    let early = symbols(&running).await;
    let early_files = running.files().await;
    let expected = place.disk();
    assert_eq!(early_files, expected.keys().cloned().collect::<Vec<_>>());
    assert_eq!(early.len(), expected.len());
    running.in_step().await;
    assert_eq!(symbols(&running).await, early);
    assert_eq!(running.sees().await, expected);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_and_strange_files_are_kept_or_left_out() {
    let place = project(3);
    let large = format!("# {}\n", "x".repeat(3 << 20));
    place.write("large.toy", &large);
    place.write("huge.toy", &"#".repeat((4 << 20) + 1));
    place.write("empty.toy", "");
    fs::write(place.root.join("binary.toy"), [0xff, 0xfe, 0, 1]).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("pkg1/f1.toy", place.root.join("link.toy")).unwrap();
        std::os::unix::fs::symlink("gone", place.root.join("broken.toy")).unwrap();
        std::os::unix::fs::symlink(".", place.root.join("loop")).unwrap();
    }
    let running = place.open().await;
    running.in_step().await;
    let files = running.files().await;
    let expected = ["binary.toy", "empty.toy", "large.toy", "link.toy", "pkg0/f0.toy", "pkg1/f1.toy", "pkg2/f2.toy"];
    assert_eq!(files, expected);
    assert_eq!(&*running.text("large.toy").await.unwrap(), large);
    assert_eq!(&*running.text("link.toy").await.unwrap(), "def name1\n");
    assert!(running.text("binary.toy").await.is_err(), "no text is no empty text");
    running.end().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn two_names_of_a_folder_are_one_workspace() {
    let place = project(5);
    let alias = place.data.with_file_name("alias");
    std::os::unix::fs::symlink(&place.root, &alias).unwrap();
    let running = place.open().await;
    let (first, second) = tokio::join!(running.node.open_folder(&alias), running.node.open_folder(&place.root));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((first.workspace, second.workspace), (running.folder.workspace, running.folder.workspace));
    assert_eq!(first.root, alias);
    running.shows(&place.disk()).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_folders_with_the_same_large_file_do_not_disturb_each_other() {
    let (one, other) = (project(3), project(4));
    let large = format!("# {}\n", "y".repeat(1 << 20));
    one.write("large.toy", &large);
    other.write("large.toy", &large);
    let running = one.open().await;
    let folder = running.node.open_folder(&other.root).await.unwrap();
    let second = Running { node: running.node.clone(), folder };
    running.shows(&one.disk()).await;
    second.shows(&other.disk()).await;
    let empty = BTreeMap::new();
    for path in other.disk().keys() {
        other.remove(path);
    }
    second.shows(&empty).await;
    assert_eq!(running.sees().await, one.disk());
    running.end().await;
}

//! Contents that nobody has any more do not stay on disk, whenever the node is killed; those that somebody has do.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;
use vraftls_node::NodeConfig;

use super::child::OtherNode;
use super::support::{PATIENCE, Place, Running, config, quick_sweep};

/// Too large for a log entry, so that it lies in a file of its own.
const LARGE_BYTES: usize = 200 << 10;

/// The digests of the large contents on disk.
fn large_contents(data: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for directory in fs::read_dir(data.join("contents/blobs")).into_iter().flatten().flatten() {
        let prefix = directory.file_name().into_string().unwrap();
        for file in fs::read_dir(directory.path()).into_iter().flatten().flatten() {
            found.insert(format!("{prefix}{}", file.file_name().into_string().unwrap()));
        }
    }
    found
}

fn large(n: usize) -> String {
    format!("# {n} {}\n", "z".repeat(LARGE_BYTES))
}

fn digest(text: &str) -> String {
    vraftls_vfs::ContentDigest::of(text.as_bytes()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_let_go_before_a_kill_is_collected_after_it_and_nothing_else() {
    let place = Place::new();
    place.write("toy.project", "");
    // Nothing is let go in time, since the child waits far longer before it removes what was replaced.
    for round in 0..4 {
        place.write("kept.toy", &large(1000));
        place.write("changed.toy", &large(round));
        let node = OtherNode::start(&place.data, &place.root);
        // It is open, then in step.
        node.next();
        node.next();
        node.kill();
    }
    let everything: BTreeSet<String> = (0..4).chain([1000]).map(|n| digest(&large(n))).collect();
    assert_eq!(large_contents(&place.data), everything, "a kill leaves what was let go");

    let config = NodeConfig { sweep: quick_sweep(Duration::from_millis(50)), ..config(&place.data) };
    let running = Running::open_with(config, &place.root).await.unwrap();
    running.in_step().await;
    let wanted: BTreeSet<String> = [3, 1000].map(|n| digest(&large(n))).into();
    let deadline = Instant::now() + PATIENCE;
    while large_contents(&place.data) != wanted {
        assert!(Instant::now() < deadline, "{:?} are not {wanted:?}", large_contents(&place.data));
        // Nobody says when a file goes.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.shows(&place.disk()).await;
    running.end().await;
}

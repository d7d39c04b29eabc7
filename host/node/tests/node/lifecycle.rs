//! Who owns a data directory, and how a node ends.

use std::time::Instant;

use vraftls_node::{DataDirError, Node, OpenError};
use vraftls_proto::{At, Query, SessionId};
use vraftls_vfs::VfsPath;

use super::child::{OtherNode, Said};
use super::support::{PATIENCE, Place, Running, config};

/// A node ends within this time. Alone it takes a tenth of it; on a machine under load the disk is what takes longer.
const END: std::time::Duration = std::time::Duration::from_secs(1);

fn place(n_files: usize) -> Place {
    let place = Place::new();
    for at in 0..n_files {
        place.write(&format!("d{}/f{at}.toy", at % 20), &format!("def name{at}\n"));
    }
    place
}

/// Opens as soon as nobody holds the directory any more.
async fn open_when_free(place: &Place) -> Running {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Running::open(&place.data, &place.root).await {
            Err(OpenError::DataDir(DataDirError::Held { .. })) if Instant::now() < deadline => {
                tokio::task::yield_now().await;
            }
            opened => return opened.unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_told_who_holds_the_directory() {
    let place = place(5);
    let other = OtherNode::start(&place.data, &place.root);
    assert!(matches!(other.next(), Said::Open(_)));
    let error = Node::open(config(&place.data)).await.err().expect("it is held");
    let OpenError::DataDir(DataDirError::Held { holder: Some(holder), .. }) = error else { panic!("{error:?}") };
    assert_eq!((holder.pid, holder.command.as_str()), (other.id(), "a test"));
    let Said::InStep(revision) = other.next() else { panic!("it was open before") };
    drop(other);
    let running = place.open().await;
    assert!(running.revision().0 >= revision);
    running.shows(&place.disk()).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_quickly_while_files_are_taken_in_and_goes_on_where_it_was() {
    let place = place(3000);
    let running = place.open().await;
    let mut progress = running.folder.progress.clone();
    let begun = progress.wait_for(|progress| progress.n_taken > 0);
    tokio::time::timeout(PATIENCE, begun).await.unwrap().unwrap();
    let began = Instant::now();
    running.node.shutdown().await.unwrap();
    let took = began.elapsed();
    assert!(took < END, "{took:?}");
    running.node.shutdown().await.unwrap();
    let refused = running.node.open_folder(place.data.parent().unwrap()).await;
    assert!(refused.is_err(), "a node that ended opens nothing");
    let reached = running.revision();
    drop((running, progress));
    let running = open_when_free(&place).await;
    assert!(running.revision() >= reached);
    running.shows(&place.disk()).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_dropped_keeps_what_it_acknowledged_and_stops_writing() {
    let place = place(50);
    let running = place.open().await;
    running.shows(&place.disk()).await;
    let reached = running.in_step().await;
    drop(running);
    let running = open_when_free(&place).await;
    assert!(running.revision() >= reached);
    assert_eq!(running.in_step().await, reached, "nothing had to be taken in again");
    assert_eq!(running.sees().await, place.disk());
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_it_did_and_what_it_holds() {
    let place = place(5);
    let running = place.open().await;
    running.in_step().await;
    let hover = Query::Hover(At { path: VfsPath::new("d0/f0.toy").unwrap(), offset: 4 });
    for _ in 0..2 {
        running.ask(hover.clone()).await.unwrap();
    }
    let stats = running.node.stats();
    assert!(stats.revision >= running.revision() && stats.revision.0 > 0);
    assert_eq!(stats.folders.len(), 1);
    assert_eq!((stats.folders[0].workspace, stats.folders[0].progress.walked), (running.folder.workspace, true));
    assert_eq!((stats.n_sessions, stats.n_questions), (1, 0));
    assert_eq!((stats.caches.answers_in_memory.n_hits, stats.caches.answers_in_memory.n_fills), (1, 1));
    assert_eq!((stats.sandbox.engine_calls, stats.sandbox.engines), (1, 1));
    assert!(stats.sandbox.engines_memory_bytes > 0 && stats.caches.held_bytes > 0);
    running.node.session_ended(SessionId(1));
    assert_eq!(running.node.stats().n_sessions, 0);
    running.end().await;
}

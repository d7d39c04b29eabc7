//! Who owns a data directory, and how a node ends.

use std::time::Instant;

use vraftls_node::{DataDirError, Node, OpenError};

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

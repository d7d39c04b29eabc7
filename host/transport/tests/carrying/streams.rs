//! Streams of append requests, and snapshots.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use vraftls_raft::ids::GroupId;
use vraftls_raft::network::{APPEND_WINDOW, Lane as RaftLane, Network, NetworkError};

use super::nodes::{Echo, Recorder, SOON, Wires, identity, to};

fn frame(n: u32) -> Vec<u8> {
    n.to_le_bytes().to_vec()
}

fn node_with(wires: &Wires) -> Recorder {
    let recorder = Recorder::default();
    wires.listen(2, Echo::default()).attach(GroupId(1), Arc::new(recorder.clone()));
    recorder
}

#[tokio::test]
async fn append_requests_and_replies_keep_their_order() {
    let wires = Wires::default();
    let recorder = node_with(&wires);
    let peers = wires.peers(identity(1));
    let mut channel = peers.open_append(to(2, 1)).await.unwrap();
    let requests = channel.requests;
    let sending = tokio::spawn(async move {
        for n in 0..2000 {
            requests.send(frame(n)).await.unwrap();
        }
    });
    for n in 0..2000 {
        assert_eq!(channel.replies.recv().await, Some(frame(n)));
    }
    sending.await.unwrap();
    // Requests ended: so do the replies.
    assert_eq!(channel.replies.recv().await, None);
    assert_eq!(recorder.appended.lock().unwrap().len(), 2000);
}

#[tokio::test]
async fn a_slow_group_fills_its_window_and_holds_nobody_else_up() {
    let wires = Wires::default();
    let slow = node_with(&wires);
    slow.is_held.send_replace(true);
    let peers = wires.peers(identity(1));
    let mut channel = peers.open_append(to(2, 1)).await.unwrap();
    let mut n_sent = 0;
    // What is queued on the way has bounds: the windows of both sides and of what lies between them.
    while tokio::time::timeout(Duration::from_millis(200), channel.requests.send(frame(n_sent))).await.is_ok() {
        n_sent += 1;
        assert!(n_sent as usize <= 4 * APPEND_WINDOW, "nothing holds the sender back");
    }
    // The stream of a group that is quick, over the same connection.
    let local = wires.listen(3, Echo::default());
    let quick = Recorder::default();
    local.attach(GroupId(2), Arc::new(quick.clone()));
    let mut other = peers.open_append(to(3, 2)).await.unwrap();
    other.requests.send(frame(7)).await.unwrap();
    assert_eq!(other.replies.recv().await, Some(frame(7)));
    assert_eq!(peers.call(to(2, 1), RaftLane::Control, b"ab".to_vec(), SOON).await.unwrap(), b"ba");
    slow.is_held.send_replace(false);
    for n in 0..n_sent {
        assert_eq!(channel.replies.recv().await, Some(frame(n)));
    }
}

#[tokio::test]
async fn a_group_that_ends_a_stream_ends_it_for_its_sender() {
    let wires = Wires::default();
    let _recorder = node_with(&wires);
    let peers = wires.peers(identity(1));
    let mut channel = peers.open_append(to(2, 1)).await.unwrap();
    channel.requests.send(b"stop".to_vec()).await.unwrap();
    assert_eq!(channel.replies.recv().await, None);
    while channel.requests.send(frame(1)).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stream_to_a_group_that_is_not_there_ends_and_harms_no_other() {
    let wires = Wires::default();
    let _recorder = node_with(&wires);
    let peers = wires.peers(identity(1));
    let mut channel = peers.open_append(to(2, 1)).await.unwrap();
    let mut refused = peers.open_append(to(2, 9)).await.unwrap();
    assert_eq!(refused.replies.recv().await, None);
    channel.requests.send(frame(1)).await.unwrap();
    assert_eq!(channel.replies.recv().await, Some(frame(1)));
    assert_eq!(wires.n_tries(), 1);
}

#[tokio::test]
async fn a_snapshot_arrives_whole() {
    let wires = Wires::default();
    let recorder = node_with(&wires);
    let (sender, chunks) = mpsc::channel(1);
    let sent = tokio::spawn(wires.peers(identity(1)).send_snapshot(to(2, 1), b"header".to_vec(), chunks, SOON));
    for n in 0..100 {
        sender.send(vec![n; 100_000]).await.unwrap();
    }
    drop(sender);
    assert_eq!(sent.await.unwrap().unwrap(), b"header");
    let arrived = recorder.chunks.lock().unwrap().clone();
    assert!(arrived.iter().enumerate().all(|(n, chunk)| *chunk == vec![n as u8; 100_000]));
    assert_eq!(arrived.len(), 100);
}

#[tokio::test]
async fn a_snapshot_that_is_refused_stops_its_source() {
    let wires = Wires::default();
    let _recorder = node_with(&wires);
    let (sender, chunks) = mpsc::channel(1);
    let sent = tokio::spawn(wires.peers(identity(1)).send_snapshot(to(2, 1), Vec::new(), chunks, SOON));
    sender.send(b"bad".to_vec()).await.unwrap();
    while sender.send(vec![1]).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let refused = sent.await.unwrap();
    assert!(
        matches!(&refused, Err(NetworkError::Refused { detail, .. }) if detail.contains("bad piece")),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_is_not_taken_ends_with_its_deadline_and_bounds_what_waits() {
    let wires = Wires::default();
    let recorder = node_with(&wires);
    recorder.is_held.send_replace(true);
    let (sender, chunks) = mpsc::channel(1);
    let deadline = Duration::from_secs(2);
    let sent = tokio::spawn(wires.peers(identity(1)).send_snapshot(to(2, 1), Vec::new(), chunks, deadline));
    let mut n_taken = 0;
    while sender.send(vec![0; 1000]).await.is_ok() {
        n_taken += 1;
        assert!(n_taken < 20, "nothing holds the source back");
    }
    assert!(matches!(sent.await.unwrap(), Err(NetworkError::Deadline { .. })));
}

//! Connections that break, nodes that are not there, and nodes that say nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use vraftls_raft::ids::{GroupId, NodeId, Peer};
use vraftls_raft::network::{Network, NetworkError};
use vraftls_transport::{Lane, Method, Peers};

use super::nodes::{Echo, HOLD, Recorder, SOON, Wires, identity, peer, to};

async fn ask(peers: &Peers, method: Method) -> Result<Bytes, NetworkError> {
    peers.ask(NodeId(2), &peer(2), Lane::Service, method, Bytes::from_static(b"x"), SOON).await
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_not_there_is_tried_in_growing_intervals() {
    let wires = Wires::default();
    let peers = wires.peers(identity(1));
    let started = Instant::now();
    let mut n_refused = 0;
    while started.elapsed() < Duration::from_secs(10) {
        assert!(matches!(ask(&peers, Method(9)).await, Err(NetworkError::Unreachable { .. })));
        n_refused += 1;
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    assert!(n_refused > 900, "calls wait for a node that is not there");
    assert!((8..20).contains(&wires.n_tries()), "{} tries in 10 s", wires.n_tries());
    // It is found again within the longest interval.
    let _local = wires.listen(2, Echo::default());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(ask(&peers, Method(9)).await.unwrap(), Bytes::from_static(b"x"));
}

#[tokio::test]
async fn a_cut_connection_fails_what_waits_and_the_next_call_makes_another() {
    let wires = Wires::default();
    let echo = Echo::default();
    let local = wires.listen(2, echo.clone());
    local.attach(GroupId(1), Arc::new(Recorder::default()));
    let peers = wires.peers(identity(1));
    let mut channel = peers.open_append(to(2, 1)).await.unwrap();
    channel.requests.send(vec![1]).await.unwrap();
    assert_eq!(channel.replies.recv().await, Some(vec![1]));
    let waiting = tokio::spawn({
        let peers = peers.clone();
        async move { ask(&peers, HOLD).await }
    });
    while echo.held.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    wires.cut();
    let cut = waiting.await.unwrap();
    assert!(matches!(cut, Err(NetworkError::Unreachable { .. })), "{cut:?}");
    assert_eq!(channel.replies.recv().await, None);
    assert_eq!(ask(&peers, Method(9)).await.unwrap(), Bytes::from_static(b"x"));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_says_nothing_is_given_up_before_long_calls_end() {
    let wires = Wires::default();
    let _local = wires.listen(2, Echo::default());
    let peers = wires.peers(identity(1));
    ask(&peers, Method(9)).await.unwrap();
    wires.set_deaf(true);
    let started = Instant::now();
    let deaf = ask(&peers, HOLD).await;
    assert!(matches!(deaf, Err(NetworkError::Unreachable { .. })), "{deaf:?}");
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_takes_long_is_waited_for() {
    let wires = Wires::default();
    let _local = wires.listen(2, Echo::default());
    let peers = wires.peers(identity(1));
    let started = Instant::now();
    // It answers pings meanwhile.
    assert!(matches!(ask(&peers, HOLD).await, Err(NetworkError::Deadline { .. })));
    assert!(started.elapsed() >= SOON);
    assert_eq!(wires.n_tries(), 1);
}

#[tokio::test]
async fn a_node_that_moved_is_found_at_its_new_address() {
    let wires = Wires::default();
    let _local = wires.listen(2, Echo::default());
    let peers = wires.peers(identity(1));
    ask(&peers, Method(9)).await.unwrap();
    wires.close(2);
    let elsewhere = Peer::new("elsewhere");
    let there = peers.ask(NodeId(2), &elsewhere, Lane::Service, Method(9), Bytes::new(), SOON).await;
    assert!(matches!(there, Err(NetworkError::Unreachable { .. })));
    let _local = wires.listen(2, Echo::default());
    // The address that it has again was not tried in vain.
    ask(&peers, Method(9)).await.unwrap();
    peers.forget(NodeId(2));
    ask(&peers, Method(9)).await.unwrap();
    assert_eq!(wires.n_tries(), 4);
}

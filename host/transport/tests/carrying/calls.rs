//! Requests and their answers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use vraftls_meta::ClusterId;
use vraftls_raft::ids::{GroupId, NodeId};
use vraftls_raft::network::{Lane as RaftLane, Network, NetworkError};
use vraftls_transport::{Identity, Lane, Method};

use super::nodes::{Echo, HOLD, REFUSE, Recorder, SOON, TOO_MUCH, Wires, identity, peer, to};

#[tokio::test]
async fn a_call_reaches_its_group_and_comes_back() {
    let wires = Wires::default();
    let local = wires.listen(2, Echo::default());
    local.attach(GroupId(7), std::sync::Arc::new(Recorder::default()));
    let peers = wires.peers(identity(1));
    let call = |group, request: &[u8]| peers.call(to(2, group), RaftLane::Control, request.to_vec(), SOON);
    assert_eq!(call(7, b"abc").await.unwrap(), b"cba");
    let refused = |result: Result<_, NetworkError>| match result {
        Err(NetworkError::Refused { node: NodeId(2), detail }) => detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(call(8, b"abc").await), "group 8 has no replica here");
    assert_eq!(refused(call(7, b"stop").await), "the group stopped: asked to");
    local.detach(GroupId(7));
    assert_eq!(refused(call(7, b"abc").await), "group 7 has no replica here");
    assert_eq!(wires.n_tries(), 1);
}

#[tokio::test]
async fn questions_to_a_node_say_who_asks() {
    let wires = Wires::default();
    let _local = wires.listen(2, Echo::default());
    let peers = wires.peers(identity(1));
    let node_2 = peer(2);
    let ask = |method, question: &'static [u8]| {
        peers.ask(NodeId(2), &node_2, Lane::Service, method, Bytes::from_static(question), SOON)
    };
    assert_eq!(ask(Method(9), b"x").await.unwrap(), Bytes::from_static(b"x"));
    assert_eq!(ask(Method(9), b"").await.unwrap(), Bytes::new());
    let refused = ask(REFUSE, b"x").await.unwrap_err().to_string();
    assert_eq!(refused, "node 2 refused: not for node 1");
    let refused = ask(TOO_MUCH, b"x").await.unwrap_err().to_string();
    assert_eq!(refused, "node 2 refused: the answer is too large");
    let question = Bytes::from(vec![0; 17 << 20]);
    let too_large = peers.ask(NodeId(2), &node_2, Lane::Service, Method(9), question, SOON).await;
    assert!(too_large.is_err(), "{too_large:?}");
}

#[tokio::test]
async fn what_nobody_waits_for_is_called_off() {
    let wires = Wires::default();
    let echo = Echo::default();
    let _local = wires.listen(2, echo.clone());
    let peers = wires.peers(identity(1));
    let node_2 = peer(2);
    let held = peers.ask(NodeId(2), &node_2, Lane::Service, HOLD, Bytes::new(), SOON);
    let until = |n: usize| {
        let held = echo.held.clone();
        async move {
            while held.load(Ordering::SeqCst) != n {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::select! {
        answer = held => panic!("{answer:?}"),
        () = until(1) => {}
    }
    until(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_with_its_deadline() {
    let wires = Wires::default();
    let _local = wires.listen(2, Echo::default());
    let peers = wires.peers(identity(1));
    let deadline = Duration::from_millis(300);
    let late = peers.ask(NodeId(2), &peer(2), Lane::Service, HOLD, Bytes::new(), deadline).await;
    assert!(matches!(late, Err(NetworkError::Deadline { node: NodeId(2), .. })), "{late:?}");
}

#[tokio::test]
async fn only_the_very_node_of_the_very_cluster_is_talked_to() {
    let wires = Wires::default();
    let _local = wires.listen(2, Echo::default());
    let other_cluster = Identity { cluster: ClusterId::from_bytes([9; 16]), ..identity(1) };
    let ask = |peers: vraftls_transport::Peers, node: u64| async move {
        let asked = peers.ask(NodeId(node), &peer(2), Lane::Service, Method(9), Bytes::new(), SOON).await;
        asked.unwrap_err().to_string()
    };
    let said = ask(wires.peers(other_cluster), 2).await;
    assert!(said.contains("this is cluster 0101") && said.contains("not 0909"), "{said}");
    let said = ask(wires.peers(identity(1)), 3).await;
    assert!(said.contains("this is node 2, not 3"), "{said}");
}

#[tokio::test]
async fn heartbeats_of_many_groups_share_messages() {
    let wires = Wires::default();
    let local = wires.listen(2, Echo::default());
    for group in 0..64 {
        local.attach(GroupId(group), std::sync::Arc::new(Recorder::default()));
    }
    let peers = wires.peers(identity(1));
    let beat = |group| peers.call(to(2, group), RaftLane::Control, vec![1], SOON);
    beat(0).await.unwrap();
    let before = peers.stats().lane(Lane::Control);
    for answer in join_all((0..64).map(beat)).await {
        answer.unwrap();
    }
    let after = peers.stats().lane(Lane::Control);
    assert_eq!(after.n_records - before.n_records, 64);
    assert!(after.n_messages - before.n_messages <= 8, "{} messages", after.n_messages - before.n_messages);
}

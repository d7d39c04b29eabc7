//! Nodes and guests at the door.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use vraftls_node::server::Bounds;
use vraftls_raft::ids::{NodeId, Peer};
use vraftls_raft::network::NetworkError;
use vraftls_transport::{Identity, Lane, Method, Peers, PeersConfig, TcpDialer};

use super::fake::{Fake, SOON, identity};
use super::support::{Served, status};

fn peers(identity: Identity) -> Peers {
    Peers::new(identity, Arc::new(TcpDialer), PeersConfig::default())
}

async fn ask(peers: &Peers, served: &Served, node: u64, question: Bytes) -> Result<Bytes, NetworkError> {
    let peer = Peer::new(served.address());
    peers.ask(NodeId(node), &peer, Lane::Service, Method(1), question, SOON).await
}

#[tokio::test]
async fn nodes_speak_through_the_door() {
    let served = Served::new().await;
    let peers = peers(identity(2));
    for question in [Bytes::from_static(b"abc"), Bytes::from(vec![7; 1 << 20])] {
        assert_eq!(ask(&peers, &served, 1, question.clone()).await.unwrap(), question);
    }
    let row = "vraftls_transport_records_total{side=\"answered\",lane=\"service\"} 2\n";
    assert!(served.get("/metrics").await.contains(row));
}

#[tokio::test]
async fn strangers_are_refused_by_the_handshake() {
    let served = Served::new().await;
    let stranger = Identity { cluster: vraftls_meta::ClusterId::from_bytes([8; 16]), ..identity(2) };
    let refused = ask(&peers(stranger), &served, 1, Bytes::new()).await;
    assert!(refused.unwrap_err().to_string().contains("this is cluster"));
    let refused = ask(&peers(identity(2)), &served, 3, Bytes::new()).await;
    assert!(refused.unwrap_err().to_string().contains("this is node 1, not 3"));
}

#[tokio::test]
async fn the_door_is_for_websockets() {
    let served = Served::new().await;
    assert_eq!(status(&served.get("/v1/peer").await), 400);
    let head = "GET /v1/peer HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n";
    for rest in [
        "Sec-WebSocket-Version: 13\r\n\r\n",
        "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ] {
        assert_eq!(status(&served.raw(format!("{head}{rest}")).await), 400, "{rest}");
    }
}

#[tokio::test]
async fn a_node_that_knows_no_cluster_has_no_door() {
    let served = Served::with(Bounds::default(), Fake::starting()).await;
    let refused = ask(&peers(identity(2)), &served, 1, Bytes::new()).await;
    assert!(refused.unwrap_err().to_string().contains("503"));
}

#[tokio::test]
async fn only_so_many_are_let_in() {
    let served = Served::with(Bounds { n_peers: 1, ..Bounds::default() }, Fake::new()).await;
    let first = peers(identity(2));
    ask(&first, &served, 1, Bytes::new()).await.unwrap();
    let refused = ask(&peers(identity(3)), &served, 1, Bytes::new()).await;
    assert!(refused.unwrap_err().to_string().contains("503"));
}

#[tokio::test]
async fn connections_of_nodes_end_with_the_server() {
    let served = Served::new().await;
    let peers = peers(identity(2));
    ask(&peers, &served, 1, Bytes::new()).await.unwrap();
    let address = Peer::new(served.address());
    tokio::time::timeout(SOON, served.server.shutdown(Duration::from_millis(1))).await.unwrap();
    let refused = peers.ask(NodeId(1), &address, Lane::Service, Method(1), Bytes::new(), SOON).await;
    assert!(refused.is_err());
}

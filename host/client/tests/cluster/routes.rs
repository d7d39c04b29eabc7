//! Where routes come from, and what becomes of old ones.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use vraftls_client::{Cluster, ConnectError, Options, Routes};
use vraftls_proto::rpc::ClusterInfo;
use vraftls_proto::{Query, Revisions};

use super::node::{Nodes, SOON, Script, answerer, cluster_id, read_head, request, say};

/// Somebody who says the same to whoever connects; ends with the set.
async fn speaker(speakers: &mut JoinSet<()>, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    speakers.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_head(&mut stream).await;
            say(&mut stream, &body).await;
        }
    });
    address
}

/// An address at which nobody listens.
async fn nowhere() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

#[tokio::test]
async fn seeds_that_lie_are_passed_over() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(2, 1, &script).await;
    let mut speakers = JoinSet::new();
    let info = nodes.info.lock().unwrap().clone();
    let json = serde_json::to_string(&info).unwrap();
    let lies = [
        "{".to_owned(),
        "null".to_owned(),
        json.replace(&cluster_id().to_string(), &"ab".repeat(16)),
        json.replace(&nodes.address(1), "nowhere"),
        json.replacen("\"id\":1", "\"id\":9", 1),
    ];
    let mut seeds = vec![nowhere().await];
    for lie in lies {
        seeds.push(speaker(&mut speakers, lie).await);
    }
    let options = || Options { cluster: Some(cluster_id()), ..Options::default() };
    let Err(ConnectError::NoNode(said)) = Cluster::connect(seeds.clone(), options()).await else {
        panic!("connected to nobody")
    };
    let mut addresses: Vec<&String> = said.iter().map(|(address, _)| address).collect();
    addresses.sort();
    let mut expected: Vec<&String> = seeds.iter().collect();
    expected.sort();
    assert_eq!(addresses, expected, "each said why not");
    assert!(said.iter().any(|(_, why)| why.contains("it is a node of the cluster abab")), "{said:?}");
    seeds.push(nodes.address(2));
    let cluster = Cluster::connect(seeds, options()).await.unwrap();
    assert_eq!(cluster.routes().cluster(), cluster_id());
    cluster.ask(&request(Query::Files), &Revisions::new()).await.unwrap();
}

#[tokio::test]
async fn seeds_are_addresses() {
    let connect =
        |seeds: &[&str]| Cluster::connect(seeds.iter().map(|seed| (*seed).to_owned()).collect(), Options::default());
    assert_eq!(connect(&[]).await.err(), Some(ConnectError::NoSeeds));
    assert_eq!(connect(&["localhost"]).await.err(), Some(ConnectError::BadSeed("localhost".to_owned())));
}

#[tokio::test]
async fn nodes_that_moved_are_found_by_new_routes() {
    let script = Arc::new(Script::plain());
    let mut nodes = Nodes::start(2, 1, &script).await;
    let mut speakers = JoinSet::new();
    // The client knows one node, at an address where it is not any more, and a seed that learns of the move.
    let mut old = nodes.info.lock().unwrap().clone();
    old.revision = 0;
    old.nodes.retain(|node| node.id == 1);
    old.nodes[0].address = nowhere().await;
    let liar = speaker(&mut speakers, serde_json::to_string(&old).unwrap()).await;
    let options = || Options { refresh_interval: Duration::from_secs(3600), ..Options::default() };
    let cluster = Cluster::connect(vec![liar.clone()], options()).await.unwrap();
    assert_eq!(cluster.routes().info().revision, 0);
    assert!(cluster.ask(&request(Query::Files), &Revisions::new()).await.is_err(), "nobody knows better");
    drop(cluster);
    let cluster = nodes.connect(options()).await;
    let ask = async || answerer(&cluster.ask(&request(Query::Files), &Revisions::new()).await.unwrap());
    let first = ask().await;
    nodes.kill(first).await;
    nodes.run(first).await;
    let mut watched = cluster.watch_routes();
    assert_ne!(ask().await, first, "it is not where it was");
    // That it was not there has the routes asked for.
    let address = nodes.address(first);
    let is_found = |routes: &Arc<Routes>| routes.info().node(first).is_some_and(|node| node.address == address);
    tokio::time::timeout(SOON, watched.wait_for(is_found)).await.unwrap().unwrap();
    assert_eq!(ask().await, first);
}

#[tokio::test]
async fn older_routes_and_those_of_another_cluster_are_not_taken() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(1, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let known = cluster.routes();
    let change = |change: fn(&mut ClusterInfo)| change(&mut nodes.info.lock().unwrap());
    change(|info| {
        info.slots.epoch = 7;
        info.revision -= 1;
    });
    cluster.refresh().await.unwrap();
    assert_eq!(cluster.routes(), known);
    change(|info| {
        info.revision += 5;
        info.cluster = "ab".repeat(16);
    });
    assert!(matches!(cluster.refresh().await, Err(ConnectError::NoNode(_))));
    assert_eq!(cluster.routes(), known);
    change(|info| info.cluster = cluster_id().to_string());
    let mut watched = cluster.watch_routes();
    watched.mark_unchanged();
    cluster.refresh().await.unwrap();
    assert!(watched.has_changed().unwrap());
    assert_eq!(cluster.routes().epoch(), 7);
}

#[tokio::test]
async fn routes_are_asked_for_from_time_to_time() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(1, 1, &script).await;
    let options = Options { refresh_interval: Duration::from_millis(10), ..Options::default() };
    let cluster = Cluster::connect(vec![nodes.address(1)], options).await.unwrap();
    let mut watched = cluster.watch_routes();
    nodes.change(|info| info.slots.epoch = 9);
    let changed = tokio::time::timeout(SOON, watched.wait_for(|routes| routes.epoch() == 9)).await;
    changed.unwrap().unwrap();
}

#[tokio::test]
async fn many_who_want_routes_ask_for_them_once() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(1, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let n_fetches = || script.n_fetches.load(Ordering::SeqCst);
    let before = n_fetches();
    for refreshed in join_all((0..100).map(|_| cluster.refresh())).await {
        refreshed.unwrap();
    }
    assert_eq!(n_fetches() - before, 1);
    // Who wants them later gets what is said later.
    nodes.change(|info| info.slots.epoch = 3);
    cluster.refresh().await.unwrap();
    assert_eq!((n_fetches() - before, cluster.routes().epoch()), (2, 3));
}

#[tokio::test]
async fn nodes_that_exchanged_their_addresses_are_not_mistaken_for_each_other() {
    let script = Arc::new(Script::plain());
    let nodes = Nodes::start(2, 1, &script).await;
    let cluster = nodes.connect(Options::default()).await;
    let ask = async || answerer(&cluster.ask(&request(Query::Files), &Revisions::new()).await.unwrap());
    let first = ask().await;
    let exchange = |info: &mut ClusterInfo| {
        let (left, right) = info.nodes.split_at_mut(1);
        std::mem::swap(&mut left[0].address, &mut right[0].address);
    };
    nodes.change(exchange);
    cluster.refresh().await.unwrap();
    // Neither is who it is said to be; the nodes say so, and where they are when they are asked again.
    nodes.change(exchange);
    assert_eq!(ask().await, first);
    assert_eq!(script.asked(), [first, first]);
}

//! A network that can be cut: a proxy of this process stands before each node, and the nodes know each other by their proxies alone.
//!
//! Needs no rights that a test does not have. Who made a connection is looked up in what Linux says of its processes' sockets;
//! whoever is no node of the cluster is a guest.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How many bytes are on their way at once in one direction of a connection.
const PIECE_BYTES: usize = 64 << 10;

/// What is wrong with the network of one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// Its connections end, and no others come about.
    Refused,
    /// Nothing gets through, in any direction; nobody is told, and what was sent arrives in the end.
    Silent,
    /// As [`Cut::Silent`], but guests still reach it.
    SilentAmongNodes,
    /// What it asks others does not get through, nor their answers; what others ask it does.
    Mute,
}

/// The network of a cluster. Clones are the same one. It ends with the last of them.
#[derive(Clone)]
pub struct Network {
    nodes: watch::Sender<BTreeMap<u64, Node>>,
    _proxies: Arc<JoinSet<()>>,
}

#[derive(Clone)]
struct Node {
    /// Where the proxy listens.
    proxy: SocketAddr,
    /// Where the node listens, and its process, as soon as there is one.
    place: Option<(String, u32)>,
    cut: Option<Cut>,
}

/// What becomes of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passes,
    Waits,
    Ends,
}

impl Network {
    /// A network for the nodes from 1 to `n_nodes`.
    pub async fn new(n_nodes: u64) -> Self {
        let (mut nodes, mut listeners) = (BTreeMap::new(), Vec::new());
        for id in 1..=n_nodes {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            nodes.insert(id, Node { proxy: listener.local_addr().unwrap(), place: None, cut: None });
            listeners.push((id, listener));
        }
        let nodes = watch::Sender::new(nodes);
        let mut proxies = JoinSet::new();
        for (id, listener) in listeners {
            proxies.spawn(accept(nodes.clone(), id, listener));
        }
        Self { nodes, _proxies: Arc::new(proxies) }
    }

    /// Where others reach a node.
    pub fn address(&self, node: u64) -> String {
        self.nodes.borrow()[&node].proxy.to_string()
    }

    /// Says which process a node is now, and where it listens.
    pub fn leads_to(&self, node: u64, address: &str, process: u32) {
        self.change(node, |node| node.place = Some((address.to_owned(), process)));
    }

    /// Cuts a node off.
    pub fn cut(&self, node: u64, cut: Cut) {
        self.change(node, |node| node.cut = Some(cut));
    }

    /// Makes the network of a node whole again.
    pub fn heal(&self, node: u64) {
        self.change(node, |node| node.cut = None);
    }

    fn change(&self, node: u64, change: impl FnOnce(&mut Node)) {
        self.nodes.send_modify(|nodes| change(nodes.get_mut(&node).expect("it is a node of this network")));
    }
}

/// What becomes of a connection that somebody, a guest if it is no node, made to a node.
fn fate(nodes: &BTreeMap<u64, Node>, from: Option<u64>, to: u64) -> Fate {
    let fates = [Some(to), from].into_iter().flatten().map(|end| match nodes[&end].cut {
        Some(Cut::Refused) => Fate::Ends,
        Some(Cut::Silent) => Fate::Waits,
        Some(Cut::SilentAmongNodes) if from.is_some() => Fate::Waits,
        Some(Cut::Mute) if from == Some(end) => Fate::Waits,
        _ => Fate::Passes,
    });
    let mut worst = Fate::Passes;
    for fate in fates {
        worst = match (worst, fate) {
            (Fate::Ends, _) | (_, Fate::Ends) => Fate::Ends,
            (Fate::Waits, _) | (_, Fate::Waits) => Fate::Waits,
            _ => Fate::Passes,
        };
    }
    worst
}

/// Takes the connections of a node.
async fn accept(nodes: watch::Sender<BTreeMap<u64, Node>>, to: u64, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Whoever is gone again is nobody.
                if let Ok((stream, peer)) = accepted {
                    connections.spawn(carry(nodes.subscribe(), stream, peer, to));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries a connection until it ends.
async fn carry(mut nodes: watch::Receiver<BTreeMap<u64, Node>>, stream: TcpStream, peer: SocketAddr, to: u64) {
    let processes: Vec<(u64, u32)> =
        nodes.borrow().iter().filter_map(|(id, node)| Some((*id, node.place.as_ref()?.1))).collect();
    let proxy = nodes.borrow()[&to].proxy;
    let from = tokio::task::spawn_blocking(move || owner(peer, proxy, &processes)).await.unwrap();
    let begins = nodes.wait_for(|nodes| match fate(nodes, from, to) {
        Fate::Ends => true,
        Fate::Waits => false,
        Fate::Passes => nodes[&to].place.is_some(),
    });
    let place = match begins.await {
        Ok(nodes) if fate(&nodes, from, to) == Fate::Passes => nodes[&to].place.clone(),
        _ => None,
    };
    let Some((address, _)) = place else { return };
    // A node that is dead takes nobody.
    let Ok(onwards) = TcpStream::connect(address).await else { return };
    for end in [&stream, &onwards] {
        if end.set_nodelay(true).is_err() {
            return;
        }
    }
    let (mut there, mut back) = (nodes.clone(), nodes.clone());
    let (near_read, near_write) = stream.into_split();
    let (far_read, far_write) = onwards.into_split();
    tokio::select! {
        _ = nodes.wait_for(|nodes| fate(nodes, from, to) == Fate::Ends) => {}
        _ = async {
            tokio::try_join!(
                pump(near_read, far_write, &mut there, from, to),
                pump(far_read, near_write, &mut back, from, to)
            )
        } => {}
    }
}

/// Carries bytes in one direction; an error ends both.
async fn pump(
    mut source: OwnedReadHalf,
    mut sink: OwnedWriteHalf,
    nodes: &mut watch::Receiver<BTreeMap<u64, Node>>,
    from: Option<u64>,
    to: u64,
) -> std::io::Result<()> {
    let mut bytes = vec![0; PIECE_BYTES];
    loop {
        let n_read = source.read(&mut bytes).await?;
        if nodes.wait_for(|nodes| fate(nodes, from, to) != Fate::Waits).await.is_err() || n_read == 0 {
            return sink.shutdown().await;
        }
        sink.write_all(&bytes[..n_read]).await?;
    }
}

/// The node whose process has the socket that connects from `local` to `remote`; none for anybody else.
fn owner(local: SocketAddr, remote: SocketAddr, processes: &[(u64, u32)]) -> Option<u64> {
    let sockets = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let socket = sockets.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = address(fields.get(1)?)? == local && address(fields.get(2)?)? == remote;
        is_it.then(|| format!("socket:[{}]", fields.get(9).unwrap_or(&"")))
    })?;
    let has_it = |process: u32| {
        let files = std::fs::read_dir(format!("/proc/{process}/fd")).ok()?;
        files.flatten().find(|file| std::fs::read_link(file.path()).is_ok_and(|to| to == *socket))
    };
    processes.iter().find(|(_, process)| has_it(*process).is_some()).map(|(id, _)| *id)
}

/// An address as the kernel writes it: the number of a little-endian machine and the port, hexadecimal.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let host = Ipv4Addr::from(u32::from_str_radix(host, 16).ok()?.swap_bytes());
    Some(SocketAddr::V4(SocketAddrV4::new(host, u16::from_str_radix(port, 16).ok()?)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::DEADLINE;

    /// A node that says everything again, as a part of this process.
    async fn echo(network: &Network, node: u64, process: u32) -> JoinSet<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        network.leads_to(node, &listener.local_addr().unwrap().to_string(), process);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (mut reader, mut writer) = stream.split();
                // Whoever ends it may do so.
                drop(tokio::io::copy(&mut reader, &mut writer).await);
            }
        });
        tasks
    }

    async fn says(stream: &mut TcpStream, byte: u8) -> Option<u8> {
        stream.write_all(&[byte]).await.ok()?;
        tokio::time::timeout(DEADLINE, stream.read_u8()).await.unwrap().ok()
    }

    #[tokio::test]
    async fn a_silent_node_gets_everything_in_the_end_and_a_refused_one_loses_its_connections() {
        let network = Network::new(1).await;
        // No node has this process: who connects is a guest.
        let _node = echo(&network, 1, 1 << 30).await;
        let mut stream = TcpStream::connect(network.address(1)).await.unwrap();
        assert_eq!(says(&mut stream, 1).await, Some(1));
        network.cut(1, Cut::SilentAmongNodes);
        assert_eq!(says(&mut stream, 2).await, Some(2), "guests reach it");
        network.cut(1, Cut::Silent);
        stream.write_all(&[3]).await.unwrap();
        let early = tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await;
        assert!(early.is_err(), "nothing comes");
        network.heal(1);
        assert_eq!(tokio::time::timeout(DEADLINE, stream.read_u8()).await.unwrap().unwrap(), 3);
        network.cut(1, Cut::Refused);
        let ended = tokio::time::timeout(DEADLINE, stream.read_u8()).await.unwrap();
        assert!(ended.is_err(), "it ends");
        let mut other = TcpStream::connect(network.address(1)).await.unwrap();
        assert_eq!(says(&mut other, 4).await, None, "no other comes about");
    }

    #[tokio::test]
    async fn what_a_mute_node_asks_does_not_get_through() {
        let network = Network::new(2).await;
        let _asked = echo(&network, 1, 1 << 30).await;
        // This process is the second node.
        let _asking = echo(&network, 2, std::process::id()).await;
        network.cut(2, Cut::Mute);
        let mut asks = TcpStream::connect(network.address(1)).await.unwrap();
        asks.write_all(&[1]).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), asks.read_u8()).await.is_err());
        network.heal(2);
        assert_eq!(tokio::time::timeout(DEADLINE, asks.read_u8()).await.unwrap().unwrap(), 1);
    }
}

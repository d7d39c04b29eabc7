//! The network of a node that has no peers.

use std::time::Duration;

use tokio::sync::mpsc;
use vraftls_raft::network::{AppendChannel, BoxFuture, Chunk, Destination, Frame, Lane, Network, NetworkError};

/// Reaches nobody: the network of a group whose only member is this node.
pub(crate) struct NoPeers;

fn unreachable<T: Send + 'static>(to: &Destination) -> BoxFuture<'static, Result<T, NetworkError>> {
    let error = NetworkError::Unreachable { node: to.node, detail: "this node has no peers".to_owned() };
    Box::pin(async { Err(error) })
}

impl Network for NoPeers {
    fn call(&self, to: Destination, _: Lane, _: Frame, _: Duration) -> BoxFuture<'static, Result<Frame, NetworkError>> {
        unreachable(&to)
    }

    fn open_append(&self, to: Destination) -> BoxFuture<'static, Result<AppendChannel, NetworkError>> {
        unreachable(&to)
    }

    fn send_snapshot(
        &self,
        to: Destination,
        _: Frame,
        _: mpsc::Receiver<Chunk>,
        _: Duration,
    ) -> BoxFuture<'static, Result<Frame, NetworkError>> {
        unreachable(&to)
    }
}

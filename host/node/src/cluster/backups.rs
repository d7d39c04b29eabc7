//! Hands groups out, whole, to whoever takes a backup.

use std::collections::BTreeSet;
use std::io;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Instant;
use vraftls_meta::{GroupId, NodeId};
use vraftls_raft::ids::GroupId as RaftGroupId;
use vraftls_vfs::ContentDigest;

use super::admin::{CHANGE, ask_error};
use super::node::ClusterNode;
use crate::backup::{PIECES_MAX, PieceWriter, components_of, write_stream};
use crate::references::Hold;
use crate::server::admin::{ChangeError, Pieces};

/// Who has the contents of a group at hand.
type Contents = Box<dyn FnMut(&ContentDigest) -> io::Result<Vec<u8>> + Send>;

impl ClusterNode {
    /// A group as its replica here has it, at the newest index that there was anywhere when this was asked, or later.
    pub(super) async fn backup_of(&self, group: GroupId) -> Result<Pieces, ChangeError> {
        // From before the state is read until its contents are sent, so that none of them goes in between.
        let hold = self.answering.references.hold();
        let id = RaftGroupId(group.0);
        let is_here = group == GroupId::METADATA || self.cluster.shards().iter().any(|shard| shard.group == id);
        if !is_here || !self.keeps_contents() {
            let why = format!("node {} has no replica of group {group} with contents; ask another", self.node());
            return Err(ChangeError::Impossible { why });
        }
        self.cluster.catch_up(id, false, Instant::now() + CHANGE).await.map_err(ask_error)?;
        let (state, digests, contents) = match group {
            GroupId::METADATA => self.metadata_and_components(),
            _ => self.shard_and_contents(id)?,
        };
        let (sender, pieces) = mpsc::channel(PIECES_MAX);
        tokio::task::spawn_blocking(move || send(sender, group, &state, &digests, contents, hold));
        Ok(pieces)
    }

    fn keeps_contents(&self) -> bool {
        let metadata = self.cluster.metadata().borrow().clone();
        metadata.nodes().get(&NodeId(self.node().0)).is_some_and(vraftls_meta::Node::is_full)
    }

    fn metadata_and_components(&self) -> (Vec<u8>, BTreeSet<ContentDigest>, Contents) {
        let metadata = self.cluster.metadata().borrow().clone();
        let nodes = self.other_full_nodes();
        let (blobs, runtime) = (self.answering.blobs.clone(), Handle::current());
        // Those that are not here are fetched, and kept.
        let contents = move |digest: &ContentDigest| {
            runtime.block_on(blobs.get(*digest, &nodes)).map(Vec::from).map_err(io::Error::other)
        };
        (metadata.encode(), components_of(&metadata), Box::new(contents))
    }

    fn shard_and_contents(
        &self,
        group: RaftGroupId,
    ) -> Result<(Vec<u8>, BTreeSet<ContentDigest>, Contents), ChangeError> {
        let shard = self.cluster.shards().into_iter().find(|shard| shard.group == group);
        let gone = || ChangeError::Impossible { why: format!("the replica of group {group} has just gone") };
        let state = shard.ok_or_else(gone)?.state.borrow().clone();
        let contents = self.answering.contents.clone();
        let contents = move |digest: &ContentDigest| contents.get(digest).map_err(io::Error::other);
        Ok((state.encode(), state.contents().collect(), Box::new(contents)))
    }
}

fn send(
    sender: mpsc::Sender<io::Result<bytes::Bytes>>,
    group: GroupId,
    state: &[u8],
    digests: &BTreeSet<ContentDigest>,
    contents: Contents,
    hold: Hold,
) {
    let mut out = PieceWriter::new(sender);
    let sent = write_stream(&mut out, group.0, state, digests, contents);
    match &sent {
        Ok(()) => tracing::info!(%group, n_contents = digests.len(), "a group was handed out for a backup"),
        Err(error) => tracing::warn!(%group, %error, "a group could not be handed out for a backup"),
    }
    out.finish(sent);
    drop(hold);
}

//! Which component of which plugin is to be used, and where its bytes come from.

use std::collections::BTreeMap;

use bytes::Bytes;
use vraftls_query::BoxFuture;
use vraftls_vfs::ContentDigest;

/// The component of each pushed plugin that is to be used, by the plugin's identifier. What is not named here is what was built in.
pub type Wanted = BTreeMap<String, ContentDigest>;

/// What the metadata of a cluster wants: of every plugin the component that is active.
pub fn wanted(metadata: &vraftls_meta::State) -> Wanted {
    let active = metadata.plugins().iter().filter_map(|(id, plugin)| Some((id.to_string(), plugin.active?)));
    active.collect()
}

/// Where the bytes of components come from.
pub trait ComponentSource: Send + Sync {
    /// The bytes of this digest; they are looked at again before they are used. Dropping the future gives up. What cannot be had now is
    /// asked for again later.
    fn component(&self, digest: ContentDigest) -> BoxFuture<'_, Result<Bytes, SourceError>>;
}

/// The bytes of a component cannot be had now; for people.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

//! How the plugins of a node stand, as plain values for whoever shows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use vraftls_vfs::ContentDigest;
use vraftls_wasm::LoadError;

use super::SourceError;

/// How the plugins of a node stand, by their identifiers.
pub type PluginStatuses = BTreeMap<String, PluginStatus>;

/// How a plugin stands on this node.
#[derive(Clone, Debug)]
pub struct PluginStatus {
    /// The component that is to be used; none for what is only built in.
    pub wanted: Option<ContentDigest>,
    /// The component that answers questions.
    pub active: Option<ActivePlugin>,
    /// Whether the two are the same, and why not.
    pub state: PluginState,
}

/// The component of a plugin that answers questions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActivePlugin {
    /// Of its bytes.
    pub digest: ContentDigest,
    /// The version that it says it is.
    pub version: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a component comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A plugin directory of the node.
    BuiltIn,
    /// It was pushed to the cluster.
    Pushed,
}

/// Whether a node uses what it should.
#[derive(Clone, Debug)]
pub enum PluginState {
    /// It does.
    Settled,
    /// What is wanted is fetched or compiled. What was active before answers meanwhile.
    Loading,
    /// What is wanted cannot be used here. What was active before goes on answering.
    Failed(PluginFailure),
}

/// Why a component cannot be used on a node.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PluginFailure {
    /// Its bytes cannot be had now; they are asked for again.
    #[error("its bytes cannot be had: {0}")]
    Source(#[from] SourceError),
    /// The bytes that came are not those that were asked for; they are asked for again.
    #[error("other bytes came, of digest {0}")]
    OtherBytes(ContentDigest),
    /// It cannot be loaded.
    #[error("it cannot be loaded")]
    Load(#[source] Arc<LoadError>),
    /// It says that it is another plugin.
    #[error("it says that it is the analyzer `{0}`")]
    OtherPlugin(String),
    /// The host has a defect.
    #[error("loading it panicked")]
    Panicked,
}

impl PluginFailure {
    /// Whether trying again may help though nothing else was asked for.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Source(_) | Self::OtherBytes(_) => true,
            Self::Load(error) => matches!(**error, LoadError::Describe(_)),
            Self::OtherPlugin(_) | Self::Panicked => false,
        }
    }
}

/// Whether nothing is being loaded: every plugin is what it should be, or cannot be.
pub fn are_settled(statuses: &PluginStatuses) -> bool {
    statuses.values().all(|status| !matches!(status.state, PluginState::Loading))
}

//! What is in a group's state, as far as a backup has to know: where it stands, and which contents belong to it.

use std::collections::BTreeSet;

use vraftls_meta::{GroupId, State as Metadata};
use vraftls_vfs::{ContentDigest, State};

/// The state of a group.
#[derive(Clone, Debug)]
pub(super) enum GroupState {
    /// The metadata.
    Metadata(Box<Metadata>),
    /// Files.
    Files(Box<State>),
}

impl GroupState {
    /// Reads the state of a group; the reason, if it is none.
    pub(super) fn decode(group: u32, bytes: &[u8]) -> Result<Self, String> {
        if group == GroupId::METADATA.0 {
            Metadata::decode(bytes).map(|state| Self::Metadata(Box::new(state))).map_err(|error| error.to_string())
        } else {
            State::decode(bytes).map(|state| Self::Files(Box::new(state))).map_err(|error| error.to_string())
        }
    }

    /// The log index that it is of.
    pub(super) fn index(&self) -> u64 {
        match self {
            Self::Metadata(state) => state.revision().0,
            Self::Files(state) => state.revision().0,
        }
    }

    /// The contents that belong to it: of files, or the components of plugins.
    pub(super) fn contents(&self) -> BTreeSet<ContentDigest> {
        match self {
            Self::Metadata(state) => components_of(state),
            Self::Files(state) => state.contents().collect(),
        }
    }

    /// How many files it has.
    pub(super) fn n_files(&self) -> u64 {
        match self {
            Self::Metadata(_) => 0,
            Self::Files(state) => {
                let files = state.workspaces().filter_map(|(workspace, _)| state.snapshot(workspace));
                files.map(|files| files.n_files() as u64).sum()
            }
        }
    }
}

/// The components of all plugins, those that are not active included: a plugin can be rolled back.
pub(crate) fn components_of(metadata: &Metadata) -> BTreeSet<ContentDigest> {
    metadata.plugins().values().flat_map(|plugin| &plugin.components).map(|component| component.digest).collect()
}

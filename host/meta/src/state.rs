//! Everything that the metadata group replicates.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use vraftls_vfs::{ContentDigest, Revision, SessionTable, WorkspaceId, WorkspaceName};

use serde::{Deserialize, Serialize};

use crate::{
    ClusterId, Component, Epoch, GroupId, Incarnation, MoveId, MoveStep, NodeId, NodeKind, Registration, Response,
    SlotMap, TokenHash, Word,
};

/// How many replicas a group may have. More cost writes and gain little: seven survive the loss of three.
pub const REPLICATION_MAX: u8 = 7;

/// How many groups may share the files.
pub const N_DATA_GROUPS_MAX: u32 = 256;

/// How many nodes a cluster may ever have, those that were removed included: their ids are remembered for ever.
pub const N_NODES_MAX: usize = 16_384;

/// The greatest id that a node may ask for.
pub const NODE_ID_MAX: u32 = u32::MAX;

/// How many workspaces there may be at once.
pub const N_WORKSPACES_MAX: usize = 4096;

/// How many plugins there may be.
pub const N_PLUGINS_MAX: usize = 256;

/// How many components of a plugin are known. The oldest that is neither active nor was before makes room for a new one.
pub const N_COMPONENTS_MAX: usize = 32;

/// How many times in a row a plugin can be rolled back.
pub const N_PREVIOUS_MAX: usize = 8;

/// How many settings there may be.
pub const N_SETTINGS_MAX: usize = 1024;

/// How many bytes the value of a setting may have.
pub const SETTING_BYTES_MAX: usize = 4096;

/// How many tokens there may be.
pub const N_TOKENS_MAX: usize = 256;

/// The metadata of a cluster.
///
/// A value of some thousand entries at most, so its maps are plain ones; whoever publishes states shares them behind an `Arc`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    pub(crate) revision: Revision,
    pub(crate) tables: Tables,
    pub(crate) sessions: SessionTable<Response>,
}

/// What is in the state beside the sessions.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tables {
    pub(crate) cluster: Option<Cluster>,
    pub(crate) nodes: BTreeMap<NodeId, Node>,
    /// The nodes that were removed, with the data directories that they had.
    pub(crate) retired: BTreeMap<NodeId, Incarnation>,
    pub(crate) groups: BTreeMap<GroupId, Group>,
    pub(crate) slots: SlotMap,
    /// The last id given out; 0 before the first.
    pub(crate) last_workspace: WorkspaceId,
    pub(crate) workspaces: BTreeMap<WorkspaceId, WorkspaceName>,
    /// The same the other way round, for whoever knows a name. Made of them, and no part of what is written.
    #[serde(skip)]
    pub(crate) named: BTreeMap<WorkspaceName, WorkspaceId>,
    pub(crate) plugins: BTreeMap<Word, Plugin>,
    pub(crate) settings: BTreeMap<Word, String>,
    pub(crate) tokens: BTreeMap<Word, TokenHash>,
}

/// What a cluster is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cluster {
    /// Its name among all clusters.
    pub id: ClusterId,
    /// How many replicas a group shall have.
    pub replication: u8,
}

/// A node of the cluster.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Node {
    /// Who it is.
    pub registration: Registration,
    /// Whether it is to be relieved of everything.
    pub draining: bool,
}

impl Node {
    /// Whether it keeps files and answers.
    pub fn is_full(&self) -> bool {
        self.registration.kind == NodeKind::Full
    }
}

/// A group and where its replicas are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Group {
    /// The nodes that have a replica with a vote, as far as no change is under way.
    pub replicas: BTreeSet<NodeId>,
    /// Counts the changes of `replicas`.
    pub epoch: Epoch,
    /// The change that is under way.
    pub change: Option<Move>,
}

/// A change of a group's replicas.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Move {
    /// Its id.
    pub id: MoveId,
    /// The node that gets a replica.
    pub add: Option<NodeId>,
    /// The node that loses its replica.
    pub remove: Option<NodeId>,
    /// How far it is.
    pub step: MoveStep,
}

impl Group {
    /// The replicas after a change.
    pub(crate) fn replicas_after(&self, add: Option<NodeId>, remove: Option<NodeId>) -> BTreeSet<NodeId> {
        let stays = self.replicas.iter().copied().filter(|node| Some(*node) != remove);
        stays.chain(add).collect()
    }

    /// Whether a node has a replica, has not yet got rid of one, or is about to get one.
    pub fn involves(&self, node: NodeId) -> bool {
        let changes = self.change.is_some_and(|change| change.add == Some(node) || change.remove == Some(node));
        self.replicas.contains(&node) || changes
    }
}

/// A plugin.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Plugin {
    /// The components that were pushed, oldest first.
    pub components: Vec<Component>,
    /// The one that nodes use.
    pub active: Option<ContentDigest>,
    /// Those that were active before, the last one at the end.
    pub previous: VecDeque<ContentDigest>,
    /// The log index of the request that last changed what is active.
    pub changed: Revision,
}

impl Plugin {
    /// A component that was pushed.
    pub fn component(&self, digest: &ContentDigest) -> Option<&Component> {
        self.components.iter().find(|component| component.digest == *digest)
    }

    /// The component that nodes use.
    pub fn active_component(&self) -> Option<&Component> {
        self.active.as_ref().and_then(|digest| self.component(digest))
    }
}

impl State {
    /// The empty state, before any log entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The index of the last log entry that was applied.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// What the cluster is; none before it was made.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.tables.cluster.as_ref()
    }

    /// The nodes.
    pub fn nodes(&self) -> &BTreeMap<NodeId, Node> {
        &self.tables.nodes
    }

    /// The groups, that of the metadata included.
    pub fn groups(&self) -> &BTreeMap<GroupId, Group> {
        &self.tables.groups
    }

    /// Which group has which files.
    pub fn slots(&self) -> &SlotMap {
        &self.tables.slots
    }

    /// The workspaces.
    pub fn workspaces(&self) -> &BTreeMap<WorkspaceId, WorkspaceName> {
        &self.tables.workspaces
    }

    /// The workspace of a name.
    pub fn workspace(&self, name: &WorkspaceName) -> Option<WorkspaceId> {
        self.tables.named.get(name).copied()
    }

    /// The plugins.
    pub fn plugins(&self) -> &BTreeMap<Word, Plugin> {
        &self.tables.plugins
    }

    /// The settings.
    pub fn settings(&self) -> &BTreeMap<Word, String> {
        &self.tables.settings
    }

    /// What the tokens are called.
    pub fn token_names(&self) -> impl ExactSizeIterator<Item = &Word> {
        self.tables.tokens.keys()
    }

    /// The name of the token that somebody shows, if it is one. Takes as long for every token of its length.
    pub fn token(&self, shown: &[u8]) -> Option<&Word> {
        // All are looked at, so that the time tells nothing.
        self.tables.tokens.iter().fold(None, |found, (name, hash)| if hash.matches(shown) { Some(name) } else { found })
    }
}

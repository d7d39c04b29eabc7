//! What can be asked of the metadata: the content of a log entry of its group.

use serde::{Deserialize, Serialize};
use vraftls_vfs::{ClientId, ContentDigest, Sequence, WorkspaceId, WorkspaceName};

use crate::{Address, ClusterId, Epoch, GroupId, Incarnation, MoveId, NodeId, Word};

/// What a log entry says.
///
/// Variants and fields are only ever appended, because old logs must stay readable.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Opens a session. Whoever proposes requests opens one first.
    OpenSession,
    /// Does something once, however often it is proposed; numbered as the commands of the files are.
    Once {
        /// The session.
        client: ClientId,
        /// Which request of the session, from 1.
        sequence: Sequence,
        /// What to do.
        request: Request,
    },
}

/// What can be done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Makes the cluster: the first of all requests that do anything.
    Bootstrap {
        /// Its name among all clusters, drawn at random.
        cluster: ClusterId,
        /// How many replicas a group shall have, at most [`crate::REPLICATION_MAX`].
        replication: u8,
        /// How many groups share the files, 1 to [`crate::N_DATA_GROUPS_MAX`].
        n_data_groups: u32,
        /// The node that all groups begin on.
        node: NodeId,
        /// Who it is.
        registration: Registration,
        /// The first token that admins show.
        token: Option<TokenHash>,
    },
    /// Makes a node a part of the cluster. A node that comes back repeats it, with the address that it has now.
    RegisterNode {
        /// The id it wants, that nobody ever had; without it the next one.
        node: Option<NodeId>,
        /// Who it is.
        registration: Registration,
    },
    /// Says whether a node is to be relieved of everything, even if groups have fewer replicas then.
    SetDraining {
        /// Which.
        node: NodeId,
        /// Whether.
        draining: bool,
    },
    /// Takes a node out of the cluster for ever. It must have no replica any more.
    RemoveNode {
        /// Which.
        node: NodeId,
    },
    /// Begins to change the replicas of a group. One change at a time.
    BeginMove {
        /// Which group.
        group: GroupId,
        /// The epoch of its replicas that the proposer saw.
        epoch: Epoch,
        /// The node that gets a replica.
        add: Option<NodeId>,
        /// The node that loses its replica.
        remove: Option<NodeId>,
    },
    /// Notes how far a change is.
    AdvanceMove {
        /// Which group.
        group: GroupId,
        /// Which change.
        id: MoveId,
        /// The step that begins now; the one after that which was under way.
        step: MoveStep,
    },
    /// Gives a change up that has not come further than [`MoveStep::Learning`].
    AbandonMove {
        /// Which group.
        group: GroupId,
        /// Which change.
        id: MoveId,
    },
    /// Makes an empty workspace.
    CreateWorkspace {
        /// Not the name of another workspace.
        name: WorkspaceName,
    },
    /// Removes a workspace. Its files go in every group after that.
    RemoveWorkspace {
        /// Which.
        workspace: WorkspaceId,
    },
    /// Makes a plugin's component known, that is durable in the blob store of a quorum and was found to be sound.
    PushPlugin {
        /// Which plugin.
        plugin: Word,
        /// The component.
        component: Component,
    },
    /// Lets all nodes use a component that was pushed.
    ActivatePlugin {
        /// Which plugin.
        plugin: Word,
        /// Its component.
        digest: ContentDigest,
    },
    /// Lets all nodes use the component that was active before.
    RollBackPlugin {
        /// Which plugin.
        plugin: Word,
        /// The component that is active now, as the proposer saw it.
        active: ContentDigest,
    },
    /// Forgets a plugin with all its components.
    RemovePlugin {
        /// Which.
        plugin: Word,
    },
    /// Sets or takes away a setting of the cluster.
    SetSetting {
        /// Which.
        key: Word,
        /// Its value, at most [`crate::SETTING_BYTES_MAX`] bytes; none takes it away.
        value: Option<String>,
    },
    /// Lets those who show a token do what admins do.
    AddToken {
        /// What people call it.
        name: Word,
        /// What is kept of it.
        hash: TokenHash,
    },
    /// Lets a token count no more. The last one stays.
    RevokeToken {
        /// Which.
        name: Word,
    },
    /// Relieves a node of everything, as [`Request::SetDraining`] does, but only where others take all of it over.
    Relieve {
        /// Which.
        node: NodeId,
    },
}

/// Who a node is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Registration {
    /// Its data directory.
    pub incarnation: Incarnation,
    /// Where others reach it.
    pub address: Address,
    /// What it is for.
    pub kind: NodeKind,
}

/// What a node is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum NodeKind {
    /// Keeps files and answers.
    Full,
    /// Votes, and keeps the names and digests of files but no contents: it never leads and never answers.
    Witness,
}

/// How far a change of replicas is. What a step does can be done again: whoever drives the change may have died in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum MoveStep {
    /// The new replica follows the log without a vote until it has all of it.
    Learning,
    /// The group changes its voters, by joint consensus.
    Switching,
    /// The old replica's data goes.
    Cleaning,
    /// Nothing is left to do.
    Done,
}

/// What is known of a component.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Component {
    /// Of its bytes.
    pub digest: ContentDigest,
    /// How many bytes it is.
    pub size_bytes: u64,
    /// The version that it says it is.
    pub version: Word,
}

/// The BLAKE3 hash of a token of 32 random bytes. With that many, a salt or a slow hash would add nothing.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// What is kept of a token.
    pub fn of(token: &[u8]) -> Self {
        Self(*blake3::hash(token).as_bytes())
    }

    /// Its digits, for whoever keeps hashes in a file.
    pub fn to_hex(self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// Reads what [`TokenHash::to_hex`] wrote; nothing if it is none.
    pub fn from_hex(digits: &str) -> Option<Self> {
        blake3::Hash::from_hex(digits).ok().map(|hash| Self(*hash.as_bytes()))
    }

    /// Whether a token is the one; takes as long for every token.
    pub fn matches(&self, token: &[u8]) -> bool {
        blake3::Hash::from_bytes(self.0) == blake3::hash(token)
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

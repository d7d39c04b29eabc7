//! What becomes of a request.

use serde::{Deserialize, Serialize};
use vraftls_vfs::{ClientId, ContentDigest, WorkspaceId};

use crate::{ClusterId, Epoch, GroupId, MoveId, MoveStep, NodeId, Word};

/// The answer to a command: the same on every replica, and remembered for repeated commands.
pub type Response = Result<Applied, Refusal>;

/// What a request did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Applied {
    /// A session is open.
    SessionOpened {
        /// Its id.
        client: ClientId,
    },
    /// A node is a part of the cluster.
    NodeRegistered {
        /// Its id.
        node: NodeId,
    },
    /// A group's replicas are about to change.
    MoveBegun {
        /// The change.
        id: MoveId,
    },
    /// A workspace exists.
    WorkspaceCreated {
        /// Its id.
        workspace: WorkspaceId,
    },
    /// A plugin has this component from now on; without any, it is inactive.
    PluginActive {
        /// The component.
        digest: Option<ContentDigest>,
    },
    /// It is as the request wants it.
    Done,
}

/// Why a request did nothing at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// The session was never opened, or was not used for so long that others took its place.
    #[error("there is no session {client}; open one and propose again what is known to have had no effect")]
    NoSuchSession {
        /// The session.
        client: ClientId,
    },
    /// The command is so old that its answer was given up. Whether it took effect is unknown.
    #[error("the answer to this command was given up; those behind sequence {forgotten} are known")]
    AnswerForgotten {
        /// The youngest sequence of the session that is given up.
        forgotten: u64,
    },
    /// There is no cluster yet.
    #[error("the cluster was not initialized yet")]
    NoCluster,
    /// There is one already.
    #[error("this is cluster {cluster} already")]
    ClusterExists {
        /// Its id.
        cluster: ClusterId,
    },
    /// A number of the request is out of its bounds.
    #[error("{what} must be from {min} to {max}")]
    OutOfBounds {
        /// Which number.
        what: Bounded,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// There is no such node.
    #[error("there is no node {node}")]
    NoSuchNode {
        /// The one asked for.
        node: NodeId,
    },
    /// Another data directory has or had the node's id.
    #[error("the id {node} belongs or belonged to another data directory, and is not given out a second time")]
    NodeIdTaken {
        /// The id.
        node: NodeId,
    },
    /// The data directory was a node that was removed. It knows things that are not true any more.
    #[error("this data directory was a node that was removed from the cluster; start with an empty one")]
    IncarnationRetired,
    /// A node of this data directory has another id or is of another kind.
    #[error("this data directory is node {node}, of another id or kind")]
    OtherNode {
        /// The node that it is.
        node: NodeId,
    },
    /// Another node has this address.
    #[error("node {node} has this address")]
    AddressTaken {
        /// Which.
        node: NodeId,
    },
    /// The node has replicas, or is about to get one.
    #[error("node {node} has a replica of group {group}, or is about to get one; drain it first")]
    NodeInUse {
        /// Which node.
        node: NodeId,
        /// One of the groups.
        group: GroupId,
    },
    /// There are as many of something as there may be.
    #[error("there are too many {what}")]
    TooMany {
        /// Of what.
        what: Counted,
    },
    /// There is no such group.
    #[error("there is no group {group}")]
    NoSuchGroup {
        /// The one asked for.
        group: GroupId,
    },
    /// The group's replicas changed since the proposer looked.
    #[error("the replicas of the group are of epoch {current} by now")]
    WrongEpoch {
        /// Their epoch.
        current: Epoch,
    },
    /// A change of the group's replicas is under way.
    #[error("change {id} of the group's replicas is under way")]
    MoveUnderWay {
        /// Which.
        id: MoveId,
    },
    /// There is no such change.
    #[error("there is no change {id} of the group's replicas")]
    NoSuchMove {
        /// The one asked for.
        id: MoveId,
    },
    /// The change is at another step.
    #[error("the change of the group's replicas is at step {current:?}")]
    WrongStep {
        /// Its step.
        current: MoveStep,
    },
    /// The change of replicas makes no sense.
    #[error("the change of replicas makes no sense: {reason}")]
    SenselessMove {
        /// Why.
        reason: Senseless,
    },
    /// A workspace of this name exists.
    #[error("workspace {workspace} has this name")]
    WorkspaceExists {
        /// Which.
        workspace: WorkspaceId,
    },
    /// There is no such workspace.
    #[error("there is no workspace {workspace}")]
    NoSuchWorkspace {
        /// The one asked for.
        workspace: WorkspaceId,
    },
    /// There is no such plugin.
    #[error("there is no plugin {plugin}")]
    NoSuchPlugin {
        /// The one asked for.
        plugin: Word,
    },
    /// The plugin has no such component.
    #[error("plugin {plugin} has no component {digest}")]
    NoSuchComponent {
        /// The plugin.
        plugin: Word,
        /// The one asked for.
        digest: ContentDigest,
    },
    /// Another component is active than the proposer saw.
    #[error("another component of the plugin is active by now")]
    OtherComponentActive {
        /// The one that is.
        active: Option<ContentDigest>,
    },
    /// No component was active before.
    #[error("no other component was active before")]
    NothingToRollBackTo,
    /// There is no such token.
    #[error("there is no token {name}")]
    NoSuchToken {
        /// The one asked for.
        name: Word,
    },
    /// A token of this name exists.
    #[error("there is a token {name}")]
    TokenExists {
        /// Its name.
        name: Word,
    },
    /// Without this token nobody could do what admins do.
    #[error("this is the last token")]
    LastToken,
    /// Without this node groups would have fewer replicas.
    #[error(
        "without node {node} there would be {left} replicas of a group instead of {wanted}: no other node can take them over"
    )]
    FewerReplicas {
        /// The node that should give up its replicas.
        node: NodeId,
        /// How many a group can have on the nodes that stay with it.
        wanted: u32,
        /// How many without it.
        left: u32,
    },
}

/// A number that has bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Bounded {
    /// How many replicas a group shall have.
    Replication,
    /// How many groups share the files.
    DataGroups,
    /// How many bytes a setting has.
    SettingBytes,
    /// The id of a node.
    NodeIds,
}

impl std::fmt::Display for Bounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Replication => "the number of replicas",
            Self::DataGroups => "the number of data groups",
            Self::SettingBytes => "the number of bytes of a setting",
            Self::NodeIds => "the id of a node",
        })
    }
}

/// A thing of which there may be only so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Counted {
    /// Nodes, those that were removed included.
    Nodes,
    /// Workspaces.
    Workspaces,
    /// Plugins.
    Plugins,
    /// Components of a plugin.
    Components,
    /// Settings.
    Settings,
    /// Tokens.
    Tokens,
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nodes => "nodes",
            Self::Workspaces => "workspaces",
            Self::Plugins => "plugins",
            Self::Components => "components of this plugin",
            Self::Settings => "settings",
            Self::Tokens => "tokens",
        })
    }
}

/// Why a change of replicas makes no sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Senseless {
    /// It changes nothing.
    Nothing,
    /// The node that is to get a replica has one.
    AlreadyThere,
    /// The node that is to lose its replica has none.
    NotThere,
    /// The node that is to get a replica is to be relieved of everything.
    Draining,
    /// Nobody would keep contents any more.
    NoFullReplica,
    /// The group would have two witnesses.
    TwoWitnesses,
    /// The group would have more than [`crate::REPLICATION_MAX`] replicas.
    TooManyReplicas,
}

impl std::fmt::Display for Senseless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "it changes nothing",
            Self::AlreadyThere => "the new node has a replica already",
            Self::NotThere => "the old node has no replica",
            Self::Draining => "the new node is being drained",
            Self::NoFullReplica => "no replica would keep contents any more",
            Self::TwoWitnesses => "the group would have two witnesses",
            Self::TooManyReplicas => "the group would have too many replicas",
        })
    }
}

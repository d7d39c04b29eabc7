//! What can go wrong, by operation.

use std::time::Duration;

use vraftls_raft::error::{InitializeError, StorageError, WaitError};
use vraftls_raft::ids::GroupId;

use crate::rpc::Refusal;

/// Why whoever leads a group did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody who leads the group was found in time. Nothing happened.
    #[error("nobody leads group {group}, or it cannot be reached: {last}")]
    NoLeader {
        /// The group.
        group: GroupId,
        /// The last thing that went wrong.
        last: String,
    },
    /// Too much is under way. Nothing happened.
    #[error("group {group} is busy; retry after {retry_after:?}")]
    Busy {
        /// The group.
        group: GroupId,
        /// When it is worth asking again.
        retry_after: Duration,
    },
    /// It cannot be done. Nothing happened.
    #[error("group {group} refuses: {reason}")]
    Refused {
        /// The group.
        group: GroupId,
        /// For people.
        reason: String,
    },
    /// It may have happened, or may still.
    #[error("what became of a request to group {group} is unknown: {reason}")]
    Unknown {
        /// The group.
        group: GroupId,
        /// What cut the wait short.
        reason: String,
    },
}

impl AskError {
    pub(crate) fn refused(group: GroupId, refusal: &Refusal) -> Self {
        Self::Refused { group, reason: refusal.to_string() }
    }
}

/// Why the metadata was not changed, or may not have been.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChangeError<R: std::error::Error + 'static> {
    /// The state machine refuses it.
    #[error("refused: {0}")]
    Refused(#[source] R),
    /// The group was not asked, or its answer is not known.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The state machine answered another question, or cannot be understood.
    #[error("group {group} gave an answer that makes no sense")]
    WrongAnswer {
        /// The group.
        group: GroupId,
    },
}

/// Why the groups of a node do not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A disk.
    #[error("the groups' storage")]
    Storage(#[from] StorageError),
    /// A group.
    #[error(transparent)]
    Group(#[from] vraftls_raft::error::StartError),
    /// A first group.
    #[error("a group cannot be formed")]
    Initialize(#[from] InitializeError),
    /// It takes too long.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// The metadata refuses to be made.
    #[error("the cluster cannot be made: {0}")]
    Bootstrap(String),
}

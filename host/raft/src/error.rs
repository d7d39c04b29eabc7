//! What can go wrong, by operation, and what a caller should do about it.
//!
//! Policy: one enum per operation, the cause only in `source()`. A client-facing error has a [`ErrorClass`]; callers
//! decide by the class and print the error. An outcome that is not known is never reported as a failure.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::ids::{LogId, NodeId, Peer};

/// A disk, or what was read from it, cannot be trusted. Always fatal to the group that meets it.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The operating system or the storage engine refused.
    #[error("storage: {operation} failed")]
    Io {
        /// What was being done.
        operation: &'static str,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// Bytes on disk are not what was written.
    #[error("storage: {what} is corrupt: {detail}")]
    Corrupt {
        /// Which record.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// An earlier failure stopped this store. A failed fsync is never retried: the kernel may have dropped the pages.
    #[error("storage: stopped by an earlier failure: {reason}")]
    Stopped {
        /// The failure that came first.
        reason: Arc<str>,
    },
}

impl StorageError {
    /// Wraps an error of the operating system or of a storage engine.
    pub fn io(operation: &'static str, source: impl Into<io::Error>) -> Self {
        Self::Io { operation, source: source.into() }
    }

    /// A record that cannot be right.
    pub fn corrupt(what: &'static str, detail: impl Into<String>) -> Self {
        Self::Corrupt { what, detail: detail.into() }
    }

    /// The error and its causes in one line, for places that can carry only text.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}

impl From<crate::codec::DecodeError> for StorageError {
    fn from(error: crate::codec::DecodeError) -> Self {
        Self::Corrupt { what: "encoded record", detail: error.to_string() }
    }
}

impl From<StorageError> for io::Error {
    fn from(error: StorageError) -> Self {
        io::Error::other(error.chain())
    }
}

/// What a caller should do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Nothing happened; the same request may succeed here a little later.
    Retry,
    /// Nothing happened here; ask the leader that the error names.
    Redirect,
    /// Nothing happened and nothing will; the request itself is at fault.
    Reject,
    /// It may have happened, or may still. Only a repetition with the same request id can tell.
    Unknown,
}

/// Where the leader is, as far as the answering node knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderHint {
    /// The leader.
    pub node: NodeId,
    /// Its address, when the membership here holds it.
    pub peer: Option<Peer>,
}

/// Why a proposal has no response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProposeError {
    /// This node does not lead the group. Nothing was proposed.
    #[error("not the leader of the group{}", leader_suffix(.leader))]
    NotLeader {
        /// Whom to ask; `None` while there is no leader, or it has lost its quorum.
        leader: Option<LeaderHint>,
    },
    /// Too much is in flight. Nothing was proposed.
    #[error("too many proposals in flight; retry after {retry_after:?}")]
    Busy {
        /// When it is worth asking again.
        retry_after: Duration,
    },
    /// The encoded command is over the limit. Nothing was proposed.
    #[error("command of {bytes} bytes is over the limit of {bytes_max}")]
    TooLarge {
        /// Size of the encoded command.
        bytes: usize,
        /// The limit in force.
        bytes_max: usize,
    },
    /// The deadline passed, the leader changed or the group stopped while the proposal was under way. It may be
    /// committed already, later, or never.
    #[error("outcome unknown: {reason}")]
    Unknown {
        /// What cut the wait short.
        reason: UnknownReason,
    },
    /// The entry is committed and applied, but the response does not decode: versions are mixed wrongly.
    #[error("applied at index {log_index}, but the response cannot be read")]
    BadResponse {
        /// Where it was applied.
        log_index: u64,
        /// Why it cannot be read.
        #[source]
        source: crate::codec::DecodeError,
    },
}

/// What cut the wait for a proposal short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownReason {
    /// The caller's deadline passed.
    #[error("the deadline passed")]
    Deadline,
    /// Another leader took over.
    #[error("the leader changed")]
    LeaderChanged,
    /// The group stopped: shut down, or hit by a storage failure.
    #[error("the group stopped: {0}")]
    Stopped(String),
}

impl ProposeError {
    /// What the caller should do.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotLeader { leader: Some(_) } => ErrorClass::Redirect,
            Self::NotLeader { leader: None } | Self::Busy { .. } => ErrorClass::Retry,
            Self::TooLarge { .. } | Self::BadResponse { .. } => ErrorClass::Reject,
            Self::Unknown { .. } => ErrorClass::Unknown,
        }
    }
}

/// Why a read cannot be served at the consistency it asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// Only the leader can start this read.
    #[error("not the leader of the group{}", leader_suffix(.leader))]
    NotLeader {
        /// Whom to ask; `None` while there is no leader.
        leader: Option<LeaderHint>,
    },
    /// The leader could not confirm that it still leads.
    #[error("no quorum confirmed the leadership")]
    NoQuorum,
    /// The deadline passed.
    #[error("the deadline passed")]
    Deadline,
    /// The group has stopped.
    #[error("the group stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

impl ReadError {
    /// What the caller should do. A read never has an unknown outcome.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotLeader { leader: Some(_) } => ErrorClass::Redirect,
            Self::NotLeader { leader: None } | Self::NoQuorum | Self::Deadline => ErrorClass::Retry,
            Self::Stopped { .. } => ErrorClass::Reject,
        }
    }
}

/// Why a group did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings contradict each other.
    #[error("group {group}: invalid settings: {detail}")]
    Config {
        /// Which group.
        group: crate::ids::GroupId,
        /// What is wrong.
        detail: String,
    },
    /// The group is running in this process already.
    #[error("group {group} is already open on this log store")]
    AlreadyOpen {
        /// Which group.
        group: crate::ids::GroupId,
    },
    /// The log or the state cannot be read.
    #[error("group {group}: storage")]
    Storage {
        /// Which group.
        group: crate::ids::GroupId,
        /// What went wrong.
        #[source]
        source: StorageError,
    },
    /// The consensus engine refused what it found.
    #[error("group {group}: {reason}")]
    Recovery {
        /// Which group.
        group: crate::ids::GroupId,
        /// Its words.
        reason: String,
    },
}

/// Why a group could not be formed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InitializeError {
    /// The group has a history already. Harmless when a bootstrap is repeated.
    #[error("the group was formed already (last entry {last:?})")]
    AlreadyFormed {
        /// The end of the log found.
        last: Option<LogId>,
    },
    /// The replica that was asked may not lead, and who forms a group leads it first.
    #[error("this replica may not lead: form the group on another one")]
    MayNotLead,
    /// The node that was asked is not in the list of members.
    #[error("node {node} is not among the members to be")]
    NotAMember {
        /// The node that was asked.
        node: NodeId,
    },
    /// The group has stopped.
    #[error("the group stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

/// Why a membership change did not complete.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MembershipError {
    /// This node does not lead the group.
    #[error("not the leader of the group{}", leader_suffix(.leader))]
    NotLeader {
        /// Whom to ask.
        leader: Option<LeaderHint>,
    },
    /// The membership is not the one the caller based its change on, or a change is under way.
    #[error("the membership moved on: {detail}")]
    Conflict {
        /// What was found.
        detail: String,
    },
    /// The change makes no sense: no voters left, or a voter that was no learner before.
    #[error("refused: {detail}")]
    Invalid {
        /// Why.
        detail: String,
    },
    /// It may have happened, or half of it: a joint configuration may be in force. Ask the status, then repeat.
    #[error("outcome unknown: {reason}")]
    Unknown {
        /// What cut the wait short.
        reason: UnknownReason,
    },
}

impl MembershipError {
    /// What the caller should do.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotLeader { leader: Some(_) } => ErrorClass::Redirect,
            Self::NotLeader { leader: None } | Self::Conflict { .. } => ErrorClass::Retry,
            Self::Invalid { .. } => ErrorClass::Reject,
            Self::Unknown { .. } => ErrorClass::Unknown,
        }
    }
}

/// Why a condition on the group was not met.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WaitError {
    /// The deadline passed; the group goes on.
    #[error("the deadline passed while waiting for {what}")]
    Deadline {
        /// What was waited for.
        what: String,
    },
    /// The group has stopped.
    #[error("the group stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

fn leader_suffix(leader: &Option<LeaderHint>) -> String {
    match leader {
        Some(hint) => format!("; node {} is", hint.node),
        None => "; nobody is known to be".to_owned(),
    }
}

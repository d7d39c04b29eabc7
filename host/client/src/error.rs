//! Why a cluster gives no answer.

use std::error::Error;
use std::time::Duration;

use vraftls_proto::QueryError;
use vraftls_proto::rpc::EncodeError;
use vraftls_raft::ids::NodeId;

/// Why no client was made, or its routes are old.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConnectError {
    /// No seed was given.
    #[error("no address of a cluster was given")]
    NoSeeds,
    /// A seed is no address.
    #[error("{0:?} is not `host:port`")]
    BadSeed(String),
    /// Nobody who was asked is a node of the cluster. What each said, by address.
    #[error("no node of the cluster was found: {}", said(.0))]
    NoNode(Vec<(String, String)>),
    /// This machine has no random numbers.
    #[error("no identity could be drawn: {0}")]
    NoIdentity(String),
}

fn said(list: &[(String, String)]) -> String {
    list.iter().map(|(address, why)| format!("{address}: {why}")).collect::<Vec<_>>().join("; ")
}

/// Why a question reached nobody who answered it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReachError {
    /// Those who could answer cannot be reached. Whoever was lost in the middle may have done what it was asked.
    #[error("not reachable: {0}")]
    Unreachable(String),
    /// The time is over. What a node was asked, it may have done, or may still do.
    #[error("no answer within {0:?}")]
    Deadline(Duration),
    /// A node does not do it.
    #[error("node {node} refused: {why}")]
    Refused {
        /// Which.
        node: NodeId,
        /// Its words.
        why: String,
    },
    /// A node said something that is no answer.
    #[error("node {node} answered with something else: {why}")]
    OtherAnswer {
        /// Which.
        node: NodeId,
        /// What is wrong with it.
        why: String,
    },
    /// The question is larger than any may be; nobody was asked.
    #[error(transparent)]
    TooLong(#[from] EncodeError),
}

impl ReachError {
    /// Whether another node, or a later moment, may do better.
    pub(crate) fn may_pass(&self) -> bool {
        !matches!(self, Self::TooLong(_) | Self::Deadline(_))
    }
}

/// Why a question has no answer: nobody answered, or the answer says why there is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallError<E: Error + 'static> {
    /// Nobody answered.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// A node answered that there is none.
    #[error(transparent)]
    Said(E),
}

impl From<CallError<QueryError>> for QueryError {
    /// In the words of questions about source code.
    fn from(error: CallError<QueryError>) -> Self {
        match error {
            CallError::Said(error) => error,
            CallError::Reach(ReachError::Deadline(deadline)) => Self::DeadlineExceeded(deadline),
            CallError::Reach(ReachError::TooLong(error)) => Self::Limited(error.to_string()),
            CallError::Reach(error) => Self::Unavailable(error.to_string()),
        }
    }
}

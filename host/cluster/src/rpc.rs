//! What nodes ask each other about groups, as bytes: a version byte, then the postcard format.
//!
//! Variants and fields are only ever appended. A node that does not know a question says so and nothing happens.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use vraftls_raft::codec::{DecodeError, decode_exact, encode_versioned, split_version};
use vraftls_transport::Method;

use crate::status::NodeReport;

/// The method under which these questions are asked.
pub const CONTROL: Method = Method(1000);

const VERSION: u8 = 1;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    /// Proposes an encoded command to a group that the asked node should lead.
    Propose { group: u32, command: Arc<[u8]>, within_ms: u32 },
    /// The log index that a linearizable read must wait for; the asked node should lead.
    ReadIndex { group: u32, by_lease: bool, within_ms: u32 },
    /// Changes the members of a group that the asked node should lead.
    Change { group: u32, change: Change, within_ms: u32 },
    /// Hands the leadership over.
    Transfer { group: u32, to: u64, within_ms: u32 },
    /// How the asked node is.
    Report,
}

/// A change of members that has happened already is no change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Change {
    AddLearner { node: u64, address: String },
    Promote { node: u64 },
    Demote { node: u64 },
    RemoveVoter { node: u64 },
    RemoveLearner { node: u64 },
    FinishJoint,
}

/// What is answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// Applied at this index, with this encoded response.
    Proposed { index: u64, response: Vec<u8> },
    /// Wait for this index.
    ReadIndex(u64),
    /// The members are as asked for, or the leadership was handed over.
    Done,
    /// How the node is.
    Report(NodeReport),
    /// Not so.
    Refused(Refusal),
}

/// Why not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it does not lead the group")]
    NotLeader { leader: Option<u64> },
    #[error("the group does not run there")]
    NotHosted,
    #[error("it is busy")]
    Busy { retry_after_ms: u32 },
    #[error("a command of {bytes} bytes is over the limit of {bytes_max}")]
    TooLarge { bytes: u64, bytes_max: u64 },
    /// Whether it happened cannot be told.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
    /// Nothing happened; later it may.
    #[error("{0}")]
    NotNow(String),
    /// Nothing happened, nor will it.
    #[error("{0}")]
    Never(String),
}

pub(crate) fn encode<T: Serialize>(message: &T) -> Bytes {
    let mut bytes = Vec::new();
    encode_versioned(VERSION, message, &mut bytes);
    bytes.into()
}

pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, DecodeError> {
    let (_, body) = split_version("message about groups", VERSION, bytes)?;
    decode_exact("message about groups", body)
}

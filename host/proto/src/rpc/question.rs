//! What a question is, the numbers of all of them, and those that have nothing to say but their name.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vraftls_index::Description;
use vraftls_vfs::{WorkspaceId, WorkspaceName};

use super::{DecodeError, EncodeError, decode, encode};
use crate::SessionId;

/// The numbers of the questions. They are never used for another question.
#[expect(missing_docs, reason = "each is the question of its name")]
pub mod method {
    pub const ANALYZERS: u32 = 1;
    pub const WORKSPACES: u32 = 2;
    pub const ASK: u32 = 3;
    pub const FILE_TEXT: u32 = 4;
    pub const TREE_PAGE: u32 = 5;
    pub const WATCH: u32 = 6;
    pub const MISSING: u32 = 7;
    pub const PUT: u32 = 8;
    pub const OPEN_SESSION: u32 = 9;
    pub const COMMIT: u32 = 10;
    pub const SESSION_ENDED: u32 = 11;
    pub const CURRENT: u32 = 12;
    pub const CURRENT_BY_LEASE: u32 = 13;
    pub const ASK_WITHOUT: u32 = 14;
}

/// Questions from this number on are of one node to another, and not for guests.
pub const FIRST_NODE_METHOD: u32 = 1000;

/// How many bytes a message of the small traffic has at most.
pub const SMALL_BYTES_MAX: usize = 1 << 20;

/// How many bytes any message has at most: what the connections of nodes carry in one piece, less some room.
pub const BULK_BYTES_MAX: usize = 15 << 20;

/// A question to a node. Its bytes and those of its answer travel behind its number.
pub trait Question: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its number.
    const METHOD: u32;
    /// Whether it belongs to the traffic that may be held back for others.
    const IS_BULK: bool = false;
    /// How many bytes it has at most.
    const BYTES_MAX: usize = SMALL_BYTES_MAX;
    /// How many bytes its answer has at most.
    const ANSWER_BYTES_MAX: usize = BULK_BYTES_MAX;
    /// What answers it.
    type Answer: Serialize + DeserializeOwned + Send;

    /// Its bytes.
    ///
    /// # Errors
    /// [`EncodeError`].
    fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        encode(self, Self::BYTES_MAX)
    }

    /// The question of bytes.
    ///
    /// # Errors
    /// [`DecodeError`].
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, Self::BYTES_MAX)
    }

    /// The bytes of an answer.
    ///
    /// # Errors
    /// [`EncodeError`].
    fn encode_answer(answer: &Self::Answer) -> Result<Vec<u8>, EncodeError> {
        encode(answer, Self::ANSWER_BYTES_MAX)
    }

    /// The answer of bytes.
    ///
    /// # Errors
    /// [`DecodeError`].
    fn decode_answer(bytes: &[u8]) -> Result<Self::Answer, DecodeError> {
        decode(bytes, Self::ANSWER_BYTES_MAX)
    }
}

/// Which analyzers are active.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Analyzers;

impl Question for Analyzers {
    const METHOD: u32 = method::ANALYZERS;
    type Answer = Vec<Arc<Description>>;
}

/// Which workspaces there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Workspaces;

impl Question for Workspaces {
    const METHOD: u32 = method::WORKSPACES;
    /// By id.
    type Answer = Vec<(WorkspaceId, WorkspaceName)>;
}

/// Says that a session of the asker is over: what is kept for it may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionEnded {
    /// Which.
    pub session: SessionId,
}

impl Question for SessionEnded {
    const METHOD: u32 = method::SESSION_ENDED;
    type Answer = ();
}

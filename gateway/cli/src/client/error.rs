//! Why a question has no answer.

use std::time::Duration;

/// Why a request has no result.
#[derive(Debug)]
pub(crate) enum AskError {
    /// The server answered with an error.
    Refused {
        /// Its code: JSON-RPC's and the protocol's (LSP 3.17, "ErrorCodes").
        code: i64,
        /// What it says, for people.
        message: String,
    },
    /// No response came in time.
    Deadline(Duration),
    /// The session ended before the response.
    Ended(String),
    /// The result is not what the protocol says, or the parameters cannot be written.
    Shape(serde_json::Error),
}

impl AskError {
    /// `ErrorCodes.ContentModified`: the files changed meanwhile, and asking again helps.
    const CONTENT_MODIFIED: i64 = -32801;

    /// `ErrorCodes.InvalidParams`: what was asked about is not there.
    pub(crate) const INVALID_PARAMS: i64 = -32602;

    /// Whether the files changed while the question was answered.
    pub(super) fn is_content_modified(&self) -> bool {
        matches!(self, Self::Refused { code: Self::CONTENT_MODIFIED, .. })
    }
}

impl std::fmt::Display for AskError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { message, .. } => formatter.write_str(message),
            Self::Deadline(deadline) => write!(formatter, "no answer within {deadline:?}"),
            Self::Ended(why) => write!(formatter, "the session ended: {why}"),
            Self::Shape(_) => formatter.write_str("the answer does not have the shape of the protocol"),
        }
    }
}

impl std::error::Error for AskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Shape(error) => Some(error),
            _ => None,
        }
    }
}

//! Why a request has no answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vraftls_vfs::VfsPath;

/// Why a request has no answer. What the asker can do about it is told by the variant, never by its text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
pub enum QueryError {
    /// Nobody waits for the answer any more.
    #[error("cancelled")]
    Cancelled,
    /// It took longer than the asker's deadline.
    #[error("not answered within {0:?}")]
    DeadlineExceeded(Duration),
    /// No analyzer serves this file.
    #[error("no analyzer serves {0}")]
    NoAnalyzer(VfsPath),
    /// The analyzer of this file does not have the feature.
    #[error("the analyzer {analyzer} does not answer this")]
    Unsupported {
        /// Its identifier.
        analyzer: String,
    },
    /// The file is not in the workspace.
    #[error("{0} is not in the workspace")]
    NotFound(VfsPath),
    /// The question makes no sense; for the person who asked.
    #[error("{0}")]
    InvalidInput(String),
    /// A limit with this name cut the answer off.
    #[error("a limit was reached: {0}")]
    Limited(String),
    /// The analyzer failed; the next request meets a fresh instance.
    #[error("the analyzer {analyzer} failed: {message}")]
    AnalyzerFault {
        /// Its identifier.
        analyzer: String,
        /// For people.
        message: String,
    },
    /// Too much is under way; ask again later.
    #[error("busy, try again in {retry_after:?}")]
    Busy {
        /// When it is worth it.
        retry_after: Duration,
    },
    /// What would answer is not there now.
    #[error("not available: {0}")]
    Unavailable(String),
    /// The question goes on from what another version of the analyzer said: it has to be asked from its beginning.
    #[error("the analyzer {analyzer} was replaced meanwhile")]
    Replaced {
        /// Its identifier.
        analyzer: String,
    },
}

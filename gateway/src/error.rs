//! Why a request has no answer, and how the protocol says so.

use tower_lsp_server::jsonrpc::{Error, ErrorCode};
use tower_lsp_server::ls_types::DiagnosticServerCancellationData;
use vraftls_proto::QueryError;
use vraftls_text::PositionError;
use vraftls_vfs::VfsPath;

use crate::convert::UriError;

/// `LSPErrorCodes.ServerCancelled`: the server gave up, and asking again may help.
pub(crate) const SERVER_CANCELLED: i64 = -32802;

/// `LSPErrorCodes.RequestFailed`: the request was fine and has no answer.
pub(crate) const REQUEST_FAILED: i64 = -32803;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// What answers has none.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The URI names no file.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// The position is not in the document.
    #[error("the document has no such place: {0}")]
    Position(#[from] PositionError),
    /// The buffer is not known any more: an edit of it did not fit.
    #[error("the buffer of {path} is not known since {reason}; close and open it again")]
    Poisoned {
        /// The file.
        path: String,
        /// What happened.
        reason: String,
    },
    /// The file lies in no open folder and in no library of one.
    #[error("{path} lies in none of the open folders and in no library of them")]
    Outside {
        /// The file.
        path: String,
    },
    /// Nothing is known of the file's content.
    #[error("{0} is not open, and its content is not known")]
    NotOpen(VfsPath),
    /// The answer speaks of another content than the one that the request saw.
    #[error("the answer speaks of another content of {0} than the request saw")]
    WrongContent(VfsPath),
    /// The answer has a place in a file that no editor can open.
    #[error("{0} has no place that an editor can open")]
    NoPlace(VfsPath),
    /// The answer is not the one that belongs to the question, or has a place in a file that it does not name.
    #[error("the answer does not fit the question")]
    BadAnswer,
    /// The cell of a notebook is no code, or in a language that nobody serves.
    #[error("{0} is no code that is served")]
    NoCode(String),
    /// An edit needs text of two documents of a file, or of another than the one it was asked for.
    #[error("the change of {0} reaches into another cell")]
    OtherCell(VfsPath),
    /// Files would have to be made or moved.
    #[error("files would have to be made or moved, which this editor does not do for a server")]
    MovesFiles,
    /// The file changed between the question and the answer.
    #[error("{0} changed meanwhile")]
    Moved(VfsPath),
    /// The request itself makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The session is about to end.
    #[error("the session ended")]
    Ended,
}

impl RequestError {
    /// Whether it only says that nobody serves the file: an error for who asks for something, but nothing to say to an editor that asks
    /// of its own accord whenever the cursor moves.
    pub(crate) fn is_not_served(&self) -> bool {
        matches!(self, Self::Query(QueryError::NoAnalyzer(_) | QueryError::Unsupported { .. }))
    }

    /// Whether asking again may help.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Query(
                QueryError::Cancelled
                    | QueryError::DeadlineExceeded(_)
                    | QueryError::Busy { .. }
                    | QueryError::Unavailable(_)
            )
        )
    }

    /// As the error of a request that the protocol lets a server cancel: pulled diagnostics.
    pub(crate) fn into_cancellable(self) -> Error {
        if !self.is_passing() {
            return self.into();
        }
        let data = serde_json::to_value(DiagnosticServerCancellationData { retrigger_request: true }).ok();
        Error { code: ErrorCode::ServerError(SERVER_CANCELLED), message: self.to_string().into(), data }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Query(QueryError::Cancelled) => ErrorCode::RequestCancelled,
            Self::Query(QueryError::Replaced { .. }) => ErrorCode::ContentModified,
            Self::Query(_)
            | Self::Outside { .. }
            | Self::NoPlace(_)
            | Self::NotOpen(_)
            | Self::OtherCell(_)
            | Self::MovesFiles
            | Self::NoCode(_) => ErrorCode::ServerError(REQUEST_FAILED),
            Self::Poisoned { .. } | Self::Moved(_) => ErrorCode::ContentModified,
            Self::Uri(_) | Self::Position(_) | Self::Invalid(_) => ErrorCode::InvalidParams,
            Self::WrongContent(_) | Self::BadAnswer => ErrorCode::InternalError,
            Self::Ended => ErrorCode::RequestCancelled,
        }
    }
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        let code = error.code();
        if code == ErrorCode::InternalError {
            tracing::error!(%error, "an answer could not be used");
        }
        Self { code, message: error.to_string().into(), data: None }
    }
}

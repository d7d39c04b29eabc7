//! Why something went wrong inside, before it is said to whoever asked.

use std::time::Duration;

use vraftls_cache::{FlightError, OffloadError};
use vraftls_proto::QueryError;
use vraftls_vfs::VfsPath;

use crate::{Fault, ReadError};

/// Why something went wrong inside. Cheap enough to hand to everybody who waits for the same work.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// It is known what to say of it.
    Query(QueryError),
    /// A call of an analyzer, by its identifier.
    Analyzer(String, Fault),
    /// A file could not be read.
    Read(VfsPath, ReadError),
    /// Too much waits for a disk.
    Busy,
    /// Work that may block ended without a result.
    Lost,
    /// An engine looked up names or symbols before the index was ready: the question is asked again when it is.
    IndexWanted,
    /// Files that would be edited changed meanwhile: the question is asked again.
    Outdated,
}

impl Failure {
    /// What is said to whoever asked.
    pub(crate) fn into_query_error(self, busy_retry_after: Duration) -> QueryError {
        match self {
            Failure::Query(error) => error,
            Failure::Analyzer(analyzer, fault) => fault_to_query_error(analyzer, fault, busy_retry_after),
            Failure::Read(path, ReadError::NotFound | ReadError::IsDirectory) => QueryError::NotFound(path),
            Failure::Read(path, ReadError::NotText) => QueryError::InvalidInput(format!("{path} is not UTF-8 text")),
            Failure::Read(path, ReadError::TooLarge(size)) => {
                QueryError::Limited(format!("{path} has {size} bytes, which is more than is read"))
            }
            Failure::Read(path, ReadError::Unavailable(reason)) => QueryError::Unavailable(format!("{path}: {reason}")),
            Failure::Busy | Failure::Outdated => QueryError::Busy { retry_after: busy_retry_after },
            Failure::Lost => QueryError::Unavailable("work on a thread of the node was lost".to_owned()),
            Failure::IndexWanted => QueryError::Unavailable("the index is not ready".to_owned()),
        }
    }
}

fn fault_to_query_error(analyzer: String, fault: Fault, busy_retry_after: Duration) -> QueryError {
    match fault {
        Fault::Unsupported => QueryError::Unsupported { analyzer },
        Fault::Cancelled => QueryError::Cancelled,
        Fault::NotFound(path) => match VfsPath::new(&path) {
            Ok(path) => QueryError::NotFound(path),
            Err(error) => QueryError::InvalidInput(format!("{path}: {error}")),
        },
        Fault::InvalidInput(message) => QueryError::InvalidInput(message),
        Fault::Limit(name) => QueryError::Limited(name),
        Fault::Deadline(after) => QueryError::DeadlineExceeded(after),
        Fault::Busy => QueryError::Busy { retry_after: busy_retry_after },
        Fault::Unavailable(message) => QueryError::Unavailable(message),
        fault @ (Fault::Trap(_) | Fault::BadReply(_) | Fault::Internal(_)) => {
            QueryError::AnalyzerFault { analyzer, message: fault.to_string() }
        }
    }
}

impl FlightError for Failure {
    /// Who waits longer than the one at work, or is not cancelled, goes on.
    fn is_of_one_asker(&self) -> bool {
        matches!(
            self,
            Failure::Query(QueryError::Cancelled | QueryError::DeadlineExceeded(_))
                | Failure::Analyzer(_, Fault::Cancelled | Fault::Deadline(_))
        )
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Failure::Query(error)
    }
}

impl From<OffloadError> for Failure {
    fn from(error: OffloadError) -> Self {
        match error {
            OffloadError::Saturated(_) => Failure::Busy,
            OffloadError::Lost => Failure::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_the_asker_can_do() {
        let retry_after = Duration::from_millis(9);
        let analyzer = || "python".to_owned();
        let path = |path| VfsPath::new(path).expect("a path");
        let faulty = |message: &str| QueryError::AnalyzerFault { analyzer: analyzer(), message: message.to_owned() };
        for (fault, error) in [
            (Fault::Unsupported, QueryError::Unsupported { analyzer: analyzer() }),
            (Fault::Cancelled, QueryError::Cancelled),
            (Fault::NotFound("a.py".into()), QueryError::NotFound(path("a.py"))),
            (Fault::InvalidInput("no name".into()), QueryError::InvalidInput("no name".into())),
            (Fault::Limit("memory".into()), QueryError::Limited("memory".into())),
            (Fault::Deadline(retry_after), QueryError::DeadlineExceeded(retry_after)),
            (Fault::Trap("unreachable".into()), faulty("trapped: unreachable")),
            (Fault::BadReply("a span".into()), faulty("broke the contract: a span")),
            (Fault::Internal("salsa".into()), faulty("failed: salsa")),
            (Fault::Busy, QueryError::Busy { retry_after }),
            (Fault::Unavailable("loading".into()), QueryError::Unavailable("loading".into())),
        ] {
            assert_eq!(Failure::Analyzer(analyzer(), fault).into_query_error(retry_after), error);
        }
        let unreadable = Failure::Read(path("a.py"), ReadError::NotFound);
        assert_eq!(unreadable.into_query_error(retry_after), QueryError::NotFound(path("a.py")));
    }
}

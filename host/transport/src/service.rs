//! Questions of one node to another: bytes in, bytes out, by number of a method.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use crate::Identity;

/// What is asked: a number that both sides know the meaning of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Method(pub u32);

/// Why there is no answer. For people; what a caller has to tell apart belongs into an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ServiceError(pub String);

/// Answers questions of other nodes.
pub trait Service: Send + Sync + 'static {
    /// Answers one. Dropping the future is how it is told that nobody waits any more.
    fn answer(
        &self,
        from: Identity,
        method: Method,
        question: Bytes,
    ) -> Pin<Box<dyn Future<Output = Result<Bytes, ServiceError>> + Send>>;
}

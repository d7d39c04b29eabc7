//! Asks the next node when one does not answer, until the deadline.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vraftls_proto::QueryError;
use vraftls_proto::rpc::Question;
use vraftls_vfs::WorkspaceId;

use crate::cluster::Inner;
use crate::routes::Target;
use crate::{CallError, ReachError};

/// How long to wait before all nodes are asked once more, when none answered. Their number is that of the further tries.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(800)];

/// How long is left of a time that began at `started`; an error when it is over.
pub(crate) fn left(started: Instant, deadline: Duration) -> Result<Duration, ReachError> {
    let left = deadline.saturating_sub(started.elapsed());
    if left.is_zero() { Err(ReachError::Deadline(deadline)) } else { Ok(left) }
}

/// Who is asked, one after the other: all nodes that the routes name, and again with new routes when none of them answered.
pub(crate) struct Tries<'a> {
    inner: &'a Arc<Inner>,
    workspace: WorkspaceId,
    started: Instant,
    patience: Duration,
    targets: std::vec::IntoIter<Target>,
    pauses: std::slice::Iter<'static, Duration>,
    /// Why the last one did not answer.
    failure: ReachError,
    /// Whether nobody is to be asked again.
    is_over: bool,
}

impl<'a> Tries<'a> {
    /// Those who can answer for a workspace, best first.
    pub(crate) fn new(inner: &'a Arc<Inner>, workspace: WorkspaceId, patience: Duration) -> Self {
        Self {
            inner,
            workspace,
            started: Instant::now(),
            patience,
            targets: inner.suspects_last(inner.routes().engines(workspace)).into_iter(),
            pauses: PAUSES.iter(),
            failure: ReachError::Unreachable("the cluster has no node that answers".to_owned()),
            is_over: false,
        }
    }

    /// Who is to be asked, and how long it may take; when nobody is left, why the last one did not answer.
    pub(crate) async fn next(&mut self) -> Result<(Target, Duration), ReachError> {
        loop {
            if self.is_over {
                return Err(self.failure.clone());
            }
            let left = left(self.started, self.patience)?;
            if let Some(target) = self.targets.next() {
                return Ok((target, left));
            }
            let Some(pause) = self.pauses.next() else { return Err(self.failure.clone()) };
            tracing::debug!(error = %self.failure, "no node answers");
            // The routes may be what is wrong. That they cannot be had changes nothing.
            let fresh = async { tokio::join!(self.inner.refresh(), tokio::time::sleep(*pause)).0 };
            if let Ok(Err(error)) = tokio::time::timeout(left, fresh).await {
                tracing::debug!(%error, "the routes to the cluster are old");
            }
            self.targets = self.inner.suspects_last(self.inner.routes().engines(self.workspace)).into_iter();
        }
    }

    /// The one that was asked did not answer.
    pub(crate) fn failed(&mut self, error: ReachError) {
        self.is_over = !error.may_pass();
        if !self.is_over {
            self.inner.refresh_soon();
        }
        self.failure = match error {
            // The time of this try is what was left of all.
            ReachError::Deadline(_) => ReachError::Deadline(self.patience),
            error => error,
        };
    }

    /// The one that was asked answered that it is not able to. Each of the others is asked once: who cannot will not be able to in a
    /// moment, and who asks may try later.
    pub(crate) fn was_answered(&mut self) {
        self.pauses = [].iter();
    }
}

impl Inner {
    /// Asks nodes that can answer for a workspace, best first, until one says something that is `good`.
    pub(crate) async fn ask_any<Q: Question>(
        self: &Arc<Self>,
        workspace: WorkspaceId,
        question: &Q,
        patience: Duration,
        is_good: fn(&Q::Answer) -> bool,
    ) -> Result<Q::Answer, ReachError> {
        let mut tries = Tries::new(self, workspace, patience);
        let mut weak = None;
        loop {
            let (target, left) = match tries.next().await {
                Ok(next) => next,
                Err(error) => return weak.ok_or(error),
            };
            match self.call_if_there(&target, question, left).await {
                Ok(answer) if is_good(&answer) => return Ok(answer),
                Ok(answer) => {
                    weak = Some(answer);
                    tries.was_answered();
                }
                Err(error) => tries.failed(error),
            }
        }
    }

    /// Asks nodes that can answer for a workspace, best first, until one is able to.
    pub(crate) async fn ask_whoever_can<Q, T>(
        self: &Arc<Self>,
        workspace: WorkspaceId,
        question: &Q,
        patience: Duration,
    ) -> Result<T, CallError<QueryError>>
    where
        Q: Question<Answer = Result<T, QueryError>>,
    {
        let is_able = |answer: &Result<T, QueryError>| !matches!(answer, Err(QueryError::Unavailable(_)));
        self.ask_any(workspace, question, patience, is_able).await?.map_err(CallError::Said)
    }
}

//! Questions about source code, whose texts each node is sent once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vraftls_proto::rpc::{AskAnswer, AskWithout};
use vraftls_proto::{Answered, QueryError, Request, Revisions};
use vraftls_vfs::ContentDigest;

use crate::cluster::Inner;
use crate::fail_over::{Tries, left};
use crate::routes::Target;
use crate::{CallError, ReachError};

/// How many bytes of texts go with one question, unless a single one is larger. The node names those that it still does not have.
const TEXTS_BYTES_MAX: usize = 8 << 20;

/// How often a node may say that texts are missing before it is taken for one that cannot keep them.
const N_REPEATS_MAX: usize = 16;

/// What a question asks a node beside what the request says.
pub(crate) struct Terms<'a> {
    pub(crate) at_least: &'a Revisions,
    pub(crate) scope: Option<Vec<u32>>,
}

/// What a node says to a question.
pub(crate) type Reply = Result<Answered, QueryError>;

impl Inner {
    /// Asks the node that should answer for the workspace, or the next.
    pub(crate) async fn ask_engine(
        self: &Arc<Self>,
        request: &Request,
        at_least: &Revisions,
    ) -> Result<Answered, CallError<QueryError>> {
        let mut tries = Tries::new(self, request.workspace, request.deadline);
        let mut unable = None;
        loop {
            let (target, left) = match tries.next().await {
                Ok(next) => next,
                Err(error) => return Err(unable.map_or(CallError::Reach(error), CallError::Said)),
            };
            match self.ask_node(&target, request, Terms { at_least, scope: None }, left).await {
                Ok(Err(error @ QueryError::Unavailable(_))) => {
                    unable = Some(error);
                    tries.was_answered();
                }
                Ok(reply) => return reply.map_err(CallError::Said),
                Err(error) => tries.failed(error),
            }
        }
    }

    /// Asks one node, with the texts that it was not sent, and again with those that it lost.
    pub(crate) async fn ask_node(
        &self,
        target: &Target,
        request: &Request,
        terms: Terms<'_>,
        deadline: Duration,
    ) -> Result<Reply, ReachError> {
        let started = Instant::now();
        let mut asked = AskWithout::new(request, terms.at_least.clone(), terms.scope);
        let mut lost = BTreeSet::new();
        for _ in 0..=N_REPEATS_MAX {
            asked.ask.texts = self.texts_for(target, request, &lost);
            asked.ask.deadline = left(started, deadline)?;
            let answer = match asked.removed.is_empty() {
                true => self.call_if_there(target, &asked.ask, asked.ask.deadline).await,
                false => self.call_if_there(target, &asked, asked.ask.deadline).await,
            };
            if answer.is_err() {
                // Whether it got the texts is not known.
                self.sent().remove(&target.node);
            }
            lost = match answer? {
                AskAnswer::Answered(answered) => return Ok(Ok(answered)),
                AskAnswer::Failed(error) => return Ok(Err(error)),
                AskAnswer::MissingTexts(missing) => missing.into_iter().collect(),
            };
            tracing::debug!(node = %target.node, n_texts = lost.len(), "a node does not have texts that it was sent");
        }
        Err(ReachError::OtherAnswer { node: target.node, why: "it never has the texts that it is sent".to_owned() })
    }

    /// The texts to send along: those that the node was not sent, and those that it lost.
    fn texts_for(&self, target: &Target, request: &Request, lost: &BTreeSet<ContentDigest>) -> Vec<Arc<str>> {
        let mut nodes = self.sent();
        let sent = nodes.entry(target.node).or_default();
        lost.iter().for_each(|digest| sent.forget(digest));
        let (mut texts, mut n_bytes) = (Vec::new(), 0_usize);
        let mut packed = BTreeSet::new();
        for (_, file) in request.overlays.iter() {
            if packed.contains(&file.digest) || sent.name(file.digest) {
                continue;
            }
            n_bytes = n_bytes.saturating_add(file.text.len());
            if n_bytes > TEXTS_BYTES_MAX && !texts.is_empty() {
                sent.forget(&file.digest);
                continue;
            }
            packed.insert(file.digest);
            texts.push(Arc::clone(&file.text));
        }
        texts
    }
}

//! Contents that a state speaks of and that are not here: fetched from other replicas before anybody sees the state.
//!
//! The machine that needs them waits meanwhile, and with it all that its group applies; the other side answers from its store and from
//! published states, so that two replicas may wait for each other's contents. What is fetched is stored at once: who is interrupted
//! goes on from there.
//!
//! Contents may be nowhere to be had, and waiting for them for ever would stop a group for one file. They are given up when
//! - a replica does not have them and has a state, of the index that needs them or a later one, that speaks of them no more: the log will
//!   let them go here too; or
//! - every replica that keeps contents says twice in a row that it does not have them. Then somebody proposed what was not stored, or
//!   disks lost it.
//!
//! Nothing is remembered of what was given up: to read it is [`ContentError::Missing`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use vraftls_raft::ids::{Membership, NodeId, Peer};
use vraftls_vfs::ContentDigest;

use crate::contents::{ContentError, ContentStore};
use crate::references::Offer;

/// How many contents one question asks for.
pub(crate) const ASKED_MAX: usize = 128;

/// How many bytes of contents one answer has, unless a single one is larger.
pub(crate) const OFFERED_BYTES_MAX: usize = 4 << 20;

/// How long to wait after the first round that left something open; twice as long after each further one.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// The longest that is waited between two rounds.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// So many rounds in a row must find that nobody has contents.
const N_ROUNDS_WITHOUT: u32 = 2;

/// Another replica that keeps contents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Source {
    /// Its node.
    pub(crate) node: NodeId,
    /// Where it is.
    pub(crate) peer: Peer,
}

/// A replica gave no answer: it cannot be reached, or is of no use.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AskError(pub(crate) String);

/// How one group of this node asks its other replicas. All of it is called from a thread that may block.
pub(crate) trait FetchContents: Send + Sync + 'static {
    /// Every other replica that keeps contents, witnesses left out. `known` is the membership that the machine has applied; a younger one
    /// that was not applied yet may be better. Empty only where there is no other: what is missing is given up then.
    fn sources(&self, known: &Membership) -> Vec<Source>;

    /// Asks one for contents, at most [`ASKED_MAX`]. One offer for each, as [`crate::references::References::offer`] makes them there.
    /// Returns soon when the group is stopped, and after a time of its own in any case.
    fn ask(&self, source: &Source, digests: &[ContentDigest]) -> Result<Vec<Offer>, AskError>;

    /// Waits, or until the group is stopped.
    fn pause(&self, at_most: Duration);

    /// Whether the group is to stop.
    fn is_stopped(&self) -> bool;
}

/// Why contents were not fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// The group is to stop.
    #[error("the group was stopped while contents were fetched")]
    Stopped,
    /// They cannot be kept.
    #[error(transparent)]
    Contents(#[from] ContentError),
}

/// Brings in what is missing here. Each digest comes with the index of the log entry that speaks of it. The caller sees to it that what is
/// stored stays. Blocks until everything is here or given up.
pub(crate) fn fetch_missing(
    replicas: &dyn FetchContents,
    contents: &ContentStore,
    known: &Membership,
    missing: BTreeMap<ContentDigest, u64>,
) -> Result<(), FetchError> {
    let n_missing = missing.len();
    let mut fetch = Fetch { replicas, contents, missing, released: BTreeSet::new(), n_rounds_without: 0 };
    let mut pause = PAUSE_MIN;
    for n_round in 0.. {
        let n_before = fetch.missing.len();
        fetch.round(known, n_round)?;
        if fetch.missing.is_empty() {
            break;
        }
        if fetch.missing.len() < n_before {
            pause = PAUSE_MIN;
        } else if pause == PAUSE_MAX {
            tracing::warn!(n_missing = fetch.missing.len(), "contents cannot be fetched, and the group waits for them");
        }
        replicas.pause(pause);
        pause = PAUSE_MAX.min(pause * 2);
    }
    tracing::debug!(n_missing, "contents that were missing");
    Ok(())
}

struct Fetch<'a> {
    replicas: &'a dyn FetchContents,
    contents: &'a ContentStore,
    /// With the index that needs them.
    missing: BTreeMap<ContentDigest, u64>,
    /// Those of them that the log will let go.
    released: BTreeSet<ContentDigest>,
    n_rounds_without: u32,
}

impl Fetch<'_> {
    /// Asks every replica once for all that is missing by then, and gives up what can be.
    fn round(&mut self, known: &Membership, n_round: usize) -> Result<(), FetchError> {
        let mut sources = self.replicas.sources(known);
        if !sources.is_empty() {
            // Not always the same one first.
            let n_sources = sources.len();
            sources.rotate_left(n_round % n_sources);
        }
        let mut all_answered = true;
        for source in &sources {
            if self.missing.is_empty() {
                return Ok(());
            }
            match self.ask_one(source) {
                Ok(()) => {}
                Err(AskOneError::Fetch(error)) => return Err(error),
                Err(AskOneError::Ask(error)) => {
                    all_answered = false;
                    tracing::debug!(node = %source.node, %error, "a replica that was asked for contents");
                }
            }
        }
        for digest in std::mem::take(&mut self.released) {
            if self.missing.remove(&digest).is_some() {
                tracing::debug!(%digest, "contents that the log lets go again are not fetched");
            }
        }
        self.n_rounds_without = if all_answered { self.n_rounds_without + 1 } else { 0 };
        if sources.is_empty() {
            // What the log of a lone replica speaks of is here, or was let go later in the log.
            self.missing.clear();
        } else if self.n_rounds_without >= N_ROUNDS_WITHOUT {
            for digest in std::mem::take(&mut self.missing).into_keys() {
                tracing::error!(%digest, "no replica has contents that a file has");
            }
        }
        Ok(())
    }

    fn ask_one(&mut self, source: &Source) -> Result<(), AskOneError> {
        let mut after = Bound::Unbounded;
        loop {
            let rest = self.missing.range((after, Bound::Unbounded));
            let asked: Vec<ContentDigest> = rest.take(ASKED_MAX).map(|(digest, _)| *digest).collect();
            if asked.is_empty() {
                return Ok(());
            }
            if self.replicas.is_stopped() {
                return Err(FetchError::Stopped.into());
            }
            let offers = self.replicas.ask(source, &asked);
            if self.replicas.is_stopped() {
                return Err(FetchError::Stopped.into());
            }
            let offers = offers.map_err(AskOneError::Ask)?;
            if offers.len() != asked.len() || offers[0] == Offer::Later {
                return Err(AskOneError::Ask(AskError("it answers something else".to_owned())));
            }
            for (digest, offer) in asked.into_iter().zip(offers) {
                if offer == Offer::Later {
                    break;
                }
                self.take(digest, offer)?;
                after = Bound::Excluded(digest);
            }
        }
    }

    fn take(&mut self, digest: ContentDigest, offer: Offer) -> Result<(), AskOneError> {
        match offer {
            Offer::Contents(bytes) if ContentDigest::of(&bytes) == digest => {
                self.contents.put(digest, &bytes).map_err(FetchError::from)?;
                self.missing.remove(&digest);
                self.n_rounds_without = 0;
            }
            Offer::Contents(_) => return Err(AskOneError::Ask(AskError(format!("its contents are not {digest}")))),
            Offer::Released { applied } if self.missing.get(&digest).is_some_and(|index| *index <= applied) => {
                self.released.insert(digest);
            }
            Offer::Released { .. } | Offer::Lacking | Offer::Later => {}
        }
        Ok(())
    }
}

/// Why one replica did not give what it has.
enum AskOneError {
    Ask(AskError),
    Fetch(FetchError),
}

impl From<FetchError> for AskOneError {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}

#[cfg(test)]
mod tests;

//! Which contents the groups on this node need, taken together: they share one store, and what one lets go another may have.
//!
//! Contents are needed while
//! - a state that was published speaks of them;
//! - a state speaks of them that waits for its contents to be fetched;
//! - somebody brought them and is about to propose what speaks of them, or an entry of a log here that is not applied yet may do so
//!   ([`References::lease`]);
//! - the log would say them again after a crash: they were let go at an index that no state on disk has reached yet. So a replica that
//!   starts again finds everything that it had, whoever else is there.
//!
//! Nothing goes while somebody [holds](References::hold) everything, as a group does that has not yet read its log again. This room of
//! knowledge has no disk: what is stored where the [`ContentStore`] knows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use vraftls_raft::ids::GroupId;
use vraftls_vfs::{ContentDigest, State};

mod leases;

pub(crate) use self::leases::TooManyLeases;
use self::leases::{Leases, Reach};
use crate::contents::{ContentError, ContentStore};

/// Contents that no file has any more stay this long, for requests that still see an older state.
const RELEASE_DELAY: Duration = Duration::from_secs(120);

/// How long contents stay that were brought for a proposal. After a restart nothing that was let go before goes sooner than this either.
pub(crate) const LEASE: Duration = RELEASE_DELAY;

/// How many leases there may be at once.
pub(crate) const N_LEASES_MAX: usize = 1 << 18;

/// How many contents one look lets go: a commit waits for it.
const LET_GO_MAX: usize = 256;

/// The index that is on disk of a group with no other replica: what it let go is not needed to read its log again, since nobody tells
/// what is missing from what was let go.
pub(crate) const ALWAYS_DURABLE: u64 = u64::MAX;

/// How far the log of a group goes, as its replica here knows. It is asked while this room is locked, and must not come back to it.
pub(crate) type LogEnd = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What the groups on a node need. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct References(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    groups: BTreeMap<GroupId, Hosted>,
    n_holds: usize,
    leases: Leases,
}

impl Default for Inner {
    fn default() -> Self {
        Self { groups: BTreeMap::new(), n_holds: 0, leases: Leases::new(LEASE, N_LEASES_MAX) }
    }
}

struct Hosted {
    published: watch::Receiver<State>,
    /// Waits for its contents.
    incoming: Option<State>,
    /// What the group let go, the oldest first.
    released: VecDeque<Released>,
    /// At which index each was let go last.
    released_at: BTreeMap<ContentDigest, u64>,
    /// The state on disk is of this index.
    durable: u64,
    /// None while its replica does not run.
    log_end: Option<LogEnd>,
}

impl std::fmt::Debug for Hosted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hosted").field("durable", &self.durable).finish_non_exhaustive()
    }
}

impl Hosted {
    fn reach(&self) -> Reach {
        let applied = self.published.borrow().revision().0;
        // A lone replica's entries are never long on their way.
        let last = if self.durable == ALWAYS_DURABLE { Some(applied) } else { self.log_end.as_ref().map(|end| end()) };
        Reach { applied, last }
    }
}

#[derive(Clone, Copy, Debug)]
struct Released {
    since: Instant,
    digest: ContentDigest,
    /// The log entry that let them go.
    index: u64,
}

/// Keeps all contents while it lives.
#[derive(Debug)]
pub(crate) struct Hold(References);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.lock().n_holds -= 1;
    }
}

/// What a replica says to another that asks for contents.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Here they are.
    Contents(Vec<u8>),
    /// They are not here, and the replica's state at this log index speaks of them no more: whoever needs them at an earlier index will
    /// be told by the log that they were let go.
    Released {
        /// The index of its state.
        applied: u64,
    },
    /// They are not here.
    Lacking,
    /// The answer was full: ask again.
    Later,
}

impl std::fmt::Debug for Offer {
    /// Without the bytes: source text belongs into no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Contents(bytes) => write!(f, "Contents({} bytes)", bytes.len()),
            Self::Released { applied } => write!(f, "Released(at {applied})"),
            Self::Lacking => f.write_str("Lacking"),
            Self::Later => f.write_str("Later"),
        }
    }
}

impl Inner {
    fn is_referenced(&self, digest: &ContentDigest) -> bool {
        self.groups.values().any(|group| {
            let incoming = group.incoming.as_ref().is_some_and(|state| state.n_references(digest) > 0);
            incoming || group.published.borrow().n_references(digest) > 0
        })
    }

    /// Forgets leases that have ended.
    fn end_leases(&mut self, now: Instant) {
        let groups = &self.groups;
        self.leases.end(now, || groups.iter().map(|(group, hosted)| (*group, hosted.reach())).collect());
    }

    /// Whether some log may say them again.
    fn is_to_come_again(&self, digest: &ContentDigest) -> bool {
        self.groups.values().any(|group| group.released_at.get(digest).is_some_and(|index| *index > group.durable))
    }
}

impl References {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a group that this node hosts, with its states after every commit and the index of the one on disk. What an earlier replica
    /// of it said is replaced. With [`ALWAYS_DURABLE`] it does not matter what its log may say again.
    ///
    /// It counts until it is [forgotten](Self::forget), although it may not run. The hold is for as long as it has not read its log again:
    /// until then its states are older than what it needs.
    pub(crate) fn register(&self, group: GroupId, published: watch::Receiver<State>, durable: u64) -> Hold {
        let hold = self.hold();
        let (released, released_at) = (VecDeque::new(), BTreeMap::new());
        let hosted = Hosted { published, incoming: None, released, released_at, durable, log_end: None };
        self.lock().groups.insert(group, hosted);
        hold
    }

    /// Says how far the log of a group's replica goes; none when it does not run any more.
    pub(crate) fn set_log_end(&self, group: GroupId, log_end: Option<LogEnd>) {
        if let Some(hosted) = self.lock().groups.get_mut(&group) {
            hosted.log_end = log_end;
        }
    }

    /// Says that a group has no replica here any more. What only it needed goes when a sweep finds it.
    pub(crate) fn forget(&self, group: GroupId) {
        self.lock().groups.remove(&group);
    }

    /// Keeps everything for a while: as long as not every group of this node is registered, for example.
    pub(crate) fn hold(&self) -> Hold {
        self.lock().n_holds += 1;
        Hold(self.clone())
    }

    /// Keeps contents for [`LEASE`], whether they are here or come now: who brings them takes a lease, stores them, makes them durable, and
    /// has that long to propose what speaks of them. Once it is proposed they stay until that is applied here, or cut off the log. To look whether they are here is no promise without one.
    pub(crate) fn lease(&self, digest: ContentDigest, now: Instant) -> Result<(), TooManyLeases> {
        let mut inner = self.lock();
        inner.end_leases(now);
        inner.leases.take(digest, now)
    }

    /// Whether contents must stay.
    pub(crate) fn is_wanted(&self, digest: &ContentDigest, now: Instant) -> bool {
        let mut inner = self.lock();
        inner.end_leases(now);
        let is_held = inner.n_holds > 0 || inner.leases.contains(digest);
        is_held || inner.is_referenced(digest) || inner.is_to_come_again(digest)
    }

    /// Says that a group has a state that waits for its contents; none when it was published or given up.
    pub(crate) fn set_incoming(&self, group: GroupId, state: Option<State>) {
        if let Some(hosted) = self.lock().groups.get_mut(&group) {
            hosted.incoming = state;
        }
    }

    /// Says that no file of a group has these contents since a log index.
    pub(crate) fn release(&self, group: GroupId, digest: ContentDigest, index: u64, now: Instant) {
        if let Some(hosted) = self.lock().groups.get_mut(&group) {
            hosted.released.push_back(Released { since: now, digest, index });
            hosted.released_at.insert(digest, index);
        }
    }

    /// Says that a state of a group is on disk.
    pub(crate) fn persisted(&self, group: GroupId, index: u64) {
        if let Some(hosted) = self.lock().groups.get_mut(&group) {
            hosted.durable = hosted.durable.max(index);
        }
    }

    /// Lets go some of what was released long enough ago. Blocks on the disk.
    pub(crate) fn let_go(&self, contents: &ContentStore, now: Instant) -> Result<(), ContentError> {
        for (group, released) in self.due(now) {
            let digest = released.digest;
            if !contents.remove_if(&digest, || !self.is_wanted(&digest, now))? && !self.lock().is_referenced(&digest) {
                // Somebody is bringing them back; if that comes to nothing, they go the next time.
                self.release(group, digest, released.index, now);
            }
        }
        Ok(())
    }

    /// Takes out what was released long enough ago, and what no log says again.
    fn due(&self, now: Instant) -> Vec<(GroupId, Released)> {
        let mut inner = self.lock();
        let mut due = Vec::new();
        if inner.n_holds > 0 {
            return due;
        }
        for (group, hosted) in &mut inner.groups {
            while due.len() < LET_GO_MAX
                && let Some(first) = hosted.released.front().copied()
                && now.saturating_duration_since(first.since) >= RELEASE_DELAY
                && first.index <= hosted.durable
            {
                hosted.released.pop_front();
                // Those that were let go once more since then are further behind.
                if hosted.released_at.get(&first.digest) == Some(&first.index) {
                    hosted.released_at.remove(&first.digest);
                    due.push((*group, first));
                }
            }
        }
        due
    }

    /// What this node answers to a replica of a group that asks for contents: one offer for each digest, with contents of about `bytes_max`
    /// bytes in all. Needs no group to make progress. Blocks on the disk.
    pub(crate) fn offer(
        &self,
        contents: &ContentStore,
        group: GroupId,
        digests: &[ContentDigest],
        bytes_max: usize,
    ) -> Result<Vec<Offer>, ContentError> {
        let (mut offers, mut n_bytes) = (Vec::with_capacity(digests.len()), 0);
        for digest in digests {
            if n_bytes >= bytes_max {
                offers.push(Offer::Later);
                continue;
            }
            offers.push(match contents.get(digest) {
                Ok(bytes) if n_bytes > 0 && n_bytes + bytes.len() > bytes_max => Offer::Later,
                Ok(bytes) => {
                    n_bytes += bytes.len();
                    Offer::Contents(bytes)
                }
                Err(ContentError::Missing(_)) => self.why_missing(group, digest),
                Err(error @ ContentError::Damaged(_)) => {
                    tracing::error!(%error, "another replica asks for contents that are damaged here");
                    Offer::Lacking
                }
                Err(error) => return Err(error),
            });
        }
        Ok(offers)
    }

    fn why_missing(&self, group: GroupId, digest: &ContentDigest) -> Offer {
        let inner = self.lock();
        let Some(hosted) = inner.groups.get(&group) else { return Offer::Lacking };
        let state = hosted.published.borrow();
        if state.n_references(digest) > 0 { Offer::Lacking } else { Offer::Released { applied: state.revision().0 } }
    }
}

//! Contents that were brought for a proposal, and how long they stay: for a time, and then for as long as a log here may hold what was
//! proposed meanwhile and is not applied yet. Without a quorum that is any time.
//!
//! It knows no contents and no states; whoever asks says how far each log has got.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use vraftls_raft::ids::GroupId;
use vraftls_vfs::ContentDigest;

/// There are as many leases as may be: whoever brings contents has to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("too many contents wait for somebody to propose what speaks of them")]
pub(crate) struct TooManyLeases;

/// How far a group's replica here has got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reach {
    /// The last entry that is applied.
    pub(super) applied: u64,
    /// The last entry of the log; none if it does not run here, and nobody knows.
    pub(super) last: Option<u64>,
}

/// Contents whose time is over, while logs have entries that may speak of them.
#[derive(Debug)]
struct Settling {
    digests: Vec<ContentDigest>,
    /// Up to where the logs have to be applied; none where that cannot be known yet.
    ends: BTreeMap<GroupId, Option<u64>>,
}

/// The leases of a node.
#[derive(Debug)]
pub(super) struct Leases {
    time: Duration,
    n_max: usize,
    /// Since when contents are leased, and the same in the order in which they end.
    since: BTreeMap<ContentDigest, Instant>,
    queue: VecDeque<(Instant, ContentDigest)>,
    settling: Vec<Settling>,
    /// How many of those have each content.
    n_settling: BTreeMap<ContentDigest, usize>,
}

impl Leases {
    pub(super) fn new(time: Duration, n_max: usize) -> Self {
        let (since, queue, settling, n_settling) = Default::default();
        Self { time, n_max, since, queue, settling, n_settling }
    }

    /// Takes one. Each counts, those that were taken again included.
    pub(super) fn take(&mut self, digest: ContentDigest, now: Instant) -> Result<(), TooManyLeases> {
        let n_settling: usize = self.settling.iter().map(|settling| settling.digests.len()).sum();
        if self.queue.len() + n_settling >= self.n_max {
            return Err(TooManyLeases);
        }
        self.queue.push_back((now, digest));
        self.since.insert(digest, now);
        Ok(())
    }

    pub(super) fn contains(&self, digest: &ContentDigest) -> bool {
        self.since.contains_key(digest) || self.n_settling.contains_key(digest)
    }

    /// Forgets those that have ended and whose proposals are nowhere on their way. `reaches` are those of the groups here.
    pub(super) fn end(&mut self, now: Instant, reaches: impl Fn() -> BTreeMap<GroupId, Reach>) {
        let is_over = |since: &Instant| now.saturating_duration_since(*since) >= self.time;
        let has_ended = self.queue.front().is_some_and(|(since, _)| is_over(since));
        if !has_ended && self.settling.is_empty() {
            return;
        }
        let reaches = reaches();
        self.settle(&reaches);
        let mut digests = Vec::new();
        while let Some((since, digest)) = self.queue.front().copied()
            && now.saturating_duration_since(since) >= self.time
        {
            self.queue.pop_front();
            // It may have been leased again since.
            if self.since.get(&digest) == Some(&since) {
                self.since.remove(&digest);
                digests.push(digest);
            }
        }
        let is_behind = |reach: &Reach| reach.last.is_none_or(|last| reach.applied < last);
        let ends: BTreeMap<_, _> =
            reaches.iter().filter(|(_, reach)| is_behind(reach)).map(|(group, reach)| (*group, reach.last)).collect();
        if digests.is_empty() || ends.is_empty() {
            return;
        }
        digests.iter().for_each(|digest| *self.n_settling.entry(*digest).or_default() += 1);
        self.settling.push(Settling { digests, ends });
    }

    /// Forgets those whose proposals are applied, or cut off, wherever they can have been.
    fn settle(&mut self, reaches: &BTreeMap<GroupId, Reach>) {
        let n_settling = &mut self.n_settling;
        self.settling.retain_mut(|settling| {
            settling.ends.retain(|group, end| {
                // A group that has no replica here any more has no log here.
                let Some(Reach { applied, last }) = reaches.get(group).copied() else { return false };
                *end = end.or(last);
                // A log that is shorter by now was cut off before what is waited for.
                let (Some(end), Some(last)) = (*end, last) else { return true };
                applied < end.min(last)
            });
            let is_settled = settling.ends.is_empty();
            for digest in settling.digests.iter().filter(|_| is_settled) {
                match n_settling.get_mut(digest) {
                    Some(n) if *n > 1 => *n -= 1,
                    _ => drop(n_settling.remove(digest)),
                }
            }
            !is_settled
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(100);
    const GROUP: GroupId = GroupId(1);

    fn digest(n: u8) -> ContentDigest {
        ContentDigest::of(&[n])
    }

    fn reach(applied: u64, last: Option<u64>) -> impl Fn() -> BTreeMap<GroupId, Reach> {
        move || BTreeMap::from([(GROUP, Reach { applied, last }), (GroupId(2), Reach { applied: 7, last: Some(7) })])
    }

    #[test]
    fn a_lease_ends_with_its_time_when_nothing_is_on_its_way() {
        let mut leases = Leases::new(TIME, 10);
        let start = Instant::now();
        leases.take(digest(1), start).expect("room");
        leases.end(start + TIME / 2, reach(5, Some(9)));
        assert!(leases.contains(&digest(1)));
        leases.take(digest(1), start + TIME / 2).expect("room");
        leases.end(start + TIME, reach(9, Some(9)));
        assert!(leases.contains(&digest(1)), "it was taken again");
        leases.end(start + TIME * 2, reach(9, Some(9)));
        assert!(!leases.contains(&digest(1)));
    }

    #[test]
    fn what_an_entry_may_speak_of_stays_until_the_entry_is_applied() {
        let mut leases = Leases::new(TIME, 2);
        let start = Instant::now();
        leases.take(digest(1), start).expect("room");
        leases.end(start + TIME, reach(5, Some(9)));
        leases.take(digest(1), start + TIME).expect("room");
        leases.end(start + TIME * 2, reach(8, Some(12)));
        assert!(leases.contains(&digest(1)));
        assert_eq!(leases.take(digest(2), start + TIME * 2), Err(TooManyLeases));
        leases.end(start + TIME * 2, reach(9, Some(12)));
        assert!(leases.contains(&digest(1)), "the second lease waits for a later entry");
        leases.end(start + TIME * 2, reach(12, Some(20)));
        assert!(!leases.contains(&digest(1)));
        assert_eq!(leases.take(digest(2), start + TIME * 2), Ok(()));
    }

    #[test]
    fn an_entry_that_was_cut_off_is_not_waited_for() {
        let mut leases = Leases::new(TIME, 10);
        let start = Instant::now();
        leases.take(digest(1), start).expect("room");
        leases.end(start + TIME, reach(5, Some(9)));
        // Another leader's log ends before, with an entry of its own.
        leases.end(start + TIME, reach(5, Some(6)));
        assert!(leases.contains(&digest(1)));
        leases.end(start + TIME, reach(6, Some(6)));
        assert!(!leases.contains(&digest(1)));
    }

    #[test]
    fn a_replica_that_does_not_run_may_have_anything_in_its_log() {
        let mut leases = Leases::new(TIME, 10);
        let start = Instant::now();
        leases.take(digest(1), start).expect("room");
        leases.end(start + TIME, reach(5, None));
        leases.end(start + TIME, reach(5, None));
        assert!(leases.contains(&digest(1)));
        leases.end(start + TIME, reach(5, Some(6)));
        assert!(leases.contains(&digest(1)), "it runs again, and has something in it");
        leases.end(start + TIME, reach(6, Some(8)));
        assert!(!leases.contains(&digest(1)));
        leases.take(digest(2), start + TIME).expect("room");
        leases.end(start + TIME * 2, reach(5, None));
        leases.end(start + TIME * 2, BTreeMap::new);
        assert!(!leases.contains(&digest(2)), "its replica is somewhere else now");
    }
}

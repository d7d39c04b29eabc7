//! Which nodes answer, as whoever leads the metadata sees it. Nothing of it is replicated: the next leader looks for itself.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;
use vraftls_meta::NodeId;

use crate::{NodeReport, Timing};

/// When each node last answered.
pub(super) struct Alive {
    timing: Timing,
    /// Nobody is held dead for having been silent before anybody listened.
    since: Instant,
    answered: BTreeMap<NodeId, Instant>,
}

impl Alive {
    pub(super) fn new(timing: Timing, now: Instant) -> Self {
        Self { timing, since: now, answered: BTreeMap::new() }
    }

    /// Takes a look's answers.
    pub(super) fn note(&mut self, reports: &BTreeMap<NodeId, NodeReport>, now: Instant) {
        self.answered.extend(reports.keys().map(|node| (*node, now)));
    }

    /// Those that answer now, and so may be given something.
    pub(super) fn answering(&self, now: Instant) -> BTreeSet<NodeId> {
        let is_answering = |at: &Instant| now.duration_since(*at) <= self.timing.suspect_after;
        self.answered.iter().filter(|(_, at)| is_answering(at)).map(|(node, _)| *node).collect()
    }

    /// Those of `nodes` that are not to be replaced yet: a silence counts from the last answer, or from when this began.
    pub(super) fn may_come_back(&self, nodes: impl Iterator<Item = NodeId>, now: Instant) -> BTreeSet<NodeId> {
        let last = |node: &NodeId| *self.answered.get(node).unwrap_or(&self.since);
        nodes.filter(|node| now.duration_since(last(node)) <= self.timing.dead_after).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn silence_counts_from_the_last_answer_or_from_the_beginning() {
        let timing =
            Timing { suspect_after: Duration::from_secs(1), dead_after: Duration::from_secs(10), ..Timing::default() };
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let report = NodeReport { node: 1, version: String::new(), metadata_revision: 0, groups: Vec::new() };
        let mut alive = Alive::new(timing, start);
        let both = || [NodeId(1), NodeId(2)].into_iter();
        assert!(alive.answering(start).is_empty());
        assert_eq!(alive.may_come_back(both(), at(10)), both().collect());
        alive.note(&BTreeMap::from([(NodeId(1), report)]), at(5));
        assert_eq!(alive.answering(at(6)), BTreeSet::from([NodeId(1)]));
        assert!(alive.answering(at(7)).is_empty());
        assert_eq!(alive.may_come_back(both(), at(11)), BTreeSet::from([NodeId(1)]));
        assert!(alive.may_come_back(both(), at(16)).is_empty());
    }
}

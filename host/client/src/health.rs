//! Which nodes did not say that they are there when they were asked. Pure: time is told.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use vraftls_raft::ids::NodeId;

/// How long a node is asked last that said nothing.
const SUSPECT_FOR: Duration = Duration::from_secs(3);

/// Nodes that are asked last for a while. Those that cannot be reached at all the transport knows, and fails at once.
#[derive(Debug, Default)]
pub(crate) struct Health {
    suspects: HashMap<NodeId, Instant>,
}

impl Health {
    /// A node said nothing.
    pub(crate) fn suspect(&mut self, node: NodeId, now: Instant) {
        self.suspects.retain(|_, until| *until > now);
        self.suspects.insert(node, now + SUSPECT_FOR);
    }

    /// A node answered.
    pub(crate) fn trust(&mut self, node: NodeId) {
        self.suspects.remove(&node);
    }

    /// Whether a node should be asked last.
    pub(crate) fn is_suspect(&self, node: NodeId, now: Instant) -> bool {
        self.suspects.get(&node).is_some_and(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspicion_ends_with_time_or_with_an_answer() {
        let start = Instant::now();
        let mut health = Health::default();
        let (one, two) = (NodeId(1), NodeId(2));
        health.suspect(one, start);
        assert!(health.is_suspect(one, start) && !health.is_suspect(two, start));
        assert!(!health.is_suspect(one, start + SUSPECT_FOR));
        health.suspect(two, start + SUSPECT_FOR);
        assert_eq!(health.suspects.len(), 1, "those whose time is over are not kept");
        health.trust(two);
        assert!(!health.is_suspect(two, start + SUSPECT_FOR));
    }
}

//! Who analyzes in the cluster, as it changes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use vraftls_client::Cluster;
use vraftls_index::Description;

/// How long the question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who analyzes.
pub(super) struct Analyzers {
    known: Mutex<Arc<Vec<Arc<Description>>>>,
    changed: watch::Sender<u64>,
}

impl Analyzers {
    /// As they were told first.
    pub(super) fn new(first: Vec<Arc<Description>>) -> Self {
        Self { known: Mutex::new(Arc::new(first)), changed: watch::Sender::new(0) }
    }

    /// As they are known.
    pub(super) fn now(&self) -> Arc<Vec<Arc<Description>>> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Grows when they change.
    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Asks the cluster; says so if they are others than before, which who asks may know of one that is described like the one before.
    pub(super) async fn look(&self, cluster: &Cluster, is_other: bool) {
        match cluster.analyzers(PATIENCE).await {
            Ok(now) => self.take(now, is_other),
            Err(error) => tracing::debug!(%error, "who analyzes is not known"),
        }
    }

    fn take(&self, now: Vec<Arc<Description>>, is_other: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if **known == now && !is_other {
            return;
        }
        *known = Arc::new(now);
        drop(known);
        self.changed.send_modify(|n| *n += 1);
    }
}

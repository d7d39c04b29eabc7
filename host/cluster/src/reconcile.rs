//! Starts the replicas that the metadata puts on this node, and ends those that it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;
use vraftls_meta::{Epoch, State};
use vraftls_raft::ids::GroupId;

use crate::ask::Asker;
use crate::hosted::{Hosted, METADATA};
use crate::stop::Stop;
use crate::{DataMachines, StartError, tend};

/// When something failed, it is tried again after so long.
const RETRY: Duration = Duration::from_secs(1);

/// How long a look at the metadata may take that is sure to be the newest.
const LOOK: Duration = Duration::from_secs(5);

/// The loop.
pub(crate) struct Reconciler<D: DataMachines> {
    asker: Asker<D>,
    /// The tasks that tend the groups here.
    tending: BTreeMap<GroupId, AbortHandle>,
    /// What the disk has although it should not run here, as far as is known.
    leftovers: BTreeSet<GroupId>,
}

impl<D: DataMachines> Reconciler<D> {
    pub(crate) fn new(asker: Asker<D>, on_disk: impl IntoIterator<Item = GroupId>) -> Self {
        let leftovers = on_disk.into_iter().filter(|group| *group != METADATA).collect();
        Self { asker, tending: BTreeMap::new(), leftovers }
    }

    fn hosted(&self) -> &Arc<Hosted<D>> {
        &self.asker.hosted
    }

    /// Runs until the node ends.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        let mut metadata = self.hosted().metadata.clone();
        loop {
            let state = metadata.borrow_and_update().clone();
            let is_done = self.step(&state).await;
            let retry = async {
                match is_done {
                    true => std::future::pending().await,
                    false => tokio::time::sleep(RETRY).await,
                }
            };
            tokio::select! {
                () = stop.requested() => break,
                changed = metadata.changed() => if changed.is_err() { break },
                () = retry => {}
            }
        }
        self.tending.values().for_each(AbortHandle::abort);
    }

    /// Makes what runs here as the metadata says; whether all of it was done.
    pub(crate) async fn step(&mut self, state: &State) -> bool {
        let me = vraftls_meta::NodeId(self.hosted().node.0);
        let wanted: BTreeSet<GroupId> = state
            .groups()
            .iter()
            .filter(|(id, group)| **id != vraftls_meta::GroupId::METADATA && group.involves(me))
            .map(|(id, _)| GroupId(id.0))
            .collect();
        let running: BTreeSet<GroupId> = self.hosted().all().into_iter().map(|(id, _)| id).collect();
        let mut is_done = true;
        for id in wanted.difference(&running) {
            if let Err(error) = self.start(*id, state).await {
                tracing::error!(group = %id, error = %chain(&error), "a replica does not start");
                is_done = false;
            }
            self.leftovers.remove(id);
        }
        // Before the cluster is known nothing can be said of what should not be here.
        if state.cluster().is_none() {
            return is_done;
        }
        for id in running.difference(&wanted) {
            self.end(*id).await;
        }
        let leftovers: Vec<GroupId> = self.leftovers.difference(&wanted).copied().collect();
        if !leftovers.is_empty() {
            is_done &= self.clean(&leftovers, me).await;
        }
        is_done
    }

    async fn start(&mut self, id: GroupId, state: &State) -> Result<(), StartError> {
        let opened = self.hosted().open(id).await?;
        let known = state.groups().get(&vraftls_meta::GroupId(id.0));
        let me = vraftls_meta::NodeId(self.hosted().node.0);
        // The first replica of a group that never changed: it begins the group.
        let is_first = known.is_some_and(|known| known.epoch == Epoch(1) && known.replicas == BTreeSet::from([me]));
        if is_first {
            self.hosted().form(&opened).await?;
        }
        tracing::info!(group = %id, "a replica runs here");
        let task = tokio::spawn(tend::run(self.asker.clone(), id, opened));
        if let Some(before) = self.tending.insert(id, task.abort_handle()) {
            before.abort();
        }
        Ok(())
    }

    /// Ends a replica before it is known for sure that it may go, so that it promises nothing meanwhile.
    async fn end(&mut self, id: GroupId) {
        if let Some(task) = self.tending.remove(&id) {
            task.abort();
        }
        self.hosted().close(id).await;
        self.leftovers.insert(id);
        tracing::info!(group = %id, "a replica ended here");
    }

    /// Removes from the disk what a look at the newest metadata says is not needed here.
    async fn clean(&mut self, leftovers: &[GroupId], me: vraftls_meta::NodeId) -> bool {
        let deadline = Instant::now() + LOOK;
        let Ok(index) = self.asker.read_index(METADATA, false, deadline).await else { return false };
        if self.hosted().meta.wait_applied(index, deadline).await.is_err() {
            return false;
        }
        let state = self.hosted().metadata.borrow().clone();
        let mut is_done = true;
        for id in leftovers {
            let known = state.groups().get(&vraftls_meta::GroupId(id.0));
            if known.is_some_and(|known| known.involves(me)) {
                // The metadata that comes next starts it again.
                is_done = false;
                continue;
            }
            match self.hosted().erase(*id).await {
                Ok(()) => drop(self.leftovers.remove(id)),
                Err(error) => {
                    tracing::error!(group = %id, error = %error.chain(), "a replica's data stays");
                    is_done = false;
                }
            }
        }
        is_done
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

//! Drives the cluster towards what the metadata wants, from wherever the metadata is led.
//!
//! Everything a driver does can be done again by the next one: what is under way stands in the metadata, and what a group has done stands
//! in its own log.

mod alive;
mod members;
mod moves;
mod transfers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio::time::Instant;
use vraftls_meta::{NodeId, State, plan_moves};
use vraftls_raft::ids::GroupId;
use vraftls_raft::status::Role;

use self::alive::Alive;
use crate::answer::is_stopped;
use crate::ask::Asker;
use crate::hosted::some_day;
use crate::once::Once;
use crate::stop::Stop;
use crate::{DataMachines, NodeReport};

/// Changes of replicas under way at once: each may copy a whole shard.
const N_MOVES_MAX: usize = 4;

/// How long one request to the metadata may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The loop.
pub(crate) struct Driver<D: DataMachines> {
    asker: Asker<D>,
    once: Arc<Once>,
    /// The changes of replicas that are being carried out.
    steps: JoinSet<GroupId>,
    stepping: BTreeSet<GroupId>,
}

impl<D: DataMachines> Driver<D> {
    pub(crate) fn new(asker: Asker<D>, once: Arc<Once>) -> Self {
        Self { asker, once, steps: JoinSet::new(), stepping: BTreeSet::new() }
    }

    /// Drives whenever the metadata is led here, until the node ends.
    pub(crate) async fn run(mut self, mut stop: Stop) {
        let meta = self.asker.hosted.meta.clone();
        loop {
            let leads = meta.wait_for_leadership("leadership", some_day(), |now| now.role == Role::Leader);
            let leads = tokio::select! {
                () = stop.requested() => return,
                leads = leads => leads,
            };
            if leads.as_ref().is_err_and(is_stopped) {
                return;
            }
            tokio::select! {
                () = stop.requested() => return,
                () = self.drive() => {}
                _ = meta.wait_for_leadership("loss of leadership", some_day(), |now| now.role != Role::Leader) => {}
            }
            // Whoever leads now carries them on.
            self.steps.abort_all();
            self.steps = JoinSet::new();
            self.stepping.clear();
        }
    }

    async fn drive(&mut self) {
        let timing = self.asker.hosted.config.timing;
        let mut metadata = self.asker.hosted.metadata.clone();
        let mut alive = Alive::new(timing, Instant::now());
        loop {
            let state = metadata.borrow_and_update().clone();
            let reports = self.reports(&state, timing.look * 2).await;
            alive.note(&reports, Instant::now());
            self.step(&state, &alive, &reports).await;
            tokio::select! {
                Some(ended) = self.steps.join_next(), if !self.steps.is_empty() => {
                    match ended {
                        Ok(group) => drop(self.stepping.remove(&group)),
                        // A step that panicked is begun anew with all others.
                        Err(_) => self.stepping.clear(),
                    }
                }
                changed = metadata.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(timing.look) => {}
            }
        }
    }

    async fn reports(&self, state: &State, within: Duration) -> BTreeMap<NodeId, NodeReport> {
        let asked = state.nodes().keys().map(|node| async move {
            let report = self.asker.report(vraftls_raft::ids::NodeId(node.0), within).await;
            report.map(|report| (*node, report))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn step(&mut self, state: &Arc<State>, alive: &Alive, reports: &BTreeMap<NodeId, NodeReport>) {
        let now = Instant::now();
        members::step(&self.asker, state, reports).await;
        for (group, change) in state.groups().iter().filter_map(|(id, group)| Some((GroupId(id.0), group.change?))) {
            if self.stepping.insert(group) {
                let (asker, once, state) = (self.asker.clone(), Arc::clone(&self.once), Arc::clone(state));
                self.steps.spawn(async move {
                    moves::step(&asker, &once, &state, group, change).await;
                    group
                });
            }
        }
        let answering = alive.answering(now);
        let planned = plan_moves(state, &alive.may_come_back(state.nodes().keys().copied(), now), N_MOVES_MAX);
        // A node that may come back keeps what it has, and gets nothing before it does.
        for planned in planned.into_iter().filter(|planned| planned.add.is_none_or(|node| answering.contains(&node))) {
            moves::begin(&self.asker, &self.once, planned).await;
        }
        let is_calm = state.groups().values().all(|group| group.change.is_none());
        if is_calm {
            transfers::step(&self.asker, state, &answering, reports).await;
        }
    }
}

/// By when a request to the metadata has to be answered.
fn soon() -> Instant {
    Instant::now() + PATIENCE
}

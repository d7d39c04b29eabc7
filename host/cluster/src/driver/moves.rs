//! Changes of replicas, step by step.
//!
//! Each step first makes the group as the step wants it, then notes in the metadata that the next one begins. Whoever dies in between is
//! followed by another that does the step again, and finds most of it done.

use std::time::Duration;

use tokio::time::Instant;
use vraftls_meta::{Applied, Move, MoveStep, PlannedMove, Refusal, Request, State};
use vraftls_raft::ids::{GroupId, NodeId};

use super::soon;
use crate::ask::Asker;
use crate::hosted::METADATA;
use crate::meta_machine::MetaMachine;
use crate::once::Once;
use crate::rpc::Change;
use crate::{AskError, ChangeError, DataMachines};

/// A new replica votes when it lacks no more entries than this: those that come in meanwhile.
const LAG_MAX: u64 = 64;

/// How often it is looked how far a new replica is.
const LOOK: Duration = Duration::from_millis(50);

/// How long one step is pursued before everything is looked at again.
const STEP: Duration = Duration::from_secs(60);

/// Begins a change.
pub(super) async fn begin<D: DataMachines>(asker: &Asker<D>, once: &Once, planned: PlannedMove) {
    let PlannedMove { group, epoch, add, remove } = planned;
    let request = Request::BeginMove { group, epoch, add, remove };
    match once.propose::<MetaMachine, D>(asker, request, soon()).await {
        Ok((_, Applied::MoveBegun { id })) => tracing::info!(%group, ?add, ?remove, %id, "a move begins"),
        Ok(_) => {}
        Err(error) => tracing::warn!(%group, %error, "a move does not begin"),
    }
}

/// Carries a change's step out.
pub(super) async fn step<D: DataMachines>(asker: &Asker<D>, once: &Once, state: &State, group: GroupId, change: Move) {
    let stepped = match change.step {
        MoveStep::Learning => learn(asker, state, group, change).await.map(|()| MoveStep::Switching),
        MoveStep::Switching => switch(asker, group, change).await.map(|()| MoveStep::Cleaning),
        // What the old replica has on its disk is removed by its own node, when it hears that it has no part any more.
        MoveStep::Cleaning | MoveStep::Done => Ok(MoveStep::Done),
    };
    let next = match stepped {
        Ok(next) => next,
        Err(error) => {
            tracing::warn!(%group, id = %change.id, step = ?change.step, %error, "a move waits");
            return give_up_if_hopeless(asker, once, state, group, change).await;
        }
    };
    let request = Request::AdvanceMove { group: vraftls_meta::GroupId(group.0), id: change.id, step: next };
    match once.propose::<MetaMachine, D>(asker, request, soon()).await {
        Ok(_) => tracing::info!(%group, id = %change.id, step = ?next, "a move goes on"),
        // Another driver may have been there.
        Err(ChangeError::Refused(Refusal::WrongStep { .. } | Refusal::NoSuchMove { .. })) => {}
        Err(error) => tracing::warn!(%group, id = %change.id, %error, "a move's step is not noted"),
    }
}

/// The new replica follows the log until it has nearly all of it.
async fn learn<D: DataMachines>(asker: &Asker<D>, state: &State, group: GroupId, change: Move) -> Result<(), AskError> {
    let Some(node) = change.add else { return Ok(()) };
    let Some(about) = state.nodes().get(&node) else { return Err(refused(group, "the new node is none any more")) };
    let deadline = Instant::now() + STEP;
    let address = about.registration.address.as_str().to_owned();
    asker.change(group, Change::AddLearner { node: node.0, address }, deadline).await?;
    let new = NodeId(node.0);
    loop {
        if lag(asker, group, new, deadline).await.is_some_and(|lag| lag <= LAG_MAX) {
            return Ok(());
        }
        if Instant::now() + LOOK >= deadline {
            return Err(refused(group, "the new replica is far behind"));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// How many entries a replica lacks, as the leader says.
async fn lag<D: DataMachines>(asker: &Asker<D>, group: GroupId, of: NodeId, deadline: Instant) -> Option<u64> {
    let leader = leader(asker, group, deadline).await?;
    let report = asker.report(leader, Duration::from_secs(2)).await?;
    let about = report.groups.iter().find(|about| about.group == group.0 && about.is_leader)?;
    about.lags.iter().find(|(node, _)| *node == of.0)?.1
}

/// Whoever leads a group, as its replicas say.
async fn leader<D: DataMachines>(asker: &Asker<D>, group: GroupId, deadline: Instant) -> Option<NodeId> {
    if let Some(leader) = asker.hosted.replica(group).and_then(|replica| replica.status().leader) {
        return Some(leader);
    }
    let state = asker.hosted.metadata.borrow().clone();
    let known = state.groups().get(&vraftls_meta::GroupId(group.0))?;
    let within = Duration::from_secs(1).min(deadline.saturating_duration_since(Instant::now()));
    for node in &known.replicas {
        let report = asker.report(NodeId(node.0), within).await;
        let leader = report.and_then(|report| report.groups.iter().find(|about| about.group == group.0)?.leader);
        if let Some(leader) = leader {
            return Some(NodeId(leader));
        }
    }
    None
}

/// The new replica votes, the old one does not any more.
async fn switch<D: DataMachines>(asker: &Asker<D>, group: GroupId, change: Move) -> Result<(), AskError> {
    let deadline = Instant::now() + STEP;
    if let Some(node) = change.add {
        asker.change(group, Change::Promote { node: node.0 }, deadline).await?;
    }
    let Some(node) = change.remove else { return asker.change(group, Change::FinishJoint, deadline).await };
    let leaving = NodeId(node.0);
    if leader(asker, group, deadline).await == Some(leaving)
        && let Some(heir) = heir(asker, group, change)
    {
        asker.transfer(group, heir, deadline).await?;
    }
    // Who leaves the metadata's voters follows it on.
    let change = match group {
        METADATA => Change::Demote { node: node.0 },
        _ => Change::RemoveVoter { node: node.0 },
    };
    asker.change(group, change.clone(), deadline).await?;
    // The first of the two may have done no more than finish what another began.
    asker.change(group, change, deadline).await
}

/// Who leads when the leader leaves.
fn heir<D: DataMachines>(asker: &Asker<D>, group: GroupId, change: Move) -> Option<NodeId> {
    let state = asker.hosted.metadata.borrow().clone();
    let known = state.groups().get(&vraftls_meta::GroupId(group.0))?;
    let may_lead = |node: &&vraftls_meta::NodeId| state.nodes().get(node).is_some_and(vraftls_meta::Node::is_full);
    let stays = known.replicas.iter().filter(|node| Some(**node) != change.remove);
    stays.chain(&change.add).find(may_lead).map(|node| NodeId(node.0))
}

/// A change that has not come far is given up where its new node is none any more, or is to be relieved.
async fn give_up_if_hopeless<D: DataMachines>(
    asker: &Asker<D>,
    once: &Once,
    state: &State,
    group: GroupId,
    change: Move,
) {
    let is_hopeless = change.step == MoveStep::Learning
        && change.add.is_some_and(|node| state.nodes().get(&node).is_none_or(|about| about.draining));
    if !is_hopeless {
        return;
    }
    if let Some(node) = change.add
        && let Err(error) = asker.change(group, Change::RemoveLearner { node: node.0 }, soon()).await
    {
        return tracing::warn!(%group, %error, "a replica that is not wanted stays a learner");
    }
    let request = Request::AbandonMove { group: vraftls_meta::GroupId(group.0), id: change.id };
    match once.propose::<MetaMachine, D>(asker, request, soon()).await {
        Ok(_) => tracing::info!(%group, id = %change.id, "a move is given up"),
        Err(error) => tracing::warn!(%group, id = %change.id, %error, "a move is not given up"),
    }
}

fn refused(group: GroupId, reason: &str) -> AskError {
    AskError::Refused { group, reason: reason.to_owned() }
}

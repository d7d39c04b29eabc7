//! What whoever leads a shard does for it: its workspaces and its epoch follow the metadata.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;
use vraftls_raft::error::WaitError;
use vraftls_raft::group::Group;
use vraftls_raft::ids::GroupId;
use vraftls_raft::machine::StateMachine;
use vraftls_raft::status::{GroupStatus, Role};
use vraftls_vfs::{Request, WorkspaceId};

use crate::answer::is_stopped;
use crate::ask::Asker;
use crate::hosted::{DataGroup, METADATA, some_day};
use crate::once::Once;
use crate::{ChangeError, DataMachines};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// When a request failed, the next one comes after so long.
const RETRY: Duration = Duration::from_millis(200);

/// Tends a shard whenever it is led here, until the task is ended.
pub(crate) async fn run<D: DataMachines>(asker: Asker<D>, id: GroupId, shard: DataGroup<D::Machine>) {
    if wait_settled(&shard.group).await.is_err() {
        return;
    }
    asker.hosted.recovered(id);
    let once = Once::new(id);
    let mut metadata = asker.hosted.metadata.clone();
    loop {
        let leads = shard.group.wait_for_leadership("leadership", some_day(), |now| now.role == Role::Leader).await;
        if leads.as_ref().is_err_and(is_stopped) {
            return;
        }
        let wanted = metadata.borrow_and_update().clone();
        let work = next(&wanted, &shard.state.borrow());
        let Some(request) = work else {
            tokio::select! {
                changed = metadata.changed() => if changed.is_err() { return },
                _ = shard.group.wait_for_leadership("loss of leadership", some_day(), |now| now.role != Role::Leader) => {}
            }
            continue;
        };
        if let Err(error) = perform(&asker, &once, request).await {
            tracing::warn!(group = %id, %error, "a shard cannot follow the metadata yet");
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// Returns when a replica has applied all that its log had when it started, or that was cut off.
async fn wait_settled<M: StateMachine>(group: &Group<M>) -> Result<(), WaitError> {
    let end = group.status().last_log_index;
    group.wait_recovered(some_day()).await?;
    let is_settled =
        |status: &GroupStatus| status.applied.map(|applied| applied.index) >= end.min(status.last_log_index);
    group.wait_for("what the log had", some_day(), is_settled).await.map(drop)
}

async fn perform<D: DataMachines>(
    asker: &Asker<D>,
    once: &Once,
    request: Request,
) -> Result<(), ChangeError<vraftls_vfs::Refusal>> {
    let deadline = Instant::now() + PATIENCE;
    if let Request::RemoveWorkspace { workspace } = &request {
        // The metadata here may be older than the workspace.
        let index = asker.read_index(METADATA, false, deadline).await?;
        let is_behind = asker.hosted.meta.wait_applied(index, deadline).await.is_err();
        if is_behind || asker.hosted.metadata.borrow().workspaces().contains_key(workspace) {
            return Ok(());
        }
    }
    match once.propose::<D::Machine, D>(asker, request, deadline).await {
        Ok(_) | Err(ChangeError::Refused(vraftls_vfs::Refusal::NoSuchWorkspace { .. })) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The next thing in which a shard differs from the metadata.
fn next(metadata: &vraftls_meta::State, shard: &vraftls_vfs::State) -> Option<Request> {
    metadata.cluster()?;
    let has: BTreeSet<WorkspaceId> = shard.workspaces().map(|(id, _)| id).collect();
    let missing = metadata.workspaces().iter().find(|(id, _)| !has.contains(id));
    if let Some((workspace, name)) = missing {
        return Some(Request::AdoptWorkspace { workspace: *workspace, name: name.clone() });
    }
    let epoch = metadata.slots().epoch().0;
    if shard.epoch() < epoch {
        return Some(Request::SetEpoch { epoch });
    }
    let gone = has.into_iter().find(|id| !metadata.workspaces().contains_key(id))?;
    Some(Request::RemoveWorkspace { workspace: gone })
}

//! What a cluster is, and how it does.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use vraftls_meta::{MoveStep, State as Metadata};
use vraftls_proto::rpc::ClusterInfo;

use crate::server::cluster_info;
use crate::server::error::{ApiError, json};
use crate::server::report::{ClusterStatus, MoveStatus, NotReady};
use crate::server::routes::Shared;

#[derive(Serialize)]
struct Shown {
    /// The node that was asked.
    node: u64,
    /// Why it should get no work.
    not_ready: Vec<NotReady>,
    /// What the metadata says.
    cluster: Option<ClusterInfo>,
    /// Changes of replicas that are under way.
    moves: Vec<MoveStatus>,
    /// What all say of themselves.
    #[serde(flatten)]
    status: ClusterStatus,
}

/// What everybody may know who may speak with the cluster.
pub(in crate::server) async fn info(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    match read_info(&shared) {
        Some(info) => Ok(json(&info)),
        None => {
            let message = "this node does not know its cluster yet";
            Err(ApiError::unavailable("starting", message, Duration::from_secs(1)))
        }
    }
}

/// What admins may know.
pub(in crate::server) async fn read(State(shared): State<Arc<Shared>>) -> Response {
    let status = shared.admin.cluster_status().await;
    let (node, not_ready) = (shared.admin.status().node.0, shared.admin.readiness());
    let moves = moves(&shared.admin.metadata());
    json(&Shown { node, not_ready, cluster: read_info(&shared), moves, status })
}

fn moves(metadata: &Metadata) -> Vec<MoveStatus> {
    let changing = metadata.groups().iter().filter_map(|(group, about)| Some((group.0, about.change?)));
    let shown = changing.map(|(group, change)| MoveStatus {
        group,
        id: change.id.0,
        add: change.add.map(|node| node.0),
        remove: change.remove.map(|node| node.0),
        step: step_word(change.step).to_owned(),
    });
    shown.collect()
}

fn step_word(step: MoveStep) -> &'static str {
    match step {
        MoveStep::Learning => "learning",
        MoveStep::Switching => "switching",
        MoveStep::Cleaning => "cleaning",
        MoveStep::Done => "done",
    }
}

fn read_info(shared: &Shared) -> Option<ClusterInfo> {
    cluster_info(&shared.admin.metadata(), &shared.admin.status().groups)
}

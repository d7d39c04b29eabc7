//! Where replicas are and who leads.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use vraftls_meta::{Applied, Epoch, GroupId, NodeId, Request as Change};

use super::{id, other_answer};
use crate::server::body;
use crate::server::error::{ApiError, json};
use crate::server::routes::Shared;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    #[serde(default)]
    add: Option<u64>,
    #[serde(default)]
    remove: Option<u64>,
    /// The epoch of the replicas that whoever asks saw; without it whatever it is.
    #[serde(default)]
    epoch: Option<u64>,
}

#[derive(Serialize)]
struct Begun {
    r#move: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leader {
    to: u64,
}

#[derive(Serialize)]
struct Rebalanced {
    begun: usize,
}

/// Begins to change the replicas of a group.
pub(in crate::server) async fn begin_move(
    State(shared): State<Arc<Shared>>,
    Path(group): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let group = GroupId(id(&group, "group")?);
    let Move { add, remove, epoch } = body::json(request, &shared.config.bounds).await?;
    let epoch = match epoch {
        Some(epoch) => Epoch(epoch),
        // A group that is not known here has none, and will be refused where that is decided.
        None => shared.admin.metadata().groups().get(&group).map_or(Epoch(0), |group| group.epoch),
    };
    let change = Change::BeginMove { group, epoch, add: add.map(NodeId), remove: remove.map(NodeId) };
    match shared.admin.change(change).await? {
        Applied::MoveBegun { id } => Ok((StatusCode::ACCEPTED, json(&Begun { r#move: id.0 })).into_response()),
        _ => Err(other_answer()),
    }
}

/// Lets another replica lead a group.
pub(in crate::server) async fn transfer_leader(
    State(shared): State<Arc<Shared>>,
    Path(group): Path<String>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let group = GroupId(id(&group, "group")?);
    let Leader { to } = body::json(request, &shared.config.bounds).await?;
    if !shared.admin.metadata().groups().contains_key(&group) {
        return Err(ApiError::not_found("no_such_group", format!("there is no group {group}")));
    }
    shared.admin.transfer_leader(group, NodeId(to)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Looks at once whether replicas and leaders should be elsewhere.
pub(in crate::server) async fn rebalance(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    let begun = shared.admin.rebalance().await?;
    Ok((StatusCode::ACCEPTED, json(&Rebalanced { begun })).into_response())
}

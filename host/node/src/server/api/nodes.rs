//! Nodes come, are drained and go.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use vraftls_meta::{Address, Applied, GroupId, Incarnation, NodeId, NodeKind, Registration, Request as Change};
use vraftls_proto::rpc::NodeKindInfo;

use super::{id, other_answer};
use crate::server::body;
use crate::server::error::{ApiError, json};
use crate::server::routes::Shared;

/// What a node says that wants to be a part of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Its data directory, in 32 hexadecimal digits.
    pub incarnation: String,
    /// Where others reach it.
    pub address: String,
    /// What it is for.
    pub kind: NodeKindInfo,
    /// The id that it wants; without it the next one.
    #[serde(default)]
    pub node: Option<u64>,
}

/// What it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Its id.
    pub node: u64,
    /// The cluster, in 32 hexadecimal digits.
    pub cluster: String,
    /// The nodes that vote on the metadata, which the node is to follow.
    pub members: Vec<Member>,
}

/// A node that votes on the metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub node: u64,
    /// Where it listens.
    pub address: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drain {
    draining: bool,
    /// Even if groups have fewer replicas then.
    #[serde(default)]
    force: bool,
}

/// Makes a node a part of the cluster; one that is already is told the same again.
pub(in crate::server) async fn join(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, ApiError> {
    let Join { incarnation, address, kind, node } = body::json(request, &shared.config.bounds).await?;
    let malformed = |error: &dyn std::fmt::Display| ApiError::malformed(error.to_string());
    let incarnation: Incarnation = incarnation.parse().map_err(|error| malformed(&error))?;
    let address = Address::new(&address).map_err(|error| malformed(&error))?;
    let registration = Registration { incarnation, address, kind: kind_of(kind) };
    let change = Change::RegisterNode { node: node.map(NodeId), registration };
    let Applied::NodeRegistered { node } = shared.admin.change(change).await? else { return Err(other_answer()) };
    let metadata = shared.admin.metadata();
    let (cluster, group) =
        metadata.cluster().zip(metadata.groups().get(&GroupId::METADATA)).ok_or_else(other_answer)?;
    let address = |node: &NodeId| Some(metadata.nodes().get(node)?.registration.address.to_string());
    let members = group.replicas.iter().filter_map(|node| Some(Member { node: node.0, address: address(node)? }));
    let joined = Joined { node: node.0, cluster: cluster.id.to_string(), members: members.collect() };
    Ok((StatusCode::CREATED, json(&joined)).into_response())
}

fn kind_of(kind: NodeKindInfo) -> NodeKind {
    match kind {
        NodeKindInfo::Full => NodeKind::Full,
        NodeKindInfo::Witness => NodeKind::Witness,
    }
}

/// Lets a node be relieved of everything, or not any more.
pub(in crate::server) async fn drain(
    State(shared): State<Arc<Shared>>,
    Path(node): Path<String>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let node = NodeId(id(&node, "node")?);
    let Drain { draining, force } = body::json(request, &shared.config.bounds).await?;
    let metadata = shared.admin.metadata();
    let mut others = metadata.nodes().iter().filter(|(id, other)| **id != node && other.is_full() && !other.draining);
    if draining && force && metadata.nodes().contains_key(&node) && others.next().is_none() {
        let message = format!("node {node} is the last one that keeps files: nothing would be left");
        return Err(ApiError::new(StatusCode::CONFLICT, "last_node", message));
    }
    let is_checked = draining && !force;
    let change = if is_checked { Change::Relieve { node } } else { Change::SetDraining { node, draining } };
    shared.admin.change(change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a node out for ever that has nothing any more.
pub(in crate::server) async fn remove(
    State(shared): State<Arc<Shared>>,
    Path(node): Path<String>,
) -> Result<StatusCode, ApiError> {
    shared.admin.change(Change::RemoveNode { node: NodeId(id(&node, "node")?) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

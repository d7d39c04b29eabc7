//! Workspaces are made and removed.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use vraftls_meta::{Applied, Request as Change};
use vraftls_proto::rpc::WorkspaceInfo;
use vraftls_vfs::{WorkspaceId, WorkspaceName};

use super::{id, other_answer};
use crate::server::body;
use crate::server::error::{ApiError, json};
use crate::server::info;
use crate::server::routes::Shared;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
}

/// All of them.
pub(in crate::server) async fn list(State(shared): State<Arc<Shared>>) -> Response {
    json(&info::workspaces(&shared.admin.metadata()))
}

/// Makes an empty one.
pub(in crate::server) async fn create(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, ApiError> {
    let Create { name } = body::json(request, &shared.config.bounds).await?;
    let checked = WorkspaceName::new(&name).map_err(|error| ApiError::malformed(error.to_string()))?;
    match shared.admin.change(Change::CreateWorkspace { name: checked }).await? {
        Applied::WorkspaceCreated { workspace } => {
            Ok((StatusCode::CREATED, json(&WorkspaceInfo { id: workspace.0, name })).into_response())
        }
        _ => Err(other_answer()),
    }
}

/// Removes one with all its files.
pub(in crate::server) async fn remove(
    State(shared): State<Arc<Shared>>,
    Path(workspace): Path<String>,
) -> Result<StatusCode, ApiError> {
    let workspace = WorkspaceId(id(&workspace, "workspace")?);
    shared.admin.change(Change::RemoveWorkspace { workspace }).await?;
    Ok(StatusCode::NO_CONTENT)
}

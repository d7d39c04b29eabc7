//! Settings of the cluster: words with texts that all nodes have.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use vraftls_meta::Request as Change;

use super::word;
use crate::server::body;
use crate::server::error::{ApiError, json};
use crate::server::routes::Shared;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    value: String,
}

/// All that are set.
pub(in crate::server) async fn list(State(shared): State<Arc<Shared>>) -> Response {
    let metadata = shared.admin.metadata();
    let settings: BTreeMap<&str, &str> =
        metadata.settings().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    json(&settings)
}

/// One that is set.
pub(in crate::server) async fn read(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
) -> Result<Response, ApiError> {
    let key = word(&key)?;
    let metadata = shared.admin.metadata();
    let value = metadata.settings().get(&key).cloned();
    let value = value.ok_or_else(|| ApiError::not_found("no_such_setting", format!("{key} is not set")))?;
    Ok(json(&Setting { value }))
}

/// Sets one.
pub(in crate::server) async fn write(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let key = word(&key)?;
    let Setting { value } = body::json(request, &shared.config.bounds).await?;
    shared.admin.change(Change::SetSetting { key, value: Some(value) }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes one away.
pub(in crate::server) async fn clear(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
) -> Result<StatusCode, ApiError> {
    shared.admin.change(Change::SetSetting { key: word(&key)?, value: None }).await?;
    Ok(StatusCode::NO_CONTENT)
}

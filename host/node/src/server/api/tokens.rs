//! Tokens: what admins show. A new one is shown once, in the answer to whoever asked for it.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use vraftls_meta::Request as Change;

use super::word;
use crate::server::body;
use crate::server::draw_token;
use crate::server::error::{ApiError, json};
use crate::server::routes::Shared;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
}

#[derive(Serialize)]
struct Created<'a> {
    name: &'a str,
    token: &'a str,
}

/// What they are called.
pub(in crate::server) async fn list(State(shared): State<Arc<Shared>>) -> Response {
    let metadata = shared.admin.metadata();
    json(&metadata.token_names().map(vraftls_meta::Word::as_str).collect::<Vec<_>>())
}

/// Makes one.
pub(in crate::server) async fn create(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, ApiError> {
    let Create { name } = body::json(request, &shared.config.bounds).await?;
    let name = word(&name)?;
    let drawn = draw_token().map_err(|error| {
        tracing::error!(%error, "no token could be drawn");
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "no token could be drawn")
    })?;
    shared.admin.change(Change::AddToken { name: name.clone(), hash: drawn.hash }).await?;
    let created = json(&Created { name: name.as_str(), token: &drawn.text });
    let mut response = (StatusCode::CREATED, created).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Lets one count no more.
pub(in crate::server) async fn revoke(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    shared.admin.change(Change::RevokeToken { name: word(&name)? }).await?;
    Ok(StatusCode::NO_CONTENT)
}

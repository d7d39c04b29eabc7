//! Whether the process lives, and whether the node should get work.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use super::error::json;
use super::report::NotReady;
use super::routes::Shared;

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    reasons: Vec<NotReady>,
}

/// The process answers: that is all.
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// Whether the node should get work, and why not.
pub(super) async fn readyz(State(shared): State<Arc<Shared>>) -> Response {
    let reasons = shared.admin.readiness();
    let ready = reasons.is_empty();
    let mut response = json(&Readiness { ready, reasons });
    if !ready {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

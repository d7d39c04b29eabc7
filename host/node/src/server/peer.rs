//! The door to the transport: a connection that becomes a WebSocket and is handed over.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;

use super::error::ApiError;
use super::listen::{Caller, Phase};
use super::routes::Shared;

/// Agrees to speak WebSocket, and does so as soon as the other side heard it.
pub(super) async fn upgrade(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    mut request: Request,
) -> Response {
    let response = match vraftls_transport::agree(&request) {
        Ok(response) => response,
        Err(error) => {
            let message = format!("nodes speak WebSocket here: {error}");
            return ApiError::new(StatusCode::BAD_REQUEST, "no_websocket", message).into_response();
        }
    };
    let Some(local) = shared.admin.peer_local() else {
        let message = "this node does not know its cluster yet";
        return ApiError::unavailable("starting", message, Duration::from_secs(1)).into_response();
    };
    let Ok(place) = Arc::clone(&shared.peers).try_acquire_owned() else {
        return ApiError::busy("connections of nodes and guests").into_response();
    };
    let upgrading = hyper::upgrade::on(&mut request);
    // A node that takes a snapshot may well be slower than somebody who asks a question.
    caller.lift.lift();
    let mut ends = shared.ends.clone();
    tokio::spawn(async move {
        let serving = async {
            let stream = match upgrading.await {
                Ok(stream) => TokioIo::new(stream),
                Err(error) => return tracing::debug!(%error, "a connection ended before it was handed over"),
            };
            let wire = vraftls_transport::websocket(stream).await;
            if let Err(error) = vraftls_transport::serve(local, wire).await {
                tracing::debug!(%error, "somebody was refused");
            }
        };
        tokio::select! {
            () = serving => {}
            () = ends.reached(Phase::Closed) => {}
        }
        drop(place);
    });
    response.map(|()| Body::empty())
}

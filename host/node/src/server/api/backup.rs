//! Everything that a group has, for backups.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use vraftls_meta::GroupId;

use super::id;
use crate::server::error::ApiError;
use crate::server::listen::Caller;
use crate::server::routes::Shared;

/// A group as it is now, with all contents.
pub(in crate::server) async fn read(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(group): Path<String>,
) -> Result<Response, ApiError> {
    let group = GroupId(id(&group, "group")?);
    let place = Arc::clone(&shared.backups).try_acquire_owned().map_err(|_| ApiError::busy("backups"))?;
    let mut pieces = shared.admin.backup(group).await?;
    // However much there is: whoever takes no piece for a while is let go all the same.
    caller.age.lift();
    let body = stream::poll_fn(move |context| {
        let _until_the_end = &place;
        pieces.poll_recv(context)
    });
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(body)).into_response())
}

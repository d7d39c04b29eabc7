//! `vraftls/catchUp`: what is on disk now is seen by the questions that come next.

use vraftls_proto::QueryError;

use super::Context;
use crate::error::RequestError;

pub(crate) async fn catch_up(cx: &Context, (): ()) -> Result<(), RequestError> {
    let deadline = cx.session().options().timing.request_deadline;
    for mount in cx.world().mounts() {
        let folder = mount.slot.ready().await?;
        let caught_up = tokio::time::timeout(deadline, cx.backend().catch_up(folder.workspace)).await;
        caught_up.map_err(|_| QueryError::DeadlineExceeded(deadline))??;
    }
    Ok(())
}

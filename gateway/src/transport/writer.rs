//! The task that writes what is queued, so that nobody else ever waits for an editor to read.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::Outbox;

/// Writes until the outbox is closed and empty, or writing fails.
pub(crate) async fn write_outbox<W: AsyncWrite + Unpin>(outbox: Arc<Outbox>, mut writer: W) -> io::Result<()> {
    while let Some(batch) = outbox.next_batch().await {
        writer.write_all(&batch).await?;
        writer.flush().await?;
    }
    writer.shutdown().await
}

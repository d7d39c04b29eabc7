//! The texts of files, for showing what stands at a place.

use std::path::PathBuf;

use anyhow::Context;

/// The text of a file as it is on disk now.
pub(crate) async fn text_of(file: PathBuf) -> anyhow::Result<String> {
    tokio::task::spawn_blocking(move || {
        std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
    })
    .await?
}

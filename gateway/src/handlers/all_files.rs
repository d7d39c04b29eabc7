//! `vraftls/files`: which files there are to be asked about.

use tower_lsp_server::ls_types::Uri;
use vraftls_proto::{Answer, Query};

use super::Context;
use crate::error::RequestError;

pub(crate) async fn all_files(cx: &Context, (): ()) -> Result<Vec<Uri>, RequestError> {
    let mut all = Vec::new();
    for mount in cx.world().mounts() {
        let folder = mount.slot.ready().await?;
        let answered = cx.ask_in(&folder, mount.overlays.clone(), Query::Files).await?;
        if answered.partial {
            cx.session().tell_partial("files");
        }
        let Answer::Files(files) = answered.answer else { return Err(RequestError::BadAnswer) };
        all.extend(files.iter().map(|path| mount.slot.root.join(path.as_str()).to_uri()));
    }
    Ok(all)
}

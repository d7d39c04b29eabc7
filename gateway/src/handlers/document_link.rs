//! `textDocument/documentLink`: what leads out of a document.

use serde::{Deserialize, Serialize};
use tower_lsp_server::ls_types::{DocumentLink, DocumentLinkParams, Uri};
use vraftls_proto::{Answer, LinkTarget, Query};
use vraftls_vfs::VfsPath;

use super::files::uri_of;
use super::{AnswerFile, Context, Located};
use crate::error::RequestError;

/// Where the files lie that an analyzer carries itself: to be opened they are written out first.
const BUNDLED: &str = "@bundled/";

/// What a link carries for being resolved.
#[derive(Serialize, Deserialize)]
pub(super) struct LinkData {
    /// The document that it is in.
    pub(super) uri: Uri,
    /// The path that it leads to, in the document's view.
    pub(super) path: String,
}

pub(crate) async fn document_link(
    cx: &Context,
    params: DocumentLinkParams,
) -> Result<Option<Vec<DocumentLink>>, RequestError> {
    let uri = params.text_document.uri;
    let located = cx.locate(&uri).await?;
    let answered = match cx.ask(&located, Query::Links { path: located.path.clone() }).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let Answer::Links(found) = answered.answer else { return Err(RequestError::BadAnswer) };
    let file = AnswerFile::of(cx, &located);
    let mut links = Vec::with_capacity(found.len());
    for link in found {
        let Some(range) = file.here(link.span) else { continue };
        let (target, data) = match link.target {
            LinkTarget::Web(url) => (url.parse::<Uri>().ok(), None),
            LinkTarget::File(path) if path.as_str().starts_with(BUNDLED) => {
                (None, Some(LinkData { uri: uri.clone(), path: path.to_string() }))
            }
            LinkTarget::File(path) => (target(cx, &located, &path).await, None),
        };
        // What leads nowhere is no link.
        if target.is_some() || data.is_some() {
            let data = data.and_then(|data| serde_json::to_value(data).ok());
            links.push(DocumentLink { range, target, tooltip: None, data });
        }
    }
    Ok(Some(links))
}

/// Where an editor finds what a link leads to.
pub(super) async fn target(cx: &Context, located: &Located, path: &VfsPath) -> Option<Uri> {
    uri_of(cx, &located.slot, &located.folder, path).await
}

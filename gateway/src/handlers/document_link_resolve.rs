//! `documentLink/resolve`: where an editor finds what a link leads to.

use tower_lsp_server::ls_types::DocumentLink;
use vraftls_vfs::VfsPath;

use super::Context;
use super::document_link::{LinkData, target};
use crate::error::RequestError;

pub(crate) async fn document_link_resolve(cx: &Context, mut link: DocumentLink) -> Result<DocumentLink, RequestError> {
    let Some(data) = link.data.clone() else { return Ok(link) };
    let bad_data = || RequestError::Invalid("the link's data is not what it was made with".to_owned());
    let LinkData { uri, path } = serde_json::from_value(data).map_err(|_| bad_data())?;
    let path = VfsPath::new(&path).map_err(|_| bad_data())?;
    let located = cx.locate(&uri).await?;
    link.target = Some(target(cx, &located, &path).await.ok_or(RequestError::NoPlace(path))?);
    Ok(link)
}

//! `textDocument/implementation`: what implements or overrides a name.

use tower_lsp_server::ls_types::{GotoDefinitionParams, GotoDefinitionResponse};
use vraftls_proto::Query;

use super::Context;
use super::targets::targets;
use crate::error::RequestError;

pub(crate) async fn implementation(
    cx: &Context,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, RequestError> {
    targets(cx, params, cx.profile().links.implementation, Query::Implementation).await
}

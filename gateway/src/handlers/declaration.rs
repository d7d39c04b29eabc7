//! `textDocument/declaration`: where a name is declared, in a stub or by an import.

use tower_lsp_server::ls_types::{GotoDefinitionParams, GotoDefinitionResponse};
use vraftls_proto::Query;

use super::Context;
use super::targets::targets;
use crate::error::RequestError;

pub(crate) async fn declaration(
    cx: &Context,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, RequestError> {
    targets(cx, params, cx.profile().links.declaration, Query::Declaration).await
}

//! `textDocument/definition`: where a name is defined.

use tower_lsp_server::ls_types::{GotoDefinitionParams, GotoDefinitionResponse};
use vraftls_proto::Query;

use super::Context;
use super::targets::targets;
use crate::error::RequestError;

pub(crate) async fn definition(
    cx: &Context,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, RequestError> {
    targets(cx, params, cx.profile().links.definition, Query::Definition).await
}

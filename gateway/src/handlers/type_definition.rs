//! `textDocument/typeDefinition`: where the type of an expression is defined.

use tower_lsp_server::ls_types::{GotoDefinitionParams, GotoDefinitionResponse};
use vraftls_proto::Query;

use super::Context;
use super::targets::targets;
use crate::error::RequestError;

pub(crate) async fn type_definition(
    cx: &Context,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, RequestError> {
    targets(cx, params, cx.profile().links.type_definition, Query::TypeDefinition).await
}

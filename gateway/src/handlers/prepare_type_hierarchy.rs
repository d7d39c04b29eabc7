//! `textDocument/prepareTypeHierarchy`: the types at the cursor.

use tower_lsp_server::ls_types::{TypeHierarchyItem, TypeHierarchyPrepareParams};
use vraftls_proto::Query;

use super::{Context, hierarchy};
use crate::error::RequestError;

pub(crate) async fn prepare_type_hierarchy(
    cx: &Context,
    params: TypeHierarchyPrepareParams,
) -> Result<Option<Vec<TypeHierarchyItem>>, RequestError> {
    let items = hierarchy::prepare(cx, params.text_document_position_params, Query::PrepareTypes).await?;
    Ok(items.map(|items| items.into_iter().map(Into::into).collect()))
}

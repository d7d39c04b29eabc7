//! `textDocument/prepareCallHierarchy`: the functions at the cursor.

use tower_lsp_server::ls_types::{CallHierarchyItem, CallHierarchyPrepareParams};
use vraftls_proto::Query;

use super::{Context, hierarchy};
use crate::error::RequestError;

pub(crate) async fn prepare_call_hierarchy(
    cx: &Context,
    params: CallHierarchyPrepareParams,
) -> Result<Option<Vec<CallHierarchyItem>>, RequestError> {
    let items = hierarchy::prepare(cx, params.text_document_position_params, Query::PrepareCalls).await?;
    Ok(items.map(|items| items.into_iter().map(Into::into).collect()))
}

//! `typeHierarchy/subtypes`: what extends a type.

use tower_lsp_server::ls_types::{TypeHierarchyItem, TypeHierarchySubtypesParams};
use vraftls_proto::Query;

use super::{Context, hierarchy};
use crate::error::RequestError;

pub(crate) async fn subtypes(
    cx: &Context,
    params: TypeHierarchySubtypesParams,
) -> Result<Option<Vec<TypeHierarchyItem>>, RequestError> {
    let (located, item) = hierarchy::known(cx, params.item.into(), Query::PrepareTypes).await?;
    let answered = cx.ask(&located, Query::Subtypes { item }).await?;
    let items = hierarchy::items(cx, &located, answered).await?;
    Ok(Some(items.into_iter().map(Into::into).collect()))
}

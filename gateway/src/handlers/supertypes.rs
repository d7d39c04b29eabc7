//! `typeHierarchy/supertypes`: what a type extends.

use tower_lsp_server::ls_types::{TypeHierarchyItem, TypeHierarchySupertypesParams};
use vraftls_proto::Query;

use super::{Context, hierarchy};
use crate::error::RequestError;

pub(crate) async fn supertypes(
    cx: &Context,
    params: TypeHierarchySupertypesParams,
) -> Result<Option<Vec<TypeHierarchyItem>>, RequestError> {
    let (located, item) = hierarchy::known(cx, params.item.into(), Query::PrepareTypes).await?;
    let answered = cx.ask(&located, Query::Supertypes { item }).await?;
    let items = hierarchy::items(cx, &located, answered).await?;
    Ok(Some(items.into_iter().map(Into::into).collect()))
}

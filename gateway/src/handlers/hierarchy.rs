//! What call hierarchies and type hierarchies share: items that go to the editor and come back.
//!
//! An item carries the analyzer's token and the digest of the content that it was found in. It is taken at its word only while its
//! file has that content; after an edit the place is asked about anew, and if another thing stands there by now the request fails.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp_server::ls_types::{
    CallHierarchyItem, Range, SymbolKind, TextDocumentPositionParams, TypeHierarchyItem, Uri,
};
use vraftls_index::Location;
use vraftls_proto::{Answer, Answered, At, HierarchyItem, Query};

use super::completion::{from_hex, some, to_hex};
use super::{AnswerFiles, Context, Located};
use crate::convert::to_lsp;
use crate::error::RequestError;

/// What an item carries for the next question.
#[derive(Serialize, Deserialize)]
struct ItemData {
    token: String,
    digest: String,
}

/// An item of either hierarchy: the protocol has two types of one shape.
pub(super) struct Item {
    name: String,
    detail: Option<String>,
    kind: SymbolKind,
    uri: Uri,
    range: Range,
    selection_range: Range,
    data: Option<Value>,
}

impl From<Item> for CallHierarchyItem {
    fn from(item: Item) -> Self {
        let Item { name, detail, kind, uri, range, selection_range, data } = item;
        Self { name, kind, tags: None, detail, uri, range, selection_range, data }
    }
}

impl From<CallHierarchyItem> for Item {
    fn from(item: CallHierarchyItem) -> Self {
        let CallHierarchyItem { name, kind, tags: _, detail, uri, range, selection_range, data } = item;
        Self { name, detail, kind, uri, range, selection_range, data }
    }
}

impl From<Item> for TypeHierarchyItem {
    fn from(item: Item) -> Self {
        let Item { name, detail, kind, uri, range, selection_range, data } = item;
        Self { name, kind, tags: None, detail, uri, range, selection_range, data }
    }
}

impl From<TypeHierarchyItem> for Item {
    fn from(item: TypeHierarchyItem) -> Self {
        let TypeHierarchyItem { name, kind, tags: _, detail, uri, range, selection_range, data } = item;
        Self { name, detail, kind, uri, range, selection_range, data }
    }
}

/// An item as the editor gets it.
pub(super) fn to_editor(
    files: &AnswerFiles,
    answered: &[(vraftls_vfs::VfsPath, vraftls_vfs::ContentDigest)],
    item: HierarchyItem,
) -> Result<Item, RequestError> {
    let path = &item.location.path;
    let (place, range) = files.construct(&item.location)?;
    let digest = answered.iter().find(|(named, _)| named == path).ok_or(RequestError::BadAnswer)?.1;
    let data = ItemData { token: to_hex(&item.token), digest: digest.to_string() };
    Ok(Item {
        uri: place.uri,
        range,
        selection_range: place.range,
        kind: to_lsp::symbol_kind(item.kind),
        detail: some(item.detail),
        name: item.name,
        data: serde_json::to_value(data).ok(),
    })
}

/// Asks which items are at a place. An editor asks of its own accord, so what nobody serves has none.
pub(super) async fn prepare(
    cx: &Context,
    position: TextDocumentPositionParams,
    query: fn(At) -> Query,
) -> Result<Option<Vec<Item>>, RequestError> {
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let answered = match cx.ask(&located, query(at)).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let items = items(cx, &located, answered).await?;
    Ok((!items.is_empty()).then_some(items))
}

/// The items of an answer.
pub(super) async fn items(cx: &Context, located: &Located, answered: Answered) -> Result<Vec<Item>, RequestError> {
    let files = AnswerFiles::load(cx, located, &answered).await?;
    let Answer::HierarchyItems(items) = answered.answer else { return Err(RequestError::BadAnswer) };
    items.into_iter().map(|item| to_editor(&files, &answered.digests, item)).collect()
}

/// The item that an editor speaks of, as the analyzer knows it in what the request sees.
pub(super) async fn known(
    cx: &Context,
    item: Item,
    prepare: fn(At) -> Query,
) -> Result<(Located, HierarchyItem), RequestError> {
    let bad_data = || RequestError::Invalid("the item's data is not what it was made with".to_owned());
    let data: ItemData = serde_json::from_value(item.data.clone().ok_or_else(bad_data)?).map_err(|_| bad_data())?;
    let token = from_hex(&data.token).ok_or_else(bad_data)?;
    let located = cx.locate(&item.uri).await?;
    if data.digest != located.digest.to_string() {
        let found = found_again(cx, &located, &item, prepare).await?;
        return Ok((located, found));
    }
    let span = located.span(item.selection_range, cx.encoding())?;
    let full = located.span(item.range, cx.encoding())?;
    if !full.contains(span) {
        return Err(RequestError::Invalid("the item's name is not inside it".to_owned()));
    }
    let location = Location { path: located.path.clone(), span, full };
    let detail = item.detail.unwrap_or_default();
    let known = HierarchyItem { name: item.name, detail, kind: to_lsp::symbol_number(item.kind), location, token };
    Ok((located, known))
}

/// The same item in an edited file, if it still is where it was.
async fn found_again(
    cx: &Context,
    located: &Located,
    item: &Item,
    prepare: fn(At) -> Query,
) -> Result<HierarchyItem, RequestError> {
    let moved = || RequestError::Moved(located.path.clone());
    let at = located.at(item.selection_range.start, cx.encoding()).map_err(|_| moved())?;
    let start = at.offset;
    let answered = cx.ask(located, prepare(at)).await?;
    let Answer::HierarchyItems(items) = answered.answer else { return Err(RequestError::BadAnswer) };
    let is_same = |found: &HierarchyItem| {
        found.name == item.name
            && to_lsp::symbol_kind(found.kind) == item.kind
            && found.location.path == located.path
            && found.location.span.start() == start
    };
    items.into_iter().find(is_same).ok_or_else(moved)
}

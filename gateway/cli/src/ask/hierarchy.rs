//! Who calls whom, and what derives from what.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use vraftls_gateway::ls_types::request::{
    CallHierarchyIncomingCalls, CallHierarchyOutgoingCalls, CallHierarchyPrepare, TypeHierarchyPrepare,
    TypeHierarchySubtypes, TypeHierarchySupertypes,
};
use vraftls_gateway::ls_types::{
    CallHierarchyIncomingCallsParams, CallHierarchyItem, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams,
    Position, Range, TypeHierarchyItem, TypeHierarchyPrepareParams, TypeHierarchySubtypesParams,
    TypeHierarchySupertypesParams, Uri,
};

use super::names::symbol_kind;
use super::{Spot, place_in};
use crate::client::Session;

/// Items at one place whose hierarchies are asked for at once.
const N_ITEMS: usize = 4;

/// Something in a hierarchy.
#[derive(Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) name: String,
    /// In words.
    pub(crate) kind: &'static str,
    /// Where it belongs to; empty if the analyzer says nothing.
    pub(crate) detail: String,
    #[serde(flatten)]
    pub(crate) spot: Spot,
}

/// Who calls, or is called.
#[derive(Debug, Serialize)]
pub(crate) struct Caller {
    #[serde(flatten)]
    pub(crate) item: Item,
    /// Where it calls, or is called.
    pub(crate) calls: Vec<Spot>,
}

/// Which way calls are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Calls {
    Incoming,
    Outgoing,
}

/// Which way types are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Types {
    Super,
    Sub,
}

/// Who calls what is at a place, or whom it calls; nothing where no such thing stands.
pub(crate) async fn calls(session: &Session, way: Calls, uri: &Uri, position: Position) -> anyhow::Result<Vec<Caller>> {
    let params = CallHierarchyPrepareParams {
        text_document_position_params: place_in(uri, position),
        work_done_progress_params: Default::default(),
    };
    let items = session.ask::<CallHierarchyPrepare>(params).await?.unwrap_or_default();
    let each = stream::iter(items).map(|item| async move {
        match way {
            Calls::Incoming => incoming(session, item).await,
            Calls::Outgoing => outgoing(session, item).await,
        }
    });
    let found: Vec<Vec<Caller>> = each.buffered(N_ITEMS).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn incoming(session: &Session, item: CallHierarchyItem) -> anyhow::Result<Vec<Caller>> {
    let params = CallHierarchyIncomingCallsParams {
        item,
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = session.ask::<CallHierarchyIncomingCalls>(params).await?.unwrap_or_default();
    let callers = found.into_iter().map(|call| {
        let uri = call.from.uri.clone();
        Caller { calls: spots(session, &uri, &call.from_ranges), item: called(session, call.from) }
    });
    Ok(callers.collect())
}

async fn outgoing(session: &Session, item: CallHierarchyItem) -> anyhow::Result<Vec<Caller>> {
    let uri = item.uri.clone();
    let params = CallHierarchyOutgoingCallsParams {
        item,
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = session.ask::<CallHierarchyOutgoingCalls>(params).await?.unwrap_or_default();
    let called = |call: vraftls_gateway::ls_types::CallHierarchyOutgoingCall| Caller {
        calls: spots(session, &uri, &call.from_ranges),
        item: called(session, call.to),
    };
    Ok(found.into_iter().map(called).collect())
}

fn spots(session: &Session, uri: &Uri, ranges: &[Range]) -> Vec<Spot> {
    ranges.iter().map(|range| Spot::new(session.root(), uri, *range)).collect()
}

fn called(session: &Session, item: CallHierarchyItem) -> Item {
    Item {
        spot: Spot::new(session.root(), &item.uri, item.selection_range),
        name: item.name,
        kind: symbol_kind(item.kind),
        detail: item.detail.unwrap_or_default(),
    }
}

/// The types that the one at a place derives from, or that derive from it; nothing where no type stands.
pub(crate) async fn types(session: &Session, way: Types, uri: &Uri, position: Position) -> anyhow::Result<Vec<Item>> {
    let params = TypeHierarchyPrepareParams {
        text_document_position_params: place_in(uri, position),
        work_done_progress_params: Default::default(),
    };
    let items = session.ask::<TypeHierarchyPrepare>(params).await?.unwrap_or_default();
    let each = stream::iter(items).map(|item| relatives(session, way, item));
    let found: Vec<Vec<TypeHierarchyItem>> = each.buffered(N_ITEMS).try_collect().await?;
    let shown = |item: TypeHierarchyItem| Item {
        spot: Spot::new(session.root(), &item.uri, item.selection_range),
        name: item.name,
        kind: symbol_kind(item.kind),
        detail: item.detail.unwrap_or_default(),
    };
    Ok(found.into_iter().flatten().map(shown).collect())
}

async fn relatives(session: &Session, way: Types, item: TypeHierarchyItem) -> anyhow::Result<Vec<TypeHierarchyItem>> {
    let (work_done_progress_params, partial_result_params) = Default::default();
    let found = match way {
        Types::Super => {
            let params = TypeHierarchySupertypesParams { item, work_done_progress_params, partial_result_params };
            session.ask::<TypeHierarchySupertypes>(params).await?
        }
        Types::Sub => {
            let params = TypeHierarchySubtypesParams { item, work_done_progress_params, partial_result_params };
            session.ask::<TypeHierarchySubtypes>(params).await?
        }
    };
    Ok(found.unwrap_or_default())
}

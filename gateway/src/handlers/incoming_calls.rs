//! `callHierarchy/incomingCalls`: who calls a function.

use tower_lsp_server::ls_types::{CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams};
use vraftls_proto::{Answer, Query};
use vraftls_text::Span;

use super::{AnswerFiles, Context, hierarchy};
use crate::error::RequestError;

pub(crate) async fn incoming_calls(
    cx: &Context,
    params: CallHierarchyIncomingCallsParams,
) -> Result<Option<Vec<CallHierarchyIncomingCall>>, RequestError> {
    let (located, item) = hierarchy::known(cx, params.item.into(), Query::PrepareCalls).await?;
    let answered = cx.ask(&located, Query::IncomingCalls { item }).await?;
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::Calls(calls) = answered.answer else { return Err(RequestError::BadAnswer) };
    let mut incoming = Vec::with_capacity(calls.len());
    for call in calls {
        // The calls stand in the caller's file, and its item names one document: the whole of a notebook calls in several cells.
        let file = files.get(&call.item.location.path)?;
        let has_no_places = call.spans.is_empty();
        let own = call.item.location.span.start();
        for (part, spans) in file.by_part(call.spans, |span| *span) {
            let file = file.seen_from(part.start);
            let is_own = file.here(Span::empty(own)).is_some();
            if spans.is_empty() && !(is_own && has_no_places) {
                continue;
            }
            let mut caller = call.item.clone();
            if !is_own {
                (caller.location.span, caller.location.full) = (Span::empty(part.start), part.span());
            }
            let from = hierarchy::to_editor(&files, &answered.digests, caller)?.into();
            let from_ranges = spans.iter().filter_map(|span| file.here(*span)).collect();
            incoming.push(CallHierarchyIncomingCall { from, from_ranges });
        }
    }
    Ok(Some(incoming))
}

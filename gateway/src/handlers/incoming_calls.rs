//! `callHierarchy/incomingCalls`: who calls a function.

use tower_lsp_server::ls_types::{CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams};
use vraftls_proto::{Answer, Query};

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
    let calls = calls.into_iter().map(|call| {
        // The calls stand in the caller's file.
        let file = files.get(&call.item.location.path)?;
        let from_ranges = call.spans.iter().map(|span| file.range(*span)).collect();
        let from = hierarchy::to_editor(&files, &answered.digests, call.item)?.into();
        Ok(CallHierarchyIncomingCall { from, from_ranges })
    });
    calls.collect::<Result<_, RequestError>>().map(Some)
}

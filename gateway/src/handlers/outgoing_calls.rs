//! `callHierarchy/outgoingCalls`: what a function calls.

use tower_lsp_server::ls_types::{CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams};
use vraftls_proto::{Answer, Query};

use super::{AnswerFiles, Context, hierarchy};
use crate::error::RequestError;

pub(crate) async fn outgoing_calls(
    cx: &Context,
    params: CallHierarchyOutgoingCallsParams,
) -> Result<Option<Vec<CallHierarchyOutgoingCall>>, RequestError> {
    let (located, item) = hierarchy::known(cx, params.item.into(), Query::PrepareCalls).await?;
    let answered = cx.ask(&located, Query::OutgoingCalls { item }).await?;
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::Calls(calls) = answered.answer else { return Err(RequestError::BadAnswer) };
    // The calls stand in the file of the function that was asked about.
    let caller = files.get(&located.path)?;
    let calls = calls.into_iter().map(|call| {
        let from_ranges = call.spans.iter().filter_map(|span| caller.here(*span)).collect();
        let to = hierarchy::to_editor(&files, &answered.digests, call.item)?.into();
        Ok(CallHierarchyOutgoingCall { to, from_ranges })
    });
    calls.collect::<Result<_, RequestError>>().map(Some)
}

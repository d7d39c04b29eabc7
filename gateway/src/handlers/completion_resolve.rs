//! `completionItem/resolve`: the rest of a proposal.

use tower_lsp_server::ls_types::CompletionItem;
use vraftls_proto::{Answer, CompletionDetails, Query};

use super::completion::{ItemData, from_hex, some};
use super::{AnswerFiles, Context};
use crate::convert::to_lsp;
use crate::error::RequestError;

pub(crate) async fn completion_resolve(cx: &Context, mut item: CompletionItem) -> Result<CompletionItem, RequestError> {
    let Some(data) = item.data.clone() else { return Ok(item) };
    let bad_data = || RequestError::Invalid("the item's data is not what it was made with".to_owned());
    let ItemData { uri, token } = serde_json::from_value(data).map_err(|_| bad_data())?;
    let token = from_hex(&token).ok_or_else(bad_data)?;
    let located = cx.locate(&uri).await?;
    let answered = cx.ask(&located, Query::ResolveCompletion { path: located.path.clone(), token }).await?;
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::CompletionDetails(CompletionDetails { detail, documentation, additional }) = answered.answer else {
        return Err(RequestError::BadAnswer);
    };
    let profile = &cx.profile().completion;
    item.detail = some(detail).or(item.detail);
    item.documentation = to_lsp::documentation(documentation, profile.markdown).or(item.documentation);
    if !additional.is_empty() && profile.resolves_edits {
        item.additional_text_edits = Some(files.get(&located.path)?.edits_here(&located.path, additional)?);
    }
    Ok(item)
}

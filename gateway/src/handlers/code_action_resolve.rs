//! `codeAction/resolve`: the edits of an offered change.

use tower_lsp_server::ls_types::CodeAction;

use super::Context;
use super::code_action::{ActionData, resolved};
use super::completion::from_hex;
use crate::error::RequestError;

pub(crate) async fn code_action_resolve(cx: &Context, mut action: CodeAction) -> Result<CodeAction, RequestError> {
    let Some(data) = action.data.clone() else { return Ok(action) };
    let bad_data = || RequestError::Invalid("the action's data is not what it was made with".to_owned());
    let ActionData { uri, digest, token } = serde_json::from_value(data).map_err(|_| bad_data())?;
    let token = from_hex(&token).ok_or_else(bad_data)?;
    let located = cx.locate(&uri).await?;
    if located.digest.to_string() != digest {
        return Err(RequestError::Moved(located.path.clone()));
    }
    // An edit that changes nothing says that the action was made out.
    action.edit = Some(resolved(cx, &located, token).await?.unwrap_or_default());
    Ok(action)
}

//! `textDocument/prepareRename`: whether the name under the cursor can be renamed.

use tower_lsp_server::ls_types::{PrepareRenameResponse, TextDocumentPositionParams};
use vraftls_proto::{Answer, Query, RenameTarget};

use super::{AnswerFiles, Context};
use crate::error::RequestError;

pub(crate) async fn prepare_rename(
    cx: &Context,
    position: TextDocumentPositionParams,
) -> Result<Option<PrepareRenameResponse>, RequestError> {
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let answered = cx.ask(&located, Query::PrepareRename(at)).await?;
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    match answered.answer {
        Answer::RenameTarget(Some(RenameTarget { span, placeholder })) => {
            let range = files.get(&located.path)?.range(span)?;
            Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder }))
        }
        Answer::RenameTarget(None) => Ok(None),
        _ => Err(RequestError::BadAnswer),
    }
}

//! `textDocument/references`: where a name is used.

use tower_lsp_server::ls_types::{Location, ReferenceParams};
use vraftls_proto::{Answer, FileReferences, Query};

use super::{AnswerFiles, Context, partial};
use crate::error::RequestError;

pub(crate) async fn references(cx: &Context, params: ReferenceParams) -> Result<Option<Vec<Location>>, RequestError> {
    let position = params.text_document_position;
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let include_declaration = params.context.include_declaration;
    let answered = cx.ask(&located, Query::References { at, include_declaration }).await?;
    if answered.partial {
        cx.session().tell_partial("references");
    }
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::References(found) = answered.answer else { return Err(RequestError::BadAnswer) };
    let locations = locations(&files, &found)?;
    Ok(Some(partial::stream(cx, params.partial_result_params.partial_result_token, locations)))
}

/// The places of occurrences, by path and place.
pub(super) fn locations(files: &AnswerFiles, found: &[FileReferences]) -> Result<Vec<Location>, RequestError> {
    let mut locations = Vec::with_capacity(found.iter().map(|file| file.references.len()).sum());
    for in_file in found {
        let file = files.get(&in_file.path)?;
        for reference in &in_file.references {
            locations.push(file.place(&in_file.path, reference.span)?);
        }
    }
    Ok(locations)
}

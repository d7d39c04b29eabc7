//! Where a name leads: what definition, declaration, type definition and implementation share.

use tower_lsp_server::ls_types::{GotoDefinitionParams, GotoDefinitionResponse};
use vraftls_proto::{Answer, At, Query, Targets};

use super::{AnswerFiles, Context};
use crate::error::RequestError;

/// Answers a question of navigation, with links if the editor takes them.
pub(super) async fn targets(
    cx: &Context,
    params: GotoDefinitionParams,
    takes_links: bool,
    query: impl FnOnce(At) -> Query,
) -> Result<Option<GotoDefinitionResponse>, RequestError> {
    let position = params.text_document_position_params;
    let located = cx.locate(&position.text_document.uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let answered = cx.ask(&located, query(at)).await?;
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Targets { origin, locations } = match answered.answer {
        Answer::Targets(Some(targets)) => targets,
        Answer::Targets(None) => return Ok(None),
        _ => return Err(RequestError::BadAnswer),
    };
    if takes_links {
        let origin = files.get(&located.path)?.range(origin)?;
        let links = locations.iter().map(|location| files.link(origin, location));
        return Ok(Some(GotoDefinitionResponse::Link(links.collect::<Result<_, _>>()?)));
    }
    let locations = locations.iter().map(|location| files.location(location));
    Ok(Some(GotoDefinitionResponse::Array(locations.collect::<Result<_, _>>()?)))
}

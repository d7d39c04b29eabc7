//! `workspace/symbol`: symbols of all open folders, best first.

use tower_lsp_server::ls_types::{SymbolInformation, WorkspaceSymbolParams, WorkspaceSymbolResponse};
use vraftls_proto::{Answer, Query, SymbolMatch};

use super::{AnswerFiles, Context};
use crate::convert::to_lsp;
use crate::error::RequestError;
use crate::session::Mount;

pub(crate) async fn workspace_symbol(
    cx: &Context,
    params: WorkspaceSymbolParams,
) -> Result<Option<WorkspaceSymbolResponse>, RequestError> {
    let limit = cx.session().options().limits.n_workspace_symbols_max;
    let mut found: Vec<(u32, SymbolInformation)> = Vec::new();
    for mount in cx.world().mounts() {
        found.extend(symbols_of(cx, mount, &params.query, limit).await?);
    }
    // Stable: among equals the order of the folder's answer holds.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let symbols = found.into_iter().take(limit as usize).map(|(_, symbol)| symbol).collect();
    Ok(Some(WorkspaceSymbolResponse::Flat(symbols)))
}

async fn symbols_of(
    cx: &Context,
    mount: &Mount,
    query: &str,
    limit: u32,
) -> Result<Vec<(u32, SymbolInformation)>, RequestError> {
    let folder = mount.slot.ready().await?;
    let query = Query::WorkspaceSymbols { query: query.to_owned(), limit };
    let answered = cx.ask_in(&folder, mount.overlays.clone(), query).await?;
    if answered.partial {
        cx.session().tell_partial("symbols");
    }
    let files = AnswerFiles::load_in(cx, &mount.slot, &folder, &mount.overlays, &answered).await?;
    let Answer::Symbols(symbols) = answered.answer else { return Err(RequestError::BadAnswer) };
    symbols.into_iter().map(|symbol| Ok((symbol.score, information(&files, symbol)?))).collect()
}

#[expect(deprecated, reason = "the field has to be given, and says less than the tags")]
fn information(files: &AnswerFiles, symbol: SymbolMatch) -> Result<SymbolInformation, RequestError> {
    Ok(SymbolInformation {
        location: files.location(&symbol.location)?,
        name: symbol.name,
        kind: to_lsp::symbol_kind(symbol.kind),
        tags: None,
        deprecated: None,
        container_name: (!symbol.container.is_empty()).then_some(symbol.container),
    })
}

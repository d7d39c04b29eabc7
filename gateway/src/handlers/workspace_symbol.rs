//! `workspace/symbol`: symbols of all open folders, best first.

use serde::{Deserialize, Serialize};
use tower_lsp_server::ls_types::{
    OneOf, SymbolInformation, WorkspaceLocation, WorkspaceSymbol, WorkspaceSymbolParams, WorkspaceSymbolResponse,
};
use vraftls_proto::{Answer, Answered, Query, SymbolMatch};

use super::completion::some;
use super::files::uri_of;
use super::{AnswerFiles, Context, partial};
use crate::Folder;
use crate::convert::to_lsp;
use crate::error::RequestError;
use crate::session::Mount;

/// How many symbols a client gets that asks for more than an editor shows.
const N_SYMBOLS_MAX: u32 = 10_000;

/// What a symbol carries for being resolved.
#[derive(Serialize, Deserialize)]
pub(super) struct SymbolData {
    /// Of the content that it was found in.
    pub(super) digest: String,
    /// Where its name stands in that content, in bytes.
    pub(super) start: u32,
    pub(super) end: u32,
}

pub(crate) async fn workspace_symbol(
    cx: &Context,
    params: WorkspaceSymbolParams,
) -> Result<Option<WorkspaceSymbolResponse>, RequestError> {
    let token = params.partial_result_params.partial_result_token;
    if cx.profile().resolves_symbol_ranges {
        let symbols = best(cx, &params.query, unresolved).await?;
        return Ok(Some(WorkspaceSymbolResponse::Nested(partial::stream(cx, token, symbols))));
    }
    let symbols = best(cx, &params.query, resolved).await?;
    Ok(Some(WorkspaceSymbolResponse::Flat(partial::stream(cx, token, symbols))))
}

/// Symbols of all open folders, best first, each made by `make` from its folder's answer.
async fn best<T>(
    cx: &Context,
    query: &str,
    make: impl AsyncFn(&Context, &Mount, &Folder, Answered) -> Result<Vec<(u32, T)>, RequestError>,
) -> Result<Vec<T>, RequestError> {
    let usual = cx.session().options().limits.n_workspace_symbols_max;
    let limit = cx.profile().n_workspace_symbols_max.map_or(usual, |n| n.clamp(1, N_SYMBOLS_MAX));
    let mut found: Vec<(u32, T)> = Vec::new();
    for mount in cx.world().mounts() {
        let folder = mount.slot.ready().await?;
        let query = Query::WorkspaceSymbols { query: query.to_owned(), limit };
        let answered = cx.ask_in(&folder, mount.overlays.clone(), query).await?;
        if answered.partial {
            cx.session().tell_partial("symbols");
        }
        found.extend(make(cx, mount, &folder, answered).await?);
    }
    // Stable: among equals the order of the folder's answer holds.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    Ok(found.into_iter().take(limit as usize).map(|(_, symbol)| symbol).collect())
}

/// Symbols with their ranges.
async fn resolved(
    cx: &Context,
    mount: &Mount,
    folder: &Folder,
    answered: Answered,
) -> Result<Vec<(u32, SymbolInformation)>, RequestError> {
    let files = AnswerFiles::load_in(cx, &mount.slot, folder, &mount.overlays, &answered).await?;
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
        container_name: some(symbol.container),
    })
}

/// Symbols whose ranges are made out when one is chosen: no line of any file is counted before.
async fn unresolved(
    cx: &Context,
    mount: &Mount,
    folder: &Folder,
    answered: Answered,
) -> Result<Vec<(u32, WorkspaceSymbol)>, RequestError> {
    let Answered { digests, answer, .. } = answered;
    let Answer::Symbols(symbols) = answer else { return Err(RequestError::BadAnswer) };
    let mut found = Vec::with_capacity(symbols.len());
    for symbol in symbols {
        let path = &symbol.location.path;
        let digest = digests.iter().find(|(named, _)| named == path).ok_or(RequestError::BadAnswer)?.1;
        let span = symbol.location.span;
        let open = cx.world().document_at(&mount.slot, path).map(|(_, document)| document.uri.clone());
        let cell = || cx.world().module_at(&mount.slot, path)?.2.parts.at(span.start()).uri.clone();
        let uri = match open.or_else(cell) {
            Some(uri) => Some(uri),
            None => uri_of(cx, &mount.slot, folder, path).await,
        };
        let uri = uri.ok_or_else(|| RequestError::NoPlace(path.clone()))?;
        let data = SymbolData { digest: digest.to_string(), start: span.start(), end: span.end() };
        let shown = WorkspaceSymbol {
            name: symbol.name,
            kind: to_lsp::symbol_kind(symbol.kind),
            tags: None,
            container_name: some(symbol.container),
            location: OneOf::Right(WorkspaceLocation { uri }),
            data: serde_json::to_value(data).ok(),
        };
        found.push((symbol.score, shown));
    }
    Ok(found)
}

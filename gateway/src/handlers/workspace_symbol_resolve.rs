//! `workspaceSymbol/resolve`: the range of a symbol that was chosen.

use tower_lsp_server::ls_types::{OneOf, WorkspaceSymbol};
use vraftls_proto::{Answer, Query};
use vraftls_text::Span;

use super::workspace_symbol::SymbolData;
use super::{AnswerFile, Context, Located};
use crate::convert::to_lsp;
use crate::error::RequestError;

pub(crate) async fn workspace_symbol_resolve(
    cx: &Context,
    mut symbol: WorkspaceSymbol,
) -> Result<WorkspaceSymbol, RequestError> {
    let (OneOf::Right(place), Some(data)) = (&symbol.location, symbol.data.clone()) else { return Ok(symbol) };
    let bad_data = || RequestError::Invalid("the symbol's data is not what it was made with".to_owned());
    let SymbolData { digest, start, end } = serde_json::from_value(data).map_err(|_| bad_data())?;
    let span = Span::new(start, end).ok_or_else(bad_data)?;
    let uri = place.uri.clone();
    let located = cx.locate(&uri).await?;
    let span = match located.digest.to_string() == digest {
        true => span,
        false => found_again(cx, &located, &symbol).await?,
    };
    if span.end() > located.parts.end() {
        return Err(bad_data());
    }
    symbol.location = OneOf::Left(AnswerFile::of(cx, &located).place(&located.path, span)?);
    Ok(symbol)
}

/// The symbol in a file that changed since it was found.
async fn found_again(cx: &Context, located: &Located, symbol: &WorkspaceSymbol) -> Result<Span, RequestError> {
    let answered = cx.ask(located, Query::DocumentSymbols { path: located.path.clone() }).await?;
    let Answer::DocumentSymbols(outline) = answered.answer else { return Err(RequestError::BadAnswer) };
    let symbols = &outline.facts.symbols;
    let is_it =
        |found: &&vraftls_index::Symbol| found.name == symbol.name && to_lsp::symbol_kind(found.kind) == symbol.kind;
    let mut same = symbols.iter().filter(is_it);
    // Which of several was meant is not known.
    match (same.next(), same.next()) {
        (Some(found), None) => Ok(found.span),
        _ => Err(RequestError::Moved(located.path.clone())),
    }
}

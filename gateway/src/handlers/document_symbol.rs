//! `textDocument/documentSymbol`: the outline of a document.

use tower_lsp_server::ls_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, Location, SymbolInformation, SymbolTag,
};
use vraftls_index::Symbol;
use vraftls_proto::{Answer, Query};

use super::{AnswerFile, AnswerFiles, Context};
use crate::convert::to_lsp;
use crate::error::RequestError;
use crate::session::Profile;

pub(crate) async fn document_symbol(
    cx: &Context,
    params: DocumentSymbolParams,
) -> Result<Option<DocumentSymbolResponse>, RequestError> {
    let located = cx.locate(&params.text_document.uri).await?;
    let answered = match cx.ask(&located, Query::DocumentSymbols { path: located.path.clone() }).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::DocumentSymbols(outline) = answered.answer else { return Err(RequestError::BadAnswer) };
    let file = files.get(&located.path)?;
    let symbols = &outline.facts.symbols;
    if cx.profile().nested_symbols {
        return Ok(Some(DocumentSymbolResponse::Nested(tree(symbols, file, cx.profile()))));
    }
    let uri = &params.text_document.uri;
    let flat = symbols.iter().filter_map(|symbol| information(symbol, symbols, file, uri.clone(), cx.profile()));
    Ok(Some(DocumentSymbolResponse::Flat(flat.collect())))
}

/// The symbols of the document inside one another. Parents come before children, so from the last to the first each finds its children complete.
fn tree(symbols: &[Symbol], file: &AnswerFile, profile: &Profile) -> Vec<DocumentSymbol> {
    let mut nodes: Vec<Option<DocumentSymbol>> = symbols.iter().map(|symbol| node(symbol, file, profile)).collect();
    let mut roots = Vec::new();
    for idx in (0..nodes.len()).rev() {
        let Some(mut node) = nodes[idx].take() else { continue };
        if let Some(children) = &mut node.children {
            children.reverse();
        }
        let parent = symbols[idx].parent.and_then(|parent| nodes.get_mut(parent as usize)?.as_mut());
        match parent {
            Some(parent) => parent.children.get_or_insert_default().push(node),
            None => roots.push(node),
        }
    }
    roots.reverse();
    roots
}

#[expect(deprecated, reason = "the field has to be given, and says less than the tags")]
fn node(symbol: &Symbol, file: &AnswerFile, profile: &Profile) -> Option<DocumentSymbol> {
    let selection_range = file.here(symbol.span)?;
    Some(DocumentSymbol {
        name: symbol.name.clone(),
        detail: (!symbol.detail.is_empty()).then(|| symbol.detail.clone()),
        kind: to_lsp::symbol_kind(symbol.kind),
        tags: tags(symbol, profile),
        deprecated: None,
        range: file.within(symbol.full).unwrap_or(selection_range),
        selection_range,
        children: None,
    })
}

#[expect(deprecated, reason = "the field has to be given, and says less than the tags")]
fn information(
    symbol: &Symbol,
    symbols: &[Symbol],
    file: &AnswerFile,
    uri: tower_lsp_server::ls_types::Uri,
    profile: &Profile,
) -> Option<SymbolInformation> {
    let name = file.here(symbol.span)?;
    let parent = symbol.parent.and_then(|parent| symbols.get(parent as usize));
    Some(SymbolInformation {
        name: symbol.name.clone(),
        kind: to_lsp::symbol_kind(symbol.kind),
        tags: tags(symbol, profile),
        deprecated: None,
        location: Location { uri, range: file.within(symbol.full).unwrap_or(name) },
        container_name: parent.map(|parent| parent.name.clone()),
    })
}

fn tags(symbol: &Symbol, profile: &Profile) -> Option<Vec<SymbolTag>> {
    (symbol.traits.deprecated && profile.symbol_tags).then(|| vec![SymbolTag::DEPRECATED])
}

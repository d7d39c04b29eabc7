//! Symbols of the folder, and the outline of a file.

use serde::Serialize;
use vraftls_gateway::ls_types::request::{DocumentSymbolRequest, WorkspaceSymbolRequest};
use vraftls_gateway::ls_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, OneOf, SymbolTag, Uri, WorkspaceSymbolParams,
    WorkspaceSymbolResponse,
};

use super::names::symbol_kind;
use super::{Spot, document};
use crate::client::Session;
use crate::place::Region;

/// A symbol of the folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Symbol {
    #[serde(flatten)]
    pub(crate) spot: Spot,
    pub(crate) name: String,
    /// What it is in; empty at the top of a file.
    pub(crate) container: String,
    /// In words.
    #[serde(skip)]
    pub(crate) kind: &'static str,
}

impl Symbol {
    /// `CONTAINER.NAME`
    pub(crate) fn full_name(&self) -> String {
        if self.container.is_empty() { self.name.clone() } else { format!("{}.{}", self.container, self.name) }
    }
}

/// The symbols whose names match a text, best first, as many as the session was opened for.
pub(crate) async fn symbols(session: &Session, text: &str) -> anyhow::Result<Vec<Symbol>> {
    let params = WorkspaceSymbolParams {
        query: text.to_owned(),
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let root = session.root();
    let found = session.ask::<WorkspaceSymbolRequest>(params).await?;
    Ok(match found {
        None => Vec::new(),
        Some(WorkspaceSymbolResponse::Flat(symbols)) => {
            let each = symbols.into_iter().map(|symbol| Symbol {
                spot: Spot::of(root, &symbol.location),
                name: symbol.name,
                container: symbol.container_name.unwrap_or_default(),
                kind: symbol_kind(symbol.kind),
            });
            each.collect()
        }
        Some(WorkspaceSymbolResponse::Nested(symbols)) => {
            let each = symbols.into_iter().filter_map(|symbol| {
                let OneOf::Left(location) = &symbol.location else { return None };
                Some(Symbol {
                    spot: Spot::of(root, location),
                    name: symbol.name,
                    container: symbol.container_name.unwrap_or_default(),
                    kind: symbol_kind(symbol.kind),
                })
            });
            each.collect()
        }
    })
}

/// A symbol of a file's outline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Outlined {
    pub(crate) name: String,
    /// In words.
    pub(crate) kind: &'static str,
    /// Its signature or type; empty if the analyzer says nothing.
    pub(crate) detail: String,
    pub(crate) deprecated: bool,
    /// Of the name.
    #[serde(flatten)]
    pub(crate) spot: Spot,
    /// Of the whole construct.
    pub(crate) range: Region,
    pub(crate) children: Vec<Outlined>,
}

/// The outline of a file, in the order of the file.
pub(crate) async fn outline(session: &Session, uri: &Uri) -> anyhow::Result<Vec<Outlined>> {
    let params = DocumentSymbolParams {
        text_document: document(uri),
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    match session.ask::<DocumentSymbolRequest>(params).await? {
        None => Ok(Vec::new()),
        Some(DocumentSymbolResponse::Nested(symbols)) => {
            Ok(symbols.into_iter().map(|symbol| outlined(session, uri, symbol)).collect())
        }
        // Without a symbol both forms look alike.
        Some(DocumentSymbolResponse::Flat(symbols)) if symbols.is_empty() => Ok(Vec::new()),
        Some(DocumentSymbolResponse::Flat(_)) => anyhow::bail!("the node answered with an outline that is no tree"),
    }
}

fn outlined(session: &Session, uri: &Uri, symbol: DocumentSymbol) -> Outlined {
    let children = symbol.children.unwrap_or_default();
    Outlined {
        deprecated: symbol.tags.is_some_and(|tags| tags.contains(&SymbolTag::DEPRECATED)),
        name: symbol.name,
        kind: symbol_kind(symbol.kind),
        detail: symbol.detail.unwrap_or_default(),
        spot: Spot::new(session.root(), uri, symbol.selection_range),
        range: symbol.range.into(),
        children: children.into_iter().map(|child| outlined(session, uri, child)).collect(),
    }
}

/// An outline as indented lines.
pub(crate) fn outline_lines(symbols: &[Outlined]) -> Vec<String> {
    fn push(symbols: &[Outlined], depth: usize, lines: &mut Vec<String>) {
        for symbol in symbols {
            let detail = if symbol.detail.is_empty() { String::new() } else { format!("  {}", symbol.detail) };
            let indent = "  ".repeat(depth);
            lines.push(format!("{}: {indent}{} {}{detail}", symbol.spot.line(), symbol.kind, symbol.name));
            push(&symbol.children, depth + 1, lines);
        }
    }
    let mut lines = Vec::new();
    push(symbols, 0, &mut lines);
    lines
}

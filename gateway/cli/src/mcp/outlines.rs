//! Tools about names: what a file defines, and where in the folder something of a name is.

use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;

use super::agent::N_SYMBOLS_MAX;
use super::arguments::{SymbolsArguments, file, limit, uri_of};
use super::texts::{Place, Reply, Sources, counted};
use crate::ask::symbols::{Outlined, outline, symbols as search};
use crate::client::Session;

/// Symbols that an answer shows if the agent does not say.
const N_SYMBOLS: u32 = 50;

/// Symbols, as many as are shown.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Symbols {
    pub(super) symbols: Vec<Symbol>,
    /// How many were left off at least
    pub(super) left_off: usize,
}

/// A symbol.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Symbol {
    pub(super) name: String,
    /// `class`, `function`, `method`, ...
    pub(super) kind: String,
    /// What it is in; empty at the top of a file
    pub(super) container: String,
    /// Its signature or type; empty if it is not known
    pub(super) detail: String,
    /// Where its name stands
    #[serde(flatten)]
    pub(super) place: Place,
}

pub(super) async fn symbols(session: &Session, arguments: SymbolsArguments) -> anyhow::Result<Reply> {
    let limit = limit(arguments.limit, N_SYMBOLS, N_SYMBOLS_MAX - 1)?;
    match (&arguments.file, &arguments.query) {
        (Some(named), query) => of_file(session, named, query.as_deref(), limit).await,
        (None, Some(query)) => of_folder(session, query, limit).await,
        (None, None) => anyhow::bail!("give `query`, a name to search for, or `file`, a file to outline"),
    }
}

async fn of_folder(session: &Session, query: &str, limit: usize) -> anyhow::Result<Reply> {
    let found = search(session, query).await?;
    let mut sources = Sources::new(session.root());
    let mut symbols = Vec::new();
    for symbol in found.iter().take(limit) {
        symbols.push(Symbol {
            name: symbol.name.clone(),
            kind: symbol.kind.to_owned(),
            container: symbol.container.clone(),
            detail: String::new(),
            place: sources.place(&symbol.spot).await,
        });
    }
    let left_off = found.len() - symbols.len();
    let has_more = found.len() >= N_SYMBOLS_MAX as usize;
    let mut lines = vec![match found.len() {
        0 => format!("nothing in the folder has a name like `{query}`"),
        _ if has_more => format!("{} and more", counted(found.len() - 1, "symbol")),
        n => counted(n, "symbol"),
    }];
    lines.extend(symbols.iter().map(|symbol| {
        let within = if symbol.container.is_empty() { String::new() } else { format!(" in {}", symbol.container) };
        format!("{} {}{within}  {}", symbol.kind, symbol.name, symbol.place.text())
    }));
    if left_off > 0 {
        let at_least = if has_more { "at least " } else { "" };
        lines.push(format!(
            "({at_least}{left_off} more were left off; write more of the name, or give a larger `limit`)"
        ));
    }
    Reply::new(&lines, &Symbols { symbols, left_off })
}

async fn of_file(session: &Session, named: &str, query: Option<&str>, limit: usize) -> anyhow::Result<Reply> {
    let uri = uri_of(&file(session, named).await?)?;
    let outlined = outline(session, &uri).await?;
    let mut flat = Vec::new();
    flatten(&outlined, "", 0, &mut flat);
    if let Some(query) = query {
        let wanted = query.to_lowercase();
        flat.retain(|entry| entry.symbol.name.to_lowercase().contains(&wanted));
    }
    let mut sources = Sources::new(session.root());
    let mut symbols = Vec::new();
    let mut lines = vec![match flat.len() {
        0 => format!("`{named}` defines nothing that matches"),
        n => counted(n, "symbol"),
    }];
    for Entry { symbol, container, depth } in flat.iter().take(limit) {
        let place = sources.place(&symbol.spot).await;
        lines.push(format!("{}{} {}  {}", "  ".repeat(*depth), symbol.kind, symbol.name, place.text()));
        symbols.push(Symbol {
            name: symbol.name.clone(),
            kind: symbol.kind.to_owned(),
            container: container.clone(),
            detail: symbol.detail.clone(),
            place,
        });
    }
    let left_off = flat.len() - symbols.len();
    if left_off > 0 {
        lines.push(format!("({left_off} more were left off; give a `query`, or a larger `limit`)"));
    }
    Reply::new(&lines, &Symbols { symbols, left_off })
}

/// A symbol of an outline, and where in it.
struct Entry<'a> {
    symbol: &'a Outlined,
    container: String,
    depth: usize,
}

fn flatten<'a>(outlined: &'a [Outlined], container: &str, depth: usize, flat: &mut Vec<Entry<'a>>) {
    for symbol in outlined {
        flat.push(Entry { symbol, container: container.to_owned(), depth });
        let name = if container.is_empty() { symbol.name.clone() } else { format!("{container}.{}", symbol.name) };
        flatten(&symbol.children, &name, depth + 1, flat);
    }
}

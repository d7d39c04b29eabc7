//! What is asked about a file: its folds, its links, what encloses a place, what a macro in it becomes.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use vraftls_gateway::ls_types::request::{
    DocumentLinkRequest, DocumentLinkResolve, FoldingRangeRequest, SelectionRangeRequest,
};
use vraftls_gateway::ls_types::{
    DocumentLink, DocumentLinkParams, FoldingRangeKind, FoldingRangeParams, Position, SelectionRangeParams, Uri,
};
use vraftls_gateway::{ExpandMacroRequest, ExpandedMacro};

use super::{Spot, document, place_in};
use crate::client::Session;
use crate::place::shown;

/// Links that are resolved at once.
const N_RESOLVED: usize = 8;

/// What can be folded.
#[derive(Debug, Serialize)]
pub(crate) struct Fold {
    /// The first line, from 1.
    pub(crate) line: u32,
    /// The last line.
    pub(crate) end_line: u32,
    /// `comment`, `imports` or `region`; empty for any other.
    pub(crate) kind: &'static str,
}

/// What can be folded in a file.
pub(crate) async fn folds(session: &Session, uri: &Uri) -> anyhow::Result<Vec<Fold>> {
    let params = FoldingRangeParams {
        text_document: document(uri),
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = session.ask::<FoldingRangeRequest>(params).await?.unwrap_or_default();
    let folds = found.into_iter().map(|fold| Fold {
        line: fold.start_line.saturating_add(1),
        end_line: fold.end_line.saturating_add(1),
        kind: match fold.kind {
            Some(FoldingRangeKind::Comment) => "comment",
            Some(FoldingRangeKind::Imports) => "imports",
            Some(FoldingRangeKind::Region) => "region",
            None => "",
        },
    });
    Ok(folds.collect())
}

/// What encloses a place, the innermost first.
pub(crate) async fn enclosing(session: &Session, uri: &Uri, position: Position) -> anyhow::Result<Vec<Spot>> {
    let params = SelectionRangeParams {
        text_document: document(uri),
        positions: vec![position],
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = session.ask::<SelectionRangeRequest>(params).await?.unwrap_or_default();
    let mut next = found.into_iter().next();
    let mut spots = Vec::new();
    while let Some(range) = next {
        spots.push(Spot::new(session.root(), uri, range.range));
        next = range.parent.map(|parent| *parent);
    }
    Ok(spots)
}

/// What the macro at a place becomes.
pub(crate) async fn expansion(
    session: &Session,
    uri: &Uri,
    position: Position,
) -> anyhow::Result<Option<ExpandedMacro>> {
    Ok(session.ask::<ExpandMacroRequest>(place_in(uri, position)).await?)
}

/// What leads out of a file.
#[derive(Debug, Serialize)]
pub(crate) struct Link {
    #[serde(flatten)]
    pub(crate) spot: Spot,
    /// A file as it is shown, or a URL.
    pub(crate) target: String,
}

/// What leads out of a file, each with where it leads.
pub(crate) async fn links(session: &Session, uri: &Uri) -> anyhow::Result<Vec<Link>> {
    let params = DocumentLinkParams {
        text_document: document(uri),
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = session.ask::<DocumentLinkRequest>(params).await?.unwrap_or_default();
    let resolved = stream::iter(found).map(|link| resolved(session, link)).buffered(N_RESOLVED);
    let resolved: Vec<DocumentLink> = resolved.try_collect().await?;
    let links = resolved.into_iter().filter_map(|link| {
        let target = shown(session.root(), &link.target?);
        Some(Link { spot: Spot::new(session.root(), uri, link.range), target })
    });
    Ok(links.collect())
}

async fn resolved(session: &Session, link: DocumentLink) -> anyhow::Result<DocumentLink> {
    if link.target.is_some() { Ok(link) } else { Ok(session.ask::<DocumentLinkResolve>(link).await?) }
}

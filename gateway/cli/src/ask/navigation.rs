//! Where a name leads, and where it is used.

use serde::Serialize;
use vraftls_gateway::ls_types::request::{
    DocumentHighlightRequest, GotoDeclaration, GotoDefinition, GotoImplementation, GotoTypeDefinition,
    LinkedEditingRange, References, Request,
};
use vraftls_gateway::ls_types::{
    DocumentHighlightKind, DocumentHighlightParams, GotoDefinitionParams, GotoDefinitionResponse,
    LinkedEditingRangeParams, Position, ReferenceContext, ReferenceParams, Uri,
};

use super::{Spot, place_in};
use crate::client::Session;

/// Where a name leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lead {
    Definition,
    Declaration,
    TypeDefinition,
    Implementation,
}

/// The places where a name leads, in the order of the analyzer.
pub(crate) async fn targets(session: &Session, lead: Lead, uri: &Uri, position: Position) -> anyhow::Result<Vec<Spot>> {
    match lead {
        Lead::Definition => ask::<GotoDefinition>(session, uri, position).await,
        Lead::Declaration => ask::<GotoDeclaration>(session, uri, position).await,
        Lead::TypeDefinition => ask::<GotoTypeDefinition>(session, uri, position).await,
        Lead::Implementation => ask::<GotoImplementation>(session, uri, position).await,
    }
}

async fn ask<R>(session: &Session, uri: &Uri, position: Position) -> anyhow::Result<Vec<Spot>>
where
    R: Request<Params = GotoDefinitionParams, Result = Option<GotoDefinitionResponse>>,
{
    let params = GotoDefinitionParams {
        text_document_position_params: place_in(uri, position),
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let root = session.root();
    Ok(match session.ask::<R>(params).await? {
        None => Vec::new(),
        Some(GotoDefinitionResponse::Scalar(location)) => vec![Spot::of(root, &location)],
        Some(GotoDefinitionResponse::Array(locations)) => {
            locations.iter().map(|location| Spot::of(root, location)).collect()
        }
        Some(GotoDefinitionResponse::Link(links)) => {
            links.iter().map(|link| Spot::new(root, &link.target_uri, link.target_selection_range)).collect()
        }
    })
}

/// Where a name is used, its definition included, by file and place.
pub(crate) async fn references(session: &Session, uri: &Uri, position: Position) -> anyhow::Result<Vec<Spot>> {
    let params = ReferenceParams {
        text_document_position: place_in(uri, position),
        context: ReferenceContext { include_declaration: true },
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = session.ask::<References>(params).await?.unwrap_or_default();
    Ok(found.iter().map(|location| Spot::of(session.root(), location)).collect())
}

/// A use of a name in the file that was asked about.
#[derive(Debug, Serialize)]
pub(crate) struct Highlight {
    #[serde(flatten)]
    pub(crate) spot: Spot,
    /// `read`, `write` or `text`.
    pub(crate) kind: &'static str,
}

/// Where a name is used in its file.
pub(crate) async fn highlights(session: &Session, uri: &Uri, position: Position) -> anyhow::Result<Vec<Highlight>> {
    let params = DocumentHighlightParams {
        text_document_position_params: place_in(uri, position),
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = session.ask::<DocumentHighlightRequest>(params).await?.unwrap_or_default();
    let highlights = found.into_iter().map(|found| Highlight {
        spot: Spot::new(session.root(), uri, found.range),
        kind: match found.kind {
            Some(DocumentHighlightKind::READ) => "read",
            Some(DocumentHighlightKind::WRITE) => "write",
            _ => "text",
        },
    });
    Ok(highlights.collect())
}

/// The places that are edited together with the one asked about.
pub(crate) async fn linked(session: &Session, uri: &Uri, position: Position) -> anyhow::Result<Vec<Spot>> {
    let params = LinkedEditingRangeParams {
        text_document_position_params: place_in(uri, position),
        work_done_progress_params: Default::default(),
    };
    let found = session.ask::<LinkedEditingRange>(params).await?;
    let ranges = found.map(|found| found.ranges).unwrap_or_default();
    Ok(ranges.into_iter().map(|range| Spot::new(session.root(), uri, range)).collect())
}

//! Who calls whom. Rust's types extend nothing, so there is no hierarchy of types.

use ra_ap_ide::{CallHierarchyConfig, CallItem, NavigationTarget};
use serde::{Deserialize, Serialize};
use vraftls_guest_sdk::{Call, Candidate, Failure, HierarchyItem, SearchPlan};

use crate::project::{Source, span};
use crate::settings::fixtures;
use crate::{kinds, references};

/// What the next question wants to know.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The file.
    pub(crate) path: String,
    /// Where the name starts.
    pub(crate) offset: u32,
}

/// The place of an item.
///
/// # Errors
/// [`Failure::InvalidInput`] if this analyzer made no such item.
pub(crate) fn place(item: &HierarchyItem) -> Result<Place, Failure> {
    postcard::from_bytes(&item.token).map_err(|_| Failure::InvalidInput("no item of this analyzer".to_owned()))
}

fn config() -> CallHierarchyConfig<'static> {
    CallHierarchyConfig { exclude_tests: false, ra_fixture: fixtures() }
}

/// The functions at the offset.
pub(crate) fn prepare(source: &Source<'_>, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
    let position = source.position(offset)?;
    let found = source.project.ask(|analysis| analysis.call_hierarchy(position, &config()))?;
    let found = found.map(|found| found.info).unwrap_or_default();
    Ok(found.iter().filter_map(|target| item(source, target)).collect())
}

fn item(source: &Source<'_>, target: &NavigationTarget) -> Option<HierarchyItem> {
    let location = source.project.location(target)?;
    let place = Place { path: location.path.clone(), offset: location.span.start };
    Some(HierarchyItem {
        name: target.name.as_str().to_owned(),
        detail: target.description.clone().unwrap_or_default(),
        kind: target.kind.map_or(crate::index::kind::FUNCTION, kinds::symbol),
        location,
        token: postcard::to_allocvec(&place).ok()?,
    })
}

/// What to search for to find the callers.
pub(crate) fn plan(source: &Source<'_>, offset: u32) -> Result<Option<SearchPlan>, Failure> {
    references::plan(source, offset)
}

/// The callers in the candidates.
pub(crate) fn incoming(source: &Source<'_>, offset: u32, files: &[Candidate]) -> Result<Vec<Call>, Failure> {
    let position = source.position(offset)?;
    let found = source.project.ask(|analysis| analysis.incoming_calls(&config(), position))?.unwrap_or_default();
    let mut calls = calls(source, found, None);
    calls.retain(|call| files.iter().any(|file| file.path == call.item.location.path));
    Ok(calls)
}

/// What the item calls.
pub(crate) fn outgoing(source: &Source<'_>, offset: u32) -> Result<Vec<Call>, Failure> {
    let position = source.position(offset)?;
    let found = source.project.ask(|analysis| analysis.outgoing_calls(&config(), position))?.unwrap_or_default();
    Ok(calls(source, found, Some(source)))
}

/// The calls, each item once, by place. They stand in the file of the caller: the one that is given, or each item's own.
fn calls(source: &Source<'_>, found: Vec<CallItem>, caller: Option<&Source<'_>>) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for found in found {
        let file = caller.map_or(found.target.file_id, |caller| caller.file);
        let Some(item) = item(source, &found.target) else { continue };
        let mut spans: Vec<_> =
            found.ranges.iter().filter(|range| range.file_id == file).map(|range| span(range.range)).collect();
        spans.sort_by_key(|span| (span.start, span.end));
        spans.dedup_by_key(|span| span.start);
        if !spans.is_empty() {
            calls.push(Call { item, spans });
        }
    }
    calls.sort_by(|a, b| {
        let key = |call: &Call| (call.item.location.path.clone(), call.item.location.span.start);
        key(a).cmp(&key(b))
    });
    calls
}

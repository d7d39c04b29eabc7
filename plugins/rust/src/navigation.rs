//! From a name to what it means: definition, declaration, type and implementations.

use ra_ap_ide::{GotoDefinitionConfig, GotoImplementationConfig, NavigationTarget, RangeInfo};
use vraftls_guest_sdk::{Failure, Location, Targets};

use crate::project::{Source, span};
use crate::settings::fixtures;

/// Where the name at the offset is defined.
pub(crate) fn definition(source: &Source<'_>, offset: u32) -> Result<Option<Targets>, Failure> {
    Ok(targets(source, defined(source, offset)?))
}

/// The places at which the name at the offset is defined, with what the engine says of them.
pub(crate) fn definitions(source: &Source<'_>, offset: u32) -> Result<Vec<(NavigationTarget, Location)>, Failure> {
    Ok(defined(source, offset)?.map(|found| places(source, found.info)).unwrap_or_default())
}

/// The places at which it is declared, with what the engine says of them.
pub(crate) fn declarations(source: &Source<'_>, offset: u32) -> Result<Vec<(NavigationTarget, Location)>, Failure> {
    let position = source.position(offset)?;
    let config = GotoDefinitionConfig { ra_fixture: fixtures() };
    let found = source.project.ask(|analysis| analysis.goto_declaration(position, &config))?;
    Ok(found.map(|found| places(source, found.info)).unwrap_or_default())
}

fn defined(source: &Source<'_>, offset: u32) -> Result<Option<RangeInfo<Vec<NavigationTarget>>>, Failure> {
    let position = source.position(offset)?;
    let config = GotoDefinitionConfig { ra_fixture: fixtures() };
    source.project.ask(|analysis| analysis.goto_definition(position, &config))
}

/// Where it is declared.
pub(crate) fn declaration(source: &Source<'_>, offset: u32) -> Result<Option<Targets>, Failure> {
    let position = source.position(offset)?;
    let config = GotoDefinitionConfig { ra_fixture: fixtures() };
    let found = source.project.ask(|analysis| analysis.goto_declaration(position, &config))?;
    Ok(targets(source, found))
}

/// Where its type is defined.
pub(crate) fn type_definition(source: &Source<'_>, offset: u32) -> Result<Option<Targets>, Failure> {
    let position = source.position(offset)?;
    let found = source.project.ask(|analysis| analysis.goto_type_definition(position))?;
    Ok(targets(source, found))
}

/// What implements it.
pub(crate) fn implementation(source: &Source<'_>, offset: u32) -> Result<Option<Targets>, Failure> {
    let position = source.position(offset)?;
    let config = GotoImplementationConfig { filter_adjacent_derive_implementations: false };
    let found = source.project.ask(|analysis| analysis.goto_implementation(&config, position))?;
    let mut found = targets(source, found);
    if let Some(targets) = &mut found {
        // The engine has them in no order.
        targets.locations.sort_by(|a, b| (&a.path, a.span.start).cmp(&(&b.path, b.span.start)));
    }
    Ok(found)
}

/// What the engine found. Nothing where there is no name, or one that leads nowhere.
fn targets(source: &Source<'_>, found: Option<RangeInfo<Vec<NavigationTarget>>>) -> Option<Targets> {
    let found = found?;
    let locations = places(source, found.info).into_iter().map(|(_, location)| location).collect();
    Some(Targets { origin: span(found.range), locations })
}

/// What the engine found, each place once and in its order.
fn places(source: &Source<'_>, found: Vec<NavigationTarget>) -> Vec<(NavigationTarget, Location)> {
    let mut places: Vec<(NavigationTarget, Location)> = Vec::new();
    for target in found {
        let Some(location) = source.project.location(&target) else { continue };
        let is_same = |known: &Location| known.path == location.path && known.span.start == location.span.start;
        if !places.iter().any(|(_, known)| is_same(known)) {
            places.push((target, location));
        }
    }
    places
}

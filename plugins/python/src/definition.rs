//! From a name to its definition, its declaration and its type. Each answer names the name that was asked about, even where
//! nothing is known of it.

use ty_python_semantic::types::Type;
use ty_python_semantic::{ResolvedDefinition, map_stub_definition};
use vraftls_guest_sdk::{Failure, Location, Targets};

use crate::inferred;
use crate::occurrence::{At, look_at};
use crate::project::{PythonProject, span};
use crate::resolve::{self, Follow};

/// Where the name at the offset is defined: through imports to the original, and past stubs to the source.
pub(crate) fn definition(project: &PythonProject, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
    targets(project, path, offset, |at| {
        let found = resolve::definitions(at, Follow::Everything);
        found.into_iter().flat_map(|definition| past_stub(project, definition)).collect()
    })
}

/// Where it is declared: stubs stay, and a name given by `as` is declared there.
pub(crate) fn declaration(project: &PythonProject, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
    targets(project, path, offset, |at| resolve::definitions(at, Follow::Originals))
}

/// Where the type of what stands at the offset is defined; of a union, each of its members.
pub(crate) fn type_definition(project: &PythonProject, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
    targets(project, path, offset, |at| {
        let Some(ty) = inferred::type_of(at) else { return Vec::new() };
        let members = match ty {
            Type::Union(union) => union.elements(project.db()).to_vec(),
            ty => vec![ty],
        };
        members.into_iter().filter_map(|ty| inferred::definition_of_type(at.model, ty)).collect()
    })
}

/// The source that a stub describes, or what was given where there is none.
pub(crate) fn past_stub<'db>(
    project: &'db PythonProject,
    definition: ResolvedDefinition<'db>,
) -> Vec<ResolvedDefinition<'db>> {
    map_stub_definition(project.db(), &definition, None).unwrap_or_else(|| vec![definition])
}

/// The locations of definitions, each once, in their order.
pub(crate) fn locations(project: &PythonProject, definitions: &[ResolvedDefinition<'_>]) -> Vec<Location> {
    let db = project.db();
    let mut found: Vec<Location> = Vec::with_capacity(definitions.len());
    for definition in definitions {
        let (file, focus) = resolve::focus(db, definition);
        let location = project.location(file, focus, resolve::full_range(db, definition));
        if !found.iter().any(|known| known.path == location.path && known.span == location.span) {
            found.push(location);
        }
    }
    found
}

fn targets<'db>(
    project: &'db PythonProject,
    path: &str,
    offset: u32,
    find: impl FnOnce(&At<'_, 'db>) -> Vec<ResolvedDefinition<'db>>,
) -> Result<Option<Targets>, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    Ok(look_at(&source, offset, |at| Targets { origin: span(at.range), locations: locations(project, &find(at)) }))
}

//! What implements or overrides the name at a place: subclasses of a class, and their methods and attributes of a name.

use std::collections::HashSet;

use ruff_db::files::File;
use ruff_python_ast::AnyNodeRef;
use ty_python_semantic::{ImplementationsFinder, ResolvedDefinition};
use vraftls_guest_sdk::{Failure, Targets};

use crate::definition;
use crate::occurrence::{At, Occurrence, look_at};
use crate::project::{PythonProject, Source, span};
use crate::resolve::{self, Follow};

/// How many files a search for implementations looks into at most. Beyond, the answer is what was found so far.
const SEARCHED_FILES_MAX: usize = 20_000;

/// What implements or overrides the name at the offset.
pub(crate) fn implementation(project: &PythonProject, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    look_at(&source, offset, |at| implementations(project, &source, at)).transpose()
}

fn implementations<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    at: &At<'_, 'db>,
) -> Result<Targets, Failure> {
    let origin = span(at.range);
    let Some((finder, is_class)) = finder(project, at) else {
        let found = resolve::definitions(at, Follow::Everything);
        let found: Vec<_> = found.into_iter().flat_map(|found| definition::past_stub(project, found)).collect();
        return Ok(Targets { origin, locations: definition::locations(project, &found) });
    };
    let below = overriding(project, &finder, source.slice(at.range), is_class)?;
    let mut found = definition::locations(project, &finder.into_initial_definitions());
    for location in below {
        if !found.iter().any(|known| known.path == location.path && known.span == location.span) {
            found.push(location);
        }
    }
    Ok(Targets { origin, locations: found })
}

/// What finds the implementations, and whether it looks for classes rather than for their members.
fn finder<'db>(project: &'db PythonProject, at: &At<'_, 'db>) -> Option<(ImplementationsFinder<'db>, bool)> {
    let reference = || {
        let found = resolve::definitions(at, Follow::Everything);
        ImplementationsFinder::for_class_reference(project.db(), &at.model.program_environment(), &found)
    };
    match at.occurrence {
        Occurrence::Definition if !at.in_string => match at.node.parent()? {
            AnyNodeRef::StmtClassDef(class) => Some((ImplementationsFinder::for_class(at.model, class)?, true)),
            AnyNodeRef::StmtFunctionDef(function) => {
                Some((ImplementationsFinder::for_method(at.model, function)?, false))
            }
            _ => None,
        },
        Occurrence::Attribute(attribute) => match reference() {
            Some(finder) => Some((finder, true)),
            None => Some((ImplementationsFinder::for_attribute(at.model, attribute)?, false)),
        },
        Occurrence::Name(_) | Occurrence::ImportedName { .. } | Occurrence::ImportAlias { .. } => {
            Some((reference()?, true))
        }
        _ => None,
    }
}

/// What classes below override. A file that extends a class names it, so the index says where to look: once for a member,
/// and for classes again with the name of each that was found.
fn overriding(
    project: &PythonProject,
    finder: &ImplementationsFinder<'_>,
    name: &str,
    is_class: bool,
) -> Result<Vec<vraftls_guest_sdk::Location>, Failure> {
    let mut names = vec![name.to_owned()];
    let mut asked = HashSet::new();
    let mut searched: HashSet<File> = HashSet::new();
    let mut locations = Vec::new();
    while let Some(name) = names.pop() {
        if !asked.insert(name.clone()) {
            continue;
        }
        for candidate in project.workspace().candidates(&name, 0) {
            let Ok(file) = project.file(&candidate.path) else { continue };
            if searched.len() >= SEARCHED_FILES_MAX || !searched.insert(file) {
                continue;
            }
            project.check_cancelled()?;
            let found = finder.implementations_for_file(project.db(), project.program_file(file));
            if is_class {
                names.extend(found.iter().filter_map(|found| name_of(project, found)));
            }
            locations.extend(definition::locations(project, &found));
        }
    }
    Ok(locations)
}

fn name_of(project: &PythonProject, definition: &ResolvedDefinition<'_>) -> Option<String> {
    let (file, range) = resolve::focus(project.db(), definition);
    Some(project.source_of(file).slice(range).to_owned()).filter(|name| !name.is_empty())
}

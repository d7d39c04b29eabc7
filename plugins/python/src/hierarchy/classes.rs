//! Which class extends which: what a class names as its bases, and the classes that name it.

use ruff_db::parsed::parsed_module;
use ruff_text_size::TextRange;
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_semantic::types::Type;
use ty_python_semantic::{
    HasType as _, ImplementationsFinder, ProgramEnvironment, ResolvedDefinition, SemanticModel, TypeHierarchyClass,
    type_hierarchy_prepare, type_hierarchy_supertypes,
};
use vraftls_guest_sdk::{Candidate, Failure, HierarchyItem, SearchPlan, roles};

use super::aliases;
use super::items::{self, Thing};
use crate::occurrence::{At, look_at};
use crate::project::PythonProject;
use crate::resolve::{self, Follow};
use crate::{definition, inferred, reach};

/// The classes at the offset: what a name means, else the classes of what it holds.
pub(crate) fn prepare(project: &PythonProject, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    let found = look_at(&source, offset, |at| classes_at(project, at)).unwrap_or_default();
    Ok(found.into_iter().map(|class| items::item(project, Thing::Definition(class))).collect())
}

fn classes_at<'db>(project: &'db PythonProject, at: &At<'_, 'db>) -> Vec<Definition<'db>> {
    let db = project.db();
    let is_class = |found: &Definition<'db>| matches!(found.kind(db), DefinitionKind::Class(_));
    let mut classes = Vec::new();
    for found in resolve::definitions(at, Follow::Everything) {
        let found = definition::past_stub(project, found);
        let found = found.iter().filter_map(ResolvedDefinition::definition).filter(is_class);
        classes.extend(found.filter(|class| !classes.contains(class)).collect::<Vec<_>>());
    }
    if !classes.is_empty() {
        return classes;
    }
    let env = at.model.program_environment();
    let held = match inferred::type_of(at) {
        Some(Type::Union(union)) => union.elements(db).to_vec(),
        Some(ty) => vec![ty],
        None => Vec::new(),
    };
    for class in held.into_iter().filter_map(|ty| type_hierarchy_prepare(db, &env, ty)) {
        classes.extend(defined(project, &class).filter(|class| !classes.contains(class)));
    }
    classes
}

/// The classes that a class extends, in the order in which it names them.
pub(crate) fn supertypes(project: &PythonProject, item: &HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
    let Thing::Definition(class) = items::thing(project, item)? else { return Ok(Vec::new()) };
    let found = above(project, class);
    let found = found.iter().filter_map(|class| defined(project, class));
    Ok(found.map(|class| items::item(project, Thing::Definition(class))).collect())
}

/// What to search for to find the classes that extend a class.
pub(crate) fn plan(project: &PythonProject, item: &HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
    let Thing::Definition(class) = items::thing(project, item)? else { return Ok(None) };
    let db = project.db();
    let found = ResolvedDefinition::Definition(class);
    let (file, range) = resolve::focus(db, &found);
    let name = project.source_of(file).slice(range).to_owned();
    let definitions = definition::locations(project, &[found]);
    let is_local = reach::of(project, class).is_one_file();
    let only = is_local.then(|| project.path_of(file));
    let Some(origin) = definitions.first().map(|location| location.span) else { return Ok(None) };
    let names = aliases::with_aliases(project, &[class], vec![name])?;
    Ok(Some(SearchPlan { origin, names, roles: roles::REFERS, only, definitions, token: Vec::new() }))
}

/// The classes in the candidates that extend the plan's class themselves, in the order of their files.
pub(crate) fn subtypes(
    project: &PythonProject,
    plan: &SearchPlan,
    files: &[Candidate],
) -> Result<Vec<HierarchyItem>, Failure> {
    let db = project.db();
    let target = plan.definitions.first().and_then(|location| {
        let source = project.source(&location.path).ok()?;
        reach::definition_at(project, source.file, source.range(location.span).ok()?)
    });
    let Some(target) = target else { return Ok(Vec::new()) };
    let env = ProgramEnvironment::from_file(target.program_file(db));
    let resolved = ResolvedDefinition::Definition(target);
    let place = resolve::focus(db, &resolved);
    let Some(finder) = ImplementationsFinder::for_class_reference(db, &env, &[resolved]) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for candidate in files {
        project.check_cancelled()?;
        // A file that is gone or cannot be read extends nothing.
        let Ok(source) = project.source(&candidate.path) else { continue };
        let below = finder.implementations_for_file(db, project.program_file(source.file));
        let mut classes: Vec<Definition<'_>> = below.iter().filter_map(ResolvedDefinition::definition).collect();
        classes.retain(|class| {
            above(project, *class).iter().any(|base| (base.file.file(db), base.selection_range) == place)
        });
        classes.sort_by_key(|class| resolve::name_range(db, *class).start());
        found.extend(classes.into_iter().map(|class| items::item(project, Thing::Definition(class))));
    }
    Ok(found)
}

/// What a class extends. Empty for what is no class.
fn above<'db>(project: &'db PythonProject, class: Definition<'db>) -> Vec<TypeHierarchyClass<'db>> {
    let db = project.db();
    let model = SemanticModel::new(db, class.program_file(db));
    type_of_class(project, &model, class)
        .map(|ty| type_hierarchy_supertypes(db, &model.program_environment(), ty))
        .unwrap_or_default()
}

fn type_of_class<'db>(
    project: &'db PythonProject,
    model: &SemanticModel<'db>,
    class: Definition<'db>,
) -> Option<Type<'db>> {
    let db = project.db();
    let parsed = parsed_module(db, class.python_file(db)).load(db);
    match class.kind(db) {
        DefinitionKind::Class(node) => node.node(&parsed).inferred_type(model),
        DefinitionKind::Assignment(assignment) => assignment.target(&parsed).inferred_type(model),
        _ => None,
    }
}

/// The definition of a class that the engine speaks of.
fn defined<'db>(project: &'db PythonProject, class: &TypeHierarchyClass<'db>) -> Option<Definition<'db>> {
    let file = class.file.file(project.db());
    let name: TextRange = class.selection_range;
    reach::definition_at(project, file, name)
}

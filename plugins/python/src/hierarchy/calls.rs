//! The functions at a place, and what they call.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::{AnyNodeRef, Stmt, StmtClassDef};
use ruff_text_size::TextRange;
use ty_python_core::definition::{Definition, DefinitionKind};
use vraftls_guest_sdk::{Call, Failure, HierarchyItem};

use super::items::{self, Thing};
use super::sites::{self, Site};
use crate::occurrence::{Occurrence, look_at};
use crate::project::{PythonProject, Source, span};

/// Methods that run when a class is called.
const RUN_BY_CALL: [&str; 3] = ["__new__", "__init__", "__post_init__"];

/// The functions and classes at the offset.
pub(crate) fn prepare(project: &PythonProject, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
    let source = project.source(path)?;
    let offset = source.offset(offset)?;
    let found = look_at(&source, offset, |at| {
        // Where a function is defined, that one is meant and none of those that share its name.
        let here = match at.occurrence {
            Occurrence::Definition if !at.in_string => at.model.first_local_definition(at.node),
            _ => None,
        };
        let here =
            here.map(|here| items::callables(project, &[ty_python_semantic::ResolvedDefinition::Definition(here)]));
        here.filter(|here| !here.is_empty()).unwrap_or_else(|| sites::meant(project, at))
    });
    let found = found.unwrap_or_default();
    Ok(found.into_iter().map(|found| items::item(project, Thing::Definition(found))).collect())
}

/// What an item calls, in the order of the first call of each.
pub(crate) fn outgoing(project: &PythonProject, item: &HierarchyItem) -> Result<Vec<Call>, Failure> {
    let thing = items::thing(project, item)?;
    let mut found: Vec<(Thing<'_>, Vec<TextRange>)> = Vec::new();
    let source = match thing {
        Thing::Module(file) => project.source_of(file),
        Thing::Definition(definition) => project.source_of(definition.file(project.db())),
    };
    for (number, name) in names_called(project, &source, thing).into_iter().enumerate() {
        if number % 64 == 0 {
            project.check_cancelled()?;
        }
        for callee in callees(project, &source, name) {
            match found.iter_mut().find(|(known, _)| *known == callee) {
                Some((_, names)) => names.push(name),
                None => found.push((callee, vec![name])),
            }
        }
    }
    let call = |(callee, names): (Thing<'_>, Vec<TextRange>)| Call {
        item: items::item(project, callee),
        spans: names.into_iter().map(span).collect(),
    };
    Ok(found.into_iter().map(call).collect())
}

/// The names that a thing calls.
fn names_called(project: &PythonProject, source: &Source<'_>, thing: Thing<'_>) -> Vec<TextRange> {
    let db = project.db();
    let names = |sites: Vec<Site<'_>>, wanted: &dyn Fn(Option<AnyNodeRef<'_>>) -> bool| {
        sites.into_iter().filter(|site| wanted(site.within)).map(|site| site.name).collect()
    };
    let definition = match thing {
        Thing::Module(_) => return names(sites::sites(source.parsed.suite()), &|within| within.is_none()),
        Thing::Definition(definition) => definition,
    };
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    match definition.kind(db) {
        DefinitionKind::Function(node) => names(sites::sites(&node.node(&parsed).body), &|within| within.is_none()),
        DefinitionKind::Class(node) => names(sites_of_class(node.node(&parsed)), &|_| true),
        _ => Vec::new(),
    }
}

/// The calls that stand in the body of a class, and those in the methods that run when it is called.
fn sites_of_class(class: &StmtClassDef) -> Vec<Site<'_>> {
    let runs = |within: Option<AnyNodeRef<'_>>| match within {
        None => true,
        Some(AnyNodeRef::StmtFunctionDef(method)) => {
            RUN_BY_CALL.contains(&method.name.as_str())
                && class.body.iter().any(|statement| match statement {
                    Stmt::FunctionDef(own) => std::ptr::eq(own, method),
                    _ => false,
                })
        }
        Some(_) => false,
    };
    sites::sites(&class.body).into_iter().filter(|site| runs(site.within)).collect()
}

/// What a call of a name calls: a function, or what makes the object of a class.
fn callees<'db>(project: &'db PythonProject, source: &Source<'db>, name: TextRange) -> Vec<Thing<'db>> {
    let db = project.db();
    let of = |definition: Definition<'db>| match definition.kind(db) {
        DefinitionKind::Class(_) => {
            let made_by = items::constructors(project, definition);
            if made_by.is_empty() { vec![definition] } else { made_by }
        }
        _ => vec![definition],
    };
    sites::meant_at(project, source, name).into_iter().flat_map(of).map(Thing::Definition).collect()
}

//! From a name to its definition, its declaration and its type.

use vraftls_guest_sdk::{Failure, Location, Targets};

use crate::eval::Type;
use crate::module::{DeclKind, Occ, Occurrence, Range};
use crate::project::TypeScriptProject;
use crate::store::FileId;
use crate::targets::{Purpose, Target};

pub(crate) fn definition(project: &TypeScriptProject, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
    named(project, path, offset, |project, file, at| locations(project, definitions_at(project, file, at)))
}

pub(crate) fn declaration(project: &TypeScriptProject, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
    named(project, path, offset, |project, file, at| {
        let targets = project.store().targets(file, at, Purpose::Declaration);
        let places = targets.into_iter().filter_map(|target| project.store().place(target));
        let found = places.map(|(file, span, full)| project.store().location(file, span, full));
        found.collect()
    })
}

pub(crate) fn type_definition(
    project: &TypeScriptProject,
    path: &str,
    offset: u32,
) -> Result<Option<Targets>, Failure> {
    named(project, path, offset, |project, file, at| {
        let store = project.store();
        let ty = store.non_null(&store.type_at(file, at));
        let mut targets = Vec::new();
        for part in ty.parts() {
            // Of a function that is what it gives, where that has a declaration.
            let of_results: Vec<Target> = match part {
                Type::Function(_) | Type::Value(..) => {
                    store.results(part).iter().flat_map(|ty| declared(project, &store.non_null(ty))).collect()
                }
                _ => Vec::new(),
            };
            targets.extend(if of_results.is_empty() { declared(project, part) } else { of_results });
        }
        locations(project, targets)
    })
}

/// Where a type is declared.
pub(crate) fn declared(project: &TypeScriptProject, ty: &Type) -> Vec<Target> {
    let store = project.store();
    match ty {
        Type::Named(named) => store.of_entities(vec![crate::eval::Entity::Symbol(named.file, named.symbol)]),
        Type::Value(file, symbol) | Type::Enum(file, symbol) | Type::Made(file, symbol) => {
            store.of_entities(vec![crate::eval::Entity::Symbol(*file, *symbol)])
        }
        Type::Param(file, decl) => vec![Target::Decl(*file, *decl)],
        Type::Module(file) => vec![Target::File(*file)],
        Type::Function(callable) => {
            let decl = |(file, function): &(FileId, crate::module::FnId)| {
                let module = store.module(*file)?;
                module.function(*function).decl.map(|decl| Target::Decl(*file, decl))
            };
            callable.functions.iter().filter_map(decl).collect()
        }
        Type::Shape(shaped) => {
            let Some(module) = store.module(shaped.file) else { return Vec::new() };
            // The alias or variable whose type or value it is.
            let is_its = |decl: &crate::module::Decl| {
                match decl.kind {
                DeclKind::Alias => decl.ty.is_some_and(|ty| {
                    matches!(module.ty(ty), crate::module::TypeExpr::Shape(shape) if *shape == shaped.shape)
                }),
                DeclKind::Const | DeclKind::Let | DeclKind::Var => decl.value.is_some_and(|value| {
                    matches!(&module.expr(value).kind, crate::module::ExprKind::Object(shape) if *shape == shaped.shape)
                }),
                _ => false,
            }
            };
            let found = module.decls.iter().position(is_its);
            found.map(|place| Target::Decl(shaped.file, crate::module::DeclId(place as u32))).into_iter().collect()
        }
        Type::Intersection(types) => types.iter().flat_map(|ty| declared(project, ty)).collect(),
        _ => Vec::new(),
    }
}

/// What a name is defined as. Of overloads with an implementation both count; of a type and a value of one name those that
/// the place can mean.
pub(crate) fn definitions_at(project: &TypeScriptProject, file: FileId, at: &Occurrence) -> Vec<Target> {
    project.store().targets(file, at, Purpose::Definition)
}

/// The locations of targets, through declaration maps, each once.
pub(crate) fn locations(project: &TypeScriptProject, targets: Vec<Target>) -> Vec<Location> {
    let store = project.store();
    let mut found: Vec<Location> = Vec::new();
    for target in targets {
        let Some((file, span, full)) = store.place(target) else { continue };
        let location = match store.mapped(file, span) {
            Some((source, range)) => store.location(source, range, full_of(project, source, range)),
            None => store.location(file, span, full),
        };
        if !found.iter().any(|known| known.path == location.path && known.span == location.span) {
            found.push(location);
        }
    }
    found
}

fn full_of(project: &TypeScriptProject, file: FileId, span: Range) -> Range {
    let module = project.store().module(file);
    let decl = module.as_ref().and_then(|module| module.decls.iter().find(|decl| decl.span == span));
    decl.map_or(span, |decl| decl.full)
}

fn named(
    project: &TypeScriptProject,
    path: &str,
    offset: u32,
    find: impl FnOnce(&TypeScriptProject, FileId, &Occurrence) -> Vec<Location>,
) -> Result<Option<Targets>, Failure> {
    let (file, module) = project.question(path, Some(offset))?;
    let at = module.at(offset).filter(|at| !matches!(at.occ, Occ::Keyword) || module.is_js);
    let Some(at) = at.or_else(|| module.accessor_at(offset)) else { return Ok(None) };
    let locations = find(project, file, at);
    Ok(Some(Targets { origin: at.span.span(), locations }))
}

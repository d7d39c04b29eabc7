//! What implements or overrides a name: classes below a class or interface, and their members.

use vraftls_guest_sdk::{Failure, Targets};

use crate::definition;
use crate::module::{DeclId, DeclKind};
use crate::project::TypeScriptProject;
use crate::store::FileId;
use crate::targets::{Purpose, Target};

/// So many classes below are looked at.
const BELOW_MAX: usize = 1000;

pub(crate) fn implementation(project: &TypeScriptProject, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
    let (file, module) = project.question(path, Some(offset))?;
    let Some(at) = module.at(offset) else { return Ok(None) };
    let store = project.store();
    let mut found: Vec<Target> = Vec::new();
    for target in store.targets(file, at, Purpose::Definition) {
        let Target::Decl(of, decl) = target else { continue };
        for below in implementations(project, of, decl)? {
            if !found.contains(&below) {
                found.push(below);
            }
        }
    }
    if found.is_empty() {
        found = definition::definitions_at(project, file, at);
    }
    Ok(Some(Targets { origin: at.span.span(), locations: definition::locations(project, found) }))
}

fn implementations(project: &TypeScriptProject, file: FileId, decl: DeclId) -> Result<Vec<Target>, Failure> {
    let store = project.store();
    let Some(module) = store.module(file) else { return Ok(Vec::new()) };
    let known = module.decl(decl);
    if matches!(known.kind, DeclKind::Class | DeclKind::Interface) {
        let mut found = Vec::new();
        if known.kind == DeclKind::Class && !known.flags.is_abstract {
            found.push(Target::Decl(file, decl));
        }
        found.extend(below(project, file, decl)?.into_iter().map(|(file, decl)| Target::Decl(file, decl)));
        return Ok(found);
    }
    let Some(class) = known.owner.and_then(|shape| module.shape(shape).decl) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    if module.decl(class).kind == DeclKind::Class && !known.flags.is_abstract {
        found.push(Target::Decl(file, decl));
    }
    for (file, class) in below(project, file, class)? {
        let Some(module) = store.module(file) else { continue };
        let Some(shape) = module.decl(class).shape else { continue };
        let members = module.shape(shape).members.iter().filter(|member| member.name == known.name);
        found.extend(members.map(|member| Target::Decl(file, member.decl)));
    }
    Ok(found)
}

/// The classes and interfaces that extend or implement one, near ones first.
pub(crate) fn below(project: &TypeScriptProject, file: FileId, decl: DeclId) -> Result<Vec<(FileId, DeclId)>, Failure> {
    let mut all: Vec<(FileId, DeclId)> = vec![(file, decl)];
    let mut place = 0;
    while place < all.len() && all.len() < BELOW_MAX {
        let (file, decl) = all[place];
        place += 1;
        for found in directly_below(project, file, decl)? {
            if !all.contains(&found) {
                all.push(found);
            }
        }
    }
    all.remove(0);
    all.retain(|(file, decl)| {
        project
            .store()
            .module(*file)
            .is_some_and(|module| matches!(module.decl(*decl).kind, DeclKind::Class | DeclKind::Interface))
    });
    Ok(all)
}

/// The classes and interfaces that name one in their heads.
pub(crate) fn directly_below(
    project: &TypeScriptProject,
    file: FileId,
    decl: DeclId,
) -> Result<Vec<(FileId, DeclId)>, Failure> {
    let store = project.store();
    let Some(module) = store.module(file) else { return Ok(Vec::new()) };
    let wanted = module.decl(decl);
    let mut paths: Vec<String> =
        store.workspace.candidates(&wanted.name, 0).into_iter().map(|candidate| candidate.path).collect();
    let own = store.path(file).to_string();
    if !paths.contains(&own) {
        paths.push(own);
    }
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        store.check_cancelled()?;
        let id = store.id(&path);
        let Some(candidate) = store.module(id) else { continue };
        if store.is_generated(id) {
            continue;
        }
        for shape in candidate.shapes.iter() {
            let Some(class) = shape.decl else { continue };
            let heads = shape.extends.iter().chain(&shape.implements);
            let names_it = heads.into_iter().any(|(name, _)| {
                let entities = store.entity(id, *name);
                entities.into_iter().flat_map(|entity| store.decls_of_entity(entity)).any(|found| found == (file, decl))
            });
            if names_it {
                found.push((id, class));
            }
        }
    }
    Ok(found)
}

/// The classes and interfaces that a class or interface names in its head.
pub(crate) fn directly_above(project: &TypeScriptProject, file: FileId, decl: DeclId) -> Vec<(FileId, DeclId)> {
    let store = project.store();
    let Some(module) = store.module(file) else { return Vec::new() };
    let Some(shape) = module.decl(decl).shape.map(|shape| module.shape(shape)) else { return Vec::new() };
    let builtins = store.id(crate::store::BUILTINS);
    let mut found = Vec::new();
    for (name, _) in shape.extends.iter().chain(&shape.implements) {
        for entity in store.entity(file, *name) {
            for (of, decl) in store.decls_of_entity(entity) {
                let is_type = store.module(of).is_some_and(|module| {
                    matches!(module.decl(decl).kind, DeclKind::Class | DeclKind::Interface | DeclKind::Alias)
                });
                if is_type && of != builtins {
                    found.push((of, decl));
                }
            }
        }
    }
    found
}

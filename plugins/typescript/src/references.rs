//! A search for references: what to look for, and which of the candidates the index finds really mean it.
//!
//! Two names mean the same if what they stand for has a declaration in common, or a member that both override or implement.

use rustc_hash::FxHashSet;
use vraftls_guest_sdk::{Candidate, Failure, FileReferences, Highlight, Reference, SearchPlan, roles};

use crate::eval::Type;
use crate::module::{DeclKind, Module, Name, Occ, Occurrence};
use crate::project::TypeScriptProject;
use crate::store::FileId;
use crate::targets::{Purpose, Target};

/// DocumentHighlightKind of a read.
const READ: u32 = 2;
/// DocumentHighlightKind of a write.
const WRITE: u32 = 3;
/// So many declarations are compared with.
const FAMILY_MAX: usize = 256;

/// Where declarations stand.
pub(crate) type Places = FxHashSet<(FileId, u32, u32)>;

/// What to search for to find all references to the name at the offset.
pub(crate) fn plan(project: &TypeScriptProject, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
    let (file, module) = project.question(path, Some(offset))?;
    let Some(at) = module.at(offset).or_else(|| module.accessor_at(offset)) else { return Ok(None) };
    let targets = meant(project, file, at);
    if targets.is_empty() {
        return Ok(None);
    }
    let mut names: Vec<String> = vec![module.slice(at.span).to_owned()];
    for target in &targets {
        if let Some(name) = name_of(project, *target)
            && !names.iter().any(|known| **known == *name)
        {
            names.push(name.to_string());
        }
    }
    let store = project.store();
    add_aliases(project, &targets, &mut names)?;
    let only = only_file(project, &targets);
    let definitions = targets
        .iter()
        .filter_map(|target| store.place(*target))
        .map(|(file, span, full)| store.location(file, span, full))
        .collect();
    Ok(Some(SearchPlan {
        origin: at.span.span(),
        names,
        roles: 0,
        only: only.map(|file| store.path(file).to_string()),
        definitions,
        token: Vec::new(),
    }))
}

/// The things that a name stands for, with what they override and implement, through declaration maps.
pub(crate) fn meant(project: &TypeScriptProject, file: FileId, at: &Occurrence) -> Vec<Target> {
    let store = project.store();
    let found = store.targets(file, at, Purpose::Identity);
    let mut all: Vec<Target> = Vec::new();
    for target in found {
        add(&mut all, sourced(project, target));
    }
    let mut place = 0;
    while place < all.len() && all.len() < FAMILY_MAX {
        for above in overridden(project, all[place]) {
            add(&mut all, sourced(project, above));
        }
        place += 1;
    }
    all
}

fn add(all: &mut Vec<Target>, target: Target) {
    if !all.contains(&target) {
        all.push(target);
    }
}

/// The declaration in the source that a declaration of a `.d.ts` was made from.
fn sourced(project: &TypeScriptProject, target: Target) -> Target {
    let store = project.store();
    let Some((file, span, _)) = store.place(target) else { return target };
    let Some((source, range)) = store.mapped(file, span) else { return target };
    let Some(module) = store.module(source) else { return target };
    let found = module.decls.iter().position(|decl| decl.span == range);
    found.map_or(target, |place| Target::Decl(source, crate::module::DeclId(place as u32)))
}

/// The members of base classes and interfaces that a member overrides or implements.
pub(crate) fn overridden(project: &TypeScriptProject, target: Target) -> Vec<Target> {
    let Target::Decl(file, decl) = target else { return Vec::new() };
    let store = project.store();
    let Some(module) = store.module(file) else { return Vec::new() };
    let known = module.decl(decl);
    let Some(class) = known.owner.and_then(|shape| module.shape(shape).decl) else { return Vec::new() };
    if known.flags.is_static || !matches!(module.decl(class).kind, DeclKind::Class | DeclKind::Interface) {
        return Vec::new();
    }
    let instance = store.own_instance(file, class);
    let bases: Vec<Type> = store.bases(&instance).into_iter().chain(store.implemented(&instance)).collect();
    let builtins = store.id(crate::store::BUILTINS);
    let members = bases.iter().flat_map(|base| store.members(base, &known.name));
    members.filter(|found| found.file != builtins).map(|found| Target::Decl(found.file, found.decl)).collect()
}

fn name_of(project: &TypeScriptProject, target: Target) -> Option<Name> {
    match target {
        Target::Decl(file, decl) => {
            let module = project.store().module(file)?;
            let known = module.decl(decl);
            let written = module.slice(known.span);
            // A default export has no name but those that importers give it.
            if written.is_empty() || written.contains('.') { None } else { Some(Name::from(written)) }
        }
        Target::File(_) => None,
    }
}

/// Other names under which the targets are known: `export { a as b }`, `import { a as b }`, `import b from`.
fn add_aliases(project: &TypeScriptProject, targets: &[Target], names: &mut Vec<String>) -> Result<(), Failure> {
    let store = project.store();
    if only_file(project, targets).is_some() {
        return Ok(());
    }
    if targets.iter().all(|target| is_member(project, *target)) {
        return Ok(());
    }
    let mut place = 0;
    let mut added: Vec<String> = Vec::new();
    let mut declaring: Vec<FileId> = Vec::new();
    for target in targets {
        let (Target::File(file) | Target::Decl(file, _)) = target;
        if !declaring.contains(file) {
            declaring.push(*file);
        }
    }
    while place < names.len() && names.len() < 32 {
        let name = names[place].clone();
        place += 1;
        // Who gives it another name imports it, or declares it.
        let importing =
            store.workspace.candidates(&name, roles::IMPORTS).into_iter().map(|found| store.id(&found.path));
        for file in importing.chain(declaring.iter().copied()) {
            store.check_cancelled()?;
            let Some(module) = store.module(file) else { continue };
            for (exported, exports) in &module.exports.named {
                let is_it = exports.iter().any(|export| match export {
                    crate::module::Export::From(_, imported) => **imported == *name,
                    crate::module::Export::Symbol(symbol) => {
                        module.symbols.get(symbol.index()).is_some_and(|symbol| symbol.name.as_deref() == Some(&*name))
                    }
                    _ => false,
                });
                if is_it
                    && **exported != *name
                    && &**exported != "default"
                    && !names.iter().any(|known| **known == **exported)
                {
                    added.push(exported.to_string());
                }
            }
            added.sort();
            names.append(&mut added);
            for decl in module.decls.iter().filter(|decl| decl.kind == DeclKind::Import || decl.import.is_some()) {
                let imported = match &decl.import {
                    Some(crate::module::Import::Named(_, imported)) => imported,
                    _ => continue,
                };
                if **imported == *name && *decl.name != *name && !names.iter().any(|known| **known == *decl.name) {
                    names.push(decl.name.to_string());
                }
            }
        }
    }
    add_defaults(project, targets, names)
}

/// The names that importers give to a default export, or to what `module.exports` is.
fn add_defaults(project: &TypeScriptProject, targets: &[Target], names: &mut Vec<String>) -> Result<(), Failure> {
    let store = project.store();
    for target in targets {
        let (file, is_default) = match target {
            Target::File(file) => (*file, true),
            Target::Decl(file, _) => {
                let Some(module) = store.module(*file) else { continue };
                let has = module.exports.named.contains_key("default") || !module.exports.equals.is_empty();
                (*file, has)
            }
        };
        if !is_default {
            continue;
        }
        // Who imports the file names it in the path.
        let path = store.path(file);
        let stem = path.rsplit('/').next().unwrap_or(&path).split('.').next().unwrap_or_default().to_owned();
        let word = if stem == "index" { path.rsplit('/').nth(1).unwrap_or_default().to_owned() } else { stem };
        for candidate in importers(project, file, &word)? {
            let Some(module) = store.module(candidate) else { continue };
            for decl in &module.decls {
                let spec = match &decl.import {
                    Some(crate::module::Import::Named(spec, name)) if &**name == "default" => spec,
                    Some(crate::module::Import::Require(spec) | crate::module::Import::Namespace(spec)) => spec,
                    _ => continue,
                };
                if store.resolve_spec(candidate, *spec) == Some(file)
                    && !names.iter().any(|known| **known == *decl.name)
                {
                    names.push(decl.name.to_string());
                }
            }
        }
    }
    Ok(())
}

/// Files that may import a file: those in which the last word of its path occurs.
pub(crate) fn importers(project: &TypeScriptProject, file: FileId, word: &str) -> Result<Vec<FileId>, Failure> {
    let store = project.store();
    let mut found = Vec::new();
    for path in store.files()?.iter() {
        let candidate = store.id(path);
        if candidate == file {
            continue;
        }
        let Some(module) = store.module(candidate) else { continue };
        if module
            .specs
            .iter()
            .any(|spec| spec.text.contains(word) || spec.text.ends_with('.') || spec.text.ends_with('/'))
        {
            found.push(candidate);
        }
    }
    Ok(found)
}

fn is_member(project: &TypeScriptProject, target: Target) -> bool {
    match target {
        Target::Decl(file, decl) => {
            project.store().module(file).is_some_and(|module| module.decl(decl).owner.is_some())
        }
        Target::File(_) => false,
    }
}

/// The only file in which the targets can be meant, if there is only one.
fn only_file(project: &TypeScriptProject, targets: &[Target]) -> Option<FileId> {
    let mut only = None;
    for target in targets {
        let Target::Decl(file, decl) = target else { return None };
        let module = project.store().module(*file)?;
        let known = module.decl(*decl);
        let exported = known.flags.exported || known.flags.global;
        let private =
            known.symbol.is_some() && known.owner.is_none() && (known.flags.local || module.is_module) && !exported;
        let is_label = known.kind == DeclKind::Label;
        // A script's names are seen by all; a module's only if they are exported, in whichever way.
        let escapes = module.is_common_js && !known.flags.local;
        if !(private && !escapes || is_label) || only.is_some_and(|only| only != *file) {
            return None;
        }
        only = Some(*file);
    }
    only
}

/// Which of the candidates really mean what the plan searches for.
pub(crate) fn confirm(
    project: &TypeScriptProject,
    plan: &SearchPlan,
    files: &[Candidate],
) -> Result<Vec<FileReferences>, Failure> {
    let wanted = wanted(project, plan);
    let mut confirmed = Vec::new();
    for candidate in files {
        project.store().check_cancelled()?;
        let Ok((file, module)) = project.question(&candidate.path, None) else { continue };
        // What was made from a source says nothing that the source does not.
        if project.store().is_generated(file) {
            continue;
        }
        let references = in_file(project, file, &module, &candidate.offsets, &wanted);
        if !references.is_empty() {
            confirmed.push(FileReferences { path: candidate.path.clone(), references });
        }
    }
    Ok(confirmed)
}

/// The places of a plan's definitions.
pub(crate) fn wanted(project: &TypeScriptProject, plan: &SearchPlan) -> Places {
    let store = project.store();
    let place =
        |location: &vraftls_guest_sdk::Location| (store.id(&location.path), location.span.start, location.span.end);
    plan.definitions.iter().map(place).collect()
}

fn in_file(
    project: &TypeScriptProject,
    file: FileId,
    module: &Module,
    offsets: &[u32],
    wanted: &Places,
) -> Vec<Reference> {
    let store = project.store();
    let mut found: Vec<Reference> = Vec::new();
    for offset in offsets {
        let Some(at) = module.starting_at(*offset) else { continue };
        store.begin();
        let means_it = meant(project, file, at).into_iter().any(|target| {
            store.place(target).is_some_and(|(file, span, _)| wanted.contains(&(file, span.start, span.end)))
        });
        if means_it && !matches!(at.occ, Occ::Spec(_)) {
            found.push(Reference { span: at.span.span(), roles: at.roles & !(roles::PARAMETER | roles::LOCAL) });
        }
    }
    found.sort_by_key(|reference| reference.span.start);
    found.dedup_by_key(|reference| reference.span.start);
    found
}

/// The occurrences of the name at the offset in the same document.
pub(crate) fn highlights(project: &TypeScriptProject, path: &str, offset: u32) -> Result<Vec<Highlight>, Failure> {
    let (file, module) = project.question(path, Some(offset))?;
    let Some(at) = module.at(offset) else { return Ok(Vec::new()) };
    let targets = meant(project, file, at);
    let store = project.store();
    let mut wanted = Places::default();
    let mut names: Vec<String> = vec![module.slice(at.span).to_owned()];
    for target in targets {
        if let Some((file, span, _)) = store.place(target) {
            wanted.insert((file, span.start, span.end));
        }
        names.extend(name_of(project, target).map(|name| name.to_string()));
    }
    let is_named = |occurrence: &&Occurrence| {
        let text = module.slice(occurrence.span);
        names.iter().any(|name| name == text)
    };
    let offsets: Vec<u32> = module.occurrences.iter().filter(is_named).map(|found| found.span.start).collect();
    let found = in_file(project, file, &module, &offsets, &wanted);
    let kind = |role: u32| if role & (roles::WRITES | roles::DEFINES) != 0 { WRITE } else { READ };
    Ok(found.into_iter().map(|found| Highlight { span: found.span, kind: kind(found.roles) }).collect())
}

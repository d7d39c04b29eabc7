//! Who calls whom, and which type extends which.

use rustc_hash::FxHashSet;
use vraftls_guest_sdk::{Call, Candidate, Failure, HierarchyItem, SearchPlan, Span, roles};

use crate::implementation;
use crate::index::symbol_kind;
use crate::module::{DeclId, DeclKind, ExprId, ExprKind, Module, Occ, Range};
use crate::project::TypeScriptProject;
use crate::references;
use crate::store::{BUILTINS, FileId};
use crate::targets::{Purpose, Target};

/// SymbolKind of a module.
const MODULE: u32 = 2;

fn item(project: &TypeScriptProject, file: FileId, decl: DeclId) -> Option<HierarchyItem> {
    let store = project.store();
    let module = store.module(file)?;
    let known = module.decl(decl);
    let owner = known.owner.and_then(|shape| module.shape(shape).decl).map(|owner| module.decl(owner).name.to_string());
    Some(HierarchyItem {
        name: known.name.to_string(),
        detail: owner.unwrap_or_else(|| store.path(file).to_string()),
        kind: symbol_kind(&module, known),
        location: store.location(file, known.span, known.full),
        token: Vec::new(),
    })
}

fn module_item(project: &TypeScriptProject, file: FileId) -> Option<HierarchyItem> {
    let store = project.store();
    let module = store.module(file)?;
    let path = store.path(file).to_string();
    let whole = Range { start: 0, end: module.text.len() as u32 };
    Some(HierarchyItem {
        name: path.rsplit('/').next().unwrap_or_default().to_owned(),
        detail: path.clone(),
        kind: MODULE,
        location: store.location(file, Range::default(), whole),
        token: Vec::new(),
    })
}

/// The declaration that an item stands for.
fn thing(project: &TypeScriptProject, item: &HierarchyItem) -> Result<Option<(FileId, DeclId)>, Failure> {
    let (file, module) = project.question(&item.location.path, None)?;
    let span = item.location.span;
    let found = module
        .decls
        .iter()
        .position(|decl| decl.span.start == span.start && decl.span.end == span.end && *decl.name == *item.name);
    Ok(found.map(|place| (file, DeclId(place as u32))))
}

fn is_callable(module: &Module, decl: DeclId) -> bool {
    let known = module.decl(decl);
    known.function.is_some()
        || matches!(known.kind, DeclKind::Function | DeclKind::Method | DeclKind::Constructor | DeclKind::Class)
}

/// The functions at the offset.
pub(crate) fn prepare_calls(
    project: &TypeScriptProject,
    path: &str,
    offset: u32,
) -> Result<Vec<HierarchyItem>, Failure> {
    let (file, module) = project.question(path, Some(offset))?;
    let Some(at) = module.at(offset) else { return Ok(Vec::new()) };
    let mut found: Vec<HierarchyItem> = Vec::new();
    for target in project.store().targets(file, at, Purpose::Definition) {
        let Target::Decl(file, decl) = target else { continue };
        let Some(module) = project.store().module(file) else { continue };
        if is_callable(&module, decl) {
            found.extend(item(project, file, decl));
        }
    }
    found.truncate(1);
    Ok(found)
}

/// What to search for to find the callers.
pub(crate) fn plan_incoming(project: &TypeScriptProject, item: &HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
    if item.kind == MODULE {
        return Ok(None);
    }
    // Who calls a constructor names its class.
    let mut offset = item.location.span.start;
    if let Some((file, decl)) = thing(project, item)?
        && let Some(module) = project.store().module(file)
        && module.decl(decl).kind == DeclKind::Constructor
        && let Some(class) = module.decl(decl).owner.and_then(|shape| module.shape(shape).decl)
    {
        offset = module.decl(class).span.start;
    }
    let plan = references::plan(project, &item.location.path, offset)?;
    Ok(plan.map(|plan| SearchPlan { roles: roles::REFERS, ..plan }))
}

/// The callers in the candidates.
pub(crate) fn incoming(
    project: &TypeScriptProject,
    plan: &SearchPlan,
    files: &[Candidate],
) -> Result<Vec<Call>, Failure> {
    let mut calls: Vec<(Option<DeclId>, FileId, Vec<Span>)> = Vec::new();
    for found in references::confirm(project, plan, files)? {
        let (file, module) = project.question(&found.path, None)?;
        let called = called(&module);
        for reference in &found.references {
            if !called.contains(&reference.span.start) {
                continue;
            }
            let caller = around(&module, reference.span.start);
            match calls.iter_mut().find(|(known, of, _)| *known == caller && *of == file) {
                Some((_, _, spans)) => spans.push(reference.span),
                None => calls.push((caller, file, vec![reference.span])),
            }
        }
    }
    let call = |(caller, file, spans): (Option<DeclId>, FileId, Vec<Span>)| {
        let item = match caller {
            Some(decl) => item(project, file, decl),
            None => module_item(project, file),
        };
        item.map(|item| Call { item, spans })
    };
    Ok(calls.into_iter().filter_map(call).collect())
}

/// Where the names start that are called.
fn called(module: &Module) -> FxHashSet<u32> {
    let start = |expr: &crate::module::Expr| match &expr.kind {
        ExprKind::Call { callee, .. } => callee_start(module, *callee),
        ExprKind::Jsx { tag: Some(tag), .. } => callee_start(module, *tag),
        _ => None,
    };
    module.exprs.iter().filter_map(start).collect()
}

fn callee_start(module: &Module, callee: ExprId) -> Option<u32> {
    match &module.expr(callee).kind {
        ExprKind::Ident(_) | ExprKind::Narrowed(..) => Some(module.expr(callee).span.start),
        ExprKind::Member { name_span, .. } => Some(name_span.start),
        ExprKind::Same(inner) | ExprKind::NonNull(inner) => callee_start(module, *inner),
        _ => None,
    }
}

/// The function that a place lies in, by name.
fn around(module: &Module, offset: u32) -> Option<DeclId> {
    let mut best: Option<(u32, DeclId)> = None;
    for function in &module.functions {
        let (Some(decl), true) = (function.decl, function.span.contains(offset)) else { continue };
        let length = function.span.end - function.span.start;
        if best.is_none_or(|(known, _)| length < known) && function.has_body {
            best = Some((length, decl));
        }
    }
    best.map(|(_, decl)| decl)
}

/// What the item calls.
pub(crate) fn outgoing(project: &TypeScriptProject, item_of: &HierarchyItem) -> Result<Vec<Call>, Failure> {
    let (file, module) = project.question(&item_of.location.path, None)?;
    let store = project.store();
    let range = Range { start: item_of.location.full.start, end: item_of.location.full.end };
    let own = thing(project, item_of)?.map(|(_, decl)| decl);
    let called = called(&module);
    let mut calls: Vec<((FileId, DeclId), Vec<Span>)> = Vec::new();
    for occurrence in module.occurrences.iter().filter(|occurrence| range.covers(occurrence.span)) {
        if !matches!(occurrence.occ, Occ::Ident(_) | Occ::Member(_)) || !called.contains(&occurrence.span.start) {
            continue;
        }
        if item_of.kind != MODULE && around(&module, occurrence.span.start) != own && own.is_some() {
            // What an inner function with a name of its own calls is that one's.
            let inner = around(&module, occurrence.span.start);
            if inner.is_some_and(|inner| module.decl(inner).full != module.decl(own.unwrap_or(inner)).full)
                && is_shown(&module, inner)
            {
                continue;
            }
        }
        store.check_cancelled()?;
        store.begin();
        for target in store.targets(file, occurrence, Purpose::Definition) {
            let Target::Decl(of, decl) = target else { continue };
            let callable = store.module(of).is_some_and(|module| is_callable(&module, decl));
            if !callable || of == store.id(BUILTINS) {
                continue;
            }
            match calls.iter_mut().find(|(known, _)| *known == (of, decl)) {
                Some((_, spans)) => spans.push(occurrence.span.span()),
                None => calls.push(((of, decl), vec![occurrence.span.span()])),
            }
            break;
        }
    }
    let call = |((file, decl), spans): ((FileId, DeclId), Vec<Span>)| {
        item(project, file, decl).map(|item| Call { item, spans })
    };
    Ok(calls.into_iter().filter_map(call).collect())
}

fn is_shown(module: &Module, decl: Option<DeclId>) -> bool {
    decl.is_some_and(|decl| matches!(module.decl(decl).kind, DeclKind::Function | DeclKind::Method))
}

/// The types at the offset.
pub(crate) fn prepare_types(
    project: &TypeScriptProject,
    path: &str,
    offset: u32,
) -> Result<Vec<HierarchyItem>, Failure> {
    let (file, module) = project.question(path, Some(offset))?;
    let Some(at) = module.at(offset) else { return Ok(Vec::new()) };
    let mut found: Vec<HierarchyItem> = Vec::new();
    for target in project.store().targets(file, at, Purpose::Definition) {
        let Target::Decl(file, decl) = target else { continue };
        let Some(module) = project.store().module(file) else { continue };
        if matches!(module.decl(decl).kind, DeclKind::Class | DeclKind::Interface) {
            found.extend(item(project, file, decl));
        }
    }
    Ok(found)
}

/// What the type extends and implements.
pub(crate) fn supertypes(project: &TypeScriptProject, item_of: &HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
    let Some((file, decl)) = thing(project, item_of)? else { return Ok(Vec::new()) };
    let above = implementation::directly_above(project, file, decl);
    Ok(above.into_iter().filter_map(|(file, decl)| item(project, file, decl)).collect())
}

/// What to search for to find what extends the type.
pub(crate) fn plan_subtypes(
    project: &TypeScriptProject,
    item_of: &HierarchyItem,
) -> Result<Option<SearchPlan>, Failure> {
    let Some(_) = thing(project, item_of)? else { return Ok(None) };
    references::plan(project, &item_of.location.path, item_of.location.span.start)
}

/// What extends the type in the candidates.
pub(crate) fn subtypes(
    project: &TypeScriptProject,
    plan: &SearchPlan,
    files: &[Candidate],
) -> Result<Vec<HierarchyItem>, Failure> {
    let wanted = references::wanted(project, plan);
    let mut found = Vec::new();
    let store = project.store();
    let mut seen: Vec<(FileId, DeclId)> = Vec::new();
    for (path, start, end) in wanted.iter().map(|(file, start, end)| (store.path(*file), *start, *end)) {
        let (file, module) = project.question(&path, None)?;
        let decl = module.decls.iter().position(|decl| decl.span.start == start && decl.span.end == end);
        let Some(decl) = decl.map(|place| DeclId(place as u32)) else { continue };
        for below in implementation::directly_below(project, file, decl)? {
            let path = store.path(below.0);
            if !seen.contains(&below) && files.iter().any(|candidate| *candidate.path == *path) {
                seen.push(below);
            }
        }
    }
    // By path: the numbers of files tell in which order they were asked about.
    seen.sort_by_key(|(file, decl)| (store.path(*file), *decl));
    for (file, decl) in seen {
        found.extend(item(project, file, decl));
    }
    Ok(found)
}

//! Changes that are offered: imports added, removed and put in order.

pub(crate) mod missing;
mod organize;

use vraftls_guest_sdk::{Action, Diagnostic, DocumentEdit, Failure, Span, TextEdit};

use crate::diagnostics;
use crate::imports;
use crate::module::{DeclId, Module, Range};
use crate::project::TypeScriptProject;

const QUICK_FIX: &str = "quickfix";
const ORGANIZE: &str = "source.organizeImports";
const REMOVE_UNUSED: &str = "source.removeUnusedImports";

fn wants(kinds: &[String], kind: &str) -> bool {
    let is_below = |wanted: &String| {
        kind == wanted || kind.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.starts_with('.'))
    };
    kinds.is_empty() || kinds.iter().any(is_below)
}

pub(crate) fn actions(
    project: &TypeScriptProject,
    path: &str,
    span: Span,
    found: &[Diagnostic],
    kinds: &[String],
) -> Result<Vec<Action>, Failure> {
    let (file, module) = project.question(path, None)?;
    let mut offered = Vec::new();
    if wants(kinds, QUICK_FIX) {
        for (number, diagnostic) in found.iter().enumerate() {
            match diagnostic.code.as_str() {
                diagnostics::UNRESOLVED_NAME => {
                    offered.extend(missing::fixes(project, path, file, &module, (number as u32, diagnostic)));
                }
                diagnostics::UNUSED_IMPORT => {
                    offered.extend(remove_one(path, &module, (number as u32, diagnostic)));
                }
                _ => {}
            }
        }
    }
    let mut source = |kind: &str, title: &str, edits: Vec<TextEdit>| {
        if !edits.is_empty() {
            offered.push(Action {
                title: title.to_owned(),
                kind: kind.to_owned(),
                fixes: Vec::new(),
                preferred: false,
                edits: vec![DocumentEdit { path: path.to_owned(), edits }],
                token: Vec::new(),
            });
        }
    };
    let has_imports = !module.specs.is_empty() && module.syntax_errors.is_empty();
    // A source action is offered where it is asked for, or where the imports are.
    let at_imports = module.specs.iter().any(|spec| spec.full.start <= span.end && span.start <= spec.full.end);
    if has_imports && (at_imports || kinds.iter().any(|kind| kind.starts_with("source"))) {
        if wants(kinds, ORGANIZE) {
            source(ORGANIZE, "Organize imports", organize::organize(&module));
        }
        if wants(kinds, REMOVE_UNUSED) {
            let unused = diagnostics::unused(&module);
            source(REMOVE_UNUSED, "Remove unused imports", removals(&module, &unused));
        }
    }
    Ok(offered)
}

pub(crate) fn resolve(_path: &str, _token: &[u8]) -> Result<Vec<DocumentEdit>, Failure> {
    Err(Failure::InvalidInput("actions of this analyzer come with their edits".to_owned()))
}

fn remove_one(path: &str, module: &Module, (number, diagnostic): (u32, &Diagnostic)) -> Option<Action> {
    let unused = diagnostics::unused(module);
    let is_it = |decl: &DeclId| {
        let span = module.decl(*decl).span;
        span.start == diagnostic.span.start && span.end == diagnostic.span.end
    };
    let decl = unused.into_iter().find(is_it)?;
    Some(Action {
        title: format!("Remove the import of `{}`", module.decl(decl).name),
        kind: QUICK_FIX.to_owned(),
        fixes: vec![number],
        preferred: true,
        edits: vec![DocumentEdit { path: path.to_owned(), edits: removals(module, &[decl]) }],
        token: Vec::new(),
    })
}

/// The edits that take imported names away: the whole statement where nothing of it is left.
pub(crate) fn removals(module: &Module, gone: &[DeclId]) -> Vec<TextEdit> {
    let mut edits = Vec::new();
    for spec in module.specs.iter().filter(|spec| imports::is_import(module, spec.full)) {
        let all: Vec<DeclId> = (0..module.decls.len())
            .map(|place| DeclId(place as u32))
            .filter(|decl| {
                let known = module.decl(*decl);
                known.kind == crate::module::DeclKind::Import && spec.full.covers(known.full)
            })
            .collect();
        let left: Vec<DeclId> = all.iter().copied().filter(|decl| !gone.contains(decl)).collect();
        if left.len() == all.len() {
            continue;
        }
        if left.is_empty() {
            let range = imports::whole_line(&module.text, spec.full);
            edits.push(TextEdit { span: range.span(), new_text: String::new() });
            continue;
        }
        let span = Range { start: spec.full.start, end: spec.full.end };
        edits.push(TextEdit { span: span.span(), new_text: organize::statement(module, spec, &left, false) });
    }
    edits.sort_by_key(|edit| edit.span.start);
    edits
}

//! Imports in order: each run of import statements is sorted, unused names go, and those that stay are sorted within.

use vraftls_guest_sdk::TextEdit;

use crate::diagnostics;
use crate::imports;
use crate::module::{DeclId, DeclKind, Import, Module, Range, Spec};

/// The edits that put all runs of imports in order; none where they are.
pub(super) fn organize(module: &Module) -> Vec<TextEdit> {
    let unused = diagnostics::unused(module);
    let mut specs: Vec<&Spec> = module.specs.iter().filter(|spec| imports::is_import(module, spec.full)).collect();
    specs.sort_by_key(|spec| spec.full.start);
    let mut edits = Vec::new();
    let mut run: Vec<&Spec> = Vec::new();
    for spec in specs {
        let follows = run.last().is_none_or(|last| {
            module
                .text
                .get(last.full.end as usize..spec.full.start as usize)
                .is_some_and(|between| between.trim().is_empty() && between.matches('\n').count() <= 1)
        });
        if !follows {
            edits.extend(ordered(module, &run, &unused));
            run.clear();
        }
        run.push(spec);
    }
    edits.extend(ordered(module, &run, &unused));
    edits
}

fn names_of(module: &Module, spec: &Spec) -> Vec<DeclId> {
    let is_its = |decl: &DeclId| {
        let known = module.decl(*decl);
        known.kind == DeclKind::Import && spec.full.covers(known.full)
    };
    (0..module.decls.len()).map(|place| DeclId(place as u32)).filter(is_its).collect()
}

fn ordered(module: &Module, run: &[&Spec], unused: &[DeclId]) -> Option<TextEdit> {
    let (first, last) = (run.first()?, run.last()?);
    let span = Range { start: first.full.start, end: last.full.end };
    // A comment between statements would lose its place.
    let between_is_blank = run.windows(2).all(|pair| {
        module
            .text
            .get(pair[0].full.end as usize..pair[1].full.start as usize)
            .is_some_and(|text| text.trim().is_empty())
    });
    if !between_is_blank {
        return None;
    }
    let mut statements: Vec<(u32, String, String)> = Vec::new();
    for spec in run {
        let all = names_of(module, spec);
        let left: Vec<DeclId> = all.iter().copied().filter(|decl| !unused.contains(decl)).collect();
        if left.is_empty() && !all.is_empty() {
            continue;
        }
        // An import for its effects keeps its place before all others.
        let group = if all.is_empty() { 0 } else { rank(&spec.text) };
        statements.push((group, spec.text.to_string(), statement(module, spec, &left, true)));
    }
    if !run.iter().any(|spec| names_of(module, spec).is_empty()) {
        statements.sort();
    }
    let lines: Vec<String> = statements.into_iter().map(|(_, _, text)| text).collect();
    let newline = if module.text.contains("\r\n") { "\r\n" } else { "\n" };
    let new_text = lines.join(newline);
    if new_text == module.slice(span) {
        return None;
    }
    let span = if new_text.is_empty() { imports::whole_line(&module.text, span) } else { span };
    Some(TextEdit { span: span.span(), new_text })
}

/// Packages, then what lies above, then what lies beside.
fn rank(name: &str) -> u32 {
    if name.starts_with("../") || name == ".." {
        2
    } else if name.starts_with('.') {
        3
    } else {
        1
    }
}

/// An import statement with the names that are left.
pub(super) fn statement(module: &Module, spec: &Spec, left: &[DeclId], sort: bool) -> String {
    let written = module.slice(spec.full);
    if left.is_empty() {
        return written.to_owned();
    }
    let mut default = None;
    let mut namespace = None;
    let mut named: Vec<(String, String)> = Vec::new();
    for decl in left {
        let known = module.decl(*decl);
        let text = module.slice(known.full).to_owned();
        match &known.import {
            Some(Import::Named(_, name)) if &**name == "default" && !text.contains(" as ") => default = Some(text),
            Some(Import::Named(..)) => named.push((known.name.to_lowercase(), text)),
            Some(Import::Namespace(_)) => namespace = Some(text),
            _ => return written.to_owned(),
        }
    }
    if sort {
        named.sort();
    }
    let multi = written.contains('\n');
    let mut parts: Vec<String> = default.into_iter().chain(namespace).collect();
    if !named.is_empty() {
        let names: Vec<String> = named.into_iter().map(|(_, text)| text).collect();
        parts.push(if multi {
            format!(
                "{{\n{}\n}}",
                names.iter().map(|name| format!("{}{name},", indentation(written))).collect::<Vec<_>>().join("\n")
            )
        } else if written.contains("{ ") || !written.contains('{') {
            format!("{{ {} }}", names.join(", "))
        } else {
            format!("{{{}}}", names.join(", "))
        });
    }
    let head = if written.trim_start().starts_with("import type") { "import type" } else { "import" };
    let quoted = Range { start: spec.span.start - 1, end: spec.full.end };
    format!("{head} {} from {}", parts.join(", "), module.slice(quoted))
}

fn indentation(written: &str) -> String {
    let second = written.lines().nth(1).unwrap_or_default();
    let blank = second.len() - second.trim_start().len();
    if blank == 0 { "  ".to_owned() } else { second[..blank].to_owned() }
}

//! Findings: syntax errors, modules that are not there, names that nothing declares, imports that nobody uses.
//!
//! Only what is sure is said. Types are not checked.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use vraftls_guest_sdk::{Diagnostic, Failure, Span};

use crate::index;
use crate::module::{DeclKind, ExprKind, Ident, Module, Name, Occ};
use crate::project::TypeScriptProject;
use crate::store::{FileId, Store};

pub(crate) const UNRESOLVED_IMPORT: &str = "unresolved-import";
pub(crate) const UNRESOLVED_NAME: &str = "unresolved-name";
pub(crate) const UNUSED_IMPORT: &str = "unused-import";
/// DiagnosticTag bit: unnecessary.
const UNNECESSARY: u32 = 1;
/// Modules of Node, which no file declares where `@types/node` is missing.
const NODE: [&str; 40] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];
/// Suffixes of what bundlers import and no analyzer looks into.
const CODE: [&str; 9] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "json"];

pub(crate) fn diagnostics(project: &TypeScriptProject, path: &str) -> Result<Vec<Diagnostic>, Failure> {
    let (file, module) = project.question(path, None)?;
    let store = project.store();
    let mut found: Vec<Diagnostic> =
        module.syntax_errors.iter().map(|(range, message)| index::syntax_error(*range, message)).collect();
    unresolved_imports(store, file, &module, &mut found);
    if module.syntax_errors.is_empty() {
        unresolved_names(store, file, &module, &mut found);
        unused_imports(&module, &mut found);
    }
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    Ok(found)
}

fn finding(span: Span, severity: u32, code: &str, message: String) -> Diagnostic {
    Diagnostic { span, severity, code: code.to_owned(), code_url: String::new(), message, tags: 0, related: Vec::new() }
}

fn unresolved_imports(store: &Store, file: FileId, module: &Module, found: &mut Vec<Diagnostic>) {
    for spec in &module.specs {
        let name = &*spec.text;
        if name.is_empty() || spec.span.start >= spec.span.end || !may_be_reported(store, name) {
            continue;
        }
        if store.resolve(file, &spec.text).is_none() && store.ambient(&spec.text).is_empty() {
            let message = format!("cannot find module `{name}`");
            found.push(finding(spec.span.span(), 1, UNRESOLVED_IMPORT, message));
        }
    }
}

/// Whether it would be known if the module were there.
fn may_be_reported(store: &Store, name: &str) -> bool {
    if name.contains(['?', '!', '*', ':', '#'])
        || name.starts_with('/')
        || name.starts_with('~')
        || name.starts_with("@/")
    {
        return false;
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    let is_code = last.rsplit_once('.').is_none_or(|(stem, suffix)| {
        stem.is_empty() || CODE.contains(&suffix) || suffix.chars().any(|c| c.is_ascii_uppercase()) || suffix.len() > 5
    });
    if name.starts_with('.') {
        return is_code;
    }
    // Packages are known only where they are installed.
    let root = name.split('/').next().unwrap_or(name);
    store.has_packages() && is_code && !NODE.contains(&root)
}

/// Names that nothing declares, where the workspace has something of that name to import: then it is sure enough.
fn unresolved_names(store: &Store, file: FileId, module: &Rc<Module>, found: &mut Vec<Diagnostic>) {
    let mut known: FxHashMap<Name, bool> = FxHashMap::default();
    for occurrence in &module.occurrences {
        let Occ::Ident(expr) = occurrence.occ else { continue };
        if occurrence.roles & vraftls_guest_sdk::roles::IN_STRING != 0 {
            continue;
        }
        let ExprKind::Ident(ident @ Ident::Free(name, _)) = &module.expr(expr).kind else { continue };
        if matches!(&**name, "exports" | "module" | "require" | "arguments" | "undefined" | "const" | "JSX") {
            continue;
        }
        if !store.entity_of_ident(file, ident).is_empty() || crate::dom::is_known(name) {
            continue;
        }
        let exported = *known
            .entry(Rc::clone(name))
            .or_insert_with(|| !crate::actions::missing::exporters(store, file, name).is_empty());
        if !exported {
            continue;
        }
        let message = format!("cannot find name `{name}`");
        found.push(finding(occurrence.span.span(), 1, UNRESOLVED_NAME, message));
    }
}

/// Imports that the file does not use. What is imported for its types in comments counts as used.
fn unused_imports(module: &Module, found: &mut Vec<Diagnostic>) {
    for decl in unused(module) {
        let known = module.decl(decl);
        let mut diagnostic =
            finding(known.span.span(), 4, UNUSED_IMPORT, format!("`{}` is imported and not used", known.name));
        diagnostic.tags = UNNECESSARY;
        found.push(diagnostic);
    }
}

/// The imported names that nothing in the file refers to.
pub(crate) fn unused(module: &Module) -> Vec<crate::module::DeclId> {
    let mut used = vec![false; module.symbols.len()];
    for occurrence in &module.occurrences {
        let expr = match occurrence.occ {
            Occ::Ident(expr) | Occ::ExportLocal(expr) => expr,
            Occ::Key { shorthand: Some(value), .. } => value,
            _ => continue,
        };
        if let ExprKind::Ident(Ident::Local(symbol)) | ExprKind::Narrowed(Ident::Local(symbol), _) =
            module.expr(expr).kind
            && let Some(used) = used.get_mut(symbol.index())
        {
            *used = true;
        }
    }
    let mut found = Vec::new();
    for (place, decl) in module.decls.iter().enumerate() {
        if decl.kind != DeclKind::Import || decl.flags.exported {
            continue;
        }
        // JSX needs React in scope where the compiler is set so.
        let is_jsx = &*decl.name == "React";
        let is_used = decl.symbol.is_none_or(|symbol| used.get(symbol.index()).copied().unwrap_or(true));
        if !is_used && !is_jsx && !module.is_declaration {
            found.push(crate::module::DeclId(place as u32));
        }
    }
    found
}

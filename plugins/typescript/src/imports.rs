//! How imports are written: the name of a module as one file calls another, and the edits that add and remove imports.

use vraftls_guest_sdk::{Span, TextEdit};

use crate::module::{DeclKind, Import, Module, Range};
use crate::store::{FileId, Store};

/// The name by which one file imports another, without a suffix as most write it.
pub(crate) fn specifier(store: &Store, from: &str, to: &str) -> String {
    if let Some(package) = package_of(to) {
        return package;
    }
    let _ = store;
    let stem = without_suffix(to);
    let stem = stem.strip_suffix("/index").unwrap_or(&stem).to_owned();
    relative(from, &stem)
}

/// The package of a file in `node_modules`, by the name under which it is imported.
fn package_of(path: &str) -> Option<String> {
    let inner = path.rsplit_once("node_modules/")?.1;
    let inner = inner.strip_prefix("@types/").unwrap_or(inner);
    let mut parts = inner.split('/');
    let first = parts.next()?;
    let name = if first.starts_with('@') { format!("{first}/{}", parts.next()?) } else { first.to_owned() };
    Some(name.replace("__", "/"))
}

pub(crate) fn without_suffix(path: &str) -> String {
    for suffix in [".d.ts", ".d.mts", ".d.cts", ".tsx", ".ts", ".mts", ".cts", ".jsx", ".js", ".mjs", ".cjs"] {
        if let Some(stem) = path.strip_suffix(suffix) {
            return stem.to_owned();
        }
    }
    path.to_owned()
}

/// A path as seen from a file: `./a`, `../a/b`.
pub(crate) fn relative(from: &str, to: &str) -> String {
    let mut here: Vec<&str> = from.split('/').collect();
    here.pop();
    let there: Vec<&str> = to.split('/').collect();
    let common = here.iter().zip(&there).take_while(|(a, b)| a == b).count().min(there.len().saturating_sub(1));
    let up = here.len() - common;
    let start = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    format!("{start}{}", there[common..].join("/"))
}

/// How the file quotes, and whether its statements end with semicolons.
pub(crate) fn habits(module: &Module) -> (char, &'static str) {
    let double = module.specs.iter().filter(|spec| quote_before(module, spec.span) == Some('"')).count();
    let single = module.specs.iter().filter(|spec| quote_before(module, spec.span) == Some('\'')).count();
    let quote = if double > single {
        '"'
    } else if single > 0 {
        '\''
    } else {
        '"'
    };
    let ends = module.specs.iter().filter(|spec| module.slice(spec.full).ends_with(';')).count();
    let bare = module.specs.len() - ends;
    (quote, if bare > ends { "" } else { ";" })
}

fn quote_before(module: &Module, span: Range) -> Option<char> {
    module.text.get(..span.start as usize)?.chars().next_back()
}

/// The edit that imports a name from a module: into an import of the module that is there, else as a line of its own.
pub(crate) fn add(store: &Store, file: FileId, module: &Module, name: &str, target: FileId) -> Option<TextEdit> {
    let is_default = name == "default";
    if is_default {
        return None;
    }
    for decl in module.decls.iter().rev() {
        let Some(Import::Named(spec, imported)) = &decl.import else { continue };
        if decl.kind != DeclKind::Import || decl.flags.type_only || &**imported == "default" {
            continue;
        }
        if store.resolve(file, &module.spec(*spec).text) == Some(target) {
            let at = decl.full.end;
            return Some(TextEdit { span: Span { start: at, end: at }, new_text: format!(", {name}") });
        }
    }
    let specifier = specifier(store, &store.path(file), &store.path(target));
    let (quote, end) = habits(module);
    let line = format!("import {{ {name} }} from {quote}{specifier}{quote}{end}");
    let last = module.specs.iter().filter(|spec| is_import(module, spec.full)).map(|spec| spec.full.end).max();
    Some(match last {
        Some(at) => TextEdit { span: Span { start: at, end: at }, new_text: format!("\n{line}") },
        None => {
            let at = head(&module.text);
            TextEdit { span: Span { start: at, end: at }, new_text: format!("{line}\n") }
        }
    })
}

/// Whether a statement is an import.
pub(crate) fn is_import(module: &Module, full: Range) -> bool {
    module.slice(full).starts_with("import") && !module.slice(full).starts_with("import(")
}

/// Behind the byte-order mark and the line that names an interpreter.
fn head(text: &str) -> u32 {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    if text[start..].starts_with("#!") {
        return text.find('\n').map_or(text.len(), |end| end + 1) as u32;
    }
    start as u32
}

/// The range of a statement with the end of its line, and its indentation if nothing else stands there.
pub(crate) fn whole_line(text: &str, range: Range) -> Range {
    let after = text.get(range.end as usize..).unwrap_or_default();
    let blank = after.len() - after.trim_start_matches([' ', '\t']).len();
    let rest = &after[blank..];
    let end = if rest.starts_with("\r\n") {
        range.end + blank as u32 + 2
    } else if rest.starts_with('\n') {
        range.end + blank as u32 + 1
    } else {
        return range;
    };
    Range { start: range.start, end }
}

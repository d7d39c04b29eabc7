//! Semantic tokens: what names are, by what they mean.

use vraftls_guest_sdk::{Failure, Span, roles};

use crate::module::{DeclKind, Module, Occ, Occurrence};
use crate::project::TypeScriptProject;
use crate::store::{BUILTINS, FileId};
use crate::targets::{Purpose, Target};

/// The names of token types in the order of their numbers.
pub(crate) const TYPES: [&str; 13] = [
    "namespace",
    "class",
    "enum",
    "interface",
    "type",
    "typeParameter",
    "parameter",
    "variable",
    "property",
    "enumMember",
    "function",
    "method",
    "label",
];

/// The names of token modifiers in the order of their bits.
pub(crate) const MODIFIERS: [&str; 5] = ["declaration", "readonly", "static", "deprecated", "defaultLibrary"];

const DECLARATION: u32 = 1;
const READONLY: u32 = 2;
const STATIC: u32 = 4;
const DEPRECATED: u32 = 8;
const DEFAULT_LIBRARY: u32 = 16;

/// After so many names it is asked whether anybody still waits.
const CANCEL_EVERY: usize = 64;

pub(crate) fn semantic_tokens(
    project: &TypeScriptProject,
    path: &str,
    span: Option<Span>,
) -> Result<Vec<u32>, Failure> {
    let (file, module) = project.question(path, None)?;
    let inside = |occurrence: &&Occurrence| {
        span.is_none_or(|span| span.start <= occurrence.span.start && occurrence.span.end <= span.end)
    };
    let mut found = Vec::new();
    let mut end = 0;
    for (number, occurrence) in module.occurrences.iter().filter(inside).enumerate() {
        if number % CANCEL_EVERY == 0 {
            project.store().check_cancelled()?;
        }
        let is_text = matches!(occurrence.occ, Occ::Spec(_) | Occ::StringKey(_) | Occ::Keyword)
            || occurrence.roles & roles::IN_STRING != 0;
        if is_text || occurrence.span.start < end {
            continue;
        }
        project.store().begin();
        if let Some((kind, modifiers)) = token(project, file, &module, occurrence) {
            let span = occurrence.span;
            found.extend([span.start, span.end - span.start, kind, modifiers]);
            end = span.end;
        }
    }
    Ok(found)
}

fn token(project: &TypeScriptProject, file: FileId, module: &Module, at: &Occurrence) -> Option<(u32, u32)> {
    let store = project.store();
    let declares = match at.occ {
        Occ::Decl(decl) => Some((file, decl)),
        Occ::Key { decl, shorthand: None, .. } | Occ::Attribute { decl, .. } => Some((file, decl)),
        _ => None,
    };
    let (of, decl) = match declares {
        Some((_, decl)) if module.decl(decl).import.is_none() => (file, decl),
        _ => match store.targets(file, at, Purpose::Definition).first()? {
            Target::Decl(file, decl) => (*file, *decl),
            Target::File(_) => return Some((0, 0)),
        },
    };
    let declaring = store.module(of)?;
    let known = declaring.decl(decl);
    let is_function = known.function.is_some();
    let kind = match known.kind {
        DeclKind::Namespace => 0,
        DeclKind::Class => 1,
        DeclKind::Enum => 2,
        DeclKind::Interface => 3,
        DeclKind::Alias => 4,
        DeclKind::TypeParameter => 5,
        DeclKind::Parameter => 6,
        DeclKind::Function => 10,
        DeclKind::Method => 11,
        DeclKind::Property if is_function => 11,
        DeclKind::Property | DeclKind::Getter | DeclKind::Setter => 8,
        DeclKind::EnumMember => 9,
        DeclKind::Constructor => return None,
        DeclKind::Label => 12,
        DeclKind::Const | DeclKind::Let | DeclKind::Var if is_function => 10,
        DeclKind::Const | DeclKind::Let | DeclKind::Var | DeclKind::Catch | DeclKind::Import => 7,
    };
    let mut modifiers = 0;
    if declares.is_some() {
        modifiers |= DECLARATION;
    }
    if known.kind == DeclKind::Const || known.flags.readonly || known.kind == DeclKind::EnumMember {
        modifiers |= READONLY;
    }
    if known.flags.is_static {
        modifiers |= STATIC;
    }
    if declaring.docs.get(&known.doc).is_some_and(|doc| declaring.slice(*doc).contains("@deprecated")) {
        modifiers |= DEPRECATED;
    }
    if of == store.id(BUILTINS) {
        modifiers |= DEFAULT_LIBRARY;
    }
    Some((kind, modifiers))
}

//! Lines above functions, classes and interfaces: the number of their references, and of implementations where there may be any.

use vraftls_guest_sdk::{Failure, Lens};

use crate::module::DeclKind;
use crate::project::TypeScriptProject;

/// Counts references.
const REFERENCES: u32 = 1;
/// Counts implementations.
const IMPLEMENTATIONS: u32 = 2;

pub(crate) fn lenses(project: &TypeScriptProject, path: &str) -> Result<Vec<Lens>, Failure> {
    let (_, module) = project.question(path, None)?;
    let mut found = Vec::new();
    for decl in &module.decls {
        let counted = matches!(
            decl.kind,
            DeclKind::Function
                | DeclKind::Class
                | DeclKind::Interface
                | DeclKind::Method
                | DeclKind::Enum
                | DeclKind::Alias
        ) || (decl.kind == DeclKind::Const && decl.function.is_some());
        let in_object = decl.owner.is_some_and(|shape| module.shape(shape).decl.is_none());
        if !counted || decl.flags.local || in_object || decl.span.start >= decl.span.end {
            continue;
        }
        found.push(Lens { span: decl.span.span(), kind: REFERENCES });
        let may_be_implemented = decl.kind == DeclKind::Interface || decl.flags.is_abstract;
        if may_be_implemented {
            found.push(Lens { span: decl.span.span(), kind: IMPLEMENTATIONS });
        }
    }
    found.sort_by_key(|lens| (lens.span.start, lens.kind));
    Ok(found)
}

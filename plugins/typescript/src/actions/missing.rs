//! Imports for names that nothing declares.

use vraftls_guest_sdk::{Action, Diagnostic, DocumentEdit};

use crate::imports;
use crate::module::{Module, Name};
use crate::project::TypeScriptProject;
use crate::store::{FileId, Store};

/// So many imports are offered for one name.
const OFFERS_MAX: usize = 8;

/// The files that export a name, near ones first.
pub(crate) fn exporters(store: &Store, file: FileId, name: &Name) -> Vec<FileId> {
    let own = store.path(file);
    let mut found: Vec<(usize, String, FileId)> = Vec::new();
    for candidate in store.workspace.candidates(name, vraftls_guest_sdk::roles::DEFINES) {
        let target = store.id(&candidate.path);
        if target == file || !crate::store::is_code(&candidate.path) {
            continue;
        }
        let Some(module) = store.module(target) else { continue };
        let exports_it = module
            .exports
            .named
            .get(name)
            .into_iter()
            .flatten()
            .any(|export| matches!(export, crate::module::Export::Symbol(_) | crate::module::Export::Decl(_)));
        if !exports_it || module.is_common_js || store.is_generated(target) {
            continue;
        }
        let specifier = imports::specifier(store, &own, &candidate.path);
        found.push((specifier.matches('/').count(), specifier, target));
    }
    found.sort();
    found.truncate(OFFERS_MAX);
    found.into_iter().map(|(_, _, file)| file).collect()
}

pub(super) fn fixes(
    project: &TypeScriptProject,
    path: &str,
    file: FileId,
    module: &Module,
    (number, diagnostic): (u32, &Diagnostic),
) -> Vec<Action> {
    let store = project.store();
    let text = module.text.get(diagnostic.span.start as usize..diagnostic.span.end as usize).unwrap_or_default();
    let name: Name = Name::from(text);
    let exporters = exporters(store, file, &name);
    let only = exporters.len() == 1;
    let offer = |target: FileId| {
        let edit = imports::add(store, file, module, &name, target)?;
        let specifier = imports::specifier(store, path, &store.path(target));
        Some(Action {
            title: format!("Import `{name}` from \"{specifier}\""),
            kind: super::QUICK_FIX.to_owned(),
            fixes: vec![number],
            preferred: only,
            edits: vec![DocumentEdit { path: path.to_owned(), edits: vec![edit] }],
            token: Vec::new(),
        })
    };
    exporters.into_iter().filter_map(offer).collect()
}

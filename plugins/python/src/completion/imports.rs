//! Modules and their names in import statements.

use ruff_python_ast::{AtomicNodeIndex, Identifier, StmtImportFrom};
use ruff_text_size::TextRange;
use ty_module_resolver::{ImportingFile, ModuleName};
use ty_python_semantic::{Completion, NameKind, SemanticModel};

use super::place::ModuleRef;
use super::proposal::{Group, Origin, Proposal, Subject};
use super::usage::Usage;
use super::{kinds, offered};
use crate::project::Source;

/// Proposals for a component of a module's name.
pub(super) fn modules<'db>(source: &Source<'db>, parent: &ModuleRef, word: TextRange) -> Vec<Proposal<'db>> {
    let model = &source.model;
    let usage = Usage::of_names(source, word);
    let found = if parent.level == 0 && parent.name.is_empty() {
        model.import_completions()
    } else {
        match absolute(model, parent) {
            Some(name) => model.import_submodule_completions_for_name(&name),
            None => Vec::new(),
        }
    };
    let mut proposals: Vec<_> = found
        .into_iter()
        .map(|module| {
            let path = join(&parent.name, &module.name);
            Proposal::new(module.name.as_str(), Origin::Kind(kinds::MODULE), Group::Scope(0))
                .with_weight(usage.weight(&module.name))
                .about(Subject::Module { level: parent.level, module: path })
        })
        .collect();
    proposals.sort_by(|a, b| a.name.cmp(&b.name));
    proposals.dedup_by(|a, b| a.name == b.name);
    proposals
}

/// Proposals for a name that is imported from a module.
pub(super) fn names<'db>(
    source: &Source<'db>,
    module: &ModuleRef,
    taken: &[String],
    word: TextRange,
) -> Vec<Proposal<'db>> {
    let model = &source.model;
    let usage = Usage::of_names(source, word);
    let found = offered::of_import(model, &from_import(module));
    let mut proposals: Vec<_> = found
        .into_iter()
        .filter(|found| !found.is_type_check_only && (!is_machinery(&found.name) || !word.is_empty()))
        .filter(|found| !taken.iter().any(|taken| *taken == found.name))
        .map(|found| imported(model, module, &found, usage.weight(&found.name)))
        .collect();
    // A submodule is also a member once it was imported somewhere.
    proposals.sort_by(|a, b| a.name.cmp(&b.name));
    proposals.dedup_by(|a, b| a.name == b.name);
    proposals
}

/// Whether a name is one of those that every module has.
fn is_machinery(name: &str) -> bool {
    NameKind::classify(name) == NameKind::Dunder
}

fn imported<'db>(
    model: &SemanticModel<'db>,
    module: &ModuleRef,
    found: &Completion<'db>,
    weight: u32,
) -> Proposal<'db> {
    let origin = found.ty.map_or(Origin::Kind(kinds::VARIABLE), Origin::Type);
    // What the module itself defines is what it is imported for.
    let is_own = found.ty.is_some_and(|ty| is_defined_in(model, module, ty));
    let group = Group::Scope(if is_own { 0 } else { 1 });
    let mut proposal = Proposal::new(found.name.as_str(), origin, group).with_weight(weight).about(Subject::Imported {
        level: module.level,
        module: module.name.clone(),
        name: found.name.to_string(),
    });
    proposal.deprecated = found.ty.is_some_and(|ty| ty.is_deprecated(model.db()));
    proposal
}

/// Whether a type is a class, function or variable of the module rather than something that it imports.
fn is_defined_in<'db>(
    model: &SemanticModel<'db>,
    module: &ModuleRef,
    ty: ty_python_semantic::types::Type<'db>,
) -> bool {
    use ty_python_semantic::types::Type;
    let db = model.db();
    if !matches!(ty, Type::FunctionLiteral(_) | Type::ClassLiteral(_)) {
        return !matches!(ty, Type::ModuleLiteral(_));
    }
    let home = model.resolve_module(Some(module.name.as_str()).filter(|name| !name.is_empty()), module.level);
    let definition = ty.definition(db, &model.program_environment());
    let defined_in = definition.as_ref().and_then(|found| found.definition()).map(|found| found.file(db));
    home.and_then(|module| module.file(db)).is_some_and(|home| defined_in == Some(home))
}

/// A `from` import of a module, made up to ask the engine with; only its module is looked at.
pub(super) fn from_import(module: &ModuleRef) -> StmtImportFrom {
    StmtImportFrom {
        node_index: AtomicNodeIndex::NONE,
        range: TextRange::default(),
        module: (!module.name.is_empty()).then(|| Identifier::new(module.name.as_str(), TextRange::default())),
        names: Vec::new(),
        level: module.level,
        is_lazy: false,
    }
}

/// The absolute name of a module as an import spells it.
fn absolute(model: &SemanticModel<'_>, module: &ModuleRef) -> Option<ModuleName> {
    let db = model.db();
    let environment = model.program_environment().resolver_environment(db);
    let name = Some(module.name.as_str()).filter(|name| !name.is_empty());
    ModuleName::from_identifier_parts(db, ImportingFile::File(model.file(), environment), name, module.level).ok()
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

//! Which `CompletionItemKind` of the Language Server Protocol a proposal gets.

use ruff_db::parsed::parsed_module;
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::scope::ScopeKind;
use ty_python_semantic::types::{KnownInstanceType, Type};
use ty_python_semantic::{ImportAliasResolution, ResolvedDefinition, SemanticModel, definitions_for_imported_symbol};

use super::proposal::Origin;

pub(super) const TEXT: u32 = 1;
pub(super) const METHOD: u32 = 2;
pub(super) const FUNCTION: u32 = 3;
pub(super) const FIELD: u32 = 5;
pub(super) const VARIABLE: u32 = 6;
pub(super) const CLASS: u32 = 7;
pub(super) const MODULE: u32 = 9;
pub(super) const PROPERTY: u32 = 10;
pub(super) const KEYWORD: u32 = 14;
pub(super) const CONSTANT: u32 = 21;
pub(super) const TYPE_PARAMETER: u32 = 25;

/// The kind of a proposal of this origin; `member` says whether it stands after a dot.
pub(super) fn kind_of<'db>(model: &SemanticModel<'db>, name: &str, origin: Origin<'db>, member: bool) -> u32 {
    match origin {
        Origin::Kind(kind) => kind,
        Origin::Type(ty) => kind_of_type(name, ty, member),
        Origin::Definition(definition) => kind_of_definition(model, name, definition),
    }
}

/// The kind of a member of a module: a function there is no method.
pub(super) fn of_module_member(name: &str, ty: Type<'_>) -> u32 {
    kind_of_type(name, ty, false)
}

fn kind_of_type(name: &str, ty: Type<'_>, member: bool) -> u32 {
    match ty {
        Type::BoundMethod(_) | Type::KnownBoundMethod(_) | Type::WrapperDescriptor(_) => METHOD,
        Type::FunctionLiteral(_) if member => METHOD,
        Type::FunctionLiteral(_) | Type::Callable(_) => FUNCTION,
        Type::ModuleLiteral(_) => MODULE,
        Type::ClassLiteral(_) | Type::GenericAlias(_) | Type::SubclassOf(_) | Type::SpecialForm(_) => CLASS,
        Type::PropertyInstance(_) => PROPERTY,
        Type::TypeVar(_) | Type::KnownInstance(KnownInstanceType::TypeVar(_)) => TYPE_PARAMETER,
        _ => kind_of_variable(name, member),
    }
}

fn kind_of_variable(name: &str, member: bool) -> u32 {
    let is_constant = name.len() > 1
        && name.contains(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    match (is_constant, member) {
        (true, _) => CONSTANT,
        (false, true) => FIELD,
        (false, false) => VARIABLE,
    }
}

fn kind_of_definition<'db>(model: &SemanticModel<'db>, name: &str, definition: Definition<'db>) -> u32 {
    match followed(model, definition) {
        Some(ResolvedDefinition::Definition(original)) => own_kind(model, name, original),
        Some(ResolvedDefinition::Module(_) | ResolvedDefinition::FileWithRange(_)) => MODULE,
        None => own_kind(model, name, definition),
    }
}

/// The kind of a definition that is not followed any further.
fn own_kind<'db>(model: &SemanticModel<'db>, name: &str, definition: Definition<'db>) -> u32 {
    let db = model.db();
    match definition.kind(db) {
        DefinitionKind::Function(_) if definition.scope(db).scope(db).kind() == ScopeKind::Class => METHOD,
        DefinitionKind::Function(_) => FUNCTION,
        DefinitionKind::Class(_) | DefinitionKind::TypeAlias(_) => CLASS,
        DefinitionKind::Import(_) | DefinitionKind::ImportFromSubmodule(_) => MODULE,
        DefinitionKind::TypeVar(_) | DefinitionKind::ParamSpec(_) | DefinitionKind::TypeVarTuple(_) => TYPE_PARAMETER,
        _ => kind_of_variable(name, false),
    }
}

/// What an import leads to; None for what is no import, or leads nowhere.
pub(super) fn followed<'db>(
    model: &SemanticModel<'db>,
    definition: Definition<'db>,
) -> Option<ResolvedDefinition<'db>> {
    let db = model.db();
    let parsed = parsed_module(db, definition.python_file(db)).load(db);
    let home = SemanticModel::new(db, definition.program_file(db));
    match definition.kind(db) {
        DefinitionKind::ImportFrom(import) => {
            let name = import.alias(&parsed).name.as_str();
            let found = definitions_for_imported_symbol(
                &home,
                import.import(&parsed),
                name,
                ImportAliasResolution::ResolveAliases,
            );
            found.into_iter().next()
        }
        DefinitionKind::StarImport(import) => {
            let name = definition.name(db)?;
            let found = definitions_for_imported_symbol(
                &home,
                import.import(&parsed),
                &name,
                ImportAliasResolution::ResolveAliases,
            );
            found.into_iter().next()
        }
        DefinitionKind::Import(import) => {
            let alias = import.alias(&parsed);
            // Without `as` only the first component is bound.
            let name = match &alias.asname {
                Some(_) => alias.name.as_str(),
                None => alias.name.split('.').next()?,
            };
            let file = home.resolve_module(Some(name), 0)?.file(db)?;
            Some(ResolvedDefinition::Module(ty_python_core::ProgramFile::new(db, file, home.program())))
        }
        _ => None,
    }
}

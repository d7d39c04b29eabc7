//! The type of what stands at a place. Knows which nodes the engine can be asked about without breaking its rules.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::AnyNodeRef;
use ty_python_core::definition::{Definition, DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_core::{ProgramFile, semantic_index};
use ty_python_semantic::types::Type;
use ty_python_semantic::{Db, HasType, ResolvedDefinition, SemanticModel};

use crate::occurrence::{At, Occurrence};

/// The type of what an occurrence names.
pub(crate) fn type_of<'db>(at: &At<'_, 'db>) -> Option<Type<'db>> {
    let model = at.model;
    match at.occurrence {
        Occurrence::Name(name) => name.inferred_type(model),
        Occurrence::Attribute(attribute) => attribute.inferred_type(model),
        Occurrence::Keyword { keyword, .. } => keyword.value.inferred_type(model),
        Occurrence::Key { subscript, .. } => subscript.inferred_type(model),
        Occurrence::Module(path) => {
            model.resolve_module_type(Some(path.name).filter(|name| !name.is_empty()), path.level)
        }
        Occurrence::ImportedName { alias, .. } | Occurrence::ImportAlias { alias, .. } => {
            is_indexed(model, alias.into()).then(|| alias.inferred_type(model)).flatten()
        }
        Occurrence::Definition => type_of_definition(at),
        Occurrence::PatternKeyword { .. } | Occurrence::Scoped(_) | Occurrence::Exported(_) | Occurrence::Slot(_) => {
            None
        }
    }
}

fn type_of_definition<'db>(at: &At<'_, 'db>) -> Option<Type<'db>> {
    let model = at.model;
    if at.in_string {
        return None;
    }
    // The name of a definition is a child of what defines; a parameter with a default is wrapped once more.
    at.node.ancestors().skip(1).take(2).filter(|node| is_indexed(model, *node)).find_map(|node| match node {
        AnyNodeRef::StmtFunctionDef(function) => function.inferred_type(model),
        AnyNodeRef::StmtClassDef(class) => class.inferred_type(model),
        AnyNodeRef::Parameter(parameter) => parameter.inferred_type(model),
        AnyNodeRef::ParameterWithDefault(parameter) => parameter.inferred_type(model),
        AnyNodeRef::ExceptHandlerExceptHandler(handler) => handler.inferred_type(model),
        AnyNodeRef::TypeParamTypeVar(parameter) => parameter.inferred_type(model),
        AnyNodeRef::TypeParamParamSpec(parameter) => parameter.inferred_type(model),
        AnyNodeRef::TypeParamTypeVarTuple(parameter) => parameter.inferred_type(model),
        _ => None,
    })
}

/// The type of a parameter, where it is declared.
pub(crate) fn type_of_parameter<'db>(db: &'db dyn Db, parameter: Definition<'db>) -> Option<Type<'db>> {
    let DefinitionKind::Parameter(ParameterDefinitionNodeKind::Parameter(node)) = parameter.kind(db) else {
        return None;
    };
    let parsed = parsed_module(db, parameter.python_file(db)).load(db);
    node.node(&parsed).inferred_type(&SemanticModel::new(db, parameter.program_file(db)))
}

/// Whether the engine has exactly one definition for a node, which is what it insists on when asked for its type.
pub(crate) fn is_indexed(model: &SemanticModel<'_>, node: AnyNodeRef<'_>) -> bool {
    semantic_index(model.db(), model.program_file()).try_definitions(node).is_some_and(|found| found.len() == 1)
}

/// Where a type is defined. None for what has no place of its own, such as an unknown type.
pub(crate) fn definition_of_type<'db>(model: &SemanticModel<'db>, ty: Type<'db>) -> Option<ResolvedDefinition<'db>> {
    if matches!(ty, Type::Dynamic(_) | Type::Divergent(_) | Type::AlwaysTruthy | Type::AlwaysFalsy) {
        return None;
    }
    let db = model.db();
    let found = ty.definition(db, &model.program_environment())?;
    match found.definition() {
        Some(definition) => Some(ResolvedDefinition::Definition(*definition)),
        // What has a place but no definition is a module.
        None => {
            let file = found.full_range(db)?.file();
            Some(ResolvedDefinition::Module(ProgramFile::new(db, file, model.program())))
        }
    }
}

//! What a name is by what binds it: a parameter stays a parameter whatever it holds.

use std::cell::RefCell;

use ruff_db::parsed::parsed_module;
use ruff_python_ast::name::Name;
use ruff_python_ast::{AnyNodeRef, Expr, ParameterWithDefault, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;
use ty_python_core::definition::{Definition, DefinitionKind, ParameterDefinitionNodeKind};
use ty_python_core::scope::{FileScopeId, NodeWithScopeKind};
use ty_python_core::semantic_index;
use ty_python_semantic::{
    Db, HasType as _, ImportAliasResolution, ResolvedDefinition, SemanticModel, definitions_for_imported_symbol,
    definitions_for_name,
};

use super::types::{Types, last_name};
use super::{Kind, READONLY, Token, is_constant_name};
use crate::{inferred, inheritance};

/// What binds a name in the scopes around it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    /// The binding says it all.
    As(Token),
    /// What it holds decides; else it is this.
    ByType(Token),
    /// Nothing in the file: it is built in, or unknown.
    Nowhere,
}

/// What names are bound to, each name of a scope looked up once.
#[derive(Default)]
pub(super) struct Bindings {
    known: RefCell<FxHashMap<(FileScopeId, Name), Bound>>,
}

impl Bindings {
    /// What binds a name that stands at a node.
    pub(super) fn of<'db>(
        &self,
        model: &SemanticModel<'db>,
        types: &Types<'db>,
        name: &Name,
        node: AnyNodeRef<'_>,
    ) -> Bound {
        let Some(scope) = model.scope(node) else { return Bound::Nowhere };
        let key = (scope, name.clone());
        if let Some(bound) = self.known.borrow().get(&key) {
            return *bound;
        }
        let bound = match binding_of(model, name, scope) {
            Some(binding) => bound_by(model, types, name, binding),
            None => built_in(model, types, name, node),
        };
        self.known.borrow_mut().insert(key, bound);
        bound
    }
}

/// What defines a name in the innermost scope around that does: the first that gives it a value, else what declares it.
fn binding_of<'db>(model: &SemanticModel<'db>, name: &str, scope: FileScopeId) -> Option<Definition<'db>> {
    let db = model.db();
    let index = semantic_index(db, model.program_file());
    index.visible_ancestor_scopes(scope).find_map(|(scope, _)| {
        let symbol = index.place_table(scope).symbol_id(name)?;
        let scope = scope.to_scope_id(db, model.program_file());
        inheritance::definitions(db, scope, symbol.into()).first().copied()
    })
}

/// What a name is that nothing around it defines.
fn built_in<'db>(model: &SemanticModel<'db>, types: &Types<'db>, name: &str, node: AnyNodeRef<'_>) -> Bound {
    let found = definitions_for_name(model, name, node, ImportAliasResolution::ResolveAliases);
    let found = found.first().and_then(ResolvedDefinition::definition);
    found.and_then(|found| types.definition(found)).map_or(Bound::Nowhere, Bound::As)
}

fn bound_by<'db>(model: &SemanticModel<'db>, types: &Types<'db>, name: &str, binding: Definition<'db>) -> Bound {
    let db = model.db();
    let parsed = parsed_module(db, binding.python_file(db)).load(db);
    let is_constant = is_constant_name(name);
    match binding.kind(db) {
        DefinitionKind::Function(_) | DefinitionKind::Class(_) => {
            types.definition(binding).map_or(Bound::Nowhere, Bound::As)
        }
        DefinitionKind::Parameter(parameter) => Bound::As(Token::new(kind_of_bound_parameter(db, binding, parameter))),
        DefinitionKind::LambdaParameter(_) => Bound::As(Token::new(Kind::Parameter)),
        DefinitionKind::Import(_) | DefinitionKind::ImportFromSubmodule(_) => {
            Bound::ByType(Token::new(Kind::Namespace))
        }
        DefinitionKind::TypeVar(_) | DefinitionKind::ParamSpec(_) | DefinitionKind::TypeVarTuple(_) => {
            Bound::As(Token::new(Kind::TypeParameter))
        }
        DefinitionKind::TypeAlias(_) => Bound::As(Token::new(Kind::Type)),
        DefinitionKind::ImportFrom(import) => {
            let alias = import.alias(&parsed);
            let inferred = inferred::is_indexed(model, alias.into()).then(|| alias.inferred_type(model)).flatten();
            let otherwise = Token::new(Kind::Variable).with_if(is_constant, READONLY);
            inferred.and_then(|ty| types.token(ty)).map_or(Bound::ByType(otherwise), Bound::As)
        }
        DefinitionKind::StarImport(import) => {
            let found = definitions_for_imported_symbol(
                model,
                import.import(&parsed),
                name,
                ImportAliasResolution::ResolveAliases,
            );
            let found = found.first().and_then(ResolvedDefinition::definition);
            let otherwise = Bound::ByType(Token::new(Kind::Variable).with_if(is_constant, READONLY));
            found.and_then(|found| types.definition(found)).map_or(otherwise, Bound::As)
        }
        DefinitionKind::Assignment(assignment) => {
            let held = assignment.target(&parsed).inferred_type(model).and_then(|ty| types.token(ty));
            let otherwise = || Bound::ByType(variable(db, types, binding).with_if(is_constant, READONLY));
            held.map_or_else(otherwise, Bound::As)
        }
        DefinitionKind::AnnotatedAssignment(assignment) => {
            let is_final = last_name(assignment.annotation(&parsed)) == Some("Final");
            Bound::ByType(variable(db, types, binding).with_if(is_constant || is_final, READONLY))
        }
        _ => Bound::ByType(variable(db, types, binding).with_if(is_constant, READONLY)),
    }
}

/// What a variable is: a member of an enumeration, an attribute where it stands in another class, or nothing special.
fn variable<'db>(db: &'db dyn Db, types: &Types<'db>, binding: Definition<'db>) -> Token {
    let Some(class) = inheritance::class_around(db, binding) else { return Token::new(Kind::Variable) };
    let in_enumeration = types.definition(class).is_some_and(|class| class.kind == Kind::Enum);
    let has_value = matches!(binding.kind(db), DefinitionKind::Assignment(_));
    let is_private = binding.name(db).is_some_and(|name| name.starts_with('_'));
    match in_enumeration && has_value && !is_private {
        true => Token::new(Kind::EnumMember).with(READONLY),
        false => Token::new(Kind::Property),
    }
}

fn kind_of_bound_parameter(db: &dyn Db, binding: Definition<'_>, parameter: &ParameterDefinitionNodeKind) -> Kind {
    let ParameterDefinitionNodeKind::Parameter(parameter) = parameter else { return Kind::Parameter };
    let scope = binding.scope(db);
    let NodeWithScopeKind::Function(function) = scope.node(db) else { return Kind::Parameter };
    let parsed = parsed_module(db, binding.python_file(db)).load(db);
    kind_of_parameter(function.node(&parsed), parameter.node(&parsed).range(), scope.is_method_scope(db))
}

/// What the parameter of a function at a range is: the object, the class, or a parameter like any other.
pub(super) fn kind_of_parameter(function: &StmtFunctionDef, range: TextRange, is_method: bool) -> Kind {
    let mut positional = function.parameters.posonlyargs.iter().chain(&function.parameters.args);
    if !is_method || positional.next().map(ParameterWithDefault::range) != Some(range) {
        return Kind::Parameter;
    }
    let decorated = |names: &[&str]| {
        function.decorator_list.iter().any(|decorator| match &decorator.expression {
            Expr::Name(_) | Expr::Attribute(_) => {
                last_name(&decorator.expression).is_some_and(|name| names.contains(&name))
            }
            _ => false,
        })
    };
    let of_class = matches!(function.name.as_str(), "__new__" | "__init_subclass__" | "__class_getitem__");
    if decorated(&["staticmethod"]) {
        Kind::Parameter
    } else if of_class || decorated(&["classmethod", "abstractclassmethod"]) {
        Kind::ClsParameter
    } else {
        Kind::SelfParameter
    }
}

//! What `self.x` holds, told from the assignments to it in its class and the classes above.

use ruff_db::parsed::parsed_module;
use ruff_python_ast::{Expr, ExprAttribute, StmtFunctionDef};
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_core::scope::{NodeWithScopeRef, ScopeId};
use ty_python_core::{attribute_scopes, place_table, semantic_index, use_def_map};
use ty_python_semantic::{ImportAliasResolution, SemanticModel, definitions_for_name};

use super::{Judge, bindings, is_narrowed, is_self, is_unannotated};
use crate::resolve;

/// What a class and those above say of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// None of them defines it.
    Nothing,
    /// It holds something foreign, wherever it is defined.
    Foreign,
    /// It may be anything.
    Anything,
}

impl<'db> Judge<'_, 'db> {
    /// Whether `self.x` holds something foreign.
    pub(super) fn is_foreign_member(&self, attribute: &ExprAttribute) -> bool {
        let Some(class) = self.class_of_self(&attribute.value) else { return false };
        self.said_above(class, &attribute.attr, &|judge, scope| judge.said_of_value(scope, &attribute.attr))
            == Said::Foreign
    }

    /// Whether `self.x` is a method that does not say what it returns.
    pub(super) fn is_unannotated_method(&self, attribute: &ExprAttribute) -> bool {
        let Some(class) = self.class_of_self(&attribute.value) else { return false };
        self.said_above(class, &attribute.attr, &|judge, scope| judge.said_of_method(scope, &attribute.attr))
            == Said::Foreign
    }

    fn class_of_self(&self, receiver: &Expr) -> Option<Definition<'db>> {
        let db = self.model.db();
        let Expr::Name(name) = receiver else { return None };
        let found = resolve::visible_bindings(self.model, &name.id, name.into());
        let [binding] = found.as_slice() else { return None };
        let scope = binding.scope(db);
        (is_self(db, *binding) && !is_narrowed(db, scope, binding.place(db)))
            .then(|| scope.class_definition_of_method(db))
            .flatten()
    }

    /// Asks a class and all above it. A class that cannot be found may say anything.
    fn said_above(
        &self,
        class: Definition<'db>,
        name: &str,
        ask: &dyn Fn(&Judge<'_, 'db>, ScopeId<'db>) -> Said,
    ) -> Said {
        let db = self.model.db();
        let (Some(deeper), DefinitionKind::Class(node)) = (self.deeper(), class.kind(db)) else {
            return Said::Anything;
        };
        let file = class.program_file(db);
        let parsed = parsed_module(db, class.python_file(db)).load(db);
        let node = node.node(&parsed);
        let Some(scope) = semantic_index(db, file).try_node_scope(NodeWithScopeRef::Class(node)) else {
            return Said::Anything;
        };
        let model = SemanticModel::new(db, file);
        let judge = Judge { model: &model, depth: deeper.depth };
        let mut said = ask(&judge, scope.to_scope_id(db, file));
        for base in node.arguments.as_deref().map_or(&[][..], |arguments| &arguments.args) {
            if said == Said::Anything {
                return said;
            }
            let above = judge.said_by_base(base, name, ask);
            said = if said == Said::Nothing || above == Said::Anything { above } else { said };
        }
        said
    }

    fn said_by_base(&self, base: &Expr, name: &str, ask: &dyn Fn(&Judge<'_, 'db>, ScopeId<'db>) -> Said) -> Said {
        let db = self.model.db();
        let Expr::Name(base_name) = base else { return Said::Anything };
        if base_name.id == "object" {
            return Said::Nothing;
        }
        let follow = ImportAliasResolution::ResolveAliases;
        let found = definitions_for_name(self.model, &base_name.id, base_name.into(), follow);
        match found.as_slice() {
            [found] => match found.definition() {
                Some(class) if class.kind(db).as_class().is_some() => self.said_above(class, name, ask),
                _ => Said::Anything,
            },
            _ => Said::Anything,
        }
    }

    /// What a class itself assigns to an attribute, in its body and in its methods.
    fn said_of_value(&self, class: ScopeId<'db>, name: &str) -> Said {
        let db = self.model.db();
        let mut said = Said::Nothing;
        let mut hear =
            |foreign: bool| said = if foreign && said != Said::Anything { Said::Foreign } else { Said::Anything };
        if let Some(symbol) = place_table(db, class).symbol_id(name) {
            let declared = place_table(db, class).symbol(symbol).is_declared();
            bindings(db, class, symbol.into()).for_each(|binding| {
                let value = self.binds_foreign(binding) || is_unannotated(db, binding, is_property);
                hear(value && (!declared || binding.kind(db).is_function_def()));
            });
        }
        let file = class.program_file(db);
        let index = semantic_index(db, file);
        for scope in attribute_scopes(db, class) {
            let Some(member) = index.place_table(scope).member_id_by_instance_attribute_name(name) else { continue };
            let scope = scope.to_scope_id(db, file);
            let declarations = use_def_map(db, scope).reachable_member_declarations(member);
            let is_declared = declarations.into_iter().any(|found| found.declaration.definition().is_some());
            bindings(db, scope, member.into()).for_each(|binding| hear(!is_declared && self.binds_foreign(binding)));
        }
        said
    }

    fn said_of_method(&self, class: ScopeId<'db>, name: &str) -> Said {
        let db = self.model.db();
        let Some(symbol) = place_table(db, class).symbol_id(name) else { return Said::Nothing };
        let mut found = bindings(db, class, symbol.into()).peekable();
        if found.peek().is_some() && found.all(|binding| is_unannotated(db, binding, |_| false)) {
            Said::Foreign
        } else {
            Said::Anything
        }
    }
}

fn is_property(function: &StmtFunctionDef) -> bool {
    let [decorator] = function.decorator_list.as_slice() else { return false };
    matches!(&decorator.expression, Expr::Name(name) if name.id == "property")
}

//! What `self.x` holds, told from the assignments to it in its class and the classes above.

use ruff_python_ast::{Expr, ExprAttribute, StmtFunctionDef};
use ty_python_core::definition::Definition;
use ty_python_core::scope::ScopeId;
use ty_python_core::{attribute_scopes, place_table, semantic_index, use_def_map};
use ty_python_semantic::SemanticModel;

use super::{Judge, bindings, returns_unknown};
use crate::inheritance::{self, Base};

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

/// What is asked of each class: the judge of its file, and its body.
type Question<'a, 'db> = dyn Fn(&Judge<'_, 'db>, ScopeId<'db>) -> Said + 'a;

impl<'db> Judge<'_, 'db> {
    /// Whether `self.x` holds something foreign.
    pub(super) fn is_foreign_member(&self, attribute: &ExprAttribute) -> bool {
        let Some(class) = self.class_of_plain_self(&attribute.value) else { return false };
        self.said_of(class, &|judge, body| judge.said_of_value(body, &attribute.attr, class)) == Said::Foreign
    }

    /// Whether `self.x` is a method that does not say what it returns.
    pub(super) fn is_unannotated_method(&self, attribute: &ExprAttribute) -> bool {
        let Some(class) = self.class_of_plain_self(&attribute.value) else { return false };
        self.said_of(class, &|judge, body| judge.said_of_method(body, &attribute.attr, class)) == Said::Foreign
    }

    fn class_of_plain_self(&self, receiver: &Expr) -> Option<Definition<'db>> {
        inheritance::class_of_self(self.model, receiver).filter(|_| !inheritance::is_tested(self.model, receiver))
    }

    /// Asks a class and all above it. A class that cannot be found may say anything.
    fn said_of(&self, class: Definition<'db>, ask: &Question<'_, 'db>) -> Said {
        let db = self.model.db();
        let (Some(deeper), Some(body)) = (self.deeper(), inheritance::body(db, class)) else { return Said::Anything };
        let model = SemanticModel::new(db, class.program_file(db));
        let judge = Judge { model: &model, depth: deeper.depth };
        let mut said = ask(&judge, body);
        for base in inheritance::bases(db, class) {
            said = match (said, base) {
                (Said::Anything, _) | (_, Base::Unknown) => return Said::Anything,
                (said, Base::Object) => said,
                (said, Base::Class(base)) => match (said, judge.said_of(base, ask)) {
                    (Said::Foreign, Said::Nothing) => Said::Foreign,
                    (_, above) => above,
                },
            };
        }
        said
    }

    /// What a class itself assigns to an attribute of an instance of `me`, in its body and in its methods.
    fn said_of_value(&self, class: ScopeId<'db>, name: &str, me: Definition<'db>) -> Said {
        let db = self.model.db();
        let mut said = Said::Nothing;
        let mut hear = |is_foreign: bool| {
            said = if is_foreign && said != Said::Anything { Said::Foreign } else { Said::Anything };
        };
        let table = place_table(db, class);
        if let Some(symbol) = table.symbol_id(name) {
            let is_declared = table.symbol(symbol).is_declared();
            for binding in bindings(db, class, symbol.into()) {
                let is_foreign = self.binds_foreign(binding) || returns_unknown(db, binding, Some(me), is_property);
                hear(is_foreign && (!is_declared || binding.kind(db).is_function_def()));
            }
        }
        let file = class.program_file(db);
        let index = semantic_index(db, file);
        for scope in attribute_scopes(db, class) {
            let Some(member) = index.place_table(scope).member_id_by_instance_attribute_name(name) else { continue };
            let scope = scope.to_scope_id(db, file);
            let mut declarations = use_def_map(db, scope).reachable_member_declarations(member);
            let is_declared = declarations.any(|found| found.declaration.definition().is_some());
            for binding in bindings(db, scope, member.into()) {
                hear(!is_declared && self.binds_foreign(binding));
            }
        }
        said
    }

    fn said_of_method(&self, class: ScopeId<'db>, name: &str, me: Definition<'db>) -> Said {
        let db = self.model.db();
        let Some(symbol) = place_table(db, class).symbol_id(name) else { return Said::Nothing };
        let mut found = bindings(db, class, symbol.into()).peekable();
        if found.peek().is_some() && found.all(|binding| returns_unknown(db, binding, Some(me), |_| false)) {
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

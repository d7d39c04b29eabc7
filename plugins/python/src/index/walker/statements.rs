//! Identifiers in statements.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Identifier, Stmt};
use vraftls_guest_sdk::roles;

use super::super::exports::for_each_name;
use super::super::scopes::ScopeKind;
use super::super::strings;
use super::{Reading, Walker};

impl Walker<'_> {
    /// A block.
    pub(super) fn body(&mut self, body: &[Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Assign(_) | Stmt::AugAssign(_) | Stmt::AnnAssign(_) => self.assignment(statement),
            Stmt::TypeAlias(alias) => self.type_alias(alias),
            Stmt::Global(global) => global.names.iter().for_each(|name| self.global(name)),
            Stmt::Nonlocal(nonlocal) => nonlocal.names.iter().for_each(|name| self.nonlocal(name)),
            Stmt::Expr(expression) => {
                for_each_name(statement, &mut |string| self.string_name(string));
                self.expression(&expression.value);
            }
            Stmt::Return(statement) => self.optional(statement.value.as_deref()),
            Stmt::Delete(delete) => delete.targets.iter().for_each(|target| self.expression(target)),
            Stmt::Raise(raise) => {
                self.optional(raise.exc.as_deref());
                self.optional(raise.cause.as_deref());
            }
            Stmt::Assert(assert) => {
                self.expression(&assert.test);
                self.optional(assert.msg.as_deref());
            }
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::IpyEscapeCommand(_) => {}
            _ => self.compound(statement),
        }
    }

    /// Statements with blocks, other than definitions.
    fn compound(&mut self, statement: &Stmt) {
        match statement {
            Stmt::If(statement) => {
                self.expression(&statement.test);
                self.body(&statement.body);
                for clause in &statement.elif_else_clauses {
                    self.optional(clause.test.as_ref());
                    self.body(&clause.body);
                }
            }
            Stmt::For(statement) => {
                self.expression(&statement.target);
                self.expression(&statement.iter);
                self.body(&statement.body);
                self.body(&statement.orelse);
            }
            Stmt::While(statement) => {
                self.expression(&statement.test);
                self.body(&statement.body);
                self.body(&statement.orelse);
            }
            Stmt::With(statement) => {
                for item in &statement.items {
                    self.expression(&item.context_expr);
                    self.optional(item.optional_vars.as_deref());
                }
                self.body(&statement.body);
            }
            Stmt::Try(statement) => self.try_statement(statement),
            Stmt::Match(statement) => {
                self.expression(&statement.subject);
                for case in &statement.cases {
                    self.pattern(&case.pattern);
                    self.optional(case.guard.as_deref());
                    self.body(&case.body);
                }
            }
            _ => {}
        }
    }

    fn try_statement(&mut self, statement: &ast::StmtTry) {
        self.body(&statement.body);
        for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
            self.optional(handler.type_.as_deref());
            if let Some(name) = &handler.name {
                self.binding(name, roles::DEFINES | roles::WRITES);
            }
            self.body(&handler.body);
        }
        self.body(&statement.orelse);
        self.body(&statement.finalbody);
    }

    fn assignment(&mut self, statement: &Stmt) {
        for_each_name(statement, &mut |string| self.string_name(string));
        match statement {
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|target| self.expression(target));
                self.expression(&assign.value);
            }
            Stmt::AugAssign(assign) => {
                self.target(&assign.target, roles::DEFINES | roles::WRITES | roles::REFERS);
                self.expression(&assign.value);
            }
            Stmt::AnnAssign(assign) => {
                let writes = if assign.value.is_some() { roles::WRITES } else { 0 };
                self.target(&assign.target, roles::DEFINES | writes);
                self.annotation(&assign.annotation);
                let Some(value) = &assign.value else { return };
                let is_alias = strings::last_name(&assign.annotation) == Some("TypeAlias");
                let reading = if is_alias { Reading::Types } else { self.reading };
                self.with_reading(reading, |walker| walker.expression(value));
            }
            _ => {}
        }
    }

    /// A target of an assignment that does not simply write.
    fn target(&mut self, target: &Expr, roles: u32) {
        match target {
            Expr::Name(name) => {
                if let Some((occurrence, name)) = self.recorder.record(name.id.as_str(), name.range, roles) {
                    self.scopes.bind(occurrence, name);
                }
            }
            Expr::Attribute(attribute) => {
                self.expression(&attribute.value);
                let roles = if self.is_receiver(&attribute.value) { roles } else { roles & !roles::DEFINES };
                // A bare `x.y: int` declares, though `x` is no receiver.
                let roles = if roles == 0 { roles::DEFINES } else { roles };
                self.plain(&attribute.attr, roles | roles::ATTRIBUTE);
            }
            other => self.expression(other),
        }
    }

    fn global(&mut self, name: &Identifier) {
        if let Some((_, name)) = self.recorder.record(name.as_str(), name.range, roles::REFERS) {
            self.scopes.declare_global(name);
        }
    }

    fn nonlocal(&mut self, name: &Identifier) {
        if let Some((occurrence, name)) = self.recorder.record(name.as_str(), name.range, roles::REFERS) {
            self.scopes.declare_nonlocal(occurrence, name);
        }
    }

    fn type_alias(&mut self, alias: &ast::StmtTypeAlias) {
        self.expression(&alias.name);
        self.with_type_params(alias.type_params.as_deref(), |walker| walker.annotation(&alias.value));
    }

    fn class(&mut self, class: &ast::StmtClassDef) {
        for decorator in &class.decorator_list {
            self.expression(&decorator.expression);
        }
        self.binding(&class.name, roles::DEFINES);
        self.with_type_params(class.type_params.as_deref(), |walker| {
            if let Some(arguments) = &class.arguments {
                walker.arguments(arguments);
            }
            let receiver = walker.receiver.take();
            walker.with_scope(ScopeKind::Class, |walker| walker.body(&class.body));
            walker.receiver = receiver;
        });
    }

    fn function(&mut self, function: &ast::StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.expression(&decorator.expression);
        }
        self.binding(&function.name, roles::DEFINES);
        let is_method = self.scopes.kind() == ScopeKind::Class && !is_static(function);
        self.with_type_params(function.type_params.as_deref(), |walker| {
            walker.parameter_types(&function.parameters);
            if let Some(returns) = &function.returns {
                walker.annotation(returns);
            }
            let receiver = walker.receiver;
            walker.with_scope(ScopeKind::Function, |walker| {
                let first = walker.parameter_names(&function.parameters);
                if is_method {
                    walker.receiver = first;
                }
                walker.body(&function.body);
            });
            walker.receiver = receiver;
        });
    }

    /// Runs `walk` where the type parameters are visible.
    fn with_type_params(&mut self, params: Option<&ast::TypeParams>, walk: impl FnOnce(&mut Self)) {
        let Some(params) = params else { return walk(self) };
        self.with_scope(ScopeKind::Annotation, |walker| {
            for param in &params.type_params {
                walker.type_param(param);
            }
            walk(walker);
        });
    }

    fn type_param(&mut self, param: &ast::TypeParam) {
        match param {
            ast::TypeParam::TypeVar(param) => {
                self.binding(&param.name, roles::DEFINES);
                if let Some(bound) = &param.bound {
                    self.annotation(bound);
                }
                if let Some(default) = &param.default {
                    self.annotation(default);
                }
            }
            ast::TypeParam::TypeVarTuple(param) => {
                self.binding(&param.name, roles::DEFINES);
                if let Some(default) = &param.default {
                    self.annotation(default);
                }
            }
            ast::TypeParam::ParamSpec(param) => {
                self.binding(&param.name, roles::DEFINES);
                if let Some(default) = &param.default {
                    self.annotation(default);
                }
            }
        }
    }
}

/// Whether the function gets no receiver although it stands in a class.
fn is_static(function: &ast::StmtFunctionDef) -> bool {
    function.decorator_list.iter().any(|decorator| strings::last_name(&decorator.expression) == Some("staticmethod"))
}

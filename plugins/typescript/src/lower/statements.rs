//! Statements and declarations: what is seen where, and what holds behind a branch.

use std::rc::Rc;

use oxc_ast::ast::{
    Declaration, Directive, ForStatementInit, ForStatementLeft, Program, Statement, TSModuleBlock,
    TSNamespaceDeclaration, TSNamespaceDeclarationBody, VariableDeclaration, VariableDeclarationKind,
    VariableDeclarator,
};
use oxc_span::GetSpan;

use super::Lower;
use super::guards::leaves;
use super::patterns::Binding;
use crate::module::{Context, DeclId, DeclKind, Exports, Expr, ExprId, ExprKind, Import, Occ, Range, SymId, This};
use vraftls_guest_sdk::roles;

impl Lower<'_> {
    pub(super) fn program(&mut self, program: &Program<'_>) {
        let first = program.directives.first().map(Directive::span).or_else(|| program.body.first().map(GetSpan::span));
        self.module.first = first.map_or(0, |span| span.start);
        self.module.is_module = program.body.iter().any(Statement::is_module_declaration);
        self.global = !self.module.is_module && !self.module.is_js;
        self.declare_typedefs();
        self.statements(&program.body);
        self.global = false;
        self.documented();
        self.methods_set_members();
    }

    pub(super) fn statements(&mut self, statements: &[Statement<'_>]) {
        let before = self.guards.len();
        for statement in statements {
            self.statement(statement);
            if let Statement::IfStatement(branch) = statement {
                self.after_branch(branch);
            }
        }
        self.guards.truncate(before);
    }

    /// What holds after `if (test) return;`. The test was lowered just now: its expression is found by its place.
    fn after_branch(&mut self, branch: &oxc_ast::ast::IfStatement<'_>) {
        let (yes, no) = (leaves(&branch.consequent), branch.alternate.as_ref().is_some_and(leaves));
        if yes == no {
            return;
        }
        let span = self.range(branch.test.span());
        let is_test = |expr: &Expr| expr.span == span;
        if let Some(test) = self.module.exprs.iter().rposition(is_test) {
            self.assume(ExprId(test as u32), no);
        }
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        let start = self.range(statement.span()).start;
        let outer_doc = (self.doc, self.pending_doc.take());
        self.doc = start;
        self.pending_doc = self.docs.get(&start).copied();
        self.statement_inner(statement);
        (self.doc, self.pending_doc) = outer_doc;
    }

    fn statement_inner(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::BlockStatement(block) => {
                let span = self.range(block.span);
                self.within(span, |lower| lower.statements(&block.body));
            }
            Statement::ExpressionStatement(statement) => {
                self.expr(&statement.expression, Context::None);
            }
            Statement::IfStatement(branch) => {
                let test = self.expr(&branch.test, Context::None);
                self.where_holds(test, true, |lower| lower.statement(&branch.consequent));
                if let Some(alternate) = &branch.alternate {
                    self.where_holds(test, false, |lower| lower.statement(alternate));
                }
            }
            Statement::ForStatement(_)
            | Statement::ForInStatement(_)
            | Statement::ForOfStatement(_)
            | Statement::WhileStatement(_)
            | Statement::DoWhileStatement(_) => {
                let span = self.range(statement.span());
                self.within(span, |lower| lower.iteration(statement));
            }
            Statement::ReturnStatement(statement) => {
                if let Some(argument) = &statement.argument {
                    let context = self.function.map_or(Context::None, Context::Return);
                    let value = self.expr(argument, context);
                    if let Some(function) = self.function {
                        self.module.functions[function.index()].returns.push(value);
                    }
                }
            }
            Statement::SwitchStatement(switch) => {
                let span = self.range(switch.span);
                self.within(span, |lower| lower.switch(switch));
            }
            Statement::ThrowStatement(statement) => {
                self.expr(&statement.argument, Context::None);
            }
            Statement::TryStatement(statement) => {
                let span = self.range(statement.block.span);
                self.within(span, |lower| lower.statements(&statement.block.body));
                if let Some(handler) = &statement.handler {
                    let span = self.range(handler.span);
                    self.within(span, |lower| lower.catch(handler));
                }
                if let Some(finalizer) = &statement.finalizer {
                    let span = self.range(finalizer.span);
                    self.within(span, |lower| lower.statements(&finalizer.body));
                }
            }
            Statement::LabeledStatement(statement) => {
                self.label(&statement.label, true);
                self.statement(&statement.body);
            }
            Statement::BreakStatement(statement) => {
                if let Some(label) = &statement.label {
                    self.label(label, false);
                }
            }
            Statement::ContinueStatement(statement) => {
                if let Some(label) = &statement.label {
                    self.label(label, false);
                }
            }
            Statement::WithStatement(statement) => {
                self.expr(&statement.object, Context::None);
                self.statement(&statement.body);
            }
            statement => {
                if let Some(declaration) = statement.as_declaration() {
                    self.declaration(declaration);
                } else if let Some(declaration) = statement.as_module_declaration() {
                    self.module_declaration(declaration);
                }
            }
        }
    }

    /// Runs where names are seen in a range only.
    pub(super) fn within<R>(&mut self, block: Range, run: impl FnOnce(&mut Self) -> R) -> R {
        let outer = std::mem::replace(&mut self.block, block);
        let result = run(self);
        self.block = outer;
        result
    }

    fn catch(&mut self, handler: &oxc_ast::ast::CatchClause<'_>) {
        if let Some(param) = &handler.param {
            let full = self.range(param.span);
            let ty = param.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
            let binding = Binding { kind: DeclKind::Catch, full, ty, value: None, import: None };
            self.pattern(&param.pattern, &binding);
        }
        self.statements(&handler.body.body);
    }

    fn switch(&mut self, switch: &oxc_ast::ast::SwitchStatement<'_>) {
        let discriminant = self.expr(&switch.discriminant, Context::None);
        let before = self.guards.len();
        for case in &switch.cases {
            let test = case.test.as_ref().map(|test| self.expr(test, Context::None));
            if let Some(test) = test {
                let span = self.range(case.span);
                let equal = ExprKind::Equality { left: discriminant, right: test, negated: false };
                let equal = self.push(equal, span, Context::None);
                self.assume(equal, true);
            }
            self.statements(&case.consequent);
            // A case without statements falls into the next: nothing is known there.
            self.guards.truncate(before);
        }
    }

    fn iteration(&mut self, statement: &Statement<'_>) {
        let before = self.guards.len();
        match statement {
            Statement::ForStatement(iteration) => {
                match &iteration.init {
                    Some(ForStatementInit::VariableDeclaration(declaration)) => self.variables(declaration),
                    Some(init) => {
                        if let Some(init) = init.as_expression() {
                            self.expr(init, Context::None);
                        }
                    }
                    None => {}
                }
                let test = iteration.test.as_ref().map(|test| self.expr(test, Context::None));
                if let Some(update) = &iteration.update {
                    self.expr(update, Context::None);
                }
                if let Some(test) = test {
                    self.assume(test, true);
                }
                self.statement(&iteration.body);
            }
            Statement::ForInStatement(iteration) => {
                let span = self.range(iteration.right.span());
                self.expr(&iteration.right, Context::None);
                let key = self.push(ExprKind::TypeOf(ExprId(0)), span, Context::None);
                self.loop_variable(&iteration.left, key);
                self.statement(&iteration.body);
            }
            Statement::ForOfStatement(iteration) => {
                let span = self.range(iteration.right.span());
                let all = self.expr(&iteration.right, Context::None);
                let mut each = self.push(ExprKind::Element(all, None), span, Context::None);
                if iteration.r#await {
                    each = self.push(ExprKind::Await(each), span, Context::None);
                }
                self.loop_variable(&iteration.left, each);
                self.statement(&iteration.body);
            }
            Statement::WhileStatement(iteration) => {
                let test = self.expr(&iteration.test, Context::None);
                self.assume(test, true);
                self.statement(&iteration.body);
            }
            Statement::DoWhileStatement(iteration) => {
                self.statement(&iteration.body);
                self.expr(&iteration.test, Context::None);
            }
            _ => {}
        }
        self.guards.truncate(before);
    }

    fn loop_variable(&mut self, left: &ForStatementLeft<'_>, value: ExprId) {
        match left {
            ForStatementLeft::VariableDeclaration(declaration) => {
                for declarator in &declaration.declarations {
                    self.variable(declarator, declaration.kind, Some(value));
                }
            }
            left => {
                if let Some(target) = left.as_assignment_target() {
                    self.target_pattern(target, value);
                }
            }
        }
    }

    fn label(&mut self, label: &oxc_ast::ast::LabelIdentifier<'_>, declares: bool) {
        let (span, name) = (self.range(label.span), self.name(&label.name));
        let decl = if declares {
            Some(self.push_decl(Rc::clone(&name), DeclKind::Label, span, span))
        } else {
            let is_label = |decl: &crate::module::Decl| decl.kind == DeclKind::Label && decl.name == name;
            self.module.decls.iter().rposition(is_label).map(|place| DeclId(place as u32))
        };
        if let Some(decl) = decl {
            let role = if declares { roles::DEFINES } else { roles::REFERS };
            self.occurrence(span, Occ::Fixed(decl), role | roles::LOCAL);
        }
    }

    pub(super) fn declaration(&mut self, declaration: &Declaration<'_>) {
        match declaration {
            Declaration::VariableDeclaration(declaration) => self.variables(declaration),
            Declaration::FunctionDeclaration(function) => {
                self.function_declaration(function);
            }
            Declaration::ClassDeclaration(class) => {
                self.class(class);
            }
            Declaration::TSTypeAliasDeclaration(alias) => self.alias(alias),
            Declaration::TSInterfaceDeclaration(interface) => self.interface(interface),
            Declaration::TSEnumDeclaration(declaration) => self.enumeration(declaration),
            Declaration::TSNamespaceDeclaration(namespace) => {
                self.namespace_declaration(namespace);
            }
            Declaration::TSExternalModuleDeclaration(module) => self.ambient_module(module),
            Declaration::TSGlobalDeclaration(global) => {
                let outer = std::mem::replace(&mut self.augments, true);
                self.statements(&global.body.body);
                self.augments = outer;
            }
            Declaration::TSImportEqualsDeclaration(import) => self.import_equals(import),
        }
    }

    fn variables(&mut self, declaration: &VariableDeclaration<'_>) {
        for declarator in &declaration.declarations {
            self.variable(declarator, declaration.kind, None);
        }
    }

    fn variable(&mut self, declarator: &VariableDeclarator<'_>, kind: VariableDeclarationKind, value: Option<ExprId>) {
        let kind = match kind {
            VariableDeclarationKind::Var => DeclKind::Var,
            VariableDeclarationKind::Let => DeclKind::Let,
            _ => DeclKind::Const,
        };
        let full = self.range(declarator.span);
        let ty = declarator.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
        let ty = ty.or_else(|| self.doc_type());
        // The name comes first in the source and in the outline, its value before it in the walk of patterns.
        let Some(init) = &declarator.init else {
            let binding = Binding { kind, full, ty, value, import: None };
            self.pattern(&declarator.id, &binding);
            return;
        };
        let context = ty.map_or(Context::None, Context::Typed);
        let outer = self.parent;
        let init = self.expr(init, context);
        self.parent = outer;
        let import = self.required(init);
        let binding = Binding { kind, full, ty, value: Some(init), import };
        if let Some(decl) = self.pattern(&declarator.id, &binding) {
            self.hold_init(decl, init);
            let value = self.final_value(init);
            if let ExprKind::Function(function) = self.module.expr(value).kind {
                self.module.decls[decl.index()].function = Some(function);
                let known = &mut self.module.functions[function.index()];
                known.decl = known.decl.or(Some(decl));
            }
        }
    }

    /// Whether an initializer is `require(…)` or a member of it.
    fn required(&mut self, init: ExprId) -> Option<Import> {
        match &self.module.expr(init).kind {
            ExprKind::Require(spec) => Some(Import::Require(*spec)),
            ExprKind::Member { object, name, .. } => match &self.module.expr(*object).kind {
                ExprKind::Require(spec) => Some(Import::Named(*spec, Rc::clone(name))),
                _ => None,
            },
            _ => None,
        }
    }

    fn namespace_declaration(&mut self, namespace: &TSNamespaceDeclaration<'_>) -> DeclId {
        let full = self.range(namespace.span);
        let decl = self.declare(&namespace.id, DeclKind::Namespace, full);
        let symbol = self.module.decl(decl).symbol.unwrap_or(SymId(u32::MAX));
        self.in_namespace(symbol, decl, |lower| match &namespace.body {
            TSNamespaceDeclarationBody::TSModuleBlock(block) => lower.module_block(block),
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                lower.exported = true;
                let inner = lower.namespace_declaration(inner);
                lower.export_from_namespace(inner);
                lower.exported = false;
            }
        });
        decl
    }

    fn in_namespace(&mut self, symbol: SymId, decl: DeclId, run: impl FnOnce(&mut Self)) {
        let outer_exports = std::mem::take(&mut self.module.exports);
        let outer = (self.namespace.replace((symbol, decl)), self.parent.replace(decl), self.exported, self.this);
        let global = (std::mem::replace(&mut self.global, false), std::mem::replace(&mut self.augments, false));
        self.exported = false;
        self.this = This::Nothing;
        let full = self.module.decl(decl).full;
        self.within(full, run);
        (self.namespace, self.parent, self.exported, self.this) = outer;
        (self.global, self.augments) = global;
        let exports: Exports = std::mem::replace(&mut self.module.exports, outer_exports);
        self.module.namespace_exports.insert(decl, exports);
    }

    fn module_block(&mut self, block: &TSModuleBlock<'_>) {
        let start = self.module.decls.len();
        self.statements(&block.body);
        // In declarations everything is exported that is not hidden by an explicit export.
        let explicit = !self.module.exports.named.is_empty() || !self.module.exports.equals.is_empty();
        if self.module.is_declaration && !explicit {
            let parent = self.parent;
            let inside: Vec<DeclId> = (start..self.module.decls.len())
                .map(|place| DeclId(place as u32))
                .filter(|decl| self.module.decl(*decl).parent == parent && self.module.decl(*decl).symbol.is_some())
                .collect();
            for decl in inside {
                self.export_from_namespace(decl);
            }
        }
    }

    fn ambient_module(&mut self, module: &oxc_ast::ast::TSExternalModuleDeclaration<'_>) {
        let (full, span) = (self.range(module.span), super::expressions::inner(self.range(module.id.span)));
        let name = self.name(&module.id.value);
        let decl = self.push_decl(Rc::clone(&name), DeclKind::Namespace, span, full);
        self.occurrence(span, Occ::Decl(decl), roles::DEFINES | roles::IN_STRING);
        self.module.ambient.entry(name).or_default().push(decl);
        self.in_namespace(SymId(u32::MAX), decl, |lower| {
            if let Some(body) = &module.body {
                lower.module_block(body);
            }
        });
    }

    pub(super) fn type_range(&self, span: oxc_span::Span) -> Range {
        self.range(span)
    }
}

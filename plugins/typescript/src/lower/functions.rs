//! Functions, arrows, signatures and their parameters.

use std::rc::Rc;

use oxc_ast::ast::{
    ArrowFunctionBody, ArrowFunctionExpression, FormalParameters, Function as FunctionNode, FunctionBody,
    TSThisParameter, TSTypeAnnotation, TSTypeParameterDeclaration,
};
use vraftls_guest_sdk::roles;

use super::Lower;
use super::patterns::Binding;
use crate::module::{
    Context, DeclId, DeclKind, ExprId, ExprKind, FnId, Function, Holder, Occ, Param, Range, This, TyId,
};

/// The parts of a signature.
pub(super) struct Signature<'s, 'a> {
    pub(super) span: oxc_span::Span,
    pub(super) type_parameters: Option<&'s TSTypeParameterDeclaration<'a>>,
    pub(super) this: Option<&'s TSThisParameter<'a>>,
    pub(super) params: &'s FormalParameters<'a>,
    pub(super) ret: Option<&'s TSTypeAnnotation<'a>>,
}

impl Lower<'_> {
    pub(super) fn empty_function(&mut self, span: Range) -> FnId {
        let id = FnId(self.module.functions.len() as u32);
        self.module.functions.push(Function {
            span,
            decl: None,
            params: Vec::new(),
            params_span: span,
            type_params: Vec::new(),
            ret: None,
            this_ty: None,
            this_decl: None,
            returns: Vec::new(),
            yields: Vec::new(),
            is_async: false,
            is_generator: false,
            is_arrow: false,
            has_body: false,
            expr: None,
            outer_this: self.this,
        });
        id
    }

    /// A signature without a body.
    pub(super) fn signature(&mut self, signature: &Signature<'_, '_>) -> FnId {
        let span = self.range(signature.span);
        let function = self.empty_function(span);
        self.in_function(function, None, |lower| lower.signature_of(function, signature));
        function
    }

    fn signature_of(&mut self, function: FnId, signature: &Signature<'_, '_>) {
        let type_params = self.type_parameters(signature.type_parameters);
        self.module.functions[function.index()].type_params = type_params;
        if let Some(this) = signature.this {
            let (name, span, full) = (self.name("this"), self.range(this.this_span), self.range(this.span));
            let decl = self.push_decl(name, DeclKind::Parameter, span, full);
            self.occurrence(span, Occ::Fixed(decl), roles::DEFINES | roles::PARAMETER | roles::LOCAL);
            let ty = this.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
            self.module.decls[decl.index()].ty = ty;
            let known = &mut self.module.functions[function.index()];
            (known.this_ty, known.this_decl) = (ty, Some(decl));
        }
        self.parameters(function, signature.params);
        if let Some(ret) = signature.ret {
            let ty = self.ty(&ret.type_annotation);
            self.module.functions[function.index()].ret = Some(ty);
        }
    }

    pub(super) fn in_function<R>(&mut self, function: FnId, this: Option<This>, run: impl FnOnce(&mut Self) -> R) -> R {
        let outer = (self.function.replace(function), self.this, self.exported, self.block, self.doc);
        self.block = self.module.function(function).span;
        if let Some(this) = this {
            self.this = this;
        }
        self.exported = false;
        let guards = self.guards.len();
        let result = run(self);
        self.guards.truncate(guards);
        (self.function, self.this, self.exported, self.block, self.doc) = outer;
        result
    }

    fn parameters(&mut self, function: FnId, params: &FormalParameters<'_>) {
        self.module.functions[function.index()].params_span = self.range(params.span);
        let documented = self.documented_params(function);
        for (place, param) in params.items.iter().enumerate() {
            let full = self.range(param.span);
            for decorator in &param.decorators {
                self.expr(&decorator.expression, Context::None);
            }
            let written = param.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
            let span = self.range(oxc_span::GetSpan::span(&param.pattern));
            let text = self.module.slice(span).to_owned();
            let ty = written.or_else(|| documented.iter().find(|(name, ..)| *name == text).map(|(_, ty, _)| *ty));
            let optional_by_doc = documented.iter().any(|(name, _, optional)| *name == text && *optional);
            let mut value = self.push(ExprKind::Parameter(function, place as u32), full, Context::None);
            let default = param.initializer.as_ref().map(|default| {
                let context = ty.map_or(Context::None, Context::Typed);
                self.expr(default, context)
            });
            if let Some(default) = default
                && ty.is_none()
            {
                value = self.push(ExprKind::Default(value, default), full, Context::None);
            }
            let binding = Binding { kind: DeclKind::Parameter, full, ty, value: Some(value), import: None };
            let decl = self.pattern(&param.pattern, &binding);
            let name = self.name(&text);
            self.module.functions[function.index()].params.push(Param {
                decl,
                name,
                ty,
                default,
                optional: param.optional || optional_by_doc,
                rest: false,
            });
            if let (Some(decl), true) = (decl, param.accessibility.is_some() || param.readonly || param.r#override) {
                self.parameter_property(decl, param);
            }
        }
        if let Some(rest) = &params.rest {
            let full = self.range(rest.span);
            let ty = rest.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
            let place = params.items.len() as u32;
            let value = self.push(ExprKind::Parameter(function, place), full, Context::None);
            let binding = Binding { kind: DeclKind::Parameter, full, ty, value: Some(value), import: None };
            let decl = self.pattern(&rest.rest.argument, &binding);
            let span = self.range(oxc_span::GetSpan::span(&rest.rest.argument));
            let text = self.module.slice(span).to_owned();
            let name = self.name(&text);
            self.module.functions[function.index()].params.push(Param {
                decl,
                name,
                ty,
                default: None,
                optional: false,
                rest: true,
            });
        }
    }

    fn body(&mut self, function: FnId, body: &FunctionBody<'_>) {
        self.module.functions[function.index()].has_body = true;
        self.statements(&body.statements);
    }

    fn lower_function(&mut self, function: FnId, node: &FunctionNode<'_>, this: This) {
        let known = &mut self.module.functions[function.index()];
        (known.is_async, known.is_generator) = (node.r#async, node.generator);
        self.in_function(function, Some(this), |lower| {
            let signature = Signature {
                span: node.span,
                type_parameters: node.type_parameters.as_deref(),
                this: node.this_param.as_deref(),
                params: &node.params,
                ret: node.return_type.as_deref(),
            };
            lower.signature_of(function, &signature);
            lower.documented_result(function);
            if let Some(body) = &node.body {
                lower.body(function, body);
            }
        });
    }

    pub(super) fn function_declaration(&mut self, node: &FunctionNode<'_>) -> Option<DeclId> {
        let full = self.range(node.span);
        let function = self.empty_function(full);
        let decl = node.id.as_ref().map(|id| self.declare(id, DeclKind::Function, full));
        if let Some(decl) = decl {
            self.module.decls[decl.index()].function = Some(function);
        }
        self.module.functions[function.index()].decl = decl;
        let outer = self.parent;
        self.parent = decl.or(outer);
        self.lower_function(function, node, This::Function(function));
        self.parent = outer;
        decl
    }

    pub(super) fn anonymous_function(&mut self, node: &FunctionNode<'_>) -> FnId {
        let full = self.range(node.span);
        let function = self.empty_function(full);
        self.lower_function(function, node, This::Function(function));
        function
    }

    pub(super) fn function_expression(&mut self, node: &FunctionNode<'_>, context: Context) -> ExprId {
        let span = self.range(node.span);
        let function = self.empty_function(span);
        let id = self.push(ExprKind::Function(function), span, context);
        self.module.functions[function.index()].expr = Some(id);
        if let Some(name) = &node.id {
            let decl = self.declare(name, DeclKind::Function, span);
            self.module.decls[decl.index()].function = Some(function);
            self.module.decls[decl.index()].flags.local = true;
            self.module.functions[function.index()].decl = Some(decl);
            if let Some(symbol) = self.module.decl(decl).symbol {
                self.hold(id, Holder::Symbol(symbol, false));
            }
        }
        self.lower_function(function, node, This::Function(function));
        id
    }

    pub(super) fn arrow(&mut self, node: &ArrowFunctionExpression<'_>, context: Context) -> ExprId {
        let span = self.range(node.span);
        let function = self.empty_function(span);
        let id = self.push(ExprKind::Function(function), span, context);
        let known = &mut self.module.functions[function.index()];
        (known.expr, known.is_async, known.is_arrow) = (Some(id), node.r#async, true);
        self.in_function(function, None, |lower| {
            let signature = Signature {
                span: node.span,
                type_parameters: node.type_parameters.as_deref(),
                this: None,
                params: &node.params,
                ret: node.return_type.as_deref(),
            };
            lower.signature_of(function, &signature);
            lower.documented_result(function);
            match &node.body {
                ArrowFunctionBody::FunctionBody(body) => lower.body(function, body),
                body => {
                    if let Some(expression) = body.as_expression() {
                        lower.module.functions[function.index()].has_body = true;
                        let value = lower.expr(expression, Context::Return(function));
                        lower.module.functions[function.index()].returns.push(value);
                    }
                }
            }
        });
        id
    }

    /// A method of a class, an interface or an object type. Its body runs with the given `this`.
    pub(super) fn method(&mut self, node: &FunctionNode<'_>, this: This, decl: Option<DeclId>) -> FnId {
        let full = self.range(node.span);
        let function = self.empty_function(full);
        self.module.functions[function.index()].decl = decl;
        let outer = self.parent;
        self.parent = decl.or(outer);
        self.lower_function(function, node, this);
        self.parent = outer;
        function
    }

    pub(super) fn type_parameters(&mut self, params: Option<&TSTypeParameterDeclaration<'_>>) -> Vec<DeclId> {
        let mut found = Vec::new();
        for param in params.iter().flat_map(|params| &params.params) {
            found.push(self.type_parameter(param));
        }
        found
    }

    pub(super) fn type_parameter(&mut self, param: &oxc_ast::ast::TSTypeParameter<'_>) -> DeclId {
        let full = self.range(param.span);
        let decl = self.declare(&param.name, DeclKind::TypeParameter, full);
        self.module.decls[decl.index()].flags.local = true;
        if let Some(parent) = self.parent.filter(|_| self.function.is_none()) {
            self.module.decls[decl.index()].scope = self.module.decl(parent).full;
        }
        let constraint: Option<TyId> = param.constraint.as_ref().map(|constraint| self.ty(constraint));
        let default = param.default.as_ref().map(|default| self.ty(default));
        self.module.decls[decl.index()].ty = constraint;
        // The default of a type parameter is kept as a type expression among expressions.
        if let Some(default) = default {
            let value = self.push(ExprKind::As(default), full, Context::None);
            self.module.decls[decl.index()].value = Some(value);
        }
        decl
    }

    /// `constructor(private x: T)` declares a property of the class too.
    fn parameter_property(&mut self, decl: DeclId, param: &oxc_ast::ast::FormalParameter<'_>) {
        let Some(shape) = self.constructor_of() else { return };
        let known = self.module.decl(decl);
        let (name, span, full, ty, value) = (Rc::clone(&known.name), known.span, known.full, known.ty, known.value);
        let property = self.push_decl(Rc::clone(&name), DeclKind::Property, span, full);
        let found = &mut self.module.decls[property.index()];
        (found.ty, found.value, found.owner) = (ty, value, Some(shape));
        found.flags.local = false;
        found.flags.private = param.accessibility == Some(oxc_ast::ast::TSAccessibility::Private);
        found.flags.readonly = param.readonly;
        self.module.shapes[shape.index()].members.push(crate::module::Member { name, decl: property });
        if let Some(occurrence) = self.module.occurrences.iter_mut().rev().find(|found| found.span == span) {
            debug_assert!(matches!(occurrence.occ, Occ::Decl(_)));
            occurrence.roles |= roles::ATTRIBUTE;
            occurrence.roles &= !roles::LOCAL;
        }
    }

    fn constructor_of(&self) -> Option<crate::module::ShapeId> {
        match self.this {
            This::Instance(class) => self.module.decl(class).shape,
            _ => None,
        }
    }
}

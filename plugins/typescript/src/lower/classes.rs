//! Classes, interfaces, enums and aliases, and their members.

use std::rc::Rc;

use oxc_ast::ast::{
    Class, ClassElement, MethodDefinition, MethodDefinitionKind, PropertyDefinition, TSAccessibility,
    TSEnumDeclaration, TSEnumMemberName, TSInterfaceDeclaration, TSMethodSignatureKind, TSSignature,
    TSTypeAliasDeclaration,
};
use vraftls_guest_sdk::roles;

use super::Lower;
use super::functions::Signature;
use crate::module::{Context, DeclId, DeclKind, ExprKind, FnId, Member, Name, Occ, Range, Shape, ShapeId, This};

impl Lower<'_> {
    pub(super) fn class(&mut self, class: &Class<'_>) -> DeclId {
        let full = self.range(class.span);
        let decl = match &class.id {
            Some(id) => self.declare(id, DeclKind::Class, full),
            None => {
                let name = self.name("default");
                self.push_decl(name, DeclKind::Class, Range { start: full.start, end: full.start }, full)
            }
        };
        for decorator in &class.decorators {
            self.expr(&decorator.expression, Context::None);
        }
        let shape = self.push_shape(Shape { decl: Some(decl), is_class: true, ..Shape::default() });
        self.module.decls[decl.index()].shape = Some(shape);
        self.module.decls[decl.index()].flags.is_abstract = class.r#abstract;
        let type_params = self.type_parameters(class.type_parameters.as_deref());
        self.module.decls[decl.index()].type_params = type_params;
        if let Some(heritage) = &class.heritage {
            let base = self.expr(&heritage.expression, Context::None);
            let types = self.type_arguments(heritage.type_arguments.as_deref());
            self.module.shapes[shape.index()].extends.push((base, types));
        }
        for implemented in &class.implements {
            let name = self.entity(&implemented.expression);
            let types = self.type_arguments(implemented.type_arguments.as_deref());
            self.module.shapes[shape.index()].implements.push((name, types));
        }
        let outer = (self.this, self.parent.replace(decl), self.doc, self.exported, self.pending_doc.take());
        self.exported = false;
        for element in &class.body.body {
            self.doc = self.range(oxc_span::GetSpan::span(element)).start;
            self.pending_doc = self.docs.get(&self.doc).copied();
            self.class_element(element, decl, shape);
        }
        (self.this, self.parent, self.doc, self.exported, self.pending_doc) = outer;
        decl
    }

    fn class_element(&mut self, element: &ClassElement<'_>, class: DeclId, shape: ShapeId) {
        match element {
            ClassElement::StaticBlock(block) => {
                let function = self.empty_function(Range::default());
                self.in_function(function, Some(This::Static(class)), |lower| lower.statements(&block.body));
            }
            ClassElement::MethodDefinition(method) => self.method_definition(method, class, shape),
            ClassElement::PropertyDefinition(property) => self.property_definition(property, class, shape),
            ClassElement::AccessorProperty(property) => {
                let full = self.range(property.span);
                let ty = property.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
                let decl = self.member_decl(&property.key, property.computed, DeclKind::Property, full, shape);
                let value = property.value.as_ref().map(|value| self.expr(value, Context::None));
                if let Some(decl) = decl {
                    let known = &mut self.module.decls[decl.index()];
                    (known.ty, known.value, known.flags.is_static) = (ty, value, property.r#static);
                }
            }
            ClassElement::TSIndexSignature(signature) => {
                let ty = self.ty(&signature.type_annotation.type_annotation);
                self.module.shapes[shape.index()].index = Some(ty);
            }
        }
    }

    fn method_definition(&mut self, method: &MethodDefinition<'_>, class: DeclId, shape: ShapeId) {
        let full = self.range(method.span);
        for decorator in &method.decorators {
            self.expr(&decorator.expression, Context::None);
        }
        let this = if method.r#static { This::Static(class) } else { This::Instance(class) };
        if method.kind == MethodDefinitionKind::Constructor {
            let name = self.name("constructor");
            let span = self.range(oxc_span::GetSpan::span(&method.key));
            let decl = self.push_decl(name, DeclKind::Constructor, span, full);
            self.module.decls[decl.index()].owner = Some(shape);
            self.occurrence(span, Occ::Decl(decl), roles::DEFINES | roles::ATTRIBUTE);
            let function = self.method(&method.value, this, Some(decl));
            self.module.decls[decl.index()].function = Some(function);
            self.module.shapes[shape.index()].constructs.push(function);
            return;
        }
        let kind = match method.kind {
            MethodDefinitionKind::Get => DeclKind::Getter,
            MethodDefinitionKind::Set => DeclKind::Setter,
            _ => DeclKind::Method,
        };
        let decl = self.member_decl(&method.key, method.computed, kind, full, shape);
        let function = self.method(&method.value, this, decl);
        if let Some(decl) = decl {
            let known = &mut self.module.decls[decl.index()];
            known.function = Some(function);
            known.flags.is_static = method.r#static;
            known.flags.private |= method.accessibility == Some(TSAccessibility::Private);
            known.flags.optional = method.optional;
            known.flags.is_abstract = method.r#type == oxc_ast::ast::MethodDefinitionType::TSAbstractMethodDefinition;
        }
    }

    fn property_definition(&mut self, property: &PropertyDefinition<'_>, class: DeclId, shape: ShapeId) {
        let full = self.range(property.span);
        for decorator in &property.decorators {
            self.expr(&decorator.expression, Context::None);
        }
        let decl = self.member_decl(&property.key, property.computed, DeclKind::Property, full, shape);
        let written = property.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
        let ty = written.or_else(|| self.doc_type());
        let this = if property.r#static { This::Static(class) } else { This::Instance(class) };
        let outer = (std::mem::replace(&mut self.this, this), self.parent);
        self.parent = decl.or(outer.1);
        let context = match (ty, decl) {
            (Some(ty), _) => Context::Typed(ty),
            (None, Some(decl)) => Context::Member(decl),
            (None, None) => Context::None,
        };
        let value = property.value.as_ref().map(|value| self.expr(value, context));
        (self.this, self.parent) = outer;
        if let Some(decl) = decl {
            let function = value.and_then(|value| match self.module.expr(value).kind {
                ExprKind::Function(function) => Some(function),
                _ => None,
            });
            let known = &mut self.module.decls[decl.index()];
            (known.ty, known.value, known.function) = (ty, value, function);
            known.flags.is_static = property.r#static;
            known.flags.private |= property.accessibility == Some(TSAccessibility::Private);
            known.flags.optional = property.optional;
            known.flags.readonly = property.readonly;
        }
    }

    /// The declaration of a member by its key. None where the key is computed.
    fn member_decl(
        &mut self,
        key: &oxc_ast::ast::PropertyKey<'_>,
        computed: bool,
        kind: DeclKind,
        full: Range,
        shape: ShapeId,
    ) -> Option<DeclId> {
        let (name, span, in_string) = self.property_key(key, computed)?;
        let decl = self.push_decl(Rc::clone(&name), kind, span, full);
        let known = &mut self.module.decls[decl.index()];
        known.owner = Some(shape);
        known.flags.private = name.starts_with('#');
        known.flags.computed = span.start == span.end;
        known.flags.local = false;
        self.module.shapes[shape.index()].members.push(Member { name, decl });
        let role = roles::DEFINES | roles::ATTRIBUTE | if in_string { roles::IN_STRING } else { 0 };
        self.occurrence(span, Occ::Decl(decl), role);
        Some(decl)
    }

    pub(super) fn interface(&mut self, interface: &TSInterfaceDeclaration<'_>) {
        let full = self.range(interface.span);
        let decl = self.declare(&interface.id, DeclKind::Interface, full);
        let type_params = self.type_parameters(interface.type_parameters.as_deref());
        self.module.decls[decl.index()].type_params = type_params;
        let mut extends = Vec::new();
        for heritage in &interface.extends {
            let base = self.entity(&heritage.type_name);
            let types = self.type_arguments(heritage.type_arguments.as_deref());
            extends.push((base, types));
        }
        let outer = (self.parent.replace(decl), std::mem::replace(&mut self.this, This::Instance(decl)), self.exported);
        self.exported = false;
        let shape = self.signatures(&interface.body.body);
        (self.parent, self.this, self.exported) = outer;
        let known = &mut self.module.shapes[shape.index()];
        (known.decl, known.extends) = (Some(decl), extends);
        self.module.decls[decl.index()].shape = Some(shape);
    }

    /// The members of an interface or an object type.
    pub(super) fn signatures(&mut self, signatures: &[TSSignature<'_>]) -> ShapeId {
        let shape = self.push_shape(Shape::default());
        let doc = self.doc;
        for signature in signatures {
            self.doc = self.range(oxc_span::GetSpan::span(signature)).start;
            self.signature_member(signature, shape);
        }
        self.doc = doc;
        shape
    }

    fn signature_member(&mut self, signature: &TSSignature<'_>, shape: ShapeId) {
        match signature {
            TSSignature::TSIndexSignature(signature) => {
                self.ty(&signature.parameter.type_annotation.type_annotation);
                let ty = self.ty(&signature.type_annotation.type_annotation);
                self.module.shapes[shape.index()].index = Some(ty);
            }
            TSSignature::TSPropertySignature(property) => {
                let full = self.range(property.span);
                let decl = self.member_decl(&property.key, property.computed, DeclKind::Property, full, shape);
                let outer = self.parent;
                self.parent = decl.or(outer);
                let ty = property.type_annotation.as_ref().map(|annotation| self.ty(&annotation.type_annotation));
                self.parent = outer;
                if let Some(decl) = decl {
                    let known = &mut self.module.decls[decl.index()];
                    known.ty = ty;
                    known.flags.optional = property.optional;
                    known.flags.readonly = property.readonly;
                }
            }
            TSSignature::TSCallSignatureDeclaration(call) => {
                let function = self.signature(&Signature {
                    span: call.span,
                    type_parameters: call.type_parameters.as_deref(),
                    this: call.this_param.as_deref(),
                    params: &call.params,
                    ret: call.return_type.as_deref(),
                });
                self.module.shapes[shape.index()].calls.push(function);
            }
            TSSignature::TSConstructSignatureDeclaration(construct) => {
                let function = self.signature(&Signature {
                    span: construct.span,
                    type_parameters: construct.type_parameters.as_deref(),
                    this: None,
                    params: &construct.params,
                    ret: construct.return_type.as_deref(),
                });
                self.module.shapes[shape.index()].constructs.push(function);
            }
            TSSignature::TSMethodSignature(method) => self.method_signature(method, shape),
        }
    }

    fn method_signature(&mut self, method: &oxc_ast::ast::TSMethodSignature<'_>, shape: ShapeId) {
        let full = self.range(method.span);
        let kind = match method.kind {
            TSMethodSignatureKind::Method => DeclKind::Method,
            TSMethodSignatureKind::Get => DeclKind::Getter,
            TSMethodSignatureKind::Set => DeclKind::Setter,
        };
        let decl = self.member_decl(&method.key, method.computed, kind, full, shape);
        let outer = self.parent;
        self.parent = decl.or(outer);
        let function: FnId = self.signature(&Signature {
            span: method.span,
            type_parameters: method.type_parameters.as_deref(),
            this: method.this_param.as_deref(),
            params: &method.params,
            ret: method.return_type.as_deref(),
        });
        self.parent = outer;
        self.module.functions[function.index()].decl = decl;
        if let Some(decl) = decl {
            let known = &mut self.module.decls[decl.index()];
            (known.function, known.flags.optional) = (Some(function), method.optional);
        }
    }

    pub(super) fn alias(&mut self, alias: &TSTypeAliasDeclaration<'_>) {
        let full = self.range(alias.span);
        let decl = self.declare(&alias.id, DeclKind::Alias, full);
        let outer = (self.parent.replace(decl), self.exported);
        self.exported = false;
        let type_params = self.type_parameters(alias.type_parameters.as_deref());
        let ty = self.ty(&alias.type_annotation);
        (self.parent, self.exported) = outer;
        let known = &mut self.module.decls[decl.index()];
        (known.type_params, known.ty) = (type_params, Some(ty));
    }

    pub(super) fn enumeration(&mut self, enumeration: &TSEnumDeclaration<'_>) {
        let full = self.range(enumeration.span);
        let decl = self.declare(&enumeration.id, DeclKind::Enum, full);
        let shape = self.push_shape(Shape { decl: Some(decl), ..Shape::default() });
        self.module.decls[decl.index()].shape = Some(shape);
        let outer = (self.parent.replace(decl), self.doc, self.exported);
        self.exported = false;
        for member in &enumeration.body.members {
            let full = self.range(member.span);
            self.doc = full.start;
            let (name, span): (Name, Range) = match &member.id {
                TSEnumMemberName::Identifier(id) => (self.name(&id.name), self.range(id.span)),
                TSEnumMemberName::String(id) | TSEnumMemberName::ComputedString(id) => {
                    (self.name(&id.value), super::expressions::inner(self.range(id.span)))
                }
                TSEnumMemberName::ComputedTemplateString(_) => continue,
            };
            let found = self.push_decl(Rc::clone(&name), DeclKind::EnumMember, span, full);
            self.occurrence(span, Occ::Decl(found), roles::DEFINES | roles::ATTRIBUTE);
            let value = member.initializer.as_ref().map(|value| self.expr(value, Context::None));
            let known = &mut self.module.decls[found.index()];
            (known.owner, known.value, known.flags.local) = (Some(shape), value, false);
            self.module.shapes[shape.index()].members.push(Member { name, decl: found });
            // Members see one another by their bare names.
            self.bind_enum_member(&enumeration.body, found);
        }
        (self.parent, self.doc, self.exported) = outer;
    }

    fn bind_enum_member(&mut self, body: &oxc_ast::ast::TSEnumBody<'_>, decl: DeclId) {
        let Some(scope) = body.scope_id.get() else { return };
        let name = Rc::clone(&self.module.decl(decl).name);
        let bound = self.scoping.get_binding(scope, (&*name).into());
        if let Some(symbol) = bound
            && let Some(known) = self.module.symbols.get_mut(symbol.index())
        {
            known.name = Some(name);
            known.decls.push(decl);
        }
    }
}

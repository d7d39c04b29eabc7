//! JSX: tags are names, attributes are members of what a component takes.

use std::rc::Rc;

use oxc_ast::ast::{
    JSXAttributeItem, JSXAttributeName, JSXAttributeValue, JSXChild, JSXElement, JSXElementName, JSXExpression,
    JSXFragment, JSXMemberExpression, JSXMemberExpressionObject,
};
use vraftls_guest_sdk::roles;

use super::Lower;
use crate::module::{Context, DeclKind, ExprId, ExprKind, Literal, Member, Occ, Shape};

impl Lower<'_> {
    pub(super) fn jsx_element(&mut self, element: &JSXElement<'_>, context: Context) -> ExprId {
        let span = self.range(element.span);
        let opening = &element.opening_element;
        let tag = self.jsx_name(&opening.name);
        self.type_arguments(opening.type_arguments.as_deref());
        let attributes = self.push_shape(Shape::default());
        let id = self.push(ExprKind::Jsx { tag, attributes }, span, context);
        self.module.shapes[attributes.index()].expr = Some(id);
        for attribute in &opening.attributes {
            self.jsx_attribute(attribute, id, attributes);
        }
        for child in &element.children {
            self.jsx_child(child, id);
        }
        if let Some(closing) = &element.closing_element {
            self.jsx_name(&closing.name);
        }
        id
    }

    pub(super) fn jsx_fragment(&mut self, fragment: &JSXFragment<'_>, context: Context) -> ExprId {
        let span = self.range(fragment.span);
        let attributes = self.push_shape(Shape::default());
        let id = self.push(ExprKind::Jsx { tag: None, attributes }, span, context);
        for child in &fragment.children {
            self.jsx_child(child, id);
        }
        id
    }

    fn jsx_name(&mut self, name: &JSXElementName<'_>) -> Option<ExprId> {
        match name {
            JSXElementName::Identifier(id) => {
                let (span, name) = (self.range(id.span), self.name(&id.name));
                self.occurrence(span, Occ::Intrinsic(name), roles::REFERS);
                None
            }
            JSXElementName::IdentifierReference(id) => Some(self.identifier(id, roles::REFERS, Context::None)),
            JSXElementName::NamespacedName(_) => None,
            JSXElementName::MemberExpression(member) => Some(self.jsx_member(member)),
            JSXElementName::ThisExpression(this) => {
                let span = self.range(this.span);
                Some(self.push(ExprKind::This(self.this), span, Context::None))
            }
        }
    }

    fn jsx_member(&mut self, member: &JSXMemberExpression<'_>) -> ExprId {
        let object = match &member.object {
            JSXMemberExpressionObject::IdentifierReference(id) => self.identifier(id, roles::REFERS, Context::None),
            JSXMemberExpressionObject::MemberExpression(inner) => self.jsx_member(inner),
            JSXMemberExpressionObject::ThisExpression(this) => {
                let span = self.range(this.span);
                self.push(ExprKind::This(self.this), span, Context::None)
            }
        };
        let (name, name_span) = (self.name(&member.property.name), self.range(member.property.span));
        let span = self.range(member.span);
        let id = self.push(ExprKind::Member { object, name, name_span }, span, Context::None);
        self.occurrence(name_span, Occ::Member(id), roles::REFERS | roles::ATTRIBUTE);
        id
    }

    fn jsx_attribute(&mut self, attribute: &JSXAttributeItem<'_>, jsx: ExprId, shape: crate::module::ShapeId) {
        let attribute = match attribute {
            JSXAttributeItem::SpreadAttribute(spread) => {
                let value = self.expr(&spread.argument, Context::None);
                self.module.shapes[shape.index()].spreads.push(value);
                return;
            }
            JSXAttributeItem::Attribute(attribute) => attribute,
        };
        let (name, span) = match &attribute.name {
            JSXAttributeName::Identifier(id) => (self.name(&id.name), self.range(id.span)),
            JSXAttributeName::NamespacedName(id) => {
                let name = format!("{}:{}", id.namespace.name, id.name.name);
                (self.name(&name), self.range(id.span))
            }
        };
        let full = self.range(attribute.span);
        let decl = self.push_decl(Rc::clone(&name), DeclKind::Property, span, full);
        self.module.decls[decl.index()].owner = Some(shape);
        let context = Context::Attribute(jsx, Rc::clone(&name));
        let value = match &attribute.value {
            None => Some(self.push(ExprKind::Literal(Literal::Boolean(true)), span, Context::None)),
            Some(JSXAttributeValue::StringLiteral(literal)) => {
                let (span, value) = (self.range(literal.span), self.name(&literal.value));
                Some(self.push(ExprKind::Literal(Literal::String(value)), span, context))
            }
            Some(JSXAttributeValue::ExpressionContainer(container)) => {
                self.jsx_expression(&container.expression, context)
            }
            Some(JSXAttributeValue::Element(element)) => Some(self.jsx_element(element, context)),
            Some(JSXAttributeValue::Fragment(fragment)) => Some(self.jsx_fragment(fragment, context)),
        };
        self.module.decls[decl.index()].value = value;
        self.module.shapes[shape.index()].members.push(Member { name, decl });
        self.occurrence(span, Occ::Attribute { jsx, decl }, roles::REFERS | roles::ATTRIBUTE);
    }

    fn jsx_expression(&mut self, expression: &JSXExpression<'_>, context: Context) -> Option<ExprId> {
        expression.as_expression().map(|expression| self.expr(expression, context))
    }

    fn jsx_child(&mut self, child: &JSXChild<'_>, parent: ExprId) {
        match child {
            JSXChild::Text(_) => {}
            JSXChild::Element(element) => {
                self.jsx_element(element, Context::None);
            }
            JSXChild::Fragment(fragment) => {
                self.jsx_fragment(fragment, Context::None);
            }
            JSXChild::ExpressionContainer(container) => {
                self.jsx_expression(&container.expression, Context::Child(parent));
            }
            JSXChild::Spread(spread) => {
                self.expr(&spread.expression, Context::None);
            }
        }
    }
}

//! Expressions, and what they assign to. Each knows where it stands, so that what is expected of it can be asked.

use std::rc::Rc;

use oxc_ast::ast::{
    Argument, ArrayExpressionElement, AssignmentExpression, AssignmentOperator, AssignmentTarget,
    AssignmentTargetMaybeDefault, AssignmentTargetProperty, BinaryExpression, BinaryOperator, CallExpression,
    ChainElement, Expression, LogicalExpression, LogicalOperator, ObjectExpression, ObjectPropertyKind, PropertyKey,
    PropertyKind, SimpleAssignmentTarget, UnaryOperator,
};
use oxc_span::GetSpan;
use vraftls_guest_sdk::roles;

use super::Lower;
use crate::module::{
    Context, DeclId, DeclKind, ExprId, ExprKind, Ident, Literal, Member, Name, Occ, Range, Shape, This,
};

impl Lower<'_> {
    pub(super) fn expr(&mut self, expression: &Expression<'_>, context: Context) -> ExprId {
        let span = self.range(expression.span());
        let kind = match expression {
            Expression::Identifier(id) => return self.identifier(id, roles::REFERS, context),
            Expression::BooleanLiteral(literal) => ExprKind::Literal(Literal::Boolean(literal.value)),
            Expression::NullLiteral(_) => ExprKind::Literal(Literal::Null),
            Expression::NumericLiteral(literal) => {
                ExprKind::Literal(Literal::Number(self.name(&literal.value.to_string())))
            }
            Expression::BigIntLiteral(_) => ExprKind::Literal(Literal::BigInt),
            Expression::RegExpLiteral(_) => ExprKind::Literal(Literal::Regex),
            Expression::StringLiteral(literal) => ExprKind::Literal(Literal::String(self.name(&literal.value))),
            Expression::TemplateLiteral(template) => {
                self.exprs(&template.expressions);
                ExprKind::Literal(Literal::Template)
            }
            Expression::ThisExpression(_) => {
                if let This::Function(function) = self.this
                    && let Some(decl) = self.module.function(function).this_decl
                {
                    self.occurrence(span, Occ::Fixed(decl), roles::REFERS | roles::LOCAL);
                }
                ExprKind::This(self.this)
            }
            Expression::Super(_) => ExprKind::Super(self.this),
            Expression::ImportMeta(_) => ExprKind::ImportMeta,
            Expression::ParenthesizedExpression(inner) => {
                if let Some(ty) = self.doc_cast(span.start) {
                    self.expr(&inner.expression, Context::Typed(ty));
                    return self.push(ExprKind::As(ty), span, context);
                }
                let like = context.clone();
                ExprKind::Same(self.expr(&inner.expression, like))
            }
            Expression::ArrayExpression(array) => return self.array(&array.elements, span, context),
            Expression::ObjectExpression(object) => return self.object(object, context),
            Expression::FunctionExpression(function) => return self.function_expression(function, context),
            Expression::ArrowFunctionExpression(arrow) => return self.arrow(arrow, context),
            Expression::ClassExpression(class) => {
                let id = self.push(ExprKind::Unknown, span, context);
                let decl = self.class(class);
                self.module.exprs[id.index()].kind = ExprKind::Class(decl);
                return id;
            }
            Expression::AssignmentExpression(assignment) => return self.assign(assignment, context),
            Expression::CallExpression(call) => return self.call(call, context),
            Expression::NewExpression(new) => {
                let callee = self.expr(&new.callee, Context::None);
                let types = self.type_arguments(new.type_arguments.as_deref());
                let id = self.push(ExprKind::Unknown, span, context);
                let arguments = self.arguments(&new.arguments, id);
                self.module.exprs[id.index()].kind = ExprKind::Call { callee, arguments, types, is_new: true };
                return id;
            }
            Expression::ConditionalExpression(conditional) => {
                let test = self.expr(&conditional.test, Context::None);
                let yes = self.where_holds(test, true, |lower| lower.expr(&conditional.consequent, context.clone()));
                let no = self.where_holds(test, false, |lower| lower.expr(&conditional.alternate, context.clone()));
                ExprKind::Conditional(yes, no)
            }
            Expression::LogicalExpression(logical) => self.logical(logical, &context),
            Expression::BinaryExpression(binary) => self.binary(binary),
            _ => return self.rarer(expression, span, context),
        };
        self.push(kind, span, context)
    }

    fn rarer(&mut self, expression: &Expression<'_>, span: Range, context: Context) -> ExprId {
        let kind = match expression {
            Expression::AwaitExpression(inner) => ExprKind::Await(self.expr(&inner.argument, context.clone())),
            Expression::YieldExpression(inner) => {
                if let Some(argument) = &inner.argument {
                    let value = self.expr(argument, Context::None);
                    if let Some(function) = self.function {
                        self.module.functions[function.index()].yields.push(value);
                    }
                }
                ExprKind::Yield
            }
            Expression::ChainExpression(chain) => ExprKind::Same(self.chain(&chain.expression, context.clone())),
            Expression::ImportExpression(import) => match &import.source {
                Expression::StringLiteral(source) => ExprKind::ImportCall(self.spec(&source.value, source.span, span)),
                source => {
                    self.expr(source, Context::None);
                    ExprKind::Unknown
                }
            },
            Expression::SequenceExpression(sequence) => {
                let last = self.exprs(&sequence.expressions);
                last.map_or(ExprKind::Unknown, ExprKind::Same)
            }
            Expression::TaggedTemplateExpression(tagged) => {
                let callee = self.expr(&tagged.tag, Context::None);
                let types = self.type_arguments(tagged.type_arguments.as_deref());
                self.exprs(&tagged.quasi.expressions);
                ExprKind::Call { callee, arguments: Vec::new(), types, is_new: false }
            }
            Expression::UnaryExpression(unary) => {
                let inner = self.expr(&unary.argument, Context::None);
                match unary.operator {
                    UnaryOperator::LogicalNot => ExprKind::Not(inner),
                    UnaryOperator::Typeof => ExprKind::TypeOf(inner),
                    UnaryOperator::Void => ExprKind::Void,
                    UnaryOperator::Delete => ExprKind::Boolean,
                    _ => ExprKind::Arithmetic(inner, inner, false),
                }
            }
            Expression::UpdateExpression(update) => {
                let inner = self.simple_target(&update.argument, roles::REFERS | roles::WRITES);
                ExprKind::Arithmetic(inner, inner, false)
            }
            Expression::PrivateInExpression(inner) => {
                self.expr(&inner.right, Context::None);
                ExprKind::Boolean
            }
            Expression::TSAsExpression(inner) => {
                return self.cast(&inner.expression, &inner.type_annotation, span, context);
            }
            Expression::TSTypeAssertion(inner) => {
                return self.cast(&inner.expression, &inner.type_annotation, span, context);
            }
            Expression::TSSatisfiesExpression(inner) => {
                let ty = self.ty(&inner.type_annotation);
                ExprKind::Same(self.expr(&inner.expression, Context::Typed(ty)))
            }
            Expression::TSNonNullExpression(inner) => ExprKind::NonNull(self.expr(&inner.expression, context.clone())),
            Expression::TSInstantiationExpression(inner) => {
                let same = self.expr(&inner.expression, Context::None);
                self.type_arguments(Some(&inner.type_arguments));
                ExprKind::Same(same)
            }
            Expression::JSXElement(element) => return self.jsx_element(element, context),
            Expression::JSXFragment(fragment) => return self.jsx_fragment(fragment, context),
            Expression::ComputedMemberExpression(_)
            | Expression::StaticMemberExpression(_)
            | Expression::PrivateFieldExpression(_) => match expression.as_member_expression() {
                Some(member) => return self.member(member, roles::REFERS, context),
                None => ExprKind::Unknown,
            },
            _ => ExprKind::Unknown,
        };
        self.push(kind, span, context)
    }

    fn exprs<'e, 'x: 'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expression<'x>>) -> Option<ExprId> {
        expressions.into_iter().map(|expression| self.expr(expression, Context::None)).last()
    }

    fn cast(
        &mut self,
        expression: &Expression<'_>,
        ty: &oxc_ast::ast::TSType<'_>,
        span: Range,
        context: Context,
    ) -> ExprId {
        if is_const(ty) {
            let inner = self.expr(expression, context.clone());
            return self.push(ExprKind::Same(inner), span, context);
        }
        // The expression comes first in `e as T` and second in `<T>e`; what is expected of it is the type.
        let ty = self.ty(ty);
        self.expr(expression, Context::Typed(ty));
        self.push(ExprKind::As(ty), span, context)
    }

    fn array(&mut self, elements: &[ArrayExpressionElement<'_>], span: Range, context: Context) -> ExprId {
        let id = self.push(ExprKind::Unknown, span, context);
        let mut found = Vec::new();
        for (place, element) in elements.iter().enumerate() {
            let lowered = match element {
                ArrayExpressionElement::SpreadElement(spread) => {
                    let inner = self.expr(&spread.argument, Context::None);
                    let span = self.range(spread.span);
                    self.push(ExprKind::Spread(inner), span, Context::None)
                }
                ArrayExpressionElement::Elision(_) => continue,
                element => match element.as_expression() {
                    Some(expression) => self.expr(expression, Context::Element(id, place as u32)),
                    None => continue,
                },
            };
            found.push(lowered);
        }
        self.module.exprs[id.index()].kind = ExprKind::Array(found);
        id
    }

    pub(super) fn arguments(&mut self, arguments: &[Argument<'_>], call: ExprId) -> Vec<ExprId> {
        let mut found = Vec::with_capacity(arguments.len());
        for (place, argument) in arguments.iter().enumerate() {
            found.push(match argument {
                Argument::SpreadElement(spread) => {
                    let inner = self.expr(&spread.argument, Context::None);
                    let span = self.range(spread.span);
                    self.push(ExprKind::Spread(inner), span, Context::None)
                }
                argument => match argument.as_expression() {
                    Some(expression) => self.expr(expression, Context::Argument(call, place as u32)),
                    None => self.push(ExprKind::Unknown, Range::default(), Context::None),
                },
            });
        }
        found
    }

    fn call(&mut self, call: &CallExpression<'_>, context: Context) -> ExprId {
        let span = self.range(call.span);
        if let Expression::Identifier(callee) = &call.callee
            && callee.name == "require"
            && let [Argument::StringLiteral(source)] = call.arguments.as_slice()
            && matches!(self.resolve(callee), Ident::Free(..))
            && self.module.is_js
        {
            let callee_span = self.range(callee.span);
            self.occurrence(callee_span, Occ::Keyword, roles::REFERS);
            let spec = self.spec(&source.value, source.span, span);
            self.module.is_common_js = true;
            return self.push(ExprKind::Require(spec), span, context);
        }
        let callee = self.expr(&call.callee, Context::None);
        let types = self.type_arguments(call.type_arguments.as_deref());
        let id = self.push(ExprKind::Unknown, span, context);
        self.module.exprs[id.index()].kind =
            ExprKind::Call { callee, arguments: Vec::new(), types: types.clone(), is_new: false };
        let arguments = self.arguments(&call.arguments, id);
        self.module.exprs[id.index()].kind = ExprKind::Call { callee, arguments, types, is_new: false };
        id
    }

    fn chain(&mut self, element: &ChainElement<'_>, context: Context) -> ExprId {
        match element {
            ChainElement::CallExpression(call) => self.call(call, context),
            ChainElement::TSNonNullExpression(inner) => {
                let span = self.range(inner.span);
                let inner = self.expr(&inner.expression, context.clone());
                self.push(ExprKind::NonNull(inner), span, context)
            }
            element => match element.as_member_expression() {
                Some(member) => self.member(member, roles::REFERS, context),
                None => self.push(ExprKind::Unknown, Range::default(), context),
            },
        }
    }

    pub(super) fn member(
        &mut self,
        member: &oxc_ast::ast::MemberExpression<'_>,
        role: u32,
        context: Context,
    ) -> ExprId {
        use oxc_ast::ast::MemberExpression as M;
        let span = self.range(member.span());
        let (object, name, name_span) = match member {
            M::StaticMemberExpression(member) => {
                let object = self.expr(&member.object, Context::None);
                (object, self.name(&member.property.name), self.range(member.property.span))
            }
            M::PrivateFieldExpression(member) => {
                let object = self.expr(&member.object, Context::None);
                let name = format!("#{}", member.field.name);
                (object, self.name(&name), self.range(member.field.span))
            }
            M::ComputedMemberExpression(member) => {
                let object = self.expr(&member.object, Context::None);
                if let Expression::StringLiteral(key) = &member.expression {
                    let name_span = inner(self.range(key.span));
                    let name = self.name(&key.value);
                    let id = self.push(ExprKind::Member { object, name, name_span }, span, context);
                    self.occurrence(name_span, Occ::StringKey(id), role | roles::ATTRIBUTE | roles::IN_STRING);
                    return id;
                }
                let index = self.expr(&member.expression, Context::None);
                return self.push(ExprKind::Index { object, index }, span, context);
            }
        };
        let id = self.push(ExprKind::Member { object, name, name_span }, span, context);
        self.occurrence(name_span, Occ::Member(id), role | roles::ATTRIBUTE);
        id
    }

    fn logical(&mut self, logical: &LogicalExpression<'_>, context: &Context) -> ExprKind {
        let left_context = if logical.operator == LogicalOperator::And { Context::None } else { context.clone() };
        let left = self.expr(&logical.left, left_context);
        let right_context = match context {
            Context::None if logical.operator != LogicalOperator::And => Context::Like(left),
            context => context.clone(),
        };
        let right = match logical.operator {
            LogicalOperator::And => self.where_holds(left, true, |lower| lower.expr(&logical.right, right_context)),
            LogicalOperator::Or => self.where_holds(left, false, |lower| lower.expr(&logical.right, right_context)),
            LogicalOperator::Coalesce => self.expr(&logical.right, right_context),
        };
        if logical.operator == LogicalOperator::And { ExprKind::And(left, right) } else { ExprKind::Or(left, right) }
    }

    fn binary(&mut self, binary: &BinaryExpression<'_>) -> ExprKind {
        let left = self.expr(&binary.left, Context::None);
        let right = self.expr(&binary.right, Context::None);
        match binary.operator {
            BinaryOperator::Equality | BinaryOperator::StrictEquality => {
                ExprKind::Equality { left, right, negated: false }
            }
            BinaryOperator::Inequality | BinaryOperator::StrictInequality => {
                ExprKind::Equality { left, right, negated: true }
            }
            BinaryOperator::Instanceof => ExprKind::InstanceOf(left, right),
            BinaryOperator::In => ExprKind::In(left, right),
            BinaryOperator::LessThan
            | BinaryOperator::LessEqualThan
            | BinaryOperator::GreaterThan
            | BinaryOperator::GreaterEqualThan => ExprKind::Boolean,
            operator => ExprKind::Arithmetic(left, right, operator == BinaryOperator::Addition),
        }
    }

    fn assign(&mut self, assignment: &AssignmentExpression<'_>, context: Context) -> ExprId {
        let span = self.range(assignment.span);
        match &assignment.left {
            AssignmentTarget::ArrayAssignmentTarget(_) | AssignmentTarget::ObjectAssignmentTarget(_) => {
                let right = self.expr(&assignment.right, Context::None);
                self.target_pattern(&assignment.left, right);
                self.push(ExprKind::Same(right), span, context)
            }
            left => {
                let plain = assignment.operator == AssignmentOperator::Assign;
                let role = if plain { roles::WRITES } else { roles::REFERS | roles::WRITES };
                let left = match left.as_simple_assignment_target() {
                    Some(target) => self.simple_target(target, role),
                    None => self.push(ExprKind::Unknown, span, Context::None),
                };
                let expected = self.assigned_context(left);
                let right = self.expr(&assignment.right, expected);
                match assignment.operator {
                    AssignmentOperator::Assign
                    | AssignmentOperator::LogicalAnd
                    | AssignmentOperator::LogicalOr
                    | AssignmentOperator::LogicalNullish => {
                        if plain {
                            self.assignment(left, right, span);
                        }
                        self.push(ExprKind::Assign(left, right), span, context)
                    }
                    AssignmentOperator::Addition => self.push(ExprKind::Arithmetic(left, right, true), span, context),
                    _ => self.push(ExprKind::Arithmetic(left, right, false), span, context),
                }
            }
        }
    }

    pub(super) fn simple_target(&mut self, target: &SimpleAssignmentTarget<'_>, role: u32) -> ExprId {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(id) => self.identifier(id, role, Context::None),
            SimpleAssignmentTarget::TSAsExpression(inner) => {
                let span = self.range(inner.span);
                self.cast(&inner.expression, &inner.type_annotation, span, Context::None)
            }
            SimpleAssignmentTarget::TSTypeAssertion(inner) => {
                let span = self.range(inner.span);
                self.cast(&inner.expression, &inner.type_annotation, span, Context::None)
            }
            SimpleAssignmentTarget::TSSatisfiesExpression(inner) => self.expr(&inner.expression, Context::None),
            SimpleAssignmentTarget::TSNonNullExpression(inner) => self.expr(&inner.expression, Context::None),
            target => match target.as_member_expression() {
                Some(member) => self.member(member, role, Context::None),
                None => self.push(ExprKind::Unknown, Range::default(), Context::None),
            },
        }
    }

    /// `[a, b.c] = value` and `({ a, b: c } = value)`.
    pub(super) fn target_pattern(&mut self, target: &AssignmentTarget<'_>, value: ExprId) {
        match target {
            AssignmentTarget::ArrayAssignmentTarget(array) => {
                for (place, element) in array.elements.iter().enumerate() {
                    let Some(element) = element else { continue };
                    let span = self.range(element.span());
                    let part = self.push(ExprKind::Element(value, Some(place as u32)), span, Context::None);
                    self.maybe_default(element, part);
                }
                if let Some(rest) = &array.rest {
                    self.target_pattern(&rest.target, value);
                }
            }
            AssignmentTarget::ObjectAssignmentTarget(object) => {
                for property in &object.properties {
                    self.target_property(property, value);
                }
                if let Some(rest) = &object.rest {
                    self.target_pattern(&rest.target, value);
                }
            }
            target => {
                if let Some(target) = target.as_simple_assignment_target() {
                    let span = self.range(target.span());
                    let left = self.simple_target(target, roles::WRITES);
                    self.assignment(left, value, span);
                }
            }
        }
    }

    fn target_property(&mut self, property: &AssignmentTargetProperty<'_>, value: ExprId) {
        match property {
            AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(property) => {
                let span = self.range(property.binding.span);
                let name = self.name(&property.binding.name);
                let part = self.push(ExprKind::Member { object: value, name, name_span: span }, span, Context::None);
                let left = self.identifier(&property.binding, roles::WRITES, Context::None);
                self.assignment(left, part, span);
                if let Some(init) = &property.init {
                    self.expr(init, Context::Assigned(left));
                }
            }
            AssignmentTargetProperty::AssignmentTargetPropertyProperty(property) => {
                let member = self.pattern_key(&property.name, value, None);
                self.maybe_default(&property.binding, member);
            }
        }
    }

    fn maybe_default(&mut self, target: &AssignmentTargetMaybeDefault<'_>, value: ExprId) {
        match target {
            AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(target) => {
                self.expr(&target.init, Context::None);
                self.target_pattern(&target.binding, value);
            }
            target => {
                if let Some(target) = target.as_assignment_target() {
                    self.target_pattern(target, value);
                }
            }
        }
    }

    fn object(&mut self, object: &ObjectExpression<'_>, context: Context) -> ExprId {
        let span = self.range(object.span);
        let shape = self.push_shape(Shape::default());
        let id = self.push(ExprKind::Object(shape), span, context);
        self.module.shapes[shape.index()].expr = Some(id);
        let (this, doc) = (self.this, self.doc);
        for property in &object.properties {
            self.doc = self.range(property.span()).start;
            match property {
                ObjectPropertyKind::SpreadProperty(spread) => {
                    let inner = self.expr(&spread.argument, Context::Like(id));
                    self.module.shapes[shape.index()].spreads.push(inner);
                }
                ObjectPropertyKind::ObjectProperty(property) => self.property(property, id, shape),
            }
            self.this = this;
        }
        self.doc = doc;
        id
    }

    fn property(&mut self, property: &oxc_ast::ast::ObjectProperty<'_>, object: ExprId, shape: crate::module::ShapeId) {
        let full = self.range(property.span);
        let outer_doc = self.pending_doc.take();
        self.pending_doc = self.docs.get(&self.doc).copied();
        let Some((name, span, in_string)) = self.property_key(&property.key, property.computed) else {
            self.object_value(&property.value, object, None);
            self.pending_doc = outer_doc;
            return;
        };
        let kind = match property.kind {
            PropertyKind::Get => DeclKind::Getter,
            PropertyKind::Set => DeclKind::Setter,
            PropertyKind::Init if property.method => DeclKind::Method,
            PropertyKind::Init => DeclKind::Property,
        };
        let decl = self.push_decl(Rc::clone(&name), kind, span, full);
        let ty = self.doc_type();
        self.module.decls[decl.index()].owner = Some(shape);
        self.module.decls[decl.index()].ty = ty;
        self.module.shapes[shape.index()].members.push(Member { name: Rc::clone(&name), decl });
        let outer = self.parent.replace(decl);
        let shorthand = if property.shorthand {
            let Expression::Identifier(value) = &property.value else { return };
            let ident = self.resolve(value);
            let kind = match &ident {
                Ident::Local(symbol) => self.narrowed(*symbol, ident.clone()),
                Ident::Free(..) => ExprKind::Ident(ident),
            };
            let value = self.push(kind, span, Context::Property(object, Rc::clone(&name)));
            self.module.decls[decl.index()].value = Some(value);
            Some(value)
        } else {
            let value = self.object_value(&property.value, object, Some(&name));
            self.finish_property(decl, value);
            None
        };
        self.parent = outer;
        self.pending_doc = outer_doc;
        let role = roles::DEFINES | roles::ATTRIBUTE | if shorthand.is_some() { roles::REFERS } else { 0 };
        let role = if in_string { role | roles::IN_STRING } else { role };
        self.occurrence(span, Occ::Key { decl, object, shorthand }, role);
    }

    fn object_value(&mut self, value: &Expression<'_>, object: ExprId, name: Option<&Name>) -> ExprId {
        let context = name.map_or(Context::None, |name| Context::Property(object, Rc::clone(name)));
        let outer = self.this;
        if matches!(value, Expression::FunctionExpression(_)) {
            self.this = This::Object(object);
        }
        let value = self.expr(value, context);
        self.this = outer;
        value
    }

    fn finish_property(&mut self, decl: DeclId, value: ExprId) {
        self.module.decls[decl.index()].value = Some(value);
        if let ExprKind::Function(function) = self.module.expr(value).kind {
            self.module.decls[decl.index()].function = Some(function);
            let known = &mut self.module.functions[function.index()];
            known.decl = known.decl.or(Some(decl));
        }
    }

    /// The name of a key, where it is, and whether it is a string. None where it is computed; then it is lowered.
    pub(super) fn property_key(&mut self, key: &PropertyKey<'_>, computed: bool) -> Option<(Name, Range, bool)> {
        match key {
            PropertyKey::StaticIdentifier(id) => Some((self.name(&id.name), self.range(id.span), false)),
            PropertyKey::PrivateIdentifier(id) => {
                let name = format!("#{}", id.name);
                Some((self.name(&name), self.range(id.span), false))
            }
            PropertyKey::StringLiteral(literal) => {
                Some((self.name(&literal.value), inner(self.range(literal.span)), true))
            }
            PropertyKey::NumericLiteral(literal) => {
                let range = self.range(literal.span);
                let name = literal.value.to_string();
                Some((self.name(&name), Range { start: range.start, end: range.start }, false))
            }
            key => {
                let expression = key.as_expression()?;
                let value = self.expr(expression, Context::None);
                // A computed key by a name is a member of that name: `[Symbol.iterator]`, `[KEY]`.
                let name = match &self.module.expr(value).kind {
                    ExprKind::Member { name, .. } if computed => format!("[{name}]"),
                    ExprKind::Ident(_) | ExprKind::Narrowed(..) if computed => {
                        format!("[{}]", self.module.slice(self.module.expr(value).span))
                    }
                    _ => return None,
                };
                let range = self.range(expression.span());
                Some((self.name(&name), Range { start: range.start, end: range.start }, false))
            }
        }
    }
}

/// Without the quotes.
pub(super) fn inner(range: Range) -> Range {
    Range { start: range.start + 1, end: range.end.saturating_sub(1).max(range.start + 1) }
}

fn is_const(ty: &oxc_ast::ast::TSType<'_>) -> bool {
    use oxc_ast::ast::{TSType, TSTypeName};
    match ty {
        TSType::TSTypeReference(reference) => {
            matches!(&reference.type_name, TSTypeName::IdentifierReference(id) if id.name == "const")
        }
        _ => false,
    }
}

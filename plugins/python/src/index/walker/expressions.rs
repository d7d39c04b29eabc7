//! Identifiers in expressions, parameters and patterns.

use ruff_python_ast::{self as ast, Expr, ExprContext, InterpolatedStringElement, Pattern};
use vraftls_guest_sdk::roles;

use super::super::names::NameId;
use super::super::scopes::ScopeKind;
use super::super::strings::{self, TypeArguments};
use super::{Reading, Walker};

/// From this depth on chains to the left are walked with a stack of their own.
const DEPTH_MAX: u32 = 64;

impl Walker<'_> {
    /// An expression that may be missing.
    pub(super) fn optional(&mut self, expression: Option<&Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    /// An expression that is a type.
    pub(super) fn annotation(&mut self, expression: &Expr) {
        self.with_reading(Reading::Types, |walker| walker.expression(expression));
    }

    /// Any expression.
    pub(super) fn expression(&mut self, expression: &Expr) {
        self.depth += 1;
        match expression {
            Expr::Name(name) => self.name(name),
            Expr::Attribute(_) | Expr::Call(_) | Expr::Subscript(_) | Expr::BinOp(_) => self.chain(expression),
            Expr::StringLiteral(literal) => {
                if self.reading == Reading::Types
                    && let Some(part) = literal.as_single_part_string()
                {
                    self.string_type(part);
                }
            }
            Expr::NumberLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => {}
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::ListComp(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::SetComp(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::Generator(comp) => self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::DictComp(comp) => match &comp.key {
                Some(key) => self.comprehension(&comp.generators, &[key, &comp.value]),
                None => self.comprehension(&comp.generators, &[&comp.value]),
            },
            Expr::Named(named) => self.walrus(named),
            _ => self.operands(expression),
        }
        self.depth -= 1;
    }

    /// Expressions that only hold others.
    fn operands(&mut self, expression: &Expr) {
        match expression {
            Expr::BoolOp(operation) => self.all(&operation.values),
            Expr::UnaryOp(operation) => self.expression(&operation.operand),
            Expr::If(conditional) => {
                self.expression(&conditional.body);
                self.expression(&conditional.test);
                self.expression(&conditional.orelse);
            }
            Expr::Dict(dict) => {
                for item in &dict.items {
                    self.optional(item.key.as_ref());
                    self.expression(&item.value);
                }
            }
            Expr::Set(set) => self.all(&set.elts),
            Expr::List(list) => self.all(&list.elts),
            Expr::Tuple(tuple) => self.all(&tuple.elts),
            Expr::Await(inner) => self.expression(&inner.value),
            Expr::Yield(inner) => self.optional(inner.value.as_deref()),
            Expr::YieldFrom(inner) => self.expression(&inner.value),
            Expr::Starred(inner) => self.expression(&inner.value),
            Expr::Compare(compare) => {
                self.expression(&compare.left);
                self.all(&compare.comparators);
            }
            Expr::Slice(slice) => {
                self.optional(slice.lower.as_deref());
                self.optional(slice.upper.as_deref());
                self.optional(slice.step.as_deref());
            }
            Expr::FString(string) => string.value.elements().for_each(|element| self.interpolated(element)),
            Expr::TString(string) => string.value.elements().for_each(|element| self.interpolated(element)),
            _ => {}
        }
    }

    fn all(&mut self, expressions: &[Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn interpolated(&mut self, element: &InterpolatedStringElement) {
        if let InterpolatedStringElement::Interpolation(element) = element {
            self.with_reading(Reading::Code, |walker| walker.expression(&element.expression));
            if let Some(spec) = &element.format_spec {
                spec.elements.iter().for_each(|element| self.interpolated(element));
            }
        }
    }

    fn name(&mut self, name: &ast::ExprName) {
        let roles = match name.ctx {
            ExprContext::Load | ExprContext::Invalid => {
                return self.reference(name.id.as_str(), name.range, roles::REFERS);
            }
            ExprContext::Store => roles::DEFINES | roles::WRITES,
            ExprContext::Del => roles::REFERS | roles::WRITES,
        };
        if let Some((occurrence, name)) = self.recorder.record(name.id.as_str(), name.range, roles | self.string_roles)
        {
            self.scopes.bind(occurrence, name);
        }
    }

    fn walrus(&mut self, named: &ast::ExprNamed) {
        if let Expr::Name(name) = named.target.as_ref()
            && let Some((occurrence, name)) =
                self.recorder.record(name.id.as_str(), name.range, roles::DEFINES | roles::WRITES | self.string_roles)
        {
            self.scopes.bind_walrus(occurrence, name);
        }
        self.expression(&named.value);
    }

    /// An expression that begins with another one. Deep chains are unrolled, because they are legal at any length.
    fn chain(&mut self, expression: &Expr) {
        if self.depth <= DEPTH_MAX {
            if let Some(left) = left_of(expression) {
                self.expression(left);
            }
            return self.rest(expression);
        }
        let mut links = Vec::new();
        let mut innermost = expression;
        while let Some(left) = left_of(innermost) {
            links.push(innermost);
            innermost = left;
        }
        self.expression(innermost);
        for link in links.into_iter().rev() {
            self.rest(link);
        }
    }

    /// What follows the beginning of a chain's link.
    fn rest(&mut self, expression: &Expr) {
        match expression {
            Expr::Attribute(attribute) => {
                let roles = match attribute.ctx {
                    ExprContext::Load | ExprContext::Invalid => roles::REFERS,
                    ExprContext::Store if self.is_receiver(&attribute.value) => roles::DEFINES | roles::WRITES,
                    ExprContext::Store => roles::WRITES,
                    ExprContext::Del => roles::REFERS | roles::WRITES,
                };
                self.plain(&attribute.attr, roles | roles::ATTRIBUTE);
            }
            Expr::BinOp(operation) => self.expression(&operation.right),
            Expr::Call(call) => self.call(call),
            Expr::Subscript(subscript) => self.subscript(subscript),
            _ => {}
        }
    }

    /// Whether the expression is the first parameter of the method around.
    pub(super) fn is_receiver(&self, value: &Expr) -> bool {
        match (value, self.receiver) {
            (Expr::Name(name), Some(receiver)) => self.recorder.id(name.id.as_str()) == Some(receiver),
            _ => false,
        }
    }

    fn subscript(&mut self, subscript: &ast::ExprSubscript) {
        let name = strings::last_name(&subscript.value);
        match (self.reading, name) {
            (Reading::Types, Some("Literal")) => {
                self.with_reading(Reading::Code, |walker| walker.expression(&subscript.slice));
            }
            (Reading::Types, Some("Annotated")) => match subscript.slice.as_ref() {
                Expr::Tuple(tuple) if !tuple.elts.is_empty() => {
                    self.expression(&tuple.elts[0]);
                    self.with_reading(Reading::Code, |walker| walker.all(&tuple.elts[1..]));
                }
                other => self.expression(other),
            },
            (Reading::Types, _) => self.expression(&subscript.slice),
            (Reading::Code, Some("Literal" | "Annotated")) => self.expression(&subscript.slice),
            (Reading::Code, _) if strings::looks_generic(&subscript.value) => self.annotation(&subscript.slice),
            (Reading::Code, _) => self.expression(&subscript.slice),
        }
    }

    fn call(&mut self, call: &ast::ExprCall) {
        let types = strings::type_arguments(&call.func);
        if let TypeArguments::None = types {
            return self.with_reading(Reading::Code, |walker| walker.arguments(&call.arguments));
        }
        let (at, after, keywords) = match types {
            TypeArguments::At(index) => (index, usize::MAX, false),
            TypeArguments::TypeVariable | TypeArguments::None => (usize::MAX, 1, true),
        };
        for (index, argument) in call.arguments.args.iter().enumerate() {
            let reading = if index == at || index >= after { Reading::Types } else { Reading::Code };
            self.with_reading(reading, |walker| walker.expression(argument));
        }
        for keyword in &call.arguments.keywords {
            let is_type =
                keywords && keyword.arg.as_ref().is_some_and(|arg| matches!(arg.as_str(), "bound" | "default"));
            let reading = if is_type { Reading::Types } else { Reading::Code };
            self.with_reading(reading, |walker| walker.keyword(keyword));
        }
    }

    /// The arguments of a call or the bases of a class.
    pub(super) fn arguments(&mut self, arguments: &ast::Arguments) {
        self.all(&arguments.args);
        for keyword in &arguments.keywords {
            self.keyword(keyword);
        }
    }

    fn keyword(&mut self, keyword: &ast::Keyword) {
        if let Some(name) = &keyword.arg {
            self.plain(name, roles::KEYWORD | roles::REFERS);
        }
        self.expression(&keyword.value);
    }

    fn lambda(&mut self, lambda: &ast::ExprLambda) {
        if let Some(parameters) = &lambda.parameters {
            self.parameter_types(parameters);
        }
        self.with_scope(ScopeKind::Function, |walker| {
            if let Some(parameters) = &lambda.parameters {
                walker.parameter_names(parameters);
            }
            walker.expression(&lambda.body);
        });
    }

    /// The annotations and defaults of parameters, which belong to the scope around the function.
    pub(super) fn parameter_types(&mut self, parameters: &ast::Parameters) {
        for parameter in parameters {
            if let Some(annotation) = parameter.annotation() {
                self.annotation(annotation);
            }
            if let Some(default) = parameter.default() {
                self.with_reading(Reading::Code, |walker| walker.expression(default));
            }
        }
    }

    /// The names of parameters, which belong to the function; the first of them, if it can be a receiver.
    pub(super) fn parameter_names(&mut self, parameters: &ast::Parameters) -> Option<NameId> {
        let mut first = None;
        for (index, parameter) in parameters.iter().enumerate() {
            let name = parameter.name();
            let roles = roles::DEFINES | roles::PARAMETER;
            if let Some((occurrence, name)) = self.recorder.record(name.as_str(), name.range, roles) {
                self.scopes.bind(occurrence, name);
                if index == 0 {
                    first = Some(name);
                }
            }
        }
        first
    }

    fn comprehension(&mut self, generators: &[ast::Comprehension], elements: &[&Expr]) {
        // The first iterable belongs to the scope around.
        if let Some(first) = generators.first() {
            self.expression(&first.iter);
        }
        self.with_scope(ScopeKind::Comprehension, |walker| {
            for element in elements {
                walker.expression(element);
            }
            for (index, generator) in generators.iter().enumerate() {
                walker.expression(&generator.target);
                if index > 0 {
                    walker.expression(&generator.iter);
                }
                walker.all(&generator.ifs);
            }
        });
    }

    /// A pattern of `case`.
    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        const CAPTURE: u32 = roles::DEFINES | roles::WRITES;
        match pattern {
            Pattern::MatchValue(value) => self.expression(&value.value),
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(sequence) => sequence.patterns.iter().for_each(|inner| self.pattern(inner)),
            Pattern::MatchMapping(mapping) => {
                self.all(&mapping.keys);
                mapping.patterns.iter().for_each(|inner| self.pattern(inner));
                if let Some(rest) = &mapping.rest {
                    self.binding(rest, CAPTURE);
                }
            }
            Pattern::MatchClass(class) => {
                self.expression(&class.cls);
                class.arguments.patterns.iter().for_each(|inner| self.pattern(inner));
                for keyword in &class.arguments.keywords {
                    self.plain(&keyword.attr, roles::ATTRIBUTE | roles::KEYWORD | roles::REFERS);
                    self.pattern(&keyword.pattern);
                }
            }
            Pattern::MatchStar(star) => {
                if let Some(name) = &star.name {
                    self.binding(name, CAPTURE);
                }
            }
            Pattern::MatchAs(capture) => {
                if let Some(inner) = &capture.pattern {
                    self.pattern(inner);
                }
                if let Some(name) = &capture.name {
                    self.binding(name, CAPTURE);
                }
            }
            Pattern::MatchOr(alternatives) => alternatives.patterns.iter().for_each(|inner| self.pattern(inner)),
        }
    }
}

/// The expression with which this one begins.
fn left_of(expression: &Expr) -> Option<&Expr> {
    match expression {
        Expr::Attribute(attribute) => Some(&attribute.value),
        Expr::Call(call) => Some(&call.func),
        Expr::Subscript(subscript) => Some(&subscript.value),
        Expr::BinOp(operation) => Some(&operation.left),
        _ => None,
    }
}

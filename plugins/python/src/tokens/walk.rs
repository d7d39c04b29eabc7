//! The walk that finds the names of a file in the order of the source, and asks what each is.

use ruff_python_ast::name::Name;
use ruff_python_ast::visitor::source_order::{
    SourceOrderVisitor, walk_expr, walk_match_case, walk_parameter, walk_pattern, walk_stmt,
};
use ruff_python_ast::{
    self as ast, Alias, AnyNodeRef, Decorator, ExceptHandler, Expr, ExprAttribute, ExprContext, ExprName, Identifier,
    Keyword, MatchCase, Parameter, ParameterWithDefault, Pattern, PatternKeyword, Stmt, StmtClassDef, StmtFunctionDef,
    TypeParam,
};
use ruff_text_size::{Ranged, TextRange, TextSize};
use ty_python_core::definition::docstring_from_body;
use ty_python_core::semantic_index;
use ty_python_semantic::types::Type;
use ty_python_semantic::{HasType as _, SemanticModel};
use vraftls_guest_sdk::Failure;

use super::bindings::{Bindings, Bound, kind_of_parameter};
use super::types::{Types, modifiers_of_function};
use super::{DEFAULT_LIBRARY, DEFINITION, DOCUMENTATION, Kind, READONLY, Token, is_constant_name};
use crate::project::{PythonProject, Source};
use crate::{annotation, inferred, occurrence};

/// The tokens of a file, next to in order: of all of it, or of the statements that touch a range.
pub(super) fn tokens<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    within: Option<TextRange>,
) -> Result<Vec<(TextRange, Token)>, Failure> {
    let types = Types::new(project.db(), source.model.program_environment());
    let bindings = Bindings::default();
    let mut found = Vec::new();
    let mut walk = Walk {
        project,
        source,
        model: &source.model,
        types: &types,
        bindings: &bindings,
        within,
        found: &mut found,
        in_class: false,
        function: None,
        decorator: None,
        callee: None,
        in_types: false,
        in_string: false,
        cancelled: false,
    };
    let body = source.parsed.suite();
    walk.docstring(body);
    walk.visit_body(body);
    if walk.cancelled {
        return Err(Failure::Cancelled);
    }
    found.retain(|(range, _)| within.is_none_or(|within| range.start() < within.end() && within.start() < range.end()));
    Ok(found)
}

struct Walk<'w, 'ast, 'db> {
    project: &'db PythonProject,
    source: &'w Source<'db>,
    model: &'w SemanticModel<'db>,
    types: &'w Types<'db>,
    bindings: &'w Bindings,
    within: Option<TextRange>,
    found: &'w mut Vec<(TextRange, Token)>,
    /// Whether the statements of the walk are those of a class.
    in_class: bool,
    /// The function whose parameters are walked, and whether it is a method.
    function: Option<(&'ast StmtFunctionDef, bool)>,
    /// The name that a decorator ends in.
    decorator: Option<TextRange>,
    /// What the call around calls.
    callee: Option<TextRange>,
    /// Whether strings may be types.
    in_types: bool,
    /// Whether the walk is inside such a string.
    in_string: bool,
    cancelled: bool,
}

impl<'ast, 'db> Walk<'_, 'ast, 'db> {
    fn emit(&mut self, range: TextRange, token: Token) {
        let token = if self.decorator == Some(range) { Token { kind: Kind::Decorator, ..token } } else { token };
        self.found.push((range, token));
    }

    fn name(&mut self, name: &ExprName) {
        let token = self.meaning(&name.id, name.into(), |model| name.inferred_type(model));
        self.emit(name.range(), token.with_if(name.ctx == ExprContext::Store, DEFINITION));
    }

    /// What a name is that is looked up in the scopes around a node.
    fn meaning(
        &self,
        name: &Name,
        node: AnyNodeRef<'_>,
        inferred: impl FnOnce(&SemanticModel<'db>) -> Option<Type<'db>>,
    ) -> Token {
        let by_type = || {
            let ty = inferred(self.model)?;
            if self.in_types { self.types.annotation(ty) } else { self.types.token(ty) }
        };
        match self.bindings.of(self.model, self.types, name, node) {
            Bound::As(token) => token,
            Bound::ByType(otherwise) => by_type().unwrap_or(otherwise),
            Bound::Nowhere if matches!(name.as_str(), "NotImplemented" | "Ellipsis" | "__debug__") => {
                Token::new(Kind::BuiltinConstant)
            }
            Bound::Nowhere => by_type().map_or(Token::new(Kind::Variable), |token| token.with(DEFAULT_LIBRARY)),
        }
    }

    fn attribute(&mut self, attribute: &'ast ExprAttribute) {
        let is_called = self.callee == Some(attribute.range());
        self.visit_expr(&attribute.value);
        let receiver = attribute.value.inferred_type(self.model);
        let in_module = matches!(receiver, Some(Type::ModuleLiteral(_)));
        let name = attribute.attr.as_str();
        let ty = attribute.inferred_type(self.model);
        let library = receiver.filter(|_| in_module).and_then(|module| self.types.token(module));
        let otherwise = || {
            let kind = match (in_module, is_called) {
                (true, false) => Kind::Variable,
                (true, true) => Kind::Function,
                (false, true) => Kind::Method,
                (false, false) => Kind::Property,
            };
            let library = library.map_or(0, |module| module.modifiers & DEFAULT_LIBRARY);
            Token::new(kind).with_if(is_constant_name(name), READONLY).with(library)
        };
        let token = ty.and_then(|ty| match self.in_types && self.is_namespace(receiver) {
            true => self.types.annotation(ty),
            false => self.types.attribute(ty, receiver),
        });
        let token = token.unwrap_or_else(otherwise);
        self.emit(attribute.attr.range(), token.with_if(attribute.ctx == ExprContext::Store, DEFINITION));
    }

    /// Whether an attribute of such a value may name a type.
    fn is_namespace(&self, receiver: Option<Type<'_>>) -> bool {
        matches!(receiver, Some(Type::ModuleLiteral(_) | Type::ClassLiteral(_)))
    }

    /// Walks what a string says, if the engine reads it as a type.
    fn string(&mut self, literal: &ast::ExprStringLiteral) {
        if !self.in_types {
            return;
        }
        let entered = occurrence::enter_annotation(self.source, self.model, literal, self.in_string);
        let Some((annotation, model)) = entered else { return };
        let mut inner = Walk {
            project: self.project,
            source: self.source,
            model: &model,
            types: self.types,
            bindings: self.bindings,
            within: self.within,
            found: &mut *self.found,
            in_class: false,
            function: None,
            decorator: None,
            callee: None,
            in_types: true,
            in_string: true,
            cancelled: false,
        };
        inner.visit_expr(annotation.expr());
    }

    fn as_types(&mut self, in_types: bool, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.in_types, in_types);
        walk(self);
        self.in_types = before;
    }

    fn body(&mut self, body: &'ast [Stmt], in_class: bool) {
        let before = std::mem::replace(&mut self.in_class, in_class);
        self.docstring(body);
        self.visit_body(body);
        self.in_class = before;
    }

    fn function_def(&mut self, function: &'ast StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        let is_property = function.decorator_list.iter().any(|decorator| match &decorator.expression {
            Expr::Name(name) => matches!(name.id.as_str(), "property" | "cached_property" | "abstractproperty"),
            Expr::Attribute(attribute) => {
                matches!(attribute.attr.as_str(), "setter" | "getter" | "deleter" | "cached_property")
            }
            _ => false,
        });
        let kind = match (self.in_class, is_property) {
            (true, true) => Kind::Property,
            (true, false) => Kind::Method,
            (false, _) => Kind::Function,
        };
        let modifiers = modifiers_of_function(function) | DEFINITION;
        self.emit(function.name.range(), Token::new(kind).with(modifiers));
        if let Some(parameters) = &function.type_params {
            self.visit_type_params(parameters);
        }
        let around = self.function.replace((function, self.in_class));
        self.visit_parameters(&function.parameters);
        self.function = around;
        if let Some(returns) = &function.returns {
            self.visit_annotation(returns);
        }
        self.body(&function.body, false);
    }

    fn class_def(&mut self, class: &'ast StmtClassDef) {
        for decorator in &class.decorator_list {
            self.visit_decorator(decorator);
        }
        let index = semantic_index(self.model.db(), self.model.program_file());
        let definition = index.try_definitions(class.into()).and_then(<[_]>::first);
        let token = definition.and_then(|definition| self.types.definition(*definition));
        self.emit(class.name.range(), token.unwrap_or(Token::new(Kind::Class)).with(DEFINITION));
        if let Some(parameters) = &class.type_params {
            self.visit_type_params(parameters);
        }
        if let Some(arguments) = &class.arguments {
            self.visit_arguments(arguments);
        }
        self.body(&class.body, true);
    }

    /// The documentation that a body begins with, line by line: no token goes over a line's end.
    fn docstring(&mut self, body: &[Stmt]) {
        let Some(literal) = docstring_from_body(body) else { return };
        let mut start = literal.start();
        for line in self.source.slice(literal.range()).split('\n') {
            let text = line.trim();
            let indentation = line.len() - line.trim_start().len();
            let range = TextRange::at(start + size(indentation), size(text.len()));
            self.emit(range, Token::new(Kind::String).with(DOCUMENTATION));
            start += size(line.len() + 1);
        }
    }

    /// The parts of a module's name, which may stand apart.
    fn module(&mut self, dotted: &Identifier) -> Token {
        let library = self.model.resolve_module(dotted.as_str().split('.').next(), 0).and_then(|module| {
            let db = self.model.db();
            module.file(db).map(|file| file.path(db).is_vendored_path())
        });
        let token = Token::new(Kind::Namespace).with_if(library == Some(true), DEFAULT_LIBRARY);
        let mut start = dotted.start();
        for part in self.source.slice(dotted.range()).split('.') {
            let text = part.trim_matches([' ', '\t', '\\', '\r', '\n', '\u{c}']);
            let before = part.len() - part.trim_start_matches([' ', '\t', '\\', '\r', '\n', '\u{c}']).len();
            self.emit(TextRange::at(start + size(before), size(text.len())), token);
            start += size(part.len() + 1);
        }
        token
    }

    fn imported(&mut self, alias: &'ast Alias) {
        if alias.name.as_str() == "*" {
            return;
        }
        let inferred =
            inferred::is_indexed(self.model, alias.into()).then(|| alias.inferred_type(self.model)).flatten();
        let otherwise = || Token::new(Kind::Variable).with_if(is_constant_name(alias.name.as_str()), READONLY);
        let token = inferred.and_then(|ty| self.types.token(ty)).unwrap_or_else(otherwise);
        self.emit(alias.name.range(), token);
        if let Some(name) = &alias.asname {
            self.emit(name.range(), token.with(DEFINITION));
        }
    }

    fn import(&mut self, statement: &'ast Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let token = self.module(&alias.name);
                    if let Some(name) = &alias.asname {
                        self.emit(name.range(), token.with(DEFINITION));
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                if let Some(module) = &import.module {
                    self.module(module);
                }
                for alias in &import.names {
                    self.imported(alias);
                }
            }
            _ => {}
        }
    }

    /// A keyword that is one only where it stands, at the start of a node.
    fn soft_keyword(&mut self, start: TextSize, keyword: &str) {
        let range = TextRange::at(start, size(keyword.len()));
        if self.source.slice(range) == keyword {
            self.emit(range, Token::new(Kind::Keyword));
        }
    }

    fn captured(&mut self, name: Option<&Identifier>) {
        if let Some(name) = name {
            self.emit(name.range(), Token::new(Kind::Variable).with(DEFINITION));
        }
    }

    fn is_outside(&self, range: TextRange) -> bool {
        self.within.is_some_and(|within| within.intersect(range).is_none())
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Walk<'_, 'ast, '_> {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if self.cancelled || self.is_outside(statement.range()) {
            return;
        }
        match statement {
            Stmt::FunctionDef(function) => {
                self.cancelled |= self.project.workspace().cancelled();
                self.function_def(function);
            }
            Stmt::ClassDef(class) => self.class_def(class),
            Stmt::Import(_) | Stmt::ImportFrom(_) => self.import(statement),
            Stmt::TypeAlias(alias) => {
                self.soft_keyword(alias.start(), "type");
                self.emit(alias.name.range(), Token::new(Kind::Type).with(DEFINITION));
                if let Some(parameters) = &alias.type_params {
                    self.visit_type_params(parameters);
                }
                self.as_types(true, |walk| walk.visit_expr(&alias.value));
            }
            Stmt::Match(found) => {
                self.soft_keyword(found.start(), "match");
                walk_stmt(self, statement);
            }
            Stmt::Global(ast::StmtGlobal { names, .. }) | Stmt::Nonlocal(ast::StmtNonlocal { names, .. }) => {
                for name in names {
                    let token = self.meaning(&name.id, name.into(), |_| None);
                    self.emit(name.range(), token);
                }
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_annotation(&mut self, annotation: &'ast Expr) {
        self.as_types(true, |walk| walk.visit_expr(annotation));
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Name(name) => self.name(name),
            Expr::Attribute(attribute) => self.attribute(attribute),
            Expr::Call(call) => {
                self.callee = Some(call.func.range());
                self.visit_expr(&call.func);
                let types = self.in_types || annotation::takes_types(&call.func);
                self.as_types(types, |walk| walk.visit_arguments(&call.arguments));
            }
            Expr::Subscript(subscript) => {
                self.visit_expr(&subscript.value);
                let types = self.in_types || annotation::is_generic(&subscript.value);
                self.as_types(types, |walk| walk.visit_expr(&subscript.slice));
            }
            Expr::StringLiteral(literal) => self.string(literal),
            Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => {
                self.emit(expression.range(), Token::new(Kind::BuiltinConstant));
            }
            Expr::Lambda(_) => {
                let around = self.function.take();
                walk_expr(self, expression);
                self.function = around;
            }
            _ => walk_expr(self, expression),
        }
    }

    fn visit_decorator(&mut self, decorator: &'ast Decorator) {
        let called = match &decorator.expression {
            Expr::Call(call) => &*call.func,
            other => other,
        };
        self.decorator = match called {
            Expr::Name(name) => Some(name.range()),
            Expr::Attribute(attribute) => Some(attribute.attr.range()),
            _ => None,
        };
        self.visit_expr(&decorator.expression);
        self.decorator = None;
    }

    fn visit_parameter_with_default(&mut self, parameter: &'ast ParameterWithDefault) {
        let kind = self
            .function
            .map_or(Kind::Parameter, |(function, is_method)| kind_of_parameter(function, parameter.range(), is_method));
        self.emit(parameter.parameter.name.range(), Token::new(kind).with(DEFINITION));
        if let Some(annotation) = parameter.annotation() {
            self.visit_annotation(annotation);
        }
        if let Some(default) = &parameter.default {
            self.visit_expr(default);
        }
    }

    fn visit_parameter(&mut self, parameter: &'ast Parameter) {
        self.emit(parameter.name.range(), Token::new(Kind::Parameter).with(DEFINITION));
        walk_parameter(self, parameter);
    }

    fn visit_keyword(&mut self, keyword: &'ast Keyword) {
        if let Some(name) = &keyword.arg {
            self.emit(name.range(), Token::new(Kind::Parameter));
        }
        self.visit_expr(&keyword.value);
    }

    fn visit_except_handler(&mut self, handler: &'ast ExceptHandler) {
        let ExceptHandler::ExceptHandler(handler) = handler;
        if let Some(types) = &handler.type_ {
            self.visit_expr(types);
        }
        self.captured(handler.name.as_ref());
        self.visit_body(&handler.body);
    }

    fn visit_type_param(&mut self, parameter: &'ast TypeParam) {
        self.emit(parameter.name().range(), Token::new(Kind::TypeParameter).with(DEFINITION));
        let (bound, default) = match parameter {
            TypeParam::TypeVar(parameter) => (parameter.bound.as_deref(), parameter.default.as_deref()),
            TypeParam::ParamSpec(parameter) => (None, parameter.default.as_deref()),
            TypeParam::TypeVarTuple(parameter) => (None, parameter.default.as_deref()),
        };
        for types in bound.into_iter().chain(default) {
            self.visit_annotation(types);
        }
    }

    fn visit_match_case(&mut self, case: &'ast MatchCase) {
        if !self.is_outside(case.range()) {
            self.soft_keyword(case.start(), "case");
            walk_match_case(self, case);
        }
    }

    fn visit_pattern(&mut self, pattern: &'ast Pattern) {
        match pattern {
            Pattern::MatchSingleton(_) => self.emit(pattern.range(), Token::new(Kind::BuiltinConstant)),
            Pattern::MatchStar(star) => self.captured(star.name.as_ref()),
            Pattern::MatchAs(capture) => {
                if let Some(inner) = &capture.pattern {
                    self.visit_pattern(inner);
                }
                self.captured(capture.name.as_ref());
            }
            Pattern::MatchMapping(mapping) => {
                walk_pattern(self, pattern);
                self.captured(mapping.rest.as_ref());
            }
            _ => walk_pattern(self, pattern),
        }
    }

    fn visit_pattern_keyword(&mut self, keyword: &'ast PatternKeyword) {
        self.emit(keyword.attr.range(), Token::new(Kind::Property));
        self.visit_pattern(&keyword.pattern);
    }
}

/// A length of a file's text, which the engine keeps below 4 GiB.
fn size(length: usize) -> TextSize {
    TextSize::try_from(length).unwrap_or_default()
}

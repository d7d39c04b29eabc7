//! Where calls stand: every call of a piece of syntax, by the name that it calls and the function that it stands in.

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr, walk_stmt};
use ruff_python_ast::{AnyNodeRef, Decorator, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use ty_python_core::definition::Definition;
use ty_python_core::semantic_index;
use ty_python_semantic::ResolvedDefinition;
use ty_python_semantic::types::Type;

use super::items::{self, Thing};
use crate::inferred;
use crate::occurrence::{At, look_at};
use crate::project::{PythonProject, Source};
use crate::resolve::{self, Follow};

/// A call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'ast> {
    /// The name of what is called.
    pub(super) name: TextRange,
    /// The function or class whose body it stands in; None for what stands in neither.
    pub(super) within: Option<AnyNodeRef<'ast>>,
}

/// The calls in some statements, in the order of the source. Decorators are calls too.
pub(super) fn sites<'ast>(body: impl IntoIterator<Item = &'ast Stmt>) -> Vec<Site<'ast>> {
    let mut walk = Walk { within: None, found: Vec::new() };
    for statement in body {
        walk.visit_stmt(statement);
    }
    walk.found.sort_by_key(|site| site.name.start());
    walk.found
}

struct Walk<'ast> {
    within: Option<AnyNodeRef<'ast>>,
    found: Vec<Site<'ast>>,
}

impl<'ast> Walk<'ast> {
    fn call(&mut self, function: &Expr) {
        if let Some(name) = called_name(function) {
            self.found.push(Site { name, within: self.within });
        }
    }

    fn body(&mut self, node: AnyNodeRef<'ast>, body: &'ast [Stmt]) {
        let around = self.within.replace(node);
        self.visit_body(body);
        self.within = around;
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Walk<'ast> {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                // All before the body is evaluated where the function is defined.
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                self.visit_parameters(&function.parameters);
                self.body(function.into(), &function.body);
            }
            Stmt::ClassDef(class) => {
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.body(class.into(), &class.body);
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_decorator(&mut self, decorator: &'ast Decorator) {
        self.call(&decorator.expression);
        self.visit_expr(&decorator.expression);
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        if let Expr::Call(call) = expression {
            self.call(&call.func);
        }
        walk_expr(self, expression);
    }
}

/// The name that a called expression ends in. None for what has no name, such as the result of another call.
fn called_name(function: &Expr) -> Option<TextRange> {
    match function {
        Expr::Name(name) => Some(name.range()),
        Expr::Attribute(attribute) => Some(attribute.attr.range()),
        Expr::Subscript(generic) => called_name(&generic.value),
        _ => None,
    }
}

/// The functions and classes that a name means.
pub(super) fn meant<'db>(project: &'db PythonProject, at: &At<'_, 'db>) -> Vec<Definition<'db>> {
    let found = items::callables(project, &resolve::definitions(at, Follow::Everything));
    if !found.is_empty() {
        return found;
    }
    // A variable that holds one.
    let held = |ty: Type<'db>| match ty {
        Type::FunctionLiteral(_) | Type::BoundMethod(_) | Type::ClassLiteral(_) | Type::GenericAlias(_) => {
            inferred::definition_of_type(at.model, ty)
        }
        _ => None,
    };
    let held: Vec<ResolvedDefinition<'db>> = match inferred::type_of(at) {
        Some(Type::Union(union)) => union.elements(project.db()).iter().filter_map(|ty| held(*ty)).collect(),
        Some(ty) => held(ty).into_iter().collect(),
        None => Vec::new(),
    };
    items::callables(project, &held)
}

/// The functions and classes that the name at a place means.
pub(super) fn meant_at<'db>(
    project: &'db PythonProject,
    source: &Source<'db>,
    name: TextRange,
) -> Vec<Definition<'db>> {
    look_at(source, name.start(), |at| meant(project, at)).unwrap_or_default()
}

/// What a call stands in.
pub(super) fn caller<'db>(source: &Source<'db>, site: &Site<'_>) -> Thing<'db> {
    let index = semantic_index(source.model.db(), source.model.program_file());
    let definition = site.within.and_then(|node| index.try_definitions(node)?.first().copied());
    definition.map_or(Thing::Module(source.file), Thing::Definition)
}

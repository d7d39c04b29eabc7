//! Inlay hints: what people would write if they wrote all of it, where it is not plain to see. Types of variables, what
//! functions return, and the names of the parameters that arguments fill.

mod arguments;
mod labels;
mod obvious;
mod returns;
mod variables;

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use vraftls_guest_sdk::{Failure, InlayHint, Span};

use crate::project::{PythonProject, Source};

/// InlayHintKind of a type.
const TYPE: u32 = 1;
/// InlayHintKind of a parameter's name.
const PARAMETER: u32 = 2;

/// The hints in a span, by place.
pub(crate) fn inlay_hints(project: &PythonProject, path: &str, span: Span) -> Result<Vec<InlayHint>, Failure> {
    let source = project.source(path)?;
    let within = source.range(span)?;
    let mut walk = Walk { hints: Hints { project, source: &source, found: Vec::new() }, within, cancelled: false };
    walk.visit_body(source.parsed.suite());
    if walk.cancelled {
        return Err(Failure::Cancelled);
    }
    let mut found = walk.hints.found;
    found.retain(|hint| (span.start..=span.end).contains(&hint.offset));
    found.sort_by_key(|hint| hint.offset);
    Ok(found)
}

/// The hints that were found.
struct Hints<'a, 'db> {
    project: &'db PythonProject,
    source: &'a Source<'db>,
    found: Vec<InlayHint>,
}

struct Walk<'a, 'db> {
    hints: Hints<'a, 'db>,
    within: TextRange,
    cancelled: bool,
}

impl Walk<'_, '_> {
    fn is_outside(&self, range: TextRange) -> bool {
        self.within.intersect(range).is_none()
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Walk<'_, '_> {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if self.cancelled || self.is_outside(statement.range()) {
            return;
        }
        match statement {
            Stmt::FunctionDef(function) => {
                self.cancelled |= self.hints.project.workspace().cancelled();
                self.hints.returned(function);
            }
            Stmt::Assign(assign) => self.hints.assigned(assign),
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        if self.is_outside(expression.range()) {
            return;
        }
        if let Expr::Call(call) = expression {
            self.hints.arguments(call);
        }
        walk_expr(self, expression);
    }

    // Types are written there already.
    fn visit_annotation(&mut self, _: &'ast Expr) {}
}

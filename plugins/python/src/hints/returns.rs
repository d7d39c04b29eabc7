//! What functions return that do not say so. The engine takes it for unknown; here it is read from the `return` statements,
//! where these leave no doubt.

use ruff_python_ast::helpers::ReturnStatementVisitor;
use ruff_python_ast::visitor::Visitor as _;
use ruff_python_ast::{PySourceType, Stmt, StmtFunctionDef, StmtReturn};
use ruff_text_size::Ranged;
use ty_python_semantic::HasType as _;
use vraftls_guest_sdk::{HintPart, InlayHint, Padding, Span, TextEdit};

use super::labels::label;
use super::obvious::is_plain;
use super::{Hints, TYPE};

/// How many different types a function may return.
const TYPES_MAX: usize = 3;

impl Hints<'_, '_> {
    /// The hint of a function.
    pub(super) fn returned(&mut self, function: &StmtFunctionDef) {
        let is_stub = self.source.file.source_type(self.project.db()) == PySourceType::Stub;
        if function.returns.is_some() || is_stub || function.name.as_str() == "__init__" {
            return;
        }
        let Some((parts, annotation)) = self.returned_types(function) else { return };
        let offset = function.parameters.end().to_u32();
        let edit = |annotation: String| TextEdit {
            span: Span { start: offset, end: offset },
            new_text: format!(" -> {annotation}"),
        };
        let arrow = HintPart { label: "-> ".to_owned(), location: None };
        self.found.push(InlayHint {
            offset,
            parts: [arrow].into_iter().chain(parts).collect(),
            kind: TYPE,
            padding: Padding::LEFT,
            edits: annotation.map(edit).into_iter().collect(),
        });
    }

    /// The parts of the label, and how the type is written if it can be.
    fn returned_types(&self, function: &StmtFunctionDef) -> Option<(Vec<HintPart>, Option<String>)> {
        let mut visitor = ReturnStatementVisitor::default();
        visitor.visit_body(&function.body);
        // What it yields is not told by what it returns; a body that is not there says nothing.
        if visitor.is_generator || is_missing(&function.body) {
            return None;
        }
        let mut found: Vec<(String, Vec<HintPart>, Option<String>)> = Vec::new();
        let mut returns_nothing = !ends(&function.body);
        for StmtReturn { value, .. } in &visitor.returns {
            let Some(value) = value else {
                returns_nothing = true;
                continue;
            };
            let ty = value.inferred_type(&self.source.model).filter(|ty| !is_plain(*ty))?;
            let label = label(self.project, &self.source.model, ty, (&**value).into())?;
            let text: String = label.parts.iter().map(|part| part.label.as_str()).collect();
            // A value is an example of its type.
            if text.contains("Literal[") || !label.is_annotation {
                return None;
            }
            if !found.iter().any(|(known, ..)| *known == text) {
                found.push((text, label.parts, label.annotation));
            }
        }
        let has_values = !found.is_empty();
        // Who leaves the end open may still never come there.
        if has_values && returns_nothing && !visitor.returns.iter().any(|found| found.value.is_none()) {
            return None;
        }
        let none = HintPart { label: "None".to_owned(), location: None };
        if returns_nothing && !found.iter().any(|(known, ..)| known == "None") {
            found.push(("None".to_owned(), vec![none], Some("None".to_owned())));
        }
        if found.is_empty() || found.len() > TYPES_MAX {
            return None;
        }
        let annotation: Option<Vec<String>> = found.iter().map(|(_, _, annotation)| annotation.clone()).collect();
        let mut parts = Vec::new();
        for (number, (_, own, _)) in found.into_iter().enumerate() {
            if number > 0 {
                parts.push(HintPart { label: " | ".to_owned(), location: None });
            }
            parts.extend(own);
        }
        Some((parts, annotation.map(|all| all.join(" | "))))
    }
}

/// Whether the last statement leaves the function for sure.
fn ends(body: &[Stmt]) -> bool {
    match body.last() {
        Some(Stmt::Return(_) | Stmt::Raise(_)) => true,
        Some(Stmt::If(statement)) => {
            let has_else = statement.elif_else_clauses.last().is_some_and(|clause| clause.test.is_none());
            has_else && ends(&statement.body) && statement.elif_else_clauses.iter().all(|clause| ends(&clause.body))
        }
        Some(Stmt::With(statement)) => ends(&statement.body),
        _ => false,
    }
}

/// Whether a body only announces a function, or does nothing but raise.
fn is_missing(body: &[Stmt]) -> bool {
    body.iter().all(|statement| match statement {
        Stmt::Pass(_) | Stmt::Raise(_) => true,
        Stmt::Expr(expression) => {
            expression.value.is_ellipsis_literal_expr() || expression.value.is_string_literal_expr()
        }
        _ => false,
    })
}

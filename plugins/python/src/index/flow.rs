//! An estimate of what it costs the engine to follow the flow through a file.
//!
//! At every place where the flow of a scope parts and meets again, the engine merges what it knows of every name of the scope:
//! names times branches, which for code that a generator wrote can be hours. Such a file is refused in words, so that the
//! engine lives; its facts stay, because they are found without it.

use ruff_python_ast::visitor::{Visitor, walk_body, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprContext, Stmt};
use ruff_python_parser::parse_unchecked_source;

use super::source_type;

/// Files that are smaller cannot cost much.
const SMALL_BYTES: usize = 128 << 10;
/// Names times branches that are followed. Measured in the sandbox, a million take about half a second.
const MERGES_MAX: u64 = 12_000_000;

/// Whether the engine would follow the flow through the file for longer than anybody waits.
pub(crate) fn is_too_branched(path: &str, text: &str) -> bool {
    if text.len() < SMALL_BYTES {
        return false;
    }
    let parsed = parse_unchecked_source(text, source_type(path));
    let mut flow = Flow::default();
    flow.visit_body(parsed.suite());
    flow.merges > MERGES_MAX
}

/// Counts the bindings of the scope around, for each its own name, and what each branch merges.
#[derive(Default)]
struct Flow {
    /// Bindings in this scope so far.
    bindings: u64,
    merges: u64,
}

impl Flow {
    /// Runs `walk` in a scope of its own.
    fn in_scope(&mut self, walk: impl FnOnce(&mut Self)) {
        let around = std::mem::take(&mut self.bindings);
        walk(self);
        self.bindings = around;
    }
}

impl<'ast> Visitor<'ast> for Flow {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.bindings += 1;
                self.in_scope(|flow| walk_body(flow, &function.body));
            }
            Stmt::ClassDef(class) => {
                self.bindings += 1;
                self.in_scope(|flow| walk_body(flow, &class.body));
            }
            Stmt::Import(import) => self.bindings += import.names.len() as u64,
            Stmt::ImportFrom(import) => self.bindings += import.names.len() as u64,
            Stmt::If(_) | Stmt::For(_) | Stmt::While(_) | Stmt::With(_) | Stmt::Try(_) | Stmt::Match(_) => {
                walk_stmt(self, statement);
                self.merges += self.bindings;
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Name(name) if name.ctx != ExprContext::Load => self.bindings += 1,
            // They part the flow too.
            Expr::If(_) | Expr::BoolOp(_) => {
                walk_expr(self, expression);
                self.merges += self.bindings;
            }
            Expr::Lambda(_) => {}
            _ => walk_expr(self, expression),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(sample: &str, times: usize) -> String {
        (0..times).map(|copy| sample.replace('#', &copy.to_string())).collect()
    }

    #[test]
    fn large_files_of_definitions_or_data_are_followed() {
        let functions = repeated("def f#(a):\n    if a:\n        a = 1\n    return a or f#\n", 40_000);
        assert!(functions.len() > SMALL_BYTES && !is_too_branched("a.py", &functions));
        assert!(!is_too_branched("a.py", &repeated("x# = [1, 2, 3]\n", 40_000)));
        assert!(!is_too_branched("a.py", &repeated("if x:\n    pass\n", 40_000)));
    }

    #[test]
    fn names_times_branches_are_bounded() {
        assert!(is_too_branched("a.py", &repeated("if x:\n    y# = 1\n", 10_000)));
        assert!(is_too_branched("a.py", &repeated("y# = x or None\n", 10_000)));
        let body = repeated("    if x:\n        y# = 1\n", 10_000);
        assert!(is_too_branched("a.py", &format!("def f(x):\n{body}")));
    }
}

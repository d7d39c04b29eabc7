//! Infers a file scope by scope, so that a cancel is seen in the middle of a large file.
//!
//! The engine checks a file in one call. It can only be stopped there by unwinding, which a component cannot do: it is compiled to
//! abort. But what is inferred of a scope is remembered. So the scopes are asked for one by one before, in the order in which the
//! check takes them itself, and the check finds its work done. A call that is stopped in between goes on there the next time.

use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_body, walk_stmt};
use ruff_python_ast::{AnyNodeRef, Expr, Stmt};
use ty_python_core::scope::NodeWithScopeKind;
use ty_python_core::semantic_index;
use ty_python_semantic::HasType as _;
use vraftls_guest_sdk::Failure;

use crate::project::{PythonProject, Source};

/// Infers every module, class and function scope of the file. The other scopes are inferred with those around them.
pub(crate) fn infer(project: &PythonProject, source: &Source<'_>) -> Result<(), Failure> {
    let db = project.db();
    for scope in semantic_index(db, project.program_file(source.file)).scope_ids() {
        let body: &[Stmt] = match scope.node(db) {
            NodeWithScopeKind::Module => source.parsed.suite(),
            NodeWithScopeKind::Class(class) => &class.node(&source.parsed).body,
            NodeWithScopeKind::Function(function) => &function.node(&source.parsed).body,
            _ => continue,
        };
        project.check_cancelled()?;
        // The type of one expression takes the inference of the scope that it is in.
        let mut witness = Witness(None);
        walk_body(&mut witness, body);
        if let Some(expression) = witness.0 {
            expression.inferred_type(&source.model);
        }
    }
    Ok(())
}

/// The first expression of a body that lies in the scope of the body.
struct Witness<'ast>(Option<&'ast Expr>);

impl<'ast> SourceOrderVisitor<'ast> for Witness<'ast> {
    fn enter_node(&mut self, _: AnyNodeRef<'ast>) -> TraversalSignal {
        if self.0.is_some() { TraversalSignal::Skip } else { TraversalSignal::Traverse }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        // A definition and a type alias have scopes of their own; what they have beside is not worth telling apart.
        if self.0.is_none() && !matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_) | Stmt::TypeAlias(_)) {
            walk_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        self.0.get_or_insert(expression);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use vraftls_guest_sdk::{
        Analyzer as _, Candidate, Config, Diagnostic, Entry, Level, MemoryWorkspace, Metadata, Project as _, ReadError,
        Workspace, WorkspaceSymbol,
    };

    use super::*;

    /// Wrong in the module, in functions, in a class and in a method; the empty function has nothing to infer.
    const TEXT: &str = "\
import os
x: int = 'module'
def first(): return missing_one
def empty(): pass
class C:
    y: int = 'class'
    def method(self):
        def inner(): return missing_two
        return [missing_three for _ in inner()]
";

    /// Says after so many looks that the call should stop.
    #[derive(Debug)]
    struct Impatient {
        files: MemoryWorkspace,
        n_looks: AtomicUsize,
        patience: AtomicUsize,
    }

    impl Workspace for Impatient {
        fn read(&self, path: &str) -> Result<String, ReadError> {
            self.files.read(path)
        }

        fn list(&self, path: &str) -> Vec<Entry> {
            self.files.list(path)
        }

        fn exists(&self, paths: &[String]) -> Vec<Option<Metadata>> {
            self.files.exists(paths)
        }

        fn candidates(&self, name: &str, roles: u32) -> Vec<Candidate> {
            self.files.candidates(name, roles)
        }

        fn symbols(&self, query: &str, exact: bool, limit: u32) -> Vec<WorkspaceSymbol> {
            self.files.symbols(query, exact, limit)
        }

        fn cancelled(&self) -> bool {
            self.n_looks.fetch_add(1, Ordering::Relaxed) >= self.patience.load(Ordering::Relaxed)
        }

        fn log(&self, _: Level, _: &str) {}
    }

    fn open(patience: usize) -> (PythonProject, Arc<Impatient>) {
        let files = MemoryWorkspace::new([("a.py".to_owned(), TEXT.to_owned())]);
        let (n_looks, patience) = (AtomicUsize::new(0), AtomicUsize::new(patience));
        let workspace = Arc::new(Impatient { files, n_looks, patience });
        let config = Config { root: String::new(), libraries: Vec::new(), settings: Vec::new() };
        (crate::Python::open(config, workspace.clone()).expect("it opens"), workspace)
    }

    fn all_of(patience: usize) -> (Vec<Diagnostic>, usize) {
        let (mut project, workspace) = open(patience);
        let found = project.diagnostics("a.py").expect("there is time");
        (found, workspace.n_looks.load(Ordering::Relaxed))
    }

    #[test]
    fn a_file_is_left_at_every_scope_and_found_whole_afterwards() {
        let (whole, n_looks) = all_of(usize::MAX);
        assert!(whole.len() >= 5, "{whole:?}");
        assert_eq!(n_looks, 6, "the module, its class and its four functions");
        for patience in 0..n_looks {
            let (mut project, workspace) = open(patience);
            assert!(matches!(project.diagnostics("a.py"), Err(Failure::Cancelled)), "after {patience} scopes");
            workspace.patience.store(usize::MAX, Ordering::Relaxed);
            assert_eq!(format!("{:?}", project.diagnostics("a.py").expect("there is time")), format!("{whole:?}"));
        }
    }
}

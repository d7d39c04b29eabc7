//! Lines above functions and classes: the number of their references, and that of their implementations where the index knows
//! of any. Nothing is counted here, and no test is run: the contract has no command for it.

use ruff_db::source::source_text;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, walk_stmt};
use ruff_python_ast::{Expr, Identifier, Stmt};
use ruff_text_size::{Ranged, TextSize};
use vraftls_guest_sdk::{Failure, Lens, roles};

use crate::project::{PythonProject, Source, span};

/// Counts references.
const REFERENCES: u32 = 1;
/// Counts implementations.
const IMPLEMENTATIONS: u32 = 2;

/// How many files are looked into for one subclass. A name that is in more of them counts as extended.
const SEARCHED_FILES_MAX: usize = 200;

/// The lines above functions, classes and methods; what is local to a function has none.
pub(crate) fn lenses(project: &PythonProject, path: &str) -> Result<Vec<Lens>, Failure> {
    let source = project.source(path)?;
    let mut search = Search { project, source: &source, extended: false, found: Vec::new(), cancelled: false };
    search.visit_body(source.parsed.suite());
    if search.cancelled { Err(Failure::Cancelled) } else { Ok(search.found) }
}

struct Search<'a, 'db> {
    project: &'db PythonProject,
    source: &'a Source<'db>,
    /// Whether something extends the class around.
    extended: bool,
    found: Vec<Lens>,
    cancelled: bool,
}

impl Search<'_, '_> {
    fn lens(&mut self, name: &Identifier, kind: u32) {
        if !name.is_empty() {
            self.found.push(Lens { span: span(name.range()), kind });
        }
    }

    /// Whether some class names this one as its base.
    fn is_extended(&self, name: &Identifier) -> bool {
        let candidates = self.project.workspace().candidates(name, roles::REFERS);
        candidates.len() > SEARCHED_FILES_MAX
            || candidates.iter().any(|candidate| {
                let Ok(file) = self.project.file(&candidate.path) else { return false };
                let text = source_text(self.project.db(), file);
                candidate.offsets.iter().any(|offset| is_base(&text, *offset as usize))
            })
    }

    /// Whether a method of the name is defined anywhere else.
    fn is_defined_elsewhere(&self, name: &Identifier) -> bool {
        let candidates = self.project.workspace().candidates(name, roles::DEFINES);
        let path = self.project.path_of(self.source.file);
        candidates.iter().any(|candidate| {
            candidate.path != path || candidate.offsets.iter().any(|offset| TextSize::new(*offset) != name.start())
        })
    }
}

impl<'ast> SourceOrderVisitor<'ast> for Search<'_, '_> {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.lens(&function.name, REFERENCES);
                if self.extended && self.is_defined_elsewhere(&function.name) {
                    self.lens(&function.name, IMPLEMENTATIONS);
                }
            }
            Stmt::ClassDef(class) => {
                self.cancelled |= self.project.workspace().cancelled();
                if self.cancelled {
                    return;
                }
                let extended = self.is_extended(&class.name);
                self.lens(&class.name, REFERENCES);
                if extended {
                    self.lens(&class.name, IMPLEMENTATIONS);
                }
                let around = std::mem::replace(&mut self.extended, extended);
                self.visit_body(&class.body);
                self.extended = around;
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _: &'ast Expr) {}
}

/// Whether the name at an offset stands among the bases of a class: its logical line begins with `class`, and it is past that
/// line's first bracket.
fn is_base(text: &str, offset: usize) -> bool {
    let Some(before) = text.get(..offset) else { return false };
    // Bases may be spread over lines, so the nearest `class` decides.
    let Some(class) = before.rfind("class ") else { return false };
    let line = &before[before[..class].rfind('\n').map_or(0, |end| end + 1)..class];
    let head = &before[class..];
    line.trim().is_empty() && head.contains('(') && !head.contains("):") && !head.contains('=')
}

#[cfg(test)]
mod tests {
    use super::is_base;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let offset = text.find("Base").expect("the text holds the name");
        assert_eq!(is_base(text, offset), expected, "{text}");
    }

    #[test]
    fn bases_stand_in_the_head_of_a_class() {
        check("class A(Base):\n", true);
        check("class A[T](x.Y, Base[T]):\n", true);
        check("    class A(\n        Base,\n    ): ...\n", true);
        check("class Base(A):\n", false);
        check("class A(B):\n    x = Base()\n", false);
        check("class A: Base\n", false);
        check("Base\n", false);
    }
}

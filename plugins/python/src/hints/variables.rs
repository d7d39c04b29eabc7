//! The types of variables, at the assignments that give them one.

use ruff_python_ast::{Expr, StmtAssign};
use ruff_text_size::Ranged;
use ty_python_core::definition::DefinitionKind;
use ty_python_core::{semantic_index, use_def_map};
use ty_python_semantic::HasType as _;
use vraftls_guest_sdk::{HintPart, InlayHint, Padding, Span, TextEdit};

use super::labels::label;
use super::obvious::{is_plain, shows_its_type};
use super::{Hints, TYPE};

impl<'db> Hints<'_, 'db> {
    /// The hints of an assignment.
    pub(super) fn assigned(&mut self, assign: &StmtAssign) {
        for target in &assign.targets {
            self.target(target, Some(&assign.value), assign.targets.len() == 1);
        }
    }

    /// The hints of a target, to which a value is assigned as a whole if it is given.
    fn target(&mut self, target: &Expr, value: Option<&Expr>, alone: bool) {
        match target {
            Expr::Tuple(tuple) => self.elements(&tuple.elts, value),
            Expr::List(list) => self.elements(&list.elts, value),
            Expr::Starred(starred) => self.target(&starred.value, None, false),
            Expr::Name(name) if !name.id.starts_with("__") && name.id != "_" => {
                self.variable(target, value, alone && self.is_only_binding(target));
            }
            Expr::Attribute(attribute) => {
                let is_own = matches!(&*attribute.value, Expr::Name(name) if name.id == "self");
                // A parameter that is kept says its type itself.
                let is_kept = matches!(value, Some(Expr::Name(_)));
                if is_own && !is_kept && !self.is_declared_attribute(target) {
                    self.variable(target, value, alone && self.is_only_binding(target));
                }
            }
            _ => {}
        }
    }

    fn elements(&mut self, targets: &[Expr], value: Option<&Expr>) {
        let values = match value {
            Some(Expr::Tuple(tuple)) => tuple.elts.as_slice(),
            Some(Expr::List(list)) => list.elts.as_slice(),
            _ => &[],
        };
        for (number, target) in targets.iter().enumerate() {
            // By convention this part is of no interest.
            if matches!(target, Expr::Name(name) if name.id.starts_with('_')) {
                continue;
            }
            let value = values.get(number).filter(|_| values.len() == targets.len());
            self.target(target, value, false);
        }
    }

    fn variable(&mut self, target: &Expr, value: Option<&Expr>, writable: bool) {
        let model = &self.source.model;
        if value.is_some_and(|value| shows_its_type(model, value)) || self.is_declared(target) {
            return;
        }
        let Some(ty) = target.inferred_type(model).filter(|ty| !is_plain(*ty)) else { return };
        let Some(label) = label(self.project, model, ty, target.into()) else { return };
        let offset = target.end().to_u32();
        let edit = |annotation: String| TextEdit {
            span: Span { start: offset, end: offset },
            new_text: format!(": {annotation}"),
        };
        let edits = label.annotation.filter(|_| writable).map(edit).into_iter().collect();
        let colon = HintPart { label: ": ".to_owned(), location: None };
        let parts = [colon].into_iter().chain(label.parts).collect();
        self.found.push(InlayHint { offset, parts, kind: TYPE, padding: Padding::empty(), edits });
    }

    /// Whether the scope of a target says what type it has.
    fn is_declared(&self, target: &Expr) -> bool {
        let db = self.project.db();
        self.definitions_of(target).iter().any(|definition| {
            matches!(definition.kind(db), DefinitionKind::AnnotatedAssignment(_) | DefinitionKind::Parameter(_))
        })
    }

    /// Whether nothing else in its scope gives a target a value.
    fn is_only_binding(&self, target: &Expr) -> bool {
        self.definitions_of(target).len() == 1
    }

    /// Whether a class says what type an attribute of its objects has.
    fn is_declared_attribute(&self, target: &Expr) -> bool {
        let Expr::Attribute(attribute) = target else { return false };
        let db = self.project.db();
        let Some(class) = crate::inheritance::class_of_self(&self.source.model, &attribute.value) else { return false };
        let members = crate::inheritance::member(db, class, &attribute.attr);
        members.iter().any(|member| !matches!(member.kind(db), DefinitionKind::Assignment(_)))
    }

    /// All that the scope of a target defines by its name.
    fn definitions_of(&self, target: &Expr) -> Vec<ty_python_core::definition::Definition<'db>> {
        let db = self.project.db();
        let index = semantic_index(db, self.source.model.program_file());
        let Some(own) = index.try_definitions(target.into()).and_then(|found| found.first().copied()) else {
            return Vec::new();
        };
        let place = own.place(db);
        use_def_map(db, own.scope(db))
            .definitions_with_usage()
            .map(|(_, definition, _)| definition)
            .filter(|definition| definition.place(db) == place && definition.kind(db).is_user_visible())
            .collect()
    }
}

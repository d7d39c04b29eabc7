//! Bindings: variables, parameters, and patterns that take values apart. What a name in a pattern gets is written as an
//! expression, so that its type is found like any other's.

use std::rc::Rc;

use oxc_ast::ast::{BindingPattern, PropertyKey};
use oxc_span::GetSpan;
use vraftls_guest_sdk::roles;

use super::Lower;
use crate::module::{Context, DeclId, DeclKind, ExprId, ExprKind, Import, Occ, Range, TyId};

/// What a pattern binds, and how.
#[derive(Clone)]
pub(super) struct Binding {
    pub(super) kind: DeclKind,
    pub(super) full: Range,
    pub(super) ty: Option<TyId>,
    pub(super) value: Option<ExprId>,
    pub(super) import: Option<Import>,
}

impl Lower<'_> {
    /// Declares the names of a pattern. Returns the declaration if it is a single name.
    pub(super) fn pattern(&mut self, pattern: &BindingPattern<'_>, binding: &Binding) -> Option<DeclId> {
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                let decl = self.declare(id, binding.kind, binding.full);
                let known = &mut self.module.decls[decl.index()];
                known.ty = binding.ty;
                known.value = binding.value;
                known.import = binding.import.clone();
                Some(decl)
            }
            BindingPattern::AssignmentPattern(assignment) => {
                let value = binding.value.unwrap_or_else(|| self.push(ExprKind::Unknown, binding.full, Context::None));
                let default = self.expr(&assignment.right, Context::DefaultOf(value));
                let span = self.range(assignment.span);
                let value = self.push(ExprKind::Default(value, default), span, Context::None);
                self.pattern(&assignment.left, &Binding { value: Some(value), ..binding.clone() })
            }
            BindingPattern::ObjectPattern(object) => {
                let source = self.source(binding);
                for property in &object.properties {
                    self.binding_property(property, source, binding);
                }
                if let Some(rest) = &object.rest {
                    let span = self.range(rest.span);
                    let value = self.push(ExprKind::RestObject(source), span, Context::None);
                    self.inner_pattern(&rest.argument, value, binding, None);
                }
                None
            }
            BindingPattern::ArrayPattern(array) => {
                let source = self.source(binding);
                for (place, element) in array.elements.iter().enumerate() {
                    let Some(element) = element else { continue };
                    let span = self.range(element.span());
                    let value = self.push(ExprKind::Element(source, Some(place as u32)), span, Context::None);
                    self.inner_pattern(element, value, binding, None);
                }
                if let Some(rest) = &array.rest {
                    let span = self.range(rest.span);
                    let value = self.push(ExprKind::RestArray(source), span, Context::None);
                    self.inner_pattern(&rest.argument, value, binding, None);
                }
                None
            }
        }
    }

    /// What the pattern takes apart, with its declared type.
    fn source(&mut self, binding: &Binding) -> ExprId {
        let value = binding.value.unwrap_or_else(|| self.push(ExprKind::Unknown, binding.full, Context::None));
        match binding.ty {
            Some(ty) => self.push(ExprKind::As(ty), binding.full, Context::None),
            None => value,
        }
    }

    fn inner_pattern(
        &mut self,
        pattern: &BindingPattern<'_>,
        value: ExprId,
        binding: &Binding,
        import: Option<Import>,
    ) {
        let inner = Binding { ty: None, value: Some(value), import, ..binding.clone() };
        if let Some(decl) = self.pattern(pattern, &inner) {
            self.module.decls[decl.index()].flags.destructured = true;
        }
    }

    fn binding_property(&mut self, property: &oxc_ast::ast::BindingProperty<'_>, source: ExprId, binding: &Binding) {
        let import = match (&binding.import, property.key.static_name()) {
            (Some(Import::Require(spec)), Some(name)) => Some(Import::Named(*spec, self.name(&name))),
            _ => None,
        };
        if !property.shorthand {
            let member = self.pattern_key(&property.key, source, None);
            self.inner_pattern(&property.value, member, binding, import);
            return;
        }
        let span = self.range(property.key.span());
        let name = self.name(&property.key.static_name().unwrap_or_default());
        let member = self.push(
            ExprKind::Member { object: source, name: Rc::clone(&name), name_span: span },
            span,
            Context::None,
        );
        let before = self.module.occurrences.len();
        self.inner_pattern(&property.value, member, binding, import);
        // The name is both a key and a declaration.
        let declared = self.module.occurrences[before..].iter_mut().find(|occurrence| occurrence.span == span);
        if let Some(found) = declared
            && let Occ::Decl(decl) = found.occ
        {
            found.occ = Occ::PatternKey { member, shorthand: Some(decl) };
            found.roles |= roles::ATTRIBUTE | roles::REFERS;
        }
    }

    /// The key of a pattern: a member of what is taken apart.
    pub(super) fn pattern_key(&mut self, key: &PropertyKey<'_>, object: ExprId, shorthand: Option<DeclId>) -> ExprId {
        let span = self.range(key.span());
        match self.property_key(key, true) {
            Some((name, name_span, _)) => {
                let member = self.push(ExprKind::Member { object, name, name_span }, span, Context::None);
                self.occurrence(name_span, Occ::PatternKey { member, shorthand }, roles::REFERS | roles::ATTRIBUTE);
                member
            }
            None => self.push(ExprKind::Element(object, None), span, Context::None),
        }
    }
}

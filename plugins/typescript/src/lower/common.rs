//! CommonJS and what JavaScript adds to objects by assignment: `module.exports = …`, `exports.x = …`, `a.b = …`,
//! `A.prototype.b = …`, `this.b = …`.

use std::rc::Rc;

use super::Lower;
use crate::module::{
    Context, DeclId, DeclKind, Expando, Export, ExprId, ExprKind, FnId, Holder, Ident, Name, Range, This,
};

/// What an assignment goes to.
enum Target {
    Exports,
    Symbol(crate::module::SymId),
    Prototype(crate::module::SymId),
    This(This),
}

impl Lower<'_> {
    /// An assignment, with both sides lowered: what it declares.
    pub(super) fn assignment(&mut self, left: ExprId, right: ExprId, full: Range) {
        let value = self.final_value(right);
        match self.module.expr(left).kind.clone() {
            ExprKind::Ident(Ident::Local(symbol)) | ExprKind::Narrowed(Ident::Local(symbol), _) => {
                if let Some(symbol) = self.module.symbols.get_mut(symbol.index()) {
                    symbol.assigned.push(right);
                }
                self.assigned(symbol, right);
            }
            ExprKind::Ident(Ident::Free(name, _)) if &*name == "exports" && self.module.is_js => {
                self.hold(value, Holder::Exports);
            }
            ExprKind::Member { object, name, name_span } => {
                self.member_assignment(object, &name, name_span, right, full)
            }
            _ => {}
        }
    }

    fn member_assignment(&mut self, object: ExprId, name: &Name, name_span: Range, right: ExprId, full: Range) {
        let value = self.final_value(right);
        if self.module.is_js && self.is_free(object, "module") && &**name == "exports" {
            self.module.is_module = true;
            self.module.is_common_js = true;
            self.module.exports.equals.push(right);
            let start = self.module.expr(object).span.start;
            let span = Range { start, end: name_span.end };
            let decl = self.push_decl(Rc::from("module.exports"), DeclKind::Property, span, full);
            self.module.decls[decl.index()].value = Some(right);
            self.module.exports_decl = Some(decl);
            self.hold(value, Holder::Exports);
            return;
        }
        let Some(target) = self.target(object) else { return };
        let holder = match target {
            Target::Exports => {
                self.module.is_module = true;
                self.module.is_common_js = true;
                let decl = self.expando(name, name_span, right, full);
                self.module.exports.named.entry(Rc::clone(name)).or_default().push(Export::Decl(decl));
                return;
            }
            Target::Symbol(symbol) if &**name == "prototype" => {
                self.module.prototypes.insert(symbol, value);
                self.hold(value, Holder::Symbol(symbol, true));
                return;
            }
            Target::Symbol(symbol) => Holder::Symbol(symbol, false),
            Target::Prototype(symbol) => Holder::Symbol(symbol, true),
            Target::This(This::Function(function)) => Holder::This(function),
            Target::This(This::Instance(class)) => {
                let Some(symbol) = self.module.decl(class).symbol else { return };
                Holder::Symbol(symbol, true)
            }
            Target::This(_) => return,
        };
        let decl = self.expando(name, name_span, right, full);
        if let Some(function) = self.module.decl(decl).function {
            self.module.methods_of.insert(function, holder);
        }
        self.module.expandos.entry(holder).or_default().push(Expando { name: Rc::clone(name), decl });
    }

    /// What a method sets on `this` is a member of what it is a method of.
    pub(super) fn methods_set_members(&mut self) {
        let mut methods: Vec<(FnId, Holder)> =
            self.module.methods_of.iter().map(|(function, holder)| (*function, *holder)).collect();
        methods.sort_by_key(|(function, _)| *function);
        for (function, holder) in methods {
            let Some(set) = self.module.expandos.remove(&Holder::This(function)) else { continue };
            let known = self.module.expandos.entry(holder).or_default();
            known.extend(set);
        }
    }

    fn target(&self, object: ExprId) -> Option<Target> {
        match &self.module.expr(object).kind {
            ExprKind::Ident(Ident::Free(name, _)) if &**name == "exports" && self.module.is_js => Some(Target::Exports),
            ExprKind::Ident(Ident::Local(symbol)) | ExprKind::Narrowed(Ident::Local(symbol), _) => {
                Some(Target::Symbol(*symbol))
            }
            ExprKind::This(This::Nothing) => None,
            ExprKind::This(this) => Some(Target::This(*this)),
            ExprKind::Member { object: inner, name, .. } => match self.target(*inner)? {
                Target::Symbol(symbol) if &**name == "prototype" => Some(Target::Prototype(symbol)),
                _ => None,
            },
            _ => None,
        }
        .or_else(|| self.is_module_exports(object).then_some(Target::Exports))
    }

    fn is_module_exports(&self, expr: ExprId) -> bool {
        match &self.module.expr(expr).kind {
            ExprKind::Member { object, name, .. } => {
                self.module.is_js && &**name == "exports" && self.is_free(*object, "module")
            }
            _ => false,
        }
    }

    fn is_free(&self, expr: ExprId, wanted: &str) -> bool {
        matches!(&self.module.expr(expr).kind, ExprKind::Ident(Ident::Free(name, _)) if &**name == wanted)
    }

    fn expando(&mut self, name: &Name, name_span: Range, right: ExprId, full: Range) -> DeclId {
        let decl = self.push_decl(Rc::clone(name), DeclKind::Property, name_span, full);
        self.module.declared_by.insert(name_span, decl);
        let value = self.final_value(right);
        let function = match self.module.expr(value).kind {
            ExprKind::Function(function) => Some(function),
            _ => None,
        };
        let known = &mut self.module.decls[decl.index()];
        known.value = Some(right);
        known.function = function;
        known.flags.expando = true;
        if function.is_some() {
            known.kind = DeclKind::Method;
        }
        let ty = self.doc_type();
        self.module.decls[decl.index()].ty = ty;
        decl
    }

    /// What is left of `a = b = c`.
    pub(super) fn final_value(&self, mut expr: ExprId) -> ExprId {
        loop {
            match &self.module.expr(expr).kind {
                ExprKind::Assign(_, right) => expr = *right,
                ExprKind::Same(inner) => expr = *inner,
                ExprKind::Or(_, right) if self.module.is_js => expr = *right,
                _ => return expr,
            }
        }
    }

    /// Notes that a new object or function can be reached by a name, by which members may be added.
    pub(super) fn hold(&mut self, value: ExprId, holder: Holder) {
        let is_new = match self.module.expr(value).kind {
            ExprKind::Function(_) | ExprKind::Class(_) => true,
            ExprKind::Object(_) | ExprKind::Call { .. } => self.module.is_js,
            _ => false,
        };
        if is_new {
            let known = self.module.holders.entry(value).or_default();
            if !known.contains(&holder) {
                known.push(holder);
            }
        }
    }

    /// Notes what the initializer of a variable may be reached by, through all of `var a = b = c = value`.
    pub(super) fn hold_init(&mut self, decl: DeclId, init: ExprId) {
        let value = self.final_value(init);
        if let Some(symbol) = self.module.decl(decl).symbol {
            self.hold(value, Holder::Symbol(symbol, false));
        }
    }

    /// What is expected on the right side of an assignment.
    pub(super) fn assigned_context(&self, left: ExprId) -> Context {
        Context::Assigned(left)
    }
}

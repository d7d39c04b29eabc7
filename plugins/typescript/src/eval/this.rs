//! What `this` and `super` are.

use std::rc::Rc;

use super::{Env, Shaped, Type};
use crate::module::{ExprKind, FnId, Holder, Module, This};
use crate::store::{FileId, Store};

impl Store {
    pub(super) fn this_type(&self, file: FileId, module: &Rc<Module>, this: This) -> Type {
        match this {
            This::Nothing => Type::Any,
            This::Instance(_) | This::Static(_) => self.static_or_instance(file, this).unwrap_or(Type::Any),
            This::Object(object) => match &module.expr(object).kind {
                ExprKind::Object(shape) => {
                    let expected = self.context_type(file, object).map(|expected| self.non_null(&expected));
                    match expected {
                        Some(expected @ (Type::Named(_) | Type::Intersection(_))) => expected,
                        _ => Type::Shape(Rc::new(Shaped { file, shape: *shape, env: Env::default() })),
                    }
                }
                _ => Type::Any,
            },
            This::Function(function) => self.this_in_function(file, module, function),
        }
    }

    fn this_in_function(&self, file: FileId, module: &Rc<Module>, function: FnId) -> Type {
        let known = module.function(function);
        if let Some(ty) = known.this_ty {
            return self.eval(file, ty, &Env::default());
        }
        // What it is a method of by assignment.
        match module.methods_of.get(&function) {
            Some(Holder::Symbol(symbol, true)) => {
                let class = module.symbol(*symbol).decls.iter().find(|decl| module.decl(**decl).shape.is_some());
                return match class {
                    Some(class) => self.own_instance(file, *class),
                    None => Type::Made(file, *symbol),
                };
            }
            Some(Holder::Symbol(symbol, false)) => return self.symbol_type(file, *symbol),
            Some(Holder::This(outer)) => return self.this_in_function(file, module, *outer),
            Some(Holder::Exports) | None => {}
        }
        if let Some(expr) = known.expr {
            match module.expr(expr).context.clone() {
                crate::module::Context::Property(object, _) if matches!(known.outer_this, This::Object(outer) if outer == object) =>
                {
                    return self.this_type(file, module, This::Object(object));
                }
                _ => {}
            }
            if let Some(expected) = self.context_type(file, expr)
                && let Some(signature) = self.signatures(&self.non_null(&expected), false).first()
                && let Some(target) = self.module(signature.file)
                && let Some(ty) = target.function(signature.function).this_ty
            {
                return self.eval(signature.file, ty, &signature.env);
            }
        }
        // A constructor of JavaScript.
        let makes = module.expandos.contains_key(&Holder::This(function));
        let symbol = known.decl.and_then(|decl| module.decl(decl).symbol);
        match symbol {
            Some(symbol) if makes || module.expandos.contains_key(&Holder::Symbol(symbol, true)) => {
                Type::Made(file, symbol)
            }
            _ => match known.outer_this {
                This::Object(_) => self.this_type(file, module, known.outer_this),
                _ => Type::Any,
            },
        }
    }

    pub(super) fn super_type(&self, file: FileId, module: &Rc<Module>, this: This) -> Type {
        match this {
            This::Instance(class) => {
                let instance = self.own_instance(file, class);
                self.bases(&instance).into_iter().next().unwrap_or(Type::Any)
            }
            This::Static(class) => {
                let base = module.decl(class).shape.and_then(|shape| module.shape(shape).extends.first());
                base.map_or(Type::Any, |(base, _)| self.expr_type(file, *base))
            }
            _ => Type::Any,
        }
    }
}

//! The types of expressions.

use std::rc::Rc;

use super::symbols::without_any;
use super::{Env, Frame, Shaped, Type, union};
use crate::module::{ExprId, ExprKind, Ident, Literal, Module, This};
use crate::store::{FileId, Store};

impl Store {
    /// The type of an expression. `any` where nothing is known.
    pub(crate) fn expr_type(&self, file: FileId, expr: ExprId) -> Type {
        if let Some(known) = self.caches.exprs.borrow().get(&(file, expr)) {
            return known.clone();
        }
        let Some(module) = self.module(file) else { return Type::Any };
        match self.fuel.run(Frame::Expr(file, expr), || self.find_type(file, &module, expr)) {
            Some((ty, holds)) => {
                if holds {
                    self.caches.exprs.borrow_mut().insert((file, expr), ty.clone());
                }
                ty
            }
            None => Type::Any,
        }
    }

    fn find_type(&self, file: FileId, module: &Rc<Module>, expr: ExprId) -> Type {
        match &module.expr(expr).kind {
            ExprKind::Ident(ident) => self.ident_type(file, module, ident),
            ExprKind::Narrowed(ident, guards) => {
                let declared = self.ident_type(file, module, ident);
                self.narrow(file, module, declared, guards)
            }
            ExprKind::Member { object, name, .. } => {
                let is_exports = module.is_common_js
                    && &**name == "exports"
                    && matches!(&module.expr(*object).kind, ExprKind::Ident(Ident::Free(name, _)) if &**name == "module");
                if is_exports {
                    return self.exports_type(file, module);
                }
                let object = self.expr_type(file, *object);
                self.member_type(&object, name)
            }
            ExprKind::Index { object, index } => self.index_type(file, *object, *index),
            ExprKind::Call { callee, is_new, .. } => self.call_type(file, module, expr, *callee, *is_new),
            ExprKind::Object(shape) => Type::Shape(Rc::new(Shaped { file, shape: *shape, env: Env::default() })),
            ExprKind::Array(elements) => self.array_type(file, module, expr, elements),
            ExprKind::Function(function) => self.callable(vec![(file, *function)], &Env::default(), Some((file, expr))),
            ExprKind::Class(decl) => match module.decl(*decl).symbol {
                Some(symbol) => Type::Value(file, symbol),
                None => Type::Any,
            },
            ExprKind::Literal(literal) => self.literal_type(literal),
            ExprKind::Arithmetic(left, right, true) => {
                let (left, right) = (self.expr_type(file, *left).widened(), self.expr_type(file, *right).widened());
                match (&left, &right) {
                    (Type::String, _) | (_, Type::String) => Type::String,
                    (Type::Any, _) | (_, Type::Any) => Type::Any,
                    _ => Type::Number,
                }
            }
            ExprKind::Arithmetic(..) => Type::Number,
            ExprKind::Boolean
            | ExprKind::Not(_)
            | ExprKind::InstanceOf(..)
            | ExprKind::Equality { .. }
            | ExprKind::In(..) => Type::Boolean,
            ExprKind::Void => Type::Undefined,
            ExprKind::TypeOf(_) => Type::String,
            ExprKind::Assign(_, right) => self.expr_type(file, *right),
            ExprKind::Conditional(yes, no) => {
                union(without_any(vec![self.expr_type(file, *yes), self.expr_type(file, *no)]))
            }
            ExprKind::Or(left, right) => {
                let left = self.non_null(&self.expr_type(file, *left));
                union(without_empty(vec![left, self.expr_type(file, *right)]))
            }
            ExprKind::And(_, right) => self.expr_type(file, *right),
            _ => self.rarer_type(file, module, expr),
        }
    }

    fn rarer_type(&self, file: FileId, module: &Rc<Module>, expr: ExprId) -> Type {
        match &module.expr(expr).kind {
            ExprKind::Await(inner) => {
                let inner = self.expr_type(file, *inner);
                self.awaited(&inner)
            }
            ExprKind::As(ty) => self.eval(file, *ty, &Env::default()),
            ExprKind::Same(inner) => self.expr_type(file, *inner),
            ExprKind::NonNull(inner) => {
                let inner = self.expr_type(file, *inner);
                self.non_null(&inner)
            }
            ExprKind::This(this) => self.this_type(file, module, *this),
            ExprKind::Super(this) => self.super_type(file, module, *this),
            ExprKind::ImportCall(spec) => {
                let entity = self.module_entities(file, *spec).into_iter().next();
                let module = entity.map_or(Type::Any, |entity| self.entity_type(entity));
                self.builtin("Promise", vec![module])
            }
            ExprKind::Require(spec) => {
                let found = self.follow(file, &crate::module::Import::Require(*spec));
                found.first().map_or(Type::Any, |entity| self.entity_type(*entity))
            }
            ExprKind::ImportMeta => self.builtin("ImportMeta", Vec::new()),
            ExprKind::Spread(inner) => {
                let inner = self.expr_type(file, *inner);
                self.iterated(&inner)
            }
            ExprKind::Jsx { .. } => self.jsx_type(),
            ExprKind::Parameter(function, place) => self.parameter_type(file, module, *function, *place),
            ExprKind::Element(source, place) => {
                let source = self.expr_type(file, *source);
                self.element(&source, *place)
            }
            ExprKind::RestArray(source) => {
                let source = self.expr_type(file, *source);
                match &source {
                    Type::Tuple(_) => self.array(self.iterated(&source)),
                    _ => source,
                }
            }
            ExprKind::RestObject(source) => self.expr_type(file, *source),
            ExprKind::Default(value, default) => {
                let value = self.non_null(&self.expr_type(file, *value));
                if value.is_any() || matches!(value, Type::Never) {
                    self.expr_type(file, *default).widened()
                } else {
                    value
                }
            }
            _ => Type::Any,
        }
    }

    fn ident_type(&self, file: FileId, module: &Rc<Module>, ident: &Ident) -> Type {
        match ident {
            Ident::Local(symbol) => self.symbol_type(file, *symbol),
            Ident::Free(name, _) => {
                match &**name {
                    "undefined" => return Type::Undefined,
                    "exports" if module.is_common_js => return self.exports_type(file, module),
                    "arguments" => return self.builtin("IArguments", Vec::new()),
                    _ => {}
                }
                let found = self.entity_of_ident(file, ident);
                match found.as_slice() {
                    [] => Type::Any,
                    // What the workspace itself declares comes before what every program has.
                    [first, ..] => self.entity_type(*first),
                }
            }
        }
    }

    /// What a module of CommonJS exports, as a value.
    fn exports_type(&self, file: FileId, module: &Rc<Module>) -> Type {
        match module.exports.equals.last() {
            Some(equals) => self.expr_type(file, *equals),
            None => Type::Module(file),
        }
    }

    fn literal_type(&self, literal: &Literal) -> Type {
        match literal {
            Literal::String(text) => Type::StringLiteral(Rc::clone(text)),
            Literal::Number(text) => Type::NumberLiteral(Rc::clone(text)),
            Literal::Boolean(value) => Type::BooleanLiteral(*value),
            Literal::BigInt => Type::BigInt,
            Literal::Regex => self.builtin("RegExp", Vec::new()),
            Literal::Null => Type::Null,
            Literal::Template => Type::String,
        }
    }

    fn array_type(&self, file: FileId, module: &Rc<Module>, expr: ExprId, elements: &[ExprId]) -> Type {
        let expected = self.context_type(file, expr).map(|expected| self.non_null(&expected));
        let spreads = elements.iter().any(|element| matches!(module.expr(*element).kind, ExprKind::Spread(_)));
        if !spreads && let Some(Type::Tuple(_)) = expected {
            return Type::Tuple(elements.iter().map(|element| self.expr_type(file, *element)).collect());
        }
        if elements.is_empty() {
            return self.array(Type::Any);
        }
        let types = elements.iter().take(16).map(|element| self.expr_type(file, *element).widened()).collect();
        self.array(union(without_any(types)))
    }

    /// The type of an element in JSX, where the program declares one.
    fn jsx_type(&self) -> Type {
        Type::Any
    }

    fn index_type(&self, file: FileId, object: ExprId, index: ExprId) -> Type {
        let object = self.expr_type(file, object);
        // A key that is declared as computed by the same name.
        if let Some(module) = self.module(file) {
            let key = match &module.expr(index).kind {
                ExprKind::Ident(_) | ExprKind::Narrowed(..) => Some(module.slice(module.expr(index).span)),
                ExprKind::Member { name, .. } => Some(&**name),
                _ => None,
            };
            let found = key.map(|key| self.members(&object, &Rc::from(format!("[{key}]")))).unwrap_or_default();
            if !found.is_empty() {
                return self.type_of_found(&found);
            }
        }
        let index = self.expr_type(file, index);
        self.indexed(&object, &index)
    }

    /// The member of a type by the type of a key.
    pub(crate) fn indexed(&self, object: &Type, index: &Type) -> Type {
        match index {
            Type::StringLiteral(name) => self.member_type(object, name),
            Type::NumberLiteral(name) => match name.parse::<u32>() {
                Ok(place) => self.element(object, Some(place)),
                Err(_) => self.element(object, None),
            },
            Type::Union(keys) => union(keys.iter().take(16).map(|key| self.indexed(object, key)).collect()),
            _ => self.element(object, None),
        }
    }

    /// What awaiting gives.
    pub(crate) fn awaited(&self, ty: &Type) -> Type {
        match ty {
            Type::Union(types) => union(types.iter().map(|ty| self.awaited(ty)).collect()),
            Type::Named(named) => {
                let name = self.module(named.file).and_then(|module| module.symbol(named.symbol).name.clone());
                match name.as_deref() {
                    Some("Promise" | "PromiseLike" | "Thenable") => {
                        named.arguments.first().map_or(Type::Any, |inner| self.awaited(inner))
                    }
                    _ => ty.clone(),
                }
            }
            ty => ty.clone(),
        }
    }

    /// Without `null` and `undefined`.
    pub(crate) fn non_null(&self, ty: &Type) -> Type {
        match ty {
            Type::Union(types) => union(types.iter().filter(|ty| !ty.is_nothing()).cloned().collect()),
            Type::Undefined | Type::Null => Type::Never,
            ty => ty.clone(),
        }
    }

    /// What a loop over the type gets.
    pub(crate) fn iterated(&self, ty: &Type) -> Type {
        self.element(ty, None)
    }

    /// An element of the type, by its place if that is known.
    pub(crate) fn element(&self, ty: &Type, place: Option<u32>) -> Type {
        match ty {
            Type::Tuple(types) => match place.and_then(|place| types.get(place as usize)) {
                Some(ty) => ty.clone(),
                None => union(types.to_vec()),
            },
            Type::Union(types) => {
                let known = types.iter().filter(|ty| !ty.is_nothing());
                union(without_any(known.map(|ty| self.element(ty, place)).collect()))
            }
            Type::Intersection(types) => {
                let known = types.iter().map(|ty| self.element(ty, place)).find(|ty| !ty.is_any());
                known.unwrap_or(Type::Any)
            }
            Type::String | Type::StringLiteral(_) => Type::String,
            Type::Dictionary(inner) => (**inner).clone(),
            Type::Param(..) => self.constraint(ty).map_or(Type::Any, |constraint| self.element(&constraint, place)),
            Type::Shape(shaped) => {
                let index = self.module(shaped.file).and_then(|module| module.shape(shaped.shape).index);
                index.map_or(Type::Any, |index| self.eval(shaped.file, index, &shaped.env))
            }
            Type::Named(_) => self.element_of_named(ty),
            _ => Type::Any,
        }
    }

    fn element_of_named(&self, ty: &Type) -> Type {
        // What iterates says so by `[Symbol.iterator]`, whose result has `next`; the argument of the iterator is the element.
        for key in ["[iterator]", "[asyncIterator]"] {
            let iterator = self.member_type(ty, &Rc::from(key));
            if let Some(Type::Named(result)) = self.results(&iterator).first() {
                if let Some(element) = result.arguments.first() {
                    return element.clone();
                }
                let next = self.member_type(&Type::Named(Rc::clone(result)), &Rc::from("next"));
                if let Some(step) = self.results(&next).first() {
                    return self.member_type(step, &Rc::from("value"));
                }
            }
        }
        self.index_signature(ty).unwrap_or(Type::Any)
    }

    /// What calls of the type give, without looking at arguments.
    pub(crate) fn results(&self, ty: &Type) -> Vec<Type> {
        let signatures = self.signatures(ty, false);
        signatures
            .iter()
            .map(|signature| self.return_type(signature.file, signature.function, &signature.env))
            .collect()
    }

    pub(crate) fn static_or_instance(&self, file: FileId, this: This) -> Option<Type> {
        match this {
            This::Instance(class) => Some(self.own_instance(file, class)),
            This::Static(class) => {
                let module = self.module(file)?;
                module.decl(class).symbol.map(|symbol| Type::Value(file, symbol))
            }
            _ => None,
        }
    }
}

/// Without empty literals where something else is known: `x || {}` is an `x`.
fn without_empty(types: Vec<Type>) -> Vec<Type> {
    without_any(types)
}

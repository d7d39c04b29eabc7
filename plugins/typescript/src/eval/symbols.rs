//! The types of symbols and declarations.

use std::rc::Rc;

use super::{Callable, Env, Frame, Named, Shaped, Type, union};
use crate::module::{Decl, DeclId, DeclKind, FnId, Holder, Module, SymId};
use crate::store::{FileId, Store};

impl Store {
    /// The type of a symbol as a value.
    pub(crate) fn symbol_type(&self, file: FileId, symbol: SymId) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        let Some(known) = module.symbols.get(symbol.index()) else { return Type::Any };
        let decls: Vec<&Decl> = known.decls.iter().map(|decl| module.decl(*decl)).collect();
        if decls.iter().any(|decl| decl.import.is_some()) {
            let entities = self.resolve_symbol(file, symbol);
            if entities == [super::Entity::Symbol(file, symbol)] {
                return self.own_value(file, &module, symbol, &decls);
            }
            return match entities.as_slice() {
                [] => Type::Any,
                [entity] => self.entity_type(*entity),
                entities => union(entities.iter().map(|entity| self.entity_type(*entity)).collect()),
            };
        }
        self.own_value(file, &module, symbol, &decls)
    }

    fn own_value(&self, file: FileId, module: &Rc<Module>, symbol: SymId, decls: &[&Decl]) -> Type {
        let is_value = |decl: &&Decl| {
            matches!(decl.kind, DeclKind::Class | DeclKind::Function | DeclKind::Enum | DeclKind::Namespace)
        };
        // A variable and a namespace of one name, as the built-in `var X: { … }` has, is the variable.
        let variable = module.symbol(symbol).decls.iter().find(|decl| {
            let decl = module.decl(**decl);
            matches!(
                decl.kind,
                DeclKind::Var
                    | DeclKind::Let
                    | DeclKind::Const
                    | DeclKind::Parameter
                    | DeclKind::Catch
                    | DeclKind::Import
            )
        });
        if let Some(variable) = variable
            && !decls.iter().any(|decl| matches!(decl.kind, DeclKind::Class | DeclKind::Function))
        {
            return self.variable_type(file, module, *variable);
        }
        if decls.iter().any(is_value) {
            return Type::Value(file, symbol);
        }
        match module.symbol(symbol).decls.first() {
            Some(decl) => self.decl_type(file, *decl, &Env::default()),
            None => Type::Any,
        }
    }

    /// A variable: its declared type, else its value's, else what is assigned to it.
    fn variable_type(&self, file: FileId, module: &Rc<Module>, decl: DeclId) -> Type {
        let known = module.decl(decl);
        let found = self.fuel.run(Frame::Decl(file, decl), || {
            if known.ty.is_some() {
                return self.decl_type(file, decl, &Env::default());
            }
            let from_value = match known.value {
                Some(_) => self.decl_type(file, decl, &Env::default()),
                None => Type::Never,
            };
            let weak = |ty: &Type| {
                ty.parts().iter().all(|part| part.is_any() || part.is_nothing()) || matches!(ty, Type::Tuple(_))
            };
            if !weak(&from_value) || known.kind == DeclKind::Const {
                return from_value;
            }
            let Some(symbol) = known.symbol else { return from_value };
            let assigned = module.symbol(symbol).assigned.iter().take(8);
            let mut types: Vec<Type> =
                assigned.map(|value| self.expr_type(file, *value).widened()).filter(|ty| !ty.is_any()).collect();
            if types.is_empty() {
                return if matches!(from_value, Type::Never) { Type::Any } else { from_value };
            }
            if !from_value.is_any() {
                types.insert(0, from_value);
            }
            union(types)
        });
        found.map_or(Type::Any, |(ty, _)| ty)
    }

    /// The type of what a declaration declares, as a value, with the type parameters around it bound.
    pub(crate) fn decl_type(&self, file: FileId, id: DeclId, env: &Env) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        let decl = module.decl(id);
        if let Some(ty) = decl.ty
            && !matches!(decl.kind, DeclKind::TypeParameter | DeclKind::Alias)
        {
            let declared = self.eval(file, ty, env);
            return if decl.flags.optional { union(vec![declared, Type::Undefined]) } else { declared };
        }
        match decl.kind {
            DeclKind::Class | DeclKind::Enum | DeclKind::Namespace => match decl.symbol {
                Some(symbol) => Type::Value(file, symbol),
                None => Type::Any,
            },
            DeclKind::EnumMember => {
                let owner = decl.owner.and_then(|shape| module.shape(shape).decl);
                let symbol = owner.and_then(|owner| module.decl(owner).symbol);
                symbol.map_or(Type::Number, |symbol| Type::Enum(file, symbol))
            }
            DeclKind::Getter => match decl.function {
                Some(function) => self.return_type(file, function, env),
                None => Type::Any,
            },
            DeclKind::Setter => match decl.function.and_then(|function| module.function(function).params.first()) {
                Some(param) => param.ty.map_or(Type::Any, |ty| self.eval(file, ty, env)),
                None => Type::Any,
            },
            DeclKind::Function if decl.symbol.is_some() && !decl.flags.expando => {
                decl.symbol.map_or(Type::Any, |symbol| Type::Value(file, symbol))
            }
            DeclKind::Function | DeclKind::Method | DeclKind::Constructor => match decl.function {
                Some(function) => {
                    let expr = decl.value.map(|value| (file, value));
                    self.callable(vec![(file, function)], env, expr)
                }
                None => Type::Any,
            },
            DeclKind::Interface | DeclKind::Alias | DeclKind::TypeParameter | DeclKind::Label => Type::Any,
            DeclKind::Import => match &decl.import {
                Some(import) => {
                    let entities = self.follow(file, import);
                    entities.first().map_or(Type::Any, |entity| self.entity_type(*entity))
                }
                None => Type::Any,
            },
            _ => match decl.value {
                Some(value) => {
                    let ty = self.expr_type(file, value);
                    let ty = if decl.kind == DeclKind::Const || decl.flags.readonly { ty } else { ty.widened() };
                    ty.substitute(env)
                }
                None => self.assigned_property(file, &module, decl, env),
            },
        }
    }

    /// A property without type or value: what its class assigns to it, or what a base class says.
    fn assigned_property(&self, file: FileId, module: &Rc<Module>, decl: &Decl, env: &Env) -> Type {
        let class = decl.owner.and_then(|shape| module.shape(shape).decl);
        let Some(symbol) = class.and_then(|class| module.decl(class).symbol) else { return Type::Any };
        let assigned = module.expandos.get(&Holder::Symbol(symbol, true)).into_iter().flatten();
        // In TypeScript the constructor alone says what a property is.
        let counts = |parent: Option<DeclId>| {
            module.is_js || parent.is_some_and(|parent| module.decl(parent).kind == DeclKind::Constructor)
        };
        let own = assigned.filter(|expando| expando.name == decl.name && counts(module.decl(expando.decl).parent));
        let values = own.take(4);
        let types: Vec<Type> = values
            .filter_map(|expando| module.decl(expando.decl).value)
            .map(|value| self.expr_type(file, value).widened().substitute(env))
            .collect();
        if types.is_empty() { Type::Any } else { union(types) }
    }

    pub(crate) fn callable(
        &self,
        functions: Vec<(FileId, FnId)>,
        env: &Env,
        expr: Option<(FileId, crate::module::ExprId)>,
    ) -> Type {
        Type::Function(Rc::new(Callable { functions, env: env.clone(), constructs: false, expr }))
    }

    /// The instance type of a class or interface, its own type parameters standing for themselves.
    pub(crate) fn instance(&self, file: FileId, symbol: SymId, arguments: Vec<Type>) -> Type {
        Type::Named(Rc::new(Named { file, symbol, arguments }))
    }

    /// The same with its parameters as arguments.
    pub(crate) fn own_instance(&self, file: FileId, decl: DeclId) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        let known = module.decl(decl);
        match known.symbol {
            Some(symbol) => {
                let arguments = known.type_params.iter().map(|param| Type::Param(file, *param)).collect();
                self.instance(file, symbol, arguments)
            }
            None => match known.shape {
                Some(shape) => Type::Shape(Rc::new(Shaped { file, shape, env: Env::default() })),
                None => Type::Any,
            },
        }
    }

    /// An instance of a type that every program has, by its name.
    pub(crate) fn builtin(&self, name: &str, arguments: Vec<Type>) -> Type {
        let globals = self.globals(&Rc::from(name));
        match globals.iter().rev().find(|(file, _)| &*self.path(*file) == crate::store::BUILTINS) {
            Some((file, symbol)) => self.instance(*file, *symbol, arguments),
            None => Type::Any,
        }
    }

    pub(crate) fn array(&self, element: Type) -> Type {
        self.builtin("Array", vec![element])
    }

    /// What a call of a function gives, its type parameters as the environment has them.
    pub(crate) fn return_type(&self, file: FileId, function: FnId, env: &Env) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        let known = module.function(function);
        if let Some(ret) = known.ret {
            return match module.ty(ret) {
                crate::module::TypeExpr::Predicate { asserts: false, .. } => Type::Boolean,
                crate::module::TypeExpr::Predicate { .. } => Type::Undefined,
                _ => self.eval(file, ret, env),
            };
        }
        self.inferred_return(file, &module, function).substitute(env)
    }

    fn inferred_return(&self, file: FileId, module: &Rc<Module>, function: FnId) -> Type {
        if let Some(known) = self.caches.returns.borrow().get(&(file, function)) {
            return known.clone();
        }
        let known = module.function(function);
        if !known.has_body {
            return Type::Any;
        }
        let found = self.fuel.run(Frame::Return(file, function), || {
            if known.is_generator {
                let types = known.yields.iter().take(8).map(|value| self.expr_type(file, *value).widened());
                let name = if known.is_async { "AsyncGenerator" } else { "Generator" };
                return self.builtin(name, vec![union(types.collect())]);
            }
            let types: Vec<Type> =
                known.returns.iter().take(16).map(|value| self.expr_type(file, *value).widened()).collect();
            let result = if types.is_empty() { Type::Undefined } else { union(without_any(types)) };
            if known.is_async { self.builtin("Promise", vec![self.awaited(&result)]) } else { result }
        });
        match found {
            Some((ty, holds)) => {
                if holds {
                    self.caches.returns.borrow_mut().insert((file, function), ty.clone());
                }
                ty
            }
            None => Type::Any,
        }
    }
}

/// Without `any` where anything better is known: a member of the rest is better than none.
pub(crate) fn without_any(types: Vec<Type>) -> Vec<Type> {
    if types.iter().all(Type::is_any) {
        return types;
    }
    types.into_iter().filter(|ty| !ty.is_any()).collect()
}

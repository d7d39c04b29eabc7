//! From a type as it is written to what it is.

use std::rc::Rc;

use super::{Callable, Entity, Env, Frame, Shaped, Type, union};
use crate::module::{DeclKind, ExprId, Import, Name, SpecId, TyId, TypeExpr};
use crate::store::{FileId, Store};

impl Store {
    pub(crate) fn eval(&self, file: FileId, ty: TyId, env: &Env) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        match module.ty(ty) {
            TypeExpr::Any => Type::Any,
            TypeExpr::Unknown => Type::Unknown,
            TypeExpr::Never => Type::Never,
            TypeExpr::Undefined => Type::Undefined,
            TypeExpr::Null => Type::Null,
            TypeExpr::String => Type::String,
            TypeExpr::Number => Type::Number,
            TypeExpr::Boolean | TypeExpr::Predicate { .. } => Type::Boolean,
            TypeExpr::BigInt => Type::BigInt,
            TypeExpr::Symbol => Type::Symbol,
            TypeExpr::ObjectKeyword => Type::ObjectKeyword,
            TypeExpr::This => env.this().cloned().unwrap_or(Type::Any),
            TypeExpr::StringLiteral(text) => Type::StringLiteral(Rc::clone(text)),
            TypeExpr::NumberLiteral(text) => Type::NumberLiteral(Rc::clone(text)),
            TypeExpr::BooleanLiteral(value) => Type::BooleanLiteral(*value),
            TypeExpr::Reference(name, arguments) => self.reference(file, *name, arguments, env),
            TypeExpr::Union(types) => union(types.iter().map(|ty| self.eval(file, *ty, env)).collect()),
            TypeExpr::Intersection(types) => {
                let types: Vec<Type> = types.iter().map(|ty| self.eval(file, *ty, env)).collect();
                if types.len() == 1 { types[0].clone() } else { Type::Intersection(Rc::from(types)) }
            }
            TypeExpr::Array(element) => self.array(self.eval(file, *element, env)),
            TypeExpr::Tuple(elements) => self.tuple(file, &module, elements, env),
            TypeExpr::Rest(inner) => self.iterated(&self.eval(file, *inner, env)),
            TypeExpr::Shape(shape) => Type::Shape(Rc::new(Shaped { file, shape: *shape, env: env.clone() })),
            TypeExpr::Function(function) => self.callable(vec![(file, *function)], env, None),
            TypeExpr::Constructor(function) => Type::Function(Rc::new(Callable {
                functions: vec![(file, *function)],
                env: env.clone(),
                constructs: true,
                expr: None,
            })),
            TypeExpr::Query(entity) => self.query(file, *entity),
            TypeExpr::KeyOf(inner) => self.keys(&self.eval(file, *inner, env)),
            TypeExpr::Indexed(object, index) => {
                let object = self.eval(file, *object, env);
                let index = self.eval(file, *index, env);
                self.indexed_type(&object, &index)
            }
            TypeExpr::Conditional { .. } => self.conditional(file, ty, env),
            TypeExpr::Mapped { constraint, value, key } => {
                if let TypeExpr::KeyOf(inner) = module.ty(*constraint) {
                    return self.eval(file, *inner, env);
                }
                let constraint = self.eval(file, *constraint, env);
                if let Some(source) = self.keys_source(&constraint) {
                    return source;
                }
                let env = env.bind(file, *key, constraint);
                Type::Dictionary(Rc::new(value.map_or(Type::Any, |value| self.eval(file, value, &env))))
            }
            TypeExpr::Infer(param) => env.get(file, *param).cloned().unwrap_or(Type::Param(file, *param)),
            TypeExpr::Import { spec, path, arguments, is_value } => {
                let entities = self.import_type_entities(file, *spec, path.iter().map(|(name, _)| name));
                if *is_value {
                    return entities.first().map_or(Type::Any, |entity| self.entity_type(*entity));
                }
                let arguments: Vec<Type> = arguments.iter().map(|ty| self.eval(file, *ty, env)).collect();
                self.reference_type(&entities, &arguments)
            }
        }
    }

    fn tuple(&self, file: FileId, module: &crate::module::Module, elements: &[TyId], env: &Env) -> Type {
        let mut found = Vec::with_capacity(elements.len());
        for element in elements {
            match module.ty(*element) {
                TypeExpr::Rest(inner) if elements.len() == 1 => return self.eval(file, *inner, env),
                TypeExpr::Rest(inner) => match self.eval(file, *inner, env) {
                    Type::Tuple(types) => found.extend(types.iter().cloned()),
                    ty => found.push(self.iterated(&ty)),
                },
                _ => found.push(self.eval(file, *element, env)),
            }
        }
        Type::Tuple(Rc::from(found))
    }

    /// `typeof x`.
    fn query(&self, file: FileId, entity: ExprId) -> Type {
        let found = self.entity(file, entity);
        match found.first() {
            Some(found) => self.entity_type(*found),
            None => self.expr_type(file, entity),
        }
    }

    /// What the names of an import type lead to.
    pub(crate) fn import_type_entities<'n>(
        &self,
        file: FileId,
        spec: SpecId,
        path: impl Iterator<Item = &'n Name>,
    ) -> Vec<Entity> {
        let mut entities = self.module_entities(file, spec);
        let mut any = false;
        for name in path {
            any = true;
            entities = entities.into_iter().flat_map(|entity| self.members_of_entity(entity, name)).collect();
        }
        if any { entities } else { self.follow(file, &Import::Require(spec)) }
    }

    fn reference(&self, file: FileId, name: ExprId, arguments: &[TyId], env: &Env) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        // A type parameter is what the environment has for it.
        if let crate::module::ExprKind::Ident(crate::module::Ident::Local(symbol)) = &module.expr(name).kind
            && let [decl] = module.symbol(*symbol).decls.as_slice()
            && module.decl(*decl).kind == DeclKind::TypeParameter
        {
            return env.get(file, *decl).cloned().unwrap_or(Type::Param(file, *decl));
        }
        let entities = self.entity(file, name);
        let arguments: Vec<Type> = arguments.iter().map(|ty| self.eval(file, *ty, env)).collect();
        let found = self.reference_type(&entities, &arguments);
        if !found.is_any() || !entities.is_empty() || !module.is_js {
            return found;
        }
        // In comments of JavaScript a value may stand for the type of what it makes.
        self.constructed(&self.expr_type(file, name), &arguments)
    }

    /// The type that entities mean, with arguments.
    pub(crate) fn reference_type(&self, entities: &[Entity], arguments: &[Type]) -> Type {
        for entity in entities {
            let (file, decls) = match entity {
                Entity::Symbol(file, symbol) => {
                    let Some(module) = self.module(*file) else { continue };
                    (*file, module.symbols.get(symbol.index()).map(|symbol| symbol.decls.clone()).unwrap_or_default())
                }
                Entity::Decl(file, decl) => (*file, vec![*decl]),
                Entity::Module(_) | Entity::Ambient(..) | Entity::Expr(..) => continue,
            };
            let ty = self.declared_type(file, &decls, arguments);
            if !ty.is_any() {
                return ty;
            }
        }
        Type::Any
    }

    fn declared_type(&self, file: FileId, decls: &[crate::module::DeclId], arguments: &[Type]) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        for decl in decls {
            let known = module.decl(*decl);
            match (known.kind, known.symbol) {
                (DeclKind::Class | DeclKind::Interface, Some(symbol)) => {
                    return self.instance(file, symbol, arguments.to_vec());
                }
                (DeclKind::Class, None) => return self.own_instance(file, *decl),
                (DeclKind::Enum, Some(symbol)) => return Type::Enum(file, symbol),
                (DeclKind::EnumMember, _) => return self.decl_type(file, *decl, &Env::default()),
                (DeclKind::Alias, symbol) => {
                    let Some(ty) = known.ty else { continue };
                    let mut env = Env::default();
                    for (place, param) in known.type_params.iter().enumerate() {
                        let argument = arguments.get(place).cloned();
                        env = env.bind(file, *param, argument.unwrap_or_else(|| self.default_of(file, *param, &env)));
                    }
                    let frame = symbol.map_or(Frame::Decl(file, *decl), |symbol| Frame::Symbol(file, symbol));
                    // A recursive alias ends where it meets itself.
                    return self.fuel.run(frame, || self.eval(file, ty, &env)).map_or(Type::Any, |(ty, _)| ty);
                }
                (DeclKind::TypeParameter, _) => return Type::Param(file, *decl),
                (DeclKind::Function | DeclKind::Var | DeclKind::Const, Some(symbol)) if module.is_js => {
                    return self.constructed(&self.symbol_type(file, symbol), arguments);
                }
                _ => {}
            }
        }
        Type::Any
    }

    /// The keys of a type, as far as they are known.
    fn keys(&self, ty: &Type) -> Type {
        let names: Vec<Type> = match ty {
            Type::Shape(_) | Type::Named(_) | Type::Value(..) | Type::Intersection(_) => {
                let members = self.all_members(ty);
                let own = members.into_iter().filter(|(_, found)| &*self.path(found.file) != crate::store::BUILTINS);
                own.map(|(name, _)| Type::StringLiteral(name)).collect()
            }
            _ => Vec::new(),
        };
        if names.is_empty() { Type::String } else { union(names) }
    }

    fn keys_source(&self, _constraint: &Type) -> Option<Type> {
        None
    }

    fn indexed_type(&self, object: &Type, index: &Type) -> Type {
        match object {
            Type::Any => Type::Any,
            object => self.indexed(object, index),
        }
    }
}

//! All members of a type, for who lists them.

use std::rc::Rc;

use super::{Entity, Env, Found, Type, union};
use crate::module::{DeclKind, ExprId, Holder, Module, Name, SymId};
use crate::store::{FileId, Store};

type Listed = Vec<(Name, Found)>;

fn add(found: &mut Listed, name: &Name, file: FileId, decl: crate::module::DeclId, env: &Env) {
    if !found.iter().any(|(known, _)| known == name) {
        found.push((Rc::clone(name), Found { file, decl, env: env.clone() }));
    }
}

impl Store {
    pub(super) fn collect_members(&self, ty: &Type, found: &mut Listed, depth: u32) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match ty {
            Type::Named(named) => self.collect_named(ty, named.file, named.symbol, found, depth),
            Type::Value(file, symbol) => self.collect_value(*file, *symbol, found, depth),
            Type::Made(file, symbol) => {
                let Some(module) = self.module(*file) else { return };
                let functions = module.symbol(*symbol).decls.iter().filter_map(|decl| module.decl(*decl).function);
                for holder in functions.map(Holder::This).chain([Holder::Symbol(*symbol, true)]) {
                    collect_added(&module, *file, holder, found);
                }
                if let Some(prototype) = module.prototypes.get(symbol) {
                    let prototype = self.expr_type(*file, *prototype);
                    self.collect_members(&prototype, found, depth);
                }
            }
            Type::Shape(shaped) => {
                let Some(module) = self.module(shaped.file) else { return };
                let shape = module.shape(shaped.shape);
                for member in &shape.members {
                    add(found, &member.name, shaped.file, member.decl, &shaped.env);
                }
                if let Some(expr) = shape.expr {
                    self.collect_held(shaped.file, &module, expr, found);
                }
                for spread in &shape.spreads {
                    let spread = self.expr_type(shaped.file, *spread);
                    self.collect_members(&spread, found, depth);
                }
            }
            Type::Function(callable) => {
                if let Some((file, expr)) = callable.expr
                    && let Some(module) = self.module(file)
                {
                    self.collect_held(file, &module, expr, found);
                }
                self.collect_builtin("Function", found, depth);
            }
            Type::Module(file) => self.collect_exports(Entity::Module(*file), found),
            Type::Ambient(file, decl) => self.collect_exports(Entity::Ambient(*file, *decl), found),
            Type::Union(types) => self.collect_union(types, found, depth),
            Type::Intersection(types) => {
                for ty in types.iter() {
                    self.collect_members(ty, found, depth);
                }
            }
            Type::Param(..) => {
                if let Some(constraint) = self.constraint(ty) {
                    self.collect_members(&constraint, found, depth);
                }
            }
            Type::Tuple(types) => {
                let array = self.array(union(types.to_vec()));
                self.collect_members(&array, found, depth);
            }
            Type::Enum(..) | Type::Number | Type::NumberLiteral(_) => self.collect_builtin("Number", found, depth),
            Type::String | Type::StringLiteral(_) => self.collect_builtin("String", found, depth),
            Type::Boolean | Type::BooleanLiteral(_) => self.collect_builtin("Boolean", found, depth),
            Type::BigInt => self.collect_builtin("BigInt", found, depth),
            Type::Symbol => self.collect_builtin("Symbol", found, depth),
            _ => {}
        }
    }

    fn collect_builtin(&self, name: &str, found: &mut Listed, depth: u32) {
        let ty = self.builtin(name, Vec::new());
        self.collect_members(&ty, found, depth);
    }

    /// What all members of a union have.
    fn collect_union(&self, types: &[Type], found: &mut Listed, depth: u32) {
        let mut known = types.iter().filter(|ty| !ty.is_nothing());
        let Some(first) = known.next() else { return };
        let mut all = Vec::new();
        self.collect_members(first, &mut all, depth);
        let rest: Vec<&Type> = known.collect();
        for (name, member) in all {
            if rest.iter().all(|ty| !self.members(ty, &name).is_empty()) {
                add(found, &name, member.file, member.decl, &member.env);
            }
        }
    }

    fn collect_named(&self, ty: &Type, file: FileId, symbol: SymId, found: &mut Listed, depth: u32) {
        let Some(module) = self.module(file) else { return };
        for decl in &module.symbol(symbol).decls {
            let Some(shape) = module.decl(*decl).shape else { continue };
            let env = self.instance_env(file, *decl, ty);
            for member in &module.shape(shape).members {
                if !module.decl(member.decl).flags.is_static {
                    add(found, &member.name, file, member.decl, &env);
                }
            }
        }
        collect_added(&module, file, Holder::Symbol(symbol, true), found);
        for base in self.bases(ty) {
            self.collect_members(&base, found, depth);
        }
    }

    fn collect_value(&self, file: FileId, symbol: SymId, found: &mut Listed, depth: u32) {
        let Some(module) = self.module(file) else { return };
        for decl in &module.symbol(symbol).decls {
            let known = module.decl(*decl);
            let Some(shape) = known.shape.map(|shape| module.shape(shape)) else { continue };
            for member in &shape.members {
                if known.kind == DeclKind::Enum || module.decl(member.decl).flags.is_static {
                    add(found, &member.name, file, member.decl, &Env::default());
                }
            }
            if known.kind == DeclKind::Class {
                for (base, _) in &shape.extends {
                    let base = self.expr_type(file, *base);
                    self.collect_members(&base, found, depth);
                }
            }
        }
        self.collect_exports(Entity::Symbol(file, symbol), found);
        collect_added(&module, file, Holder::Symbol(symbol, false), found);
        self.collect_builtin("Function", found, depth);
    }

    fn collect_exports(&self, entity: Entity, found: &mut Listed) {
        for name in self.export_names(entity, &mut Vec::new()) {
            let target =
                self.members_of_entity(entity, &name).into_iter().flat_map(|entity| self.decls_of_entity(entity));
            if let Some((file, decl)) = target.into_iter().next() {
                add(found, &name, file, decl, &Env::default());
            }
        }
    }

    fn collect_held(&self, file: FileId, module: &Rc<Module>, expr: ExprId, found: &mut Listed) {
        for holder in module.holders.get(&expr).into_iter().flatten() {
            if *holder == Holder::Exports {
                let mut names: Vec<&Name> = module.exports.named.keys().collect();
                names.sort();
                for name in names {
                    for member in self.held_members(file, expr, name) {
                        add(found, name, member.file, member.decl, &member.env);
                    }
                }
            }
            collect_added(module, file, *holder, found);
        }
    }
}

fn collect_added(module: &Module, file: FileId, holder: Holder, found: &mut Listed) {
    for expando in module.expandos.get(&holder).into_iter().flatten() {
        add(found, &expando.name, file, expando.decl, &Env::default());
    }
}

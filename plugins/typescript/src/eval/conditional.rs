//! Conditional types: `T extends U ? X : Y`, with `infer`.

use super::infer::Bindings;
use super::{Env, Type, union};
use crate::module::{TyId, TypeExpr};
use crate::store::{FileId, Store};

/// Whether one type extends another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extends {
    Yes,
    No,
    Unknown,
}

impl Store {
    pub(super) fn conditional(&self, file: FileId, ty: TyId, env: &Env) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        let TypeExpr::Conditional { check, extends, yes, no } = module.ty(ty) else { return Type::Any };
        let checked = self.eval(file, *check, env);
        // A naked parameter that stands for a union is decided for each of its members.
        let parameter = match module.ty(*check) {
            TypeExpr::Reference(name, _) => self.type_parameter(file, *name),
            _ => None,
        };
        if let (Some(parameter), Type::Union(parts)) = (parameter, &checked) {
            let each = parts.iter().take(24).map(|part| {
                let env = env.bind(file, parameter, part.clone());
                self.decide(file, part, (*extends, *yes, *no), &env)
            });
            return union(each.collect());
        }
        self.decide(file, &checked, (*extends, *yes, *no), env)
    }

    fn type_parameter(&self, file: FileId, name: crate::module::ExprId) -> Option<crate::module::DeclId> {
        let module = self.module(file)?;
        let crate::module::ExprKind::Ident(crate::module::Ident::Local(symbol)) = &module.expr(name).kind else {
            return None;
        };
        let decl = *module.symbol(*symbol).decls.first()?;
        (module.decl(decl).kind == crate::module::DeclKind::TypeParameter).then_some(decl)
    }

    fn decide(&self, file: FileId, checked: &Type, (extends, yes, no): (TyId, TyId, TyId), env: &Env) -> Type {
        let pattern = self.eval(file, extends, env);
        let mut bindings = Bindings::default();
        self.unify(&pattern, checked, &mut bindings, 0);
        let mut inner = env.clone();
        for (file, param, ty) in bindings.take() {
            inner = inner.bind(file, param, ty);
        }
        match self.extends(checked, &pattern, 0) {
            Extends::Yes => self.eval(file, yes, &inner),
            Extends::No => self.eval(file, no, env),
            Extends::Unknown => {
                let yes = self.eval(file, yes, &inner);
                let no = self.eval(file, no, env);
                if yes.is_any() {
                    no
                } else if no.is_any() {
                    yes
                } else {
                    union(vec![yes, no])
                }
            }
        }
    }

    /// Whether a type extends another, as far as is easy to tell.
    pub(super) fn extends(&self, ty: &Type, pattern: &Type, depth: u32) -> Extends {
        if depth > 4 {
            return Extends::Unknown;
        }
        match (ty, pattern) {
            (_, Type::Any | Type::Unknown) | (Type::Never, _) => Extends::Yes,
            (Type::Any | Type::Unknown | Type::Param(..), _) => Extends::Unknown,
            (_, Type::Param(..)) => Extends::Yes,
            (Type::Union(parts), pattern) => {
                let all: Vec<Extends> = parts.iter().map(|part| self.extends(part, pattern, depth + 1)).collect();
                if all.iter().all(|found| *found == Extends::Yes) {
                    Extends::Yes
                } else if all.contains(&Extends::No) {
                    Extends::No
                } else {
                    Extends::Unknown
                }
            }
            (ty, Type::Union(patterns)) => {
                let mut result = Extends::No;
                for pattern in patterns.iter() {
                    match self.extends(ty, pattern, depth + 1) {
                        Extends::Yes => return Extends::Yes,
                        Extends::Unknown => result = Extends::Unknown,
                        Extends::No => {}
                    }
                }
                result
            }
            (ty, Type::Intersection(patterns)) => {
                let all: Vec<Extends> = patterns.iter().map(|pattern| self.extends(ty, pattern, depth + 1)).collect();
                if all.contains(&Extends::No) {
                    Extends::No
                } else if all.contains(&Extends::Unknown) {
                    Extends::Unknown
                } else {
                    Extends::Yes
                }
            }
            (Type::Named(_), Type::Named(wanted)) => {
                if self.as_instance_of(ty, wanted.file, wanted.symbol).is_some() {
                    return Extends::Yes;
                }
                self.structure(ty, pattern)
            }
            (ty, pattern) => self.extends_plainly(ty, pattern),
        }
    }

    fn extends_plainly(&self, ty: &Type, pattern: &Type) -> Extends {
        let yes = |holds: bool| if holds { Extends::Yes } else { Extends::No };
        let is_callable = |ty: &Type| !self.signatures(ty, false).is_empty() || !self.signatures(ty, true).is_empty();
        match pattern {
            Type::StringLiteral(_) | Type::NumberLiteral(_) | Type::BooleanLiteral(_) => yes(ty.same(pattern)),
            Type::String => yes(matches!(ty, Type::String | Type::StringLiteral(_))),
            Type::Number => yes(matches!(ty, Type::Number | Type::NumberLiteral(_) | Type::Enum(..))),
            Type::Boolean => yes(matches!(ty, Type::Boolean | Type::BooleanLiteral(_))),
            Type::Undefined | Type::Null | Type::Never | Type::BigInt | Type::Symbol => yes(ty.same(pattern)),
            Type::ObjectKeyword => yes(!is_primitive(ty)),
            Type::Function(_) => yes(is_callable(ty)),
            Type::Tuple(_) => match ty {
                Type::Tuple(_) => Extends::Yes,
                _ => Extends::No,
            },
            Type::Shape(_) | Type::Named(_) => {
                if is_primitive(ty) || ty.is_nothing() {
                    return Extends::No;
                }
                self.structure(ty, pattern)
            }
            _ => Extends::Unknown,
        }
    }

    /// Whether a type has all that a pattern asks for, by name.
    fn structure(&self, ty: &Type, pattern: &Type) -> Extends {
        let wanted = self.own_names(pattern);
        if wanted.is_empty() {
            return Extends::Unknown;
        }
        let has_all = wanted.iter().all(|(name, optional)| *optional || !self.members(ty, name).is_empty());
        if has_all { Extends::Yes } else { Extends::No }
    }

    /// The members that a type asks for, and which of them may be missing.
    fn own_names(&self, ty: &Type) -> Vec<(crate::module::Name, bool)> {
        let members = self.all_members(ty);
        let declared_here = |found: &super::Found| match ty {
            Type::Shape(shaped) => found.file == shaped.file,
            Type::Named(named) => found.file == named.file,
            _ => false,
        };
        members
            .into_iter()
            .filter(|(_, found)| declared_here(found))
            .take(64)
            .filter_map(|(name, found)| {
                let optional = self.module(found.file)?.decl(found.decl).flags.optional;
                Some((name, optional))
            })
            .collect()
    }
}

/// Whether a type is no object.
pub(super) fn is_primitive(ty: &Type) -> bool {
    matches!(
        ty,
        Type::String
            | Type::StringLiteral(_)
            | Type::Number
            | Type::NumberLiteral(_)
            | Type::Boolean
            | Type::BooleanLiteral(_)
            | Type::BigInt
            | Type::Symbol
            | Type::Undefined
            | Type::Null
            | Type::Enum(..)
    )
}

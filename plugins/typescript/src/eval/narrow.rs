//! What tests leave of a type.

use std::rc::Rc;

use super::conditional::Extends;
use super::{Env, Type, union};
use crate::module::{ExprId, Guard, Module, Name, TypeExpr};
use crate::store::{FileId, Store};

impl Store {
    pub(super) fn narrow(&self, file: FileId, module: &Rc<Module>, declared: Type, guards: &[Guard]) -> Type {
        let _ = module;
        let mut ty = declared.clone();
        for guard in guards {
            let narrowed = self.narrow_by(file, &ty, &declared, guard);
            // A test that leaves nothing was not understood.
            if !matches!(narrowed, Type::Never) {
                ty = narrowed;
            }
        }
        ty
    }

    fn narrow_by(&self, file: FileId, ty: &Type, declared: &Type, guard: &Guard) -> Type {
        match guard {
            Guard::Truthy => self.non_null(ty),
            Guard::Assigned(value) => match declared {
                Type::Union(_) => {
                    let value = self.expr_type(file, *value).widened();
                    let fits =
                        |part: &Type| value.parts().iter().any(|value| self.extends(value, part, 0) != Extends::No);
                    union(declared.parts().iter().filter(|part| fits(part)).cloned().collect())
                }
                _ => declared.clone(),
            },
            Guard::InstanceOf(class) => {
                let value = self.expr_type(file, *class);
                let instance = self.constructed(&value, &[]);
                self.to_instance(ty, instance)
            }
            Guard::TypeOf(kind, holds) => self.by_kind(ty, kind, *holds),
            Guard::In(key, holds) => {
                let has = |part: &Type| !self.members(part, key).is_empty();
                let parts = ty.parts().iter().filter(|part| has(part) == *holds).cloned();
                union(parts.collect())
            }
            Guard::Discriminant { path, value, holds } => self.by_discriminant(file, ty, path, *value, *holds),
            Guard::Predicate { callee, argument, holds } => self.by_predicate(file, ty, *callee, *argument, *holds),
        }
    }

    fn to_instance(&self, ty: &Type, instance: Type) -> Type {
        if instance.is_any() {
            return ty.clone();
        }
        let Type::Named(named) = &instance else { return instance };
        let kept: Vec<Type> = ty
            .parts()
            .iter()
            .filter(|part| self.as_instance_of(part, named.file, named.symbol).is_some())
            .cloned()
            .collect();
        if kept.is_empty() { instance } else { union(kept) }
    }

    fn by_kind(&self, ty: &Type, kind: &Name, holds: bool) -> Type {
        let is_kind = |part: &Type| match &**kind {
            "string" => matches!(part, Type::String | Type::StringLiteral(_)),
            "number" => matches!(part, Type::Number | Type::NumberLiteral(_) | Type::Enum(..)),
            "boolean" => matches!(part, Type::Boolean | Type::BooleanLiteral(_)),
            "undefined" => matches!(part, Type::Undefined),
            "function" => !self.signatures(part, false).is_empty() || !self.signatures(part, true).is_empty(),
            "object" => !super::conditional::is_primitive(part) && self.signatures(part, false).is_empty(),
            _ => false,
        };
        if !holds {
            return union(ty.parts().iter().filter(|part| !is_kind(part)).cloned().collect());
        }
        if ty.is_any() {
            return match &**kind {
                "string" => Type::String,
                "number" => Type::Number,
                "boolean" => Type::Boolean,
                "function" => self.builtin("Function", Vec::new()),
                _ => ty.clone(),
            };
        }
        union(ty.parts().iter().filter(|part| is_kind(part) || matches!(part, Type::Param(..))).cloned().collect())
    }

    fn by_discriminant(&self, file: FileId, ty: &Type, path: &Name, value: ExprId, holds: bool) -> Type {
        let Type::Union(parts) = ty else { return ty.clone() };
        let wanted = self.discriminant_type(file, value);
        let is_unit = matches!(
            wanted,
            Type::StringLiteral(_) | Type::NumberLiteral(_) | Type::BooleanLiteral(_) | Type::Null | Type::Undefined
        );
        let member_key = self.enum_member(file, value);
        let keep = |part: &Type| {
            if part.is_nothing() {
                return false;
            }
            let found = self.members(part, path);
            if found.is_empty() {
                return !holds || ty.parts().iter().all(|part| self.members(part, path).is_empty());
            }
            // Members of an enum are told apart by name.
            if let Some(key) = &member_key {
                let mentions: Vec<bool> =
                    found.iter().filter_map(|found| self.mentions(found.file, found.decl, key)).collect();
                return mentions.is_empty() || mentions.contains(&holds);
            }
            let own = self.type_of_found(&found);
            if !is_unit {
                return true;
            }
            match (&wanted, holds) {
                (Type::BooleanLiteral(true), true)
                    if !own.parts().iter().any(|ty| matches!(ty, Type::BooleanLiteral(_))) =>
                {
                    true
                }
                (wanted, true) => own.parts().iter().any(|own| self.extends(wanted, own, 0) != Extends::No),
                (wanted, false) => !own.same(wanted),
            }
        };
        union(parts.iter().filter(|part| keep(part)).cloned().collect())
    }

    fn discriminant_type(&self, file: FileId, value: ExprId) -> Type {
        self.expr_type(file, value)
    }

    /// The name of the member of an enum that an expression is.
    fn enum_member(&self, file: FileId, value: ExprId) -> Option<Name> {
        let module = self.module(file)?;
        match (&module.expr(value).kind, self.expr_type(file, value)) {
            (crate::module::ExprKind::Member { name, .. }, Type::Enum(..)) => Some(Rc::clone(name)),
            _ => None,
        }
    }

    /// Whether the written type of a declaration is the member of an enum. None where it is no such member.
    fn mentions(&self, file: FileId, decl: crate::module::DeclId, key: &Name) -> Option<bool> {
        let module = self.module(file)?;
        match module.ty(module.decl(decl).ty?) {
            TypeExpr::Reference(name, _) => match &module.expr(*name).kind {
                crate::module::ExprKind::Member { name, .. } => Some(name == key),
                _ => None,
            },
            _ => None,
        }
    }

    fn by_predicate(&self, file: FileId, ty: &Type, callee: ExprId, argument: u32, holds: bool) -> Type {
        let callee = self.expr_type(file, callee);
        for signature in self.signatures(&callee, false) {
            let Some(module) = self.module(signature.file) else { continue };
            let function = module.function(signature.function);
            let Some(TypeExpr::Predicate { parameter: Some(parameter), ty: Some(target), .. }) =
                function.ret.map(|ret| module.ty(ret))
            else {
                continue;
            };
            let is_it = function.params.get(argument as usize).is_some_and(|param| param.name == *parameter);
            if !is_it {
                continue;
            }
            let target = self.eval(signature.file, *target, &signature.env);
            return self.to_predicate(ty, &target, holds);
        }
        ty.clone()
    }

    fn to_predicate(&self, ty: &Type, target: &Type, holds: bool) -> Type {
        let target = &target.substitute(&Env::default());
        if !holds {
            let kept = ty.parts().iter().filter(|part| self.extends(part, target, 0) != Extends::Yes);
            return union(kept.cloned().collect());
        }
        if target.is_any() || matches!(target, Type::Param(..)) {
            return self.non_null(ty);
        }
        let kept: Vec<Type> = ty
            .parts()
            .iter()
            .filter(|part| !part.is_any() && self.extends(part, target, 0) == Extends::Yes)
            .cloned()
            .collect();
        if !kept.is_empty() {
            return union(kept);
        }
        match target {
            Type::Union(_) | Type::Named(_) | Type::Shape(_) | Type::Function(_) | Type::Intersection(_) => {
                target.clone()
            }
            target if ty.is_any() => target.clone(),
            target => target.clone(),
        }
    }
}

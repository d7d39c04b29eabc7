//! Members: where they are declared, and what type they have.

use super::symbols::without_any;
use super::{Entity, Env, Frame, Type, union};
use crate::module::{DeclId, DeclKind, ExprId, ExprKind, Holder, Name, ShapeId, SymId};
use crate::store::{FileId, Store};

/// A member that was found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) file: FileId,
    pub(crate) decl: DeclId,
    /// What the type parameters around it stand for.
    pub(crate) env: Env,
}

/// A base class or interface with its arguments.
pub(crate) type Base = Type;

/// So many steps up a hierarchy.
const BASES_MAX: u32 = 24;

impl Store {
    /// The declarations of a member. Empty where there is none.
    pub(crate) fn members(&self, ty: &Type, name: &Name) -> Vec<Found> {
        self.members_within(ty, name, BASES_MAX)
    }

    fn members_within(&self, ty: &Type, name: &Name, depth: u32) -> Vec<Found> {
        let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
        match ty {
            Type::Named(named) => self.named_members(ty, named.file, named.symbol, name, depth),
            Type::Value(file, symbol) => self.value_members(*file, *symbol, name, depth),
            Type::Made(file, symbol) => self.made_members(*file, *symbol, name, depth),
            Type::Shape(shaped) => self.shape_members_of(shaped.file, shaped.shape, &shaped.env, name, depth),
            Type::Function(callable) => {
                let added = callable.expr.map(|(file, expr)| self.held_members(file, expr, name)).unwrap_or_default();
                if added.is_empty() { self.members_of_builtin("Function", name, depth) } else { added }
            }
            Type::Module(file) => self.entities_as_members(self.exports_or_whole(*file, name)),
            Type::Ambient(file, decl) => {
                self.entities_as_members(self.members_of_entity(Entity::Ambient(*file, *decl), name))
            }
            Type::Union(types) => {
                let mut found: Vec<Found> = Vec::new();
                for ty in types.iter().filter(|ty| !ty.is_nothing()) {
                    add_all(&mut found, self.members_within(ty, name, depth));
                }
                found
            }
            Type::Intersection(types) => {
                let mut found: Vec<Found> = Vec::new();
                for ty in types.iter() {
                    add_all(&mut found, self.members_within(ty, name, depth));
                }
                found
            }
            Type::Param(..) => match self.constraint(ty) {
                Some(constraint) => self.members_within(&constraint, name, depth),
                None => Vec::new(),
            },
            Type::Enum(..) | Type::Number | Type::NumberLiteral(_) => self.members_of_builtin("Number", name, depth),
            Type::String | Type::StringLiteral(_) => self.members_of_builtin("String", name, depth),
            Type::Boolean | Type::BooleanLiteral(_) => self.members_of_builtin("Boolean", name, depth),
            Type::BigInt => self.members_of_builtin("BigInt", name, depth),
            Type::Symbol => self.members_of_builtin("Symbol", name, depth),
            Type::Tuple(types) => {
                let array = self.array(union(types.to_vec()));
                self.members_within(&array, name, depth)
            }
            Type::ObjectKeyword => self.members_of_builtin("Object", name, depth),
            Type::Any | Type::Unknown | Type::Never | Type::Undefined | Type::Null | Type::Dictionary(_) => Vec::new(),
        }
    }

    fn members_of_builtin(&self, class: &str, name: &Name, depth: u32) -> Vec<Found> {
        match self.builtin(class, Vec::new()) {
            Type::Any => Vec::new(),
            ty => self.members_within(&ty, name, depth),
        }
    }

    fn exports_or_whole(&self, file: FileId, name: &Name) -> Vec<Entity> {
        let found = self.exports(file, name);
        if found.is_empty() && &**name == "default" { self.common_js_value(file) } else { found }
    }

    fn entities_as_members(&self, entities: Vec<Entity>) -> Vec<Found> {
        let decls = entities.into_iter().flat_map(|entity| self.decls_of_entity(entity));
        decls.map(|(file, decl)| Found { file, decl, env: Env::default() }).collect()
    }

    /// What the parameters of a declaration stand for in an instance.
    pub(crate) fn instance_env(&self, file: FileId, decl: DeclId, instance: &Type) -> Env {
        let Some(module) = self.module(file) else { return Env::default() };
        let params = &module.decl(decl).type_params;
        let arguments = match instance {
            Type::Named(named) => named.arguments.as_slice(),
            _ => &[],
        };
        let mut env = Env::default().with_this(instance.clone());
        for (place, param) in params.iter().enumerate() {
            let ty = match arguments.get(place) {
                Some(ty) => ty.clone(),
                None => self.default_of(file, *param, &env),
            };
            env = env.bind(file, *param, ty);
        }
        env
    }

    fn named_members(&self, ty: &Type, file: FileId, symbol: SymId, name: &Name, depth: u32) -> Vec<Found> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let Some(known) = module.symbols.get(symbol.index()) else { return Vec::new() };
        let mut found = Vec::new();
        for decl in &known.decls {
            let Some(shape) = module.decl(*decl).shape else { continue };
            if !matches!(module.decl(*decl).kind, DeclKind::Class | DeclKind::Interface) {
                continue;
            }
            let env = self.instance_env(file, *decl, ty);
            let members = module.shape(shape).members.iter().filter(|member| member.name == *name);
            for member in members.filter(|member| !module.decl(member.decl).flags.is_static) {
                found.push(Found { file, decl: member.decl, env: env.clone() });
            }
        }
        if found.is_empty() {
            let added = module.expandos.get(&Holder::Symbol(symbol, true)).into_iter().flatten();
            let added = added.filter(|expando| expando.name == *name);
            found.extend(added.map(|expando| Found { file, decl: expando.decl, env: Env::default() }));
        }
        // What other files add to a type that every program has.
        if found.is_empty() && module.globals.get(known.name.as_ref().unwrap_or(name)) == Some(&symbol) {
            found = self.merged_members(ty, file, symbol, name);
        }
        if !found.is_empty() {
            return found;
        }
        for base in self.bases(ty) {
            let inherited = self.members_within(&base, name, depth);
            if !inherited.is_empty() {
                return inherited
                    .into_iter()
                    .map(|found| Found { env: found.env.with_this(ty.clone()), ..found })
                    .collect();
            }
        }
        Vec::new()
    }

    fn merged_members(&self, ty: &Type, file: FileId, symbol: SymId, name: &Name) -> Vec<Found> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let Some(own) = module.symbol(symbol).name.clone() else { return Vec::new() };
        let mut found = Vec::new();
        for (other, symbol) in self.globals(&own).iter().filter(|(other, _)| *other != file) {
            let Some(module) = self.module(*other) else { continue };
            for decl in &module.symbol(*symbol).decls {
                let Some(shape) = module.decl(*decl).shape else { continue };
                let env = self.instance_env(*other, *decl, ty);
                let members = module.shape(shape).members.iter().filter(|member| member.name == *name);
                found.extend(members.map(|member| Found { file: *other, decl: member.decl, env: env.clone() }));
            }
        }
        found
    }

    /// What a class or interface extends, with arguments as the instance has them.
    pub(crate) fn bases(&self, ty: &Type) -> Vec<Base> {
        let Type::Named(named) = ty else { return Vec::new() };
        let Some(module) = self.module(named.file) else { return Vec::new() };
        let Some(known) = module.symbols.get(named.symbol.index()) else { return Vec::new() };
        let mut found = Vec::new();
        let (file, symbol) = (named.file, named.symbol);
        let run = self.fuel.run(Frame::Symbol(file, symbol), || {
            for decl in &known.decls {
                let Some(shape) = module.decl(*decl).shape else { continue };
                let env = self.instance_env(file, *decl, ty);
                for (base, types) in &module.shape(shape).extends {
                    let arguments: Vec<Type> = types.iter().map(|ty| self.eval(file, *ty, &env)).collect();
                    found.extend(self.base_type(file, *base, arguments, module.shape(shape).is_class, &env));
                }
            }
        });
        if run.is_none() {
            return Vec::new();
        }
        found
    }

    fn base_type(&self, file: FileId, base: ExprId, arguments: Vec<Type>, is_class: bool, env: &Env) -> Option<Type> {
        let entities = self.entity(file, base);
        let named = self.reference_type(&entities, &arguments);
        if !matches!(named, Type::Any) {
            return Some(named);
        }
        if !is_class {
            return None;
        }
        // `class A extends make(B)`: the instance of what the value constructs.
        let value = self.expr_type(file, base);
        let made = self.constructed(&value, &arguments);
        (!made.is_any()).then(|| made.substitute(env))
    }

    /// What a class implements.
    pub(crate) fn implemented(&self, ty: &Type) -> Vec<Base> {
        let Type::Named(named) = ty else { return Vec::new() };
        let Some(module) = self.module(named.file) else { return Vec::new() };
        let mut found = Vec::new();
        for decl in &module.symbol(named.symbol).decls {
            let Some(shape) = module.decl(*decl).shape else { continue };
            let env = self.instance_env(named.file, *decl, ty);
            for (base, types) in &module.shape(shape).implements {
                let arguments: Vec<Type> = types.iter().map(|ty| self.eval(named.file, *ty, &env)).collect();
                let base = self.reference_type(&self.entity(named.file, *base), &arguments);
                if !base.is_any() {
                    found.push(base);
                }
            }
        }
        found
    }

    fn value_members(&self, file: FileId, symbol: SymId, name: &Name, depth: u32) -> Vec<Found> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let Some(known) = module.symbols.get(symbol.index()) else { return Vec::new() };
        let mut found = Vec::new();
        let mut is_class = false;
        for decl in &known.decls {
            let this = module.decl(*decl);
            if this.kind == DeclKind::Class || this.kind == DeclKind::Enum {
                is_class |= this.kind == DeclKind::Class;
                let shape = this.shape.map(|shape| module.shape(shape));
                let members = shape.iter().flat_map(|shape| &shape.members).filter(|member| member.name == *name);
                let members =
                    members.filter(|member| this.kind == DeclKind::Enum || module.decl(member.decl).flags.is_static);
                found.extend(members.map(|member| Found { file, decl: member.decl, env: Env::default() }));
            }
        }
        let exported = self.members_of_entity(Entity::Symbol(file, symbol), name);
        add_all(&mut found, self.entities_as_members(exported));
        let added = module.expandos.get(&Holder::Symbol(symbol, false)).into_iter().flatten();
        let added = added.filter(|expando| expando.name == *name);
        add_all(&mut found, added.map(|expando| Found { file, decl: expando.decl, env: Env::default() }).collect());
        if !found.is_empty() {
            return found;
        }
        if is_class {
            for decl in &known.decls {
                let Some(shape) = module.decl(*decl).shape else { continue };
                for (base, _) in &module.shape(shape).extends {
                    let base = self.expr_type(file, *base);
                    let inherited = self.members_within(&base, name, depth);
                    if !inherited.is_empty() {
                        return inherited;
                    }
                }
            }
        }
        self.members_of_builtin("Function", name, depth)
    }

    /// The members of what a function of JavaScript makes: set on `this`, or on the prototype.
    fn made_members(&self, file: FileId, symbol: SymId, name: &Name, depth: u32) -> Vec<Found> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let Some(known) = module.symbols.get(symbol.index()) else { return Vec::new() };
        let mut found = Vec::new();
        let mut holders: Vec<Holder> = vec![Holder::Symbol(symbol, true)];
        let functions = known.decls.iter().filter_map(|decl| module.decl(*decl).function);
        holders.extend(functions.map(Holder::This));
        for holder in holders.iter().rev() {
            let added = module.expandos.get(holder).into_iter().flatten();
            let added = added.filter(|expando| expando.name == *name);
            found.extend(added.map(|expando| Found { file, decl: expando.decl, env: Env::default() }));
        }
        if found.is_empty()
            && let Some(prototype) = module.prototypes.get(&symbol)
        {
            let prototype = self.expr_type(file, *prototype);
            found = self.members_within(&prototype, name, depth);
        }
        if found.is_empty() { self.members_of_builtin("Object", name, depth) } else { found }
    }

    fn shape_members_of(&self, file: FileId, shape: ShapeId, env: &Env, name: &Name, depth: u32) -> Vec<Found> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let known = module.shape(shape);
        let members = known.members.iter().filter(|member| member.name == *name);
        let mut found: Vec<Found> = members.map(|member| Found { file, decl: member.decl, env: env.clone() }).collect();
        if !found.is_empty() {
            return found;
        }
        for spread in known.spreads.iter().rev() {
            let spread = self.expr_type(file, *spread);
            let inherited = self.members_within(&spread, name, depth);
            if !inherited.is_empty() {
                return inherited;
            }
        }
        if let Some(expr) = known.expr {
            found = self.held_members(file, expr, name);
            if !found.is_empty() {
                return found;
            }
        }
        let class = if known.calls.is_empty() && known.constructs.is_empty() { "Object" } else { "Function" };
        self.members_of_builtin(class, name, depth)
    }

    /// Members that were added by assignment to what an expression made.
    pub(crate) fn held_members(&self, file: FileId, expr: ExprId, name: &Name) -> Vec<Found> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let mut found = Vec::new();
        for holder in module.holders.get(&expr).into_iter().flatten() {
            let decls: Vec<DeclId> = match holder {
                Holder::Exports => {
                    let exports = module.exports.named.get(name).into_iter().flatten();
                    exports
                        .filter_map(|export| match export {
                            crate::module::Export::Decl(decl) => Some(*decl),
                            _ => None,
                        })
                        .collect()
                }
                holder => {
                    let added = module.expandos.get(holder).into_iter().flatten();
                    added.filter(|expando| expando.name == *name).map(|expando| expando.decl).collect()
                }
            };
            for decl in decls {
                add_all(&mut found, vec![Found { file, decl, env: Env::default() }]);
            }
        }
        found
    }

    /// The type of a member.
    pub(crate) fn member_type(&self, ty: &Type, name: &Name) -> Type {
        match ty {
            Type::Value(file, symbol) if &**name == "prototype" => return self.prototype(*file, *symbol),
            Type::Dictionary(inner) => return (**inner).clone(),
            Type::Union(types) => {
                let types = types.iter().filter(|ty| !ty.is_nothing()).map(|ty| self.member_type(ty, name));
                return union(without_any(types.collect()));
            }
            Type::Module(file) => {
                let entities = self.exports_or_whole(*file, name);
                return entities.first().map_or(Type::Any, |entity| self.entity_type(*entity));
            }
            _ => {}
        }
        let found = self.members(ty, name);
        if found.is_empty() {
            return self.index_signature(ty).unwrap_or(Type::Any);
        }
        self.type_of_found(&found)
    }

    /// The type of members of one name: overloads together, of an intersection all.
    pub(crate) fn type_of_found(&self, found: &[Found]) -> Type {
        let Some(first) = found.first() else { return Type::Any };
        let functions: Vec<(FileId, crate::module::FnId)> = found
            .iter()
            .filter(|found| found.file == first.file)
            .filter_map(|found| {
                let module = self.module(found.file)?;
                let decl = module.decl(found.decl);
                let is_method = matches!(decl.kind, DeclKind::Method | DeclKind::Function) && decl.ty.is_none();
                decl.function.filter(|_| is_method).map(|function| (found.file, function))
            })
            .collect();
        if functions.len() > 1 {
            return self.callable(functions, &first.env, None);
        }
        // A property that is first set to nothing has the type of what it is set to later.
        let mut types = Vec::new();
        for found in found.iter().take(6) {
            let ty = self.decl_type(found.file, found.decl, &found.env);
            if self.module(found.file).is_some_and(|module| module.decl(found.decl).flags.expando) || types.is_empty() {
                types.push(ty);
            }
        }
        union(without_any(types))
    }

    fn prototype(&self, file: FileId, symbol: SymId) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        let class = module.symbol(symbol).decls.iter().find(|decl| module.decl(**decl).kind == DeclKind::Class);
        match class {
            Some(class) => self.own_instance(file, *class),
            None => Type::Made(file, symbol),
        }
    }

    /// What any key of the type leads to.
    pub(crate) fn index_signature(&self, ty: &Type) -> Option<Type> {
        match ty {
            Type::Named(named) => {
                let module = self.module(named.file)?;
                for decl in &module.symbol(named.symbol).decls {
                    let Some(index) = module.decl(*decl).shape.and_then(|shape| module.shape(shape).index) else {
                        continue;
                    };
                    let env = self.instance_env(named.file, *decl, ty);
                    return Some(self.eval(named.file, index, &env));
                }
                self.bases(ty).iter().find_map(|base| self.index_signature(base))
            }
            Type::Shape(shaped) => {
                let module = self.module(shaped.file)?;
                let index = module.shape(shaped.shape).index?;
                Some(self.eval(shaped.file, index, &shaped.env))
            }
            Type::Dictionary(inner) => Some((**inner).clone()),
            Type::Intersection(types) | Type::Union(types) => types.iter().find_map(|ty| self.index_signature(ty)),
            Type::Param(..) => self.index_signature(&self.constraint(ty)?),
            _ => None,
        }
    }

    /// What a type parameter extends.
    pub(crate) fn constraint(&self, ty: &Type) -> Option<Type> {
        let Type::Param(file, param) = ty else { return None };
        let module = self.module(*file)?;
        let constraint = module.decl(*param).ty?;
        let found = self.fuel.run(Frame::Decl(*file, *param), || self.eval(*file, constraint, &Env::default()))?;
        Some(found.0)
    }

    /// What a type parameter is when nothing says otherwise.
    pub(crate) fn default_of(&self, file: FileId, param: DeclId, env: &Env) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        let default = module.decl(param).value.and_then(|value| match module.expr(value).kind {
            ExprKind::As(ty) => Some(ty),
            _ => None,
        });
        match default {
            Some(ty) => self.eval(file, ty, env),
            None => Type::Param(file, param),
        }
    }

    /// All members of a type by name, each with where it is declared; nearest first.
    pub(crate) fn all_members(&self, ty: &Type) -> Vec<(Name, Found)> {
        let mut found = Vec::new();
        self.collect_members(ty, &mut found, BASES_MAX);
        found
    }
}

pub(crate) fn add_all(found: &mut Vec<Found>, more: Vec<Found>) {
    for new in more {
        if !found.iter().any(|known| known.file == new.file && known.decl == new.decl) {
            found.push(new);
        }
    }
}

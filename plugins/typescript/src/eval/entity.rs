//! What names mean before types: symbols through imports, exports and namespaces.

use std::rc::Rc;

use super::{Frame, Type};
use crate::module::{DeclId, DeclKind, Export, Exports, ExprId, ExprKind, Ident, Import, Module, Name, SpecId, SymId};
use crate::store::{FileId, Store};

/// What a name leads to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Entity {
    Symbol(FileId, SymId),
    /// A file as a whole.
    Module(FileId),
    Decl(FileId, DeclId),
    Expr(FileId, ExprId),
    /// `declare module "…"`.
    Ambient(FileId, DeclId),
}

impl Store {
    /// What a symbol is, through imports. The symbol itself where an import leads nowhere.
    pub(crate) fn resolve_symbol(&self, file: FileId, symbol: SymId) -> Vec<Entity> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let Some(known) = module.symbols.get(symbol.index()) else { return Vec::new() };
        let imports: Vec<&Import> = known.decls.iter().filter_map(|decl| module.decl(*decl).import.as_ref()).collect();
        if imports.is_empty() {
            return vec![Entity::Symbol(file, symbol)];
        }
        let found = self.fuel.run(Frame::Alias(file, symbol), || {
            imports.iter().flat_map(|import| self.follow(file, import)).collect::<Vec<_>>()
        });
        let mut found = found.map(|(found, _)| found).unwrap_or_default();
        // A declaration of the same name beside the import is part of the symbol.
        let own = known.decls.iter().any(|decl| module.decl(*decl).import.is_none());
        if found.is_empty() || own {
            found.push(Entity::Symbol(file, symbol));
        }
        found
    }

    /// What an import brings in.
    pub(crate) fn follow(&self, file: FileId, import: &Import) -> Vec<Entity> {
        match import {
            Import::Named(spec, name) => self.exported_by(file, *spec, name),
            Import::Namespace(spec) => self.module_entities(file, *spec),
            Import::Require(spec) => {
                let modules = self.module_entities(file, *spec);
                let whole = |entity: Entity| match entity {
                    Entity::Module(target) => self.common_js_value(target),
                    Entity::Ambient(target, decl) => self.ambient_value(target, decl),
                    entity => vec![entity],
                };
                modules.into_iter().flat_map(whole).collect()
            }
            Import::Entity(expr) => self.entity(file, *expr),
        }
    }

    /// What `require` of a file gives.
    pub(crate) fn common_js_value(&self, file: FileId) -> Vec<Entity> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let Some(equals) = module.exports.equals.last() else { return vec![Entity::Module(file)] };
        self.entity_of_value(file, *equals)
    }

    fn ambient_value(&self, file: FileId, decl: DeclId) -> Vec<Entity> {
        let equals = self.module(file).and_then(|module| module.namespace_exports.get(&decl)?.equals.last().copied());
        equals.map_or_else(|| vec![Entity::Ambient(file, decl)], |equals| self.entity_of_value(file, equals))
    }

    /// The entity of a value that is exported: of a name what it names, else the expression.
    pub(crate) fn entity_of_value(&self, file: FileId, expr: ExprId) -> Vec<Entity> {
        let Some(module) = self.module(file) else { return Vec::new() };
        match &module.expr(expr).kind {
            ExprKind::Assign(_, right) => self.entity_of_value(file, *right),
            ExprKind::Same(inner) => self.entity_of_value(file, *inner),
            ExprKind::Ident(_) | ExprKind::Narrowed(..) | ExprKind::Member { .. } => {
                let found = self.entity(file, expr);
                if found.is_empty() { vec![Entity::Expr(file, expr)] } else { found }
            }
            ExprKind::Require(spec) => self.follow(file, &Import::Require(*spec)),
            ExprKind::Class(decl) => match module.decl(*decl).symbol {
                Some(symbol) => vec![Entity::Symbol(file, symbol)],
                None => vec![Entity::Decl(file, *decl)],
            },
            ExprKind::Function(function) => {
                match module.function(*function).decl.and_then(|decl| module.decl(decl).symbol) {
                    Some(symbol) => vec![Entity::Symbol(file, symbol)],
                    None => vec![Entity::Expr(file, expr)],
                }
            }
            _ => vec![Entity::Expr(file, expr)],
        }
    }

    /// What the name of a module in a file leads to.
    pub(crate) fn module_entities(&self, file: FileId, spec: SpecId) -> Vec<Entity> {
        if let Some(target) = self.resolve_spec(file, spec) {
            return vec![Entity::Module(target)];
        }
        let Some(module) = self.module(file) else { return Vec::new() };
        self.ambient(&module.spec(spec).text).iter().map(|(file, decl)| Entity::Ambient(*file, *decl)).collect()
    }

    /// What a module exports under a name.
    pub(crate) fn exported_by(&self, file: FileId, spec: SpecId, name: &Name) -> Vec<Entity> {
        let mut found = Vec::new();
        for entity in self.module_entities(file, spec) {
            let here = self.members_of_entity(entity, name);
            if here.is_empty() && &**name == "default" {
                // With `esModuleInterop`, which nearly all have.
                found.extend(match entity {
                    Entity::Module(target) => self.common_js_value(target),
                    Entity::Ambient(target, decl) => self.ambient_value(target, decl),
                    _ => Vec::new(),
                });
            }
            found.extend(here);
        }
        found
    }

    /// What an entity exports under a name.
    pub(crate) fn members_of_entity(&self, entity: Entity, name: &Name) -> Vec<Entity> {
        match entity {
            Entity::Module(file) => self.exports(file, name),
            Entity::Ambient(file, decl) => self.namespace_export(file, decl, name),
            Entity::Symbol(file, symbol) => {
                let Some(module) = self.module(file) else { return Vec::new() };
                let decls = module.symbols.get(symbol.index()).map(|symbol| symbol.decls.clone()).unwrap_or_default();
                let mut found = Vec::new();
                for decl in decls {
                    match module.decl(decl).kind {
                        DeclKind::Namespace => found.extend(self.namespace_export(file, decl, name)),
                        DeclKind::Enum => found.extend(self.shape_members(&module, file, decl, name)),
                        _ => {}
                    }
                }
                found
            }
            Entity::Decl(..) | Entity::Expr(..) => Vec::new(),
        }
    }

    fn shape_members(&self, module: &Module, file: FileId, decl: DeclId, name: &Name) -> Vec<Entity> {
        let shape = module.decl(decl).shape.map(|shape| module.shape(shape));
        let members = shape.iter().flat_map(|shape| &shape.members).filter(|member| member.name == *name);
        members.map(|member| Entity::Decl(file, member.decl)).collect()
    }

    fn namespace_export(&self, file: FileId, decl: DeclId, name: &Name) -> Vec<Entity> {
        let Some(module) = self.module(file) else { return Vec::new() };
        match module.namespace_exports.get(&decl) {
            Some(exports) => self.look_up(file, exports, name),
            None => Vec::new(),
        }
    }

    /// What a file exports under a name, through re-exports.
    pub(crate) fn exports(&self, file: FileId, name: &Name) -> Vec<Entity> {
        let Some(module) = self.module(file) else { return Vec::new() };
        self.look_up(file, &module.exports, name)
    }

    fn look_up(&self, file: FileId, exports: &Exports, name: &Name) -> Vec<Entity> {
        if let Some(known) = exports.named.get(name) {
            return known.iter().flat_map(|export| self.export(file, export)).collect();
        }
        let mut found: Vec<Entity> = Vec::new();
        for equals in exports.equals.iter().rev().take(usize::from(&**name != "default")) {
            for entity in self.entity_of_value(file, *equals) {
                found.extend(self.members_of_entity(entity, name));
            }
            if found.is_empty() {
                let ty = self.expr_type(file, *equals);
                found.extend(self.members(&ty, name).into_iter().map(|member| Entity::Decl(member.file, member.decl)));
            }
        }
        if !found.is_empty() || &**name == "default" {
            return found;
        }
        for spec in &exports.stars {
            let entities = self.module_entities(file, *spec);
            let guard = Frame::Export(file, spec.0);
            let here = self.fuel.run(guard, || {
                entities.into_iter().flat_map(|entity| self.members_of_entity(entity, name)).collect::<Vec<_>>()
            });
            for entity in here.map(|(here, _)| here).unwrap_or_default() {
                if !found.contains(&entity) {
                    found.push(entity);
                }
            }
        }
        found
    }

    pub(crate) fn export(&self, file: FileId, export: &Export) -> Vec<Entity> {
        match export {
            Export::Symbol(symbol) => self.resolve_symbol(file, *symbol),
            Export::Decl(decl) => vec![Entity::Decl(file, *decl)],
            Export::Expr(expr) => self.entity_of_value(file, *expr),
            Export::From(spec, name) => {
                let found = self.fuel.run(Frame::Export(file, spec.0), || self.exported_by(file, *spec, name));
                found.map(|(found, _)| found).unwrap_or_default()
            }
            Export::Namespace(spec) => self.module_entities(file, *spec),
        }
    }

    /// Every name that a module exports, sorted, each once.
    pub(crate) fn export_names(&self, entity: Entity, seen: &mut Vec<Entity>) -> Vec<Name> {
        if seen.contains(&entity) || seen.len() > 200 {
            return Vec::new();
        }
        seen.push(entity);
        let (file, module, exports): (FileId, Rc<Module>, Vec<DeclId>) = match entity {
            Entity::Module(file) => match self.module(file) {
                Some(module) => (file, module, Vec::new()),
                None => return Vec::new(),
            },
            Entity::Ambient(file, decl) => match self.module(file) {
                Some(module) => (file, module, vec![decl]),
                None => return Vec::new(),
            },
            Entity::Symbol(file, symbol) => {
                let Some(module) = self.module(file) else { return Vec::new() };
                let decls = module.symbols.get(symbol.index()).map(|symbol| symbol.decls.clone()).unwrap_or_default();
                (file, module, decls)
            }
            Entity::Decl(..) | Entity::Expr(..) => return Vec::new(),
        };
        let mut names = Vec::new();
        let tables: Vec<&Exports> = match entity {
            Entity::Module(_) => vec![&module.exports],
            _ => exports.iter().filter_map(|decl| module.namespace_exports.get(decl)).collect(),
        };
        for table in tables {
            names.extend(table.named.keys().cloned());
            for spec in &table.stars {
                for entity in self.module_entities(file, *spec) {
                    names.extend(self.export_names(entity, seen).into_iter().filter(|name| &**name != "default"));
                }
            }
            for equals in &table.equals {
                for entity in self.entity_of_value(file, *equals) {
                    names.extend(self.export_names(entity, seen));
                }
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// What a name leads to, before types.
    pub(crate) fn entity(&self, file: FileId, expr: ExprId) -> Vec<Entity> {
        let Some(module) = self.module(file) else { return Vec::new() };
        match &module.expr(expr).kind {
            ExprKind::Ident(ident) | ExprKind::Narrowed(ident, _) => self.entity_of_ident(file, ident),
            ExprKind::Member { object, name, .. } => {
                let object = *object;
                self.entity(file, object).into_iter().flat_map(|entity| self.members_of_entity(entity, name)).collect()
            }
            ExprKind::Same(inner) | ExprKind::NonNull(inner) => self.entity(file, *inner),
            ExprKind::Class(decl) => match module.decl(*decl).symbol {
                Some(symbol) => vec![Entity::Symbol(file, symbol)],
                None => vec![Entity::Decl(file, *decl)],
            },
            _ => Vec::new(),
        }
    }

    pub(crate) fn entity_of_ident(&self, file: FileId, ident: &Ident) -> Vec<Entity> {
        match ident {
            Ident::Local(symbol) => self.resolve_symbol(file, *symbol),
            Ident::Free(name, namespace) => {
                // A namespace's other bodies export to this one.
                if let Some(namespace) = namespace {
                    let found = self.members_of_entity(Entity::Symbol(file, *namespace), name);
                    if !found.is_empty() {
                        return found;
                    }
                }
                let Some(module) = self.module(file) else { return Vec::new() };
                if let Some(symbol) = module.globals.get(name) {
                    return vec![Entity::Symbol(file, *symbol)];
                }
                self.globals(name).iter().map(|(file, symbol)| Entity::Symbol(*file, *symbol)).collect()
            }
        }
    }

    /// The type of the value of an entity.
    pub(crate) fn entity_type(&self, entity: Entity) -> Type {
        match entity {
            Entity::Symbol(file, symbol) => self.symbol_type(file, symbol),
            Entity::Module(file) => Type::Module(file),
            Entity::Ambient(file, decl) => Type::Ambient(file, decl),
            Entity::Decl(file, decl) => self.decl_type(file, decl, &super::Env::default()),
            Entity::Expr(file, expr) => self.expr_type(file, expr),
        }
    }

    /// The declarations of an entity. None for a file as a whole.
    pub(crate) fn decls_of_entity(&self, entity: Entity) -> Vec<(FileId, DeclId)> {
        match entity {
            Entity::Symbol(file, symbol) => {
                let module = self.module(file);
                let decls = module.and_then(|module| Some(module.symbols.get(symbol.index())?.decls.clone()));
                decls.into_iter().flatten().map(|decl| (file, decl)).collect()
            }
            Entity::Decl(file, decl) | Entity::Ambient(file, decl) => vec![(file, decl)],
            Entity::Expr(..) | Entity::Module(_) => Vec::new(),
        }
    }
}

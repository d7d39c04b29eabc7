//! From a name in the source to the declarations that it means.

use std::rc::Rc;

use crate::eval::{Entity, Env, Found, Type};
use crate::module::{
    DeclFlags, DeclId, DeclKind, ExprId, ExprKind, Ident, Module, Name, Occ, Occurrence, Range, TypeExpr,
};
use crate::store::{FileId, Store};

/// What a name means.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Target {
    Decl(FileId, DeclId),
    /// A file as a whole.
    File(FileId),
}

/// What for a name is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// Where it is defined, for who goes there.
    Definition,
    /// All that it stands for, for who looks for the same thing elsewhere.
    Identity,
    /// The nearest declaration: imports stay.
    Declaration,
}

impl Store {
    /// What the name means, best first, each once.
    pub(crate) fn targets(&self, file: FileId, occurrence: &Occurrence, purpose: Purpose) -> Vec<Target> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let mut found: Vec<Target> = Vec::new();
        for target in self.find_targets(file, &module, occurrence, purpose) {
            if !found.contains(&target) {
                found.push(target);
            }
        }
        found
    }

    fn find_targets(&self, file: FileId, module: &Rc<Module>, at: &Occurrence, purpose: Purpose) -> Vec<Target> {
        match &at.occ {
            Occ::Decl(decl) => self.decl_targets(file, module, *decl, purpose),
            Occ::Ident(expr) => self.ident_targets(file, module, *expr, purpose),
            Occ::ExportLocal(expr) => self.ident_targets(file, module, *expr, purpose),
            Occ::Member(expr) | Occ::StringKey(expr) => self.member_targets(file, module, *expr),
            Occ::ImportName(spec, name) | Occ::ExportFrom(spec, name) => {
                self.of_entities(self.exported_by(file, *spec, name))
            }
            Occ::ExportAs(name) => self.of_entities(self.exports(file, name)),
            Occ::ExportNamespace(spec) | Occ::Spec(spec) => self.of_entities(self.module_entities(file, *spec)),
            Occ::Key { decl, object, shorthand } => self.key_targets(file, module, *decl, *object, *shorthand, purpose),
            Occ::PatternKey { member, shorthand } => {
                let mut found = self.member_targets(file, module, *member);
                if let Some(decl) = shorthand
                    && (found.is_empty() || purpose != Purpose::Definition)
                {
                    found.extend(self.decl_targets(file, module, *decl, purpose));
                }
                found
            }
            Occ::Fixed(decl) => vec![Target::Decl(file, *decl)],
            Occ::Attribute { jsx, decl } => {
                let props = self.props(file, *jsx);
                let found = props.map(|props| self.members(&props, &module.decl(*decl).name)).unwrap_or_default();
                if found.is_empty() { vec![Target::Decl(file, *decl)] } else { of_found(found) }
            }
            Occ::Intrinsic(name) => self.intrinsic_targets(name),
            Occ::ImportType(ty, place) => self.import_type_targets(file, module, *ty, *place),
            Occ::Keyword => Vec::new(),
        }
    }

    fn decl_targets(&self, file: FileId, module: &Module, decl: DeclId, purpose: Purpose) -> Vec<Target> {
        let known = module.decl(decl);
        if known.import.is_some() && purpose != Purpose::Declaration {
            let imports = known.import.as_ref();
            let found = imports.map(|import| self.of_entities(self.follow(file, import))).unwrap_or_default();
            if !found.is_empty() {
                return found;
            }
        }
        // A member by all its declarations: overloads, getter and setter.
        if let Some(owner) = known.owner {
            if let Some(symbol) = known.symbol {
                return module.symbol(symbol).decls.iter().map(|decl| Target::Decl(file, *decl)).collect();
            }
            return self.sibling_members(file, module, decl, owner);
        }
        match known.symbol {
            Some(symbol) => self.symbol_targets(file, module, symbol),
            None => vec![Target::Decl(file, decl)],
        }
    }

    fn symbol_targets(&self, file: FileId, module: &Module, symbol: crate::module::SymId) -> Vec<Target> {
        let mut found: Vec<Target> = module.symbol(symbol).decls.iter().map(|decl| Target::Decl(file, *decl)).collect();
        // A global that other files add to is one thing.
        // Classes, constants and aliases are never merged with those of another file.
        let merges = |kind: DeclKind| {
            matches!(kind, DeclKind::Interface | DeclKind::Namespace | DeclKind::Function | DeclKind::Var)
        };
        let global = module.symbol(symbol).decls.iter().any(|decl| {
            let decl = module.decl(*decl);
            decl.flags.global && merges(decl.kind)
        });
        if let (true, Some(name)) = (global, &module.symbol(symbol).name) {
            for (other, symbol) in self.globals(name).iter().filter(|(other, _)| *other != file) {
                let Some(module) = self.module(*other) else { continue };
                found.extend(module.symbol(*symbol).decls.iter().map(|decl| Target::Decl(*other, *decl)));
            }
        }
        found
    }

    fn sibling_members(
        &self,
        file: FileId,
        module: &Module,
        decl: DeclId,
        owner: crate::module::ShapeId,
    ) -> Vec<Target> {
        let known = module.decl(decl);
        let same = |other: &DeclFlags| other.is_static == known.flags.is_static;
        let mut found = Vec::new();
        if known.kind == DeclKind::Constructor {
            return vec![Target::Decl(file, decl)];
        }
        let shapes: Vec<crate::module::ShapeId> =
            match module.shape(owner).decl.and_then(|class| module.decl(class).symbol) {
                Some(symbol) => {
                    module.symbol(symbol).decls.iter().filter_map(|decl| module.decl(*decl).shape).collect()
                }
                None => vec![owner],
            };
        for shape in shapes {
            for member in &module.shape(shape).members {
                if member.name == known.name && same(&module.decl(member.decl).flags) {
                    found.push(Target::Decl(file, member.decl));
                }
            }
        }
        if found.is_empty() { vec![Target::Decl(file, decl)] } else { found }
    }

    fn ident_targets(&self, file: FileId, module: &Rc<Module>, expr: ExprId, purpose: Purpose) -> Vec<Target> {
        let (ExprKind::Ident(ident) | ExprKind::Narrowed(ident, _)) = &module.expr(expr).kind else {
            return Vec::new();
        };
        if purpose == Purpose::Declaration
            && let Ident::Local(symbol) = ident
        {
            return module.symbol(*symbol).decls.iter().map(|decl| Target::Decl(file, *decl)).collect();
        }
        if let Ident::Free(name, _) = ident
            && module.is_js
            && matches!(&**name, "module" | "exports")
        {
            return vec![Target::File(file)];
        }
        let found = self.of_entities(self.entity_of_ident(file, ident));
        if found.is_empty()
            && let Ident::Local(symbol) = ident
        {
            return module.symbol(*symbol).decls.iter().map(|decl| Target::Decl(file, *decl)).collect();
        }
        found
    }

    pub(crate) fn member_targets(&self, file: FileId, module: &Rc<Module>, expr: ExprId) -> Vec<Target> {
        let ExprKind::Member { object, name, name_span } = &module.expr(expr).kind else { return Vec::new() };
        // A namespace's member may be a type, which no value has.
        let entities: Vec<Entity> =
            self.entity(file, *object).into_iter().flat_map(|entity| self.members_of_entity(entity, name)).collect();
        let found = self.of_entities(entities);
        if !found.is_empty() {
            return found;
        }
        if module.is_js && &**name == "exports" && module.slice(module.expr(*object).span) == "module" {
            return vec![Target::File(file)];
        }
        let object_type = self.expr_type(file, *object);
        let found = self.members(&object_type, name);
        if !found.is_empty() {
            return of_found(found);
        }
        // An assignment that declares what nothing else does.
        module.declared_by.get(name_span).map(|decl| Target::Decl(file, *decl)).into_iter().collect()
    }

    /// A key of an object literal: what is expected there, and what a shorthand names.
    fn key_targets(
        &self,
        file: FileId,
        module: &Rc<Module>,
        decl: DeclId,
        object: ExprId,
        shorthand: Option<ExprId>,
        purpose: Purpose,
    ) -> Vec<Target> {
        let mut found = Vec::new();
        if let Some(value) = shorthand {
            found.extend(self.ident_targets(file, module, value, purpose));
        }
        let expected = match module.expr(object).kind {
            ExprKind::Jsx { .. } => None,
            _ => self.context_type(file, object),
        };
        let expected = expected.map(|expected| self.members(&expected, &module.decl(decl).name)).unwrap_or_default();
        let builtins = self.id(crate::store::BUILTINS);
        let expected: Vec<Found> = expected.into_iter().filter(|found| found.file != builtins).collect();
        if expected.is_empty() {
            if shorthand.is_none() || purpose == Purpose::Identity {
                found.push(Target::Decl(file, decl));
            }
        } else {
            found.extend(of_found(expected));
            if purpose == Purpose::Identity {
                found.push(Target::Decl(file, decl));
            }
        }
        found
    }

    fn intrinsic_targets(&self, name: &Name) -> Vec<Target> {
        for (file, symbol) in self.globals(&Rc::from("JSX")).iter() {
            let elements = self.members_of_entity(Entity::Symbol(*file, *symbol), &Rc::from("IntrinsicElements"));
            let ty = self.reference_type(&elements, &[]);
            let found = self.members(&ty, name);
            if !found.is_empty() {
                return of_found(found);
            }
        }
        Vec::new()
    }

    fn import_type_targets(&self, file: FileId, module: &Module, ty: crate::module::TyId, place: u32) -> Vec<Target> {
        let Some(TypeExpr::Import { spec, path, .. }) = module.types.get(ty.index()) else { return Vec::new() };
        let names = path.iter().take(place as usize + 1).map(|(name, _)| name);
        self.of_entities(self.import_type_entities(file, *spec, names))
    }

    /// Where entities are declared.
    pub(crate) fn of_entities(&self, entities: Vec<Entity>) -> Vec<Target> {
        let mut found = Vec::new();
        for entity in entities {
            match entity {
                Entity::Module(file) => found.push(Target::File(file)),
                Entity::Symbol(file, symbol) => {
                    if let Some(module) = self.module(file)
                        && module.symbols.len() > symbol.index()
                    {
                        found.extend(self.symbol_targets(file, &module, symbol));
                    }
                }
                Entity::Decl(file, decl) => found.extend(self.of_decl(file, decl)),
                Entity::Ambient(file, decl) => found.push(Target::Decl(file, decl)),
                Entity::Expr(file, expr) => found.extend(self.of_expr(file, expr)),
            }
        }
        found
    }

    /// A declaration, or what it is another name of: `exports.x = y`.
    fn of_decl(&self, file: FileId, decl: DeclId) -> Vec<Target> {
        let Some(module) = self.module(file) else { return Vec::new() };
        let known = module.decl(decl);
        if let (true, Some(value)) = (known.flags.expando && known.function.is_none(), known.value)
            && matches!(module.expr(value).kind, ExprKind::Ident(_) | ExprKind::Narrowed(..))
        {
            let found = self.ident_targets(file, &module, value, Purpose::Definition);
            if !found.is_empty() {
                return found;
            }
        }
        vec![Target::Decl(file, decl)]
    }

    /// A value that is exported without a name.
    fn of_expr(&self, file: FileId, expr: ExprId) -> Vec<Target> {
        let Some(module) = self.module(file) else { return Vec::new() };
        for holder in module.holders.get(&expr).into_iter().flatten() {
            if let crate::module::Holder::Symbol(symbol, false) = holder {
                return module.symbol(*symbol).decls.iter().map(|decl| Target::Decl(file, *decl)).collect();
            }
        }
        let is_exported = module.exports.equals.iter().any(|equals| {
            let target = self.entity_of_value(file, *equals);
            target == [Entity::Expr(file, expr)]
        });
        match module.exports_decl.filter(|_| is_exported) {
            Some(decl) => vec![Target::Decl(file, decl)],
            None => vec![Target::File(file)],
        }
    }

    /// Where a target is: its name, and the whole construct.
    pub(crate) fn place(&self, target: Target) -> Option<(FileId, Range, Range)> {
        match target {
            Target::File(file) => {
                let module = self.module(file)?;
                let first = if module.is_common_js { module.first } else { 0 };
                let at = Range { start: first, end: first };
                Some((file, at, Range { start: first, end: module.text.len() as u32 }))
            }
            Target::Decl(file, decl) => {
                let module = self.module(file)?;
                let known = module.decl(decl);
                Some((file, known.span, known.full))
            }
        }
    }

    /// The type of what a target declares, as a value.
    pub(crate) fn target_type(&self, target: Target) -> Type {
        match target {
            Target::File(file) => Type::Module(file),
            Target::Decl(file, decl) => {
                let symbol = self.module(file).and_then(|module| module.decl(decl).symbol);
                match symbol {
                    Some(symbol) => self.symbol_type(file, symbol),
                    None => self.decl_type(file, decl, &Env::default()),
                }
            }
        }
    }

    /// The types of what a name stands for.
    pub(crate) fn type_at(&self, file: FileId, occurrence: &Occurrence) -> Type {
        let Some(module) = self.module(file) else { return Type::Any };
        match &occurrence.occ {
            Occ::Ident(expr) | Occ::Member(expr) | Occ::StringKey(expr) | Occ::ExportLocal(expr) => {
                self.expr_type(file, *expr)
            }
            Occ::PatternKey { member, .. } => self.expr_type(file, *member),
            Occ::Decl(decl) => match module.decl(*decl).symbol {
                Some(symbol) => self.symbol_type(file, symbol),
                None => self.decl_type(file, *decl, &Env::default()),
            },
            Occ::Key { decl, .. } | Occ::Attribute { decl, .. } => self.decl_type(file, *decl, &Env::default()),
            _ => match self.targets(file, occurrence, Purpose::Definition).first() {
                Some(Target::Decl(file, decl)) => self.decl_type(*file, *decl, &Env::default()),
                Some(Target::File(file)) => Type::Module(*file),
                None => Type::Any,
            },
        }
    }
}

fn of_found(found: Vec<Found>) -> Vec<Target> {
    found.into_iter().map(|found| Target::Decl(found.file, found.decl)).collect()
}

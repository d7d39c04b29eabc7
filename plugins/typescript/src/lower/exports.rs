//! Imports and exports, of a file and of the bodies of namespaces.

use std::rc::Rc;

use oxc_ast::ast::{
    ExportDefaultDeclarationKind, ImportDeclaration, ImportDeclarationSpecifier, ImportOrExportKind, ModuleDeclaration,
    ModuleExportName, TSImportEqualsDeclaration, TSModuleReference,
};
use vraftls_guest_sdk::roles;

use super::Lower;
use crate::module::{Context, DeclId, DeclKind, Export, ExprId, ExprKind, Ident, Import, Name, Occ, Range, SpecId};

impl Lower<'_> {
    pub(super) fn module_declaration(&mut self, declaration: &ModuleDeclaration<'_>) {
        match declaration {
            ModuleDeclaration::ImportDeclaration(import) => self.import(import),
            ModuleDeclaration::ExportAllDeclaration(export) => {
                let full = self.range(export.span);
                let exported = export.exported.as_ref().map(|name| self.export_name(name));
                let spec = self.spec(&export.source.value, export.source.span, full);
                match exported {
                    None => {
                        self.module.specs[spec.index()].names.push(Rc::from("*"));
                        self.module.exports.stars.push(spec);
                    }
                    Some((name, span)) => {
                        self.occurrence(span, Occ::ExportNamespace(spec), roles::DEFINES | roles::IMPORTS);
                        self.module.exports.named.entry(name).or_default().push(Export::Namespace(spec));
                    }
                }
            }
            ModuleDeclaration::ExportDefaultDeclaration(export) => self.export_default(&export.declaration),
            ModuleDeclaration::ExportDeclaration(export) => {
                let start = self.module.decls.len();
                let outer = std::mem::replace(&mut self.exported, true);
                self.declaration(&export.declaration);
                self.exported = outer;
                self.export_declared(start);
            }
            ModuleDeclaration::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    let ModuleExportName::IdentifierReference(local) = &specifier.local else { continue };
                    let ident = self.resolve(local);
                    let span = self.range(local.span);
                    let value = self.push(ExprKind::Ident(ident.clone()), span, Context::None);
                    self.occurrence(span, Occ::ExportLocal(value), roles::REFERS);
                    let (name, exported_span) = self.export_name(&specifier.exported);
                    if exported_span != span {
                        self.occurrence(exported_span, Occ::ExportAs(Rc::clone(&name)), roles::DEFINES);
                    }
                    let export = match ident {
                        Ident::Local(symbol) => {
                            self.mark_exported(symbol.index());
                            Export::Symbol(symbol)
                        }
                        Ident::Free(..) => Export::Expr(value),
                    };
                    self.module.exports.named.entry(name).or_default().push(export);
                }
            }
            ModuleDeclaration::ExportFromDeclaration(export) => {
                let full = self.range(export.span);
                let spec = self.spec(&export.source.value, export.source.span, full);
                for specifier in &export.specifiers {
                    let (imported, span) = self.export_name(&specifier.local);
                    self.occurrence(span, Occ::ExportFrom(spec, Rc::clone(&imported)), roles::IMPORTS);
                    let (name, exported_span) = self.export_name(&specifier.exported);
                    if exported_span != span {
                        self.occurrence(exported_span, Occ::ExportAs(Rc::clone(&name)), roles::DEFINES);
                    }
                    self.module.specs[spec.index()].names.push(Rc::clone(&imported));
                    self.module.exports.named.entry(name).or_default().push(Export::From(spec, imported));
                }
            }
            ModuleDeclaration::TSExportAssignment(export) => {
                let value = self.expr(&export.expression, Context::None);
                self.module.exports.equals.push(value);
            }
            ModuleDeclaration::TSNamespaceExportDeclaration(export) => {
                let (span, name) = (self.range(export.id.span), self.name(&export.id.name));
                let decl = self.push_decl(name, DeclKind::Namespace, span, span);
                self.occurrence(span, Occ::Decl(decl), roles::DEFINES);
            }
        }
    }

    fn export_name(&mut self, name: &ModuleExportName<'_>) -> (Name, Range) {
        match name {
            ModuleExportName::IdentifierName(id) => (self.name(&id.name), self.range(id.span)),
            ModuleExportName::IdentifierReference(id) => (self.name(&id.name), self.range(id.span)),
            ModuleExportName::StringLiteral(id) => {
                (self.name(&id.value), super::expressions::inner(self.range(id.span)))
            }
        }
    }

    fn mark_exported(&mut self, symbol: usize) {
        let decls = self.module.symbols.get(symbol).map(|symbol| symbol.decls.clone()).unwrap_or_default();
        for decl in decls {
            self.module.decls[decl.index()].flags.exported = true;
        }
    }

    /// Exports what a statement declared, from the first of its declarations on.
    fn export_declared(&mut self, start: usize) {
        let parent = self.parent;
        let declared: Vec<DeclId> = (start..self.module.decls.len())
            .map(|place| DeclId(place as u32))
            .filter(|decl| {
                let decl = self.module.decl(*decl);
                decl.symbol.is_some() && decl.flags.exported && decl.parent == parent
            })
            .filter(|decl| !matches!(self.module.decl(*decl).kind, DeclKind::Parameter | DeclKind::TypeParameter))
            .collect();
        for decl in declared {
            self.export_from_namespace(decl);
        }
    }

    /// Exports a declaration from the module or namespace that is being lowered.
    pub(super) fn export_from_namespace(&mut self, decl: DeclId) {
        let Some(symbol) = self.module.decl(decl).symbol else { return };
        let name = Rc::clone(&self.module.decl(decl).name);
        let known = self.module.exports.named.entry(name).or_default();
        if !known.iter().any(|export| matches!(export, Export::Symbol(known) if *known == symbol)) {
            known.push(Export::Symbol(symbol));
        }
        self.module.decls[decl.index()].flags.exported = true;
    }

    fn export_default(&mut self, declaration: &ExportDefaultDeclarationKind<'_>) {
        let outer = std::mem::replace(&mut self.exported, true);
        let export = match declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => match self.function_declaration(function) {
                Some(decl) => self.module.decl(decl).symbol.map(Export::Symbol),
                None => Some(self.default_function(function)),
            },
            ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                let decl = self.class(class);
                Some(self.module.decl(decl).symbol.map_or(Export::Decl(decl), Export::Symbol))
            }
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(interface) => {
                let start = self.module.decls.len();
                self.interface(interface);
                self.module.decls.get(start).and_then(|decl| decl.symbol).map(Export::Symbol)
            }
            declaration => declaration.as_expression().map(|expression| {
                let value = self.expr(expression, Context::None);
                match &self.module.expr(value).kind {
                    ExprKind::Ident(Ident::Local(symbol)) => Export::Symbol(*symbol),
                    _ => Export::Expr(value),
                }
            }),
        };
        self.exported = outer;
        if let Some(export) = export {
            let name = self.name("default");
            self.module.exports.named.entry(name).or_default().push(export);
        }
    }

    fn default_function(&mut self, function: &oxc_ast::ast::Function<'_>) -> Export {
        let full = self.range(function.span);
        let name = self.name("default");
        let decl = self.push_decl(name, DeclKind::Function, Range { start: full.start, end: full.start }, full);
        let function = self.anonymous_function(function);
        self.module.decls[decl.index()].function = Some(function);
        self.module.functions[function.index()].decl = Some(decl);
        Export::Decl(decl)
    }

    fn import(&mut self, import: &ImportDeclaration<'_>) {
        let full = self.range(import.span);
        let spec = self.spec(&import.source.value, import.source.span, full);
        let type_only = import.import_kind == ImportOrExportKind::Type;
        for specifier in import.specifiers.iter().flatten() {
            let (local, import, type_only) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(specifier) => {
                    let (imported, span) = self.export_name(&specifier.imported);
                    if span != self.range(specifier.local.span) {
                        self.occurrence(span, Occ::ImportName(spec, Rc::clone(&imported)), roles::IMPORTS);
                    }
                    let type_only = type_only || specifier.import_kind == ImportOrExportKind::Type;
                    (&specifier.local, Import::Named(spec, imported), type_only)
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(specifier) => {
                    (&specifier.local, Import::Named(spec, self.name("default")), type_only)
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(specifier) => {
                    (&specifier.local, Import::Namespace(spec), type_only)
                }
            };
            let full = self.range(oxc_span::GetSpan::span(specifier));
            self.declare_import(local, import, full, spec, type_only);
        }
    }

    fn declare_import(
        &mut self,
        local: &oxc_ast::ast::BindingIdentifier<'_>,
        import: Import,
        full: Range,
        spec: SpecId,
        type_only: bool,
    ) {
        let name = match &import {
            Import::Named(_, name) => Rc::clone(name),
            _ => Rc::from("*"),
        };
        self.module.specs[spec.index()].names.push(name);
        let decl = self.declare(local, DeclKind::Import, full);
        let known = &mut self.module.decls[decl.index()];
        known.import = Some(import);
        known.flags.type_only = type_only;
    }

    pub(super) fn import_equals(&mut self, import: &TSImportEqualsDeclaration<'_>) {
        let full = self.range(import.span);
        let decl = self.declare(&import.id, DeclKind::Import, full);
        let lowered = match &import.module_reference {
            TSModuleReference::ExternalModuleReference(reference) => {
                let spec = self.spec(&reference.expression.value, reference.expression.span, full);
                self.module.specs[spec.index()].names.push(Rc::from("*"));
                Import::Require(spec)
            }
            TSModuleReference::IdentifierReference(id) => {
                Import::Entity(self.identifier(id, roles::REFERS, Context::None))
            }
            TSModuleReference::QualifiedName(name) => {
                let object = self.entity(&name.left);
                let (text, name_span, span) =
                    (self.name(&name.right.name), self.range(name.right.span), self.range(name.span));
                let member = ExprKind::Member { object, name: text, name_span };
                let id: ExprId = self.push(member, span, Context::None);
                self.occurrence(name_span, Occ::Member(id), roles::REFERS | roles::ATTRIBUTE);
                Import::Entity(id)
            }
        };
        self.module.decls[decl.index()].import = Some(lowered);
    }
}

//! From a syntax tree to a [`Module`]: one walk over the tree in source order, with the scopes that oxc made of it.
//!
//! Refuses to know types and other files. Names are resolved as far as the file's own scopes decide.

mod classes;
mod common;
mod exports;
mod expressions;
mod functions;
mod guards;
mod jsdoc;
mod jsx;
mod patterns;
mod statements;
mod types;

use std::rc::Rc;

use oxc_ast::ast::{BindingIdentifier, CommentContent, IdentifierReference, Program};
use oxc_semantic::Scoping;
use rustc_hash::{FxHashMap, FxHashSet};
use vraftls_guest_sdk::roles;

use crate::module::{
    Context, Decl, DeclFlags, DeclId, DeclKind, Expr, ExprId, ExprKind, FnId, Guard, Ident, Module, Name, Occ,
    Occurrence, Range, Shape, ShapeId, Spec, SpecId, SymId, Symbol, This, TyId, TypeExpr,
};
use crate::syntax;

/// Lowers a text. Broken code gives what can be made out of it.
pub(crate) fn lower(path: &str, text: &Rc<str>) -> Module {
    syntax::with_tree(path, text, |tree| lower_tree(path, text, tree)).unwrap_or_else(|errors| Module {
        text: Rc::clone(text),
        syntax_errors: errors,
        ..Module::default()
    })
}

/// Lowers a tree.
pub(crate) fn lower_tree(path: &str, text: &Rc<str>, tree: syntax::Tree<'_, '_>) -> Module {
    let mut lower = Lower::new(tree.scoping, tree.program, Rc::clone(text), tree.is_js);
    lower.module.is_declaration = syntax::is_declaration(path);
    lower.program(tree.program);
    let (mut module, docs) = (lower.module, lower.docs);
    module.docs = docs;
    module.syntax_errors = tree.errors;
    module.occurrences.sort_by_key(|occurrence| (occurrence.span.start, occurrence.span.end));
    module
}

/// The walk.
pub(crate) struct Lower<'a> {
    scoping: &'a Scoping,
    module: Module,
    names: FxHashSet<Name>,
    this: This,
    function: Option<FnId>,
    parent: Option<DeclId>,
    namespace: Option<(SymId, DeclId)>,
    /// Whether the declarations of the current statement are exported.
    exported: bool,
    /// Whether the declarations of the current block are seen by every file.
    global: bool,
    /// Whether that is `declare global`.
    augments: bool,
    /// Where the current statement or member starts.
    doc: u32,
    /// What names are seen in that are declared now.
    block: Range,
    guards: Vec<(SymId, Guard)>,
    /// Documentation comments by what they stand before.
    docs: FxHashMap<u32, Range>,
    /// The documentation of the current statement, until a function takes it.
    pending_doc: Option<Range>,
    /// Where the text that is lowered starts, if it is a part cut out of a comment.
    shift: u32,
    in_comment: bool,
}

impl<'a> Lower<'a> {
    fn new(scoping: &'a Scoping, program: &Program<'_>, text: Rc<str>, is_js: bool) -> Self {
        let mut module = Module { text, is_js, ..Module::default() };
        module.symbols.resize_with(scoping.symbols_len(), Symbol::default);
        let docs = program
            .comments
            .iter()
            .filter(|comment| matches!(comment.content, CommentContent::Jsdoc | CommentContent::JsdocLegal));
        Self {
            scoping,
            docs: docs.map(|comment| (comment.attached_to, comment.span.into())).collect(),
            module,
            names: FxHashSet::default(),
            this: This::Nothing,
            function: None,
            parent: None,
            namespace: None,
            exported: false,
            global: false,
            augments: false,
            doc: 0,
            block: Range { start: 0, end: u32::MAX },
            guards: Vec::new(),
            pending_doc: None,
            shift: 0,
            in_comment: false,
        }
    }

    fn name(&mut self, text: &str) -> Name {
        if let Some(known) = self.names.get(text) {
            return Rc::clone(known);
        }
        let name: Name = Rc::from(text);
        self.names.insert(Rc::clone(&name));
        name
    }

    fn range(&self, span: oxc_span::Span) -> Range {
        Range { start: span.start + self.shift, end: span.end + self.shift }
    }

    fn push(&mut self, kind: ExprKind, span: Range, context: Context) -> ExprId {
        let id = ExprId(self.module.exprs.len() as u32);
        self.module.exprs.push(Expr { kind, span, context });
        id
    }

    fn push_type(&mut self, ty: TypeExpr, span: Range) -> TyId {
        let id = TyId(self.module.types.len() as u32);
        self.module.types.push(ty);
        self.module.type_spans.push(span);
        id
    }

    fn push_shape(&mut self, shape: Shape) -> ShapeId {
        let id = ShapeId(self.module.shapes.len() as u32);
        self.module.shapes.push(shape);
        id
    }

    fn occurrence(&mut self, span: Range, occ: Occ, roles: u32) {
        if span.start < span.end && !self.in_comment {
            self.module.occurrences.push(Occurrence { span, occ, roles });
        }
    }

    /// A declaration without a name of its own in the scopes: a member, or an anonymous function.
    fn push_decl(&mut self, name: Name, kind: DeclKind, span: Range, full: Range) -> DeclId {
        let id = DeclId(self.module.decls.len() as u32);
        self.module.decls.push(Decl {
            name,
            kind,
            span,
            full,
            scope: self.block,
            doc: self.doc,
            symbol: None,
            parent: self.parent,
            ty: None,
            value: None,
            function: None,
            shape: None,
            owner: None,
            type_params: Vec::new(),
            import: None,
            flags: DeclFlags { exported: self.exported, local: self.function.is_some(), ..DeclFlags::default() },
        });
        id
    }

    /// The declaration of a name in the scopes.
    fn declare(&mut self, id: &BindingIdentifier<'_>, kind: DeclKind, full: Range) -> DeclId {
        let (name, span) = (self.name(&id.name), self.range(id.span));
        let decl = self.push_decl(Rc::clone(&name), kind, span, full);
        let mut role = roles::DEFINES;
        if kind == DeclKind::Parameter {
            role |= roles::PARAMETER;
        }
        if let Some(symbol) = id.symbol_id.get() {
            let symbol = SymId(symbol.index() as u32);
            self.module.decls[decl.index()].symbol = Some(symbol);
            if let Some(known) = self.module.symbols.get_mut(symbol.index()) {
                known.name = Some(Rc::clone(&name));
                known.decls.push(decl);
            }
            self.place(id, decl, symbol, &name);
        }
        if self.module.decl(decl).flags.local {
            role |= roles::LOCAL;
        }
        if kind == DeclKind::Import {
            role = roles::IMPORTS;
        }
        self.occurrence(span, Occ::Decl(decl), role);
        decl
    }

    /// Notes how far a declared name is seen.
    fn place(&mut self, id: &BindingIdentifier<'_>, decl: DeclId, symbol: SymId, name: &Name) {
        let scope = id.symbol_id.get().map(|symbol| self.scoping.symbol_scope_id(symbol));
        let is_top = scope == Some(self.scoping.root_scope_id());
        let flags = &mut self.module.decls[decl.index()].flags;
        flags.local = !is_top && self.namespace.is_none();
        let is_seen =
            if self.augments { self.function.is_none() && self.namespace.is_none() } else { self.global && is_top };
        if is_seen {
            flags.global = true;
            self.module.globals.insert(Rc::clone(name), symbol);
        }
    }

    fn spec(&mut self, text: &str, span: oxc_span::Span, full: Range) -> SpecId {
        let id = SpecId(self.module.specs.len() as u32);
        let range = self.range(span);
        let inner = Range { start: range.start + 1, end: range.end.saturating_sub(1).max(range.start + 1) };
        let text = self.name(text);
        self.module.specs.push(Spec { text, span: inner, full, names: Vec::new() });
        self.occurrence(inner, Occ::Spec(id), roles::IMPORTS);
        id
    }

    fn resolve(&mut self, id: &IdentifierReference<'_>) -> Ident {
        let found = match id.reference_id.get() {
            Some(reference) => self.scoping.get_reference(reference).symbol_id(),
            None => self.scoping.get_root_binding(id.name),
        };
        match found {
            Some(symbol) => Ident::Local(SymId(symbol.index() as u32)),
            None => Ident::Free(self.name(&id.name), self.namespace.map(|(symbol, _)| symbol)),
        }
    }

    /// An identifier that is read, or written to.
    fn identifier(&mut self, id: &IdentifierReference<'_>, role: u32, context: Context) -> ExprId {
        let ident = self.resolve(id);
        let kind = match &ident {
            Ident::Local(symbol) => self.narrowed(*symbol, ident.clone()),
            Ident::Free(..) => ExprKind::Ident(ident),
        };
        let span = self.range(id.span);
        let expr = self.push(kind, span, context);
        self.occurrence(span, Occ::Ident(expr), role);
        expr
    }
}

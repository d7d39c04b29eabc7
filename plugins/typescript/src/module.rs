//! What one file says, lowered from its syntax tree: declarations, expressions, types, imports and exports, and every name in
//! source order with what it is. Owned and compact, so that it is kept while the tree is not.
//!
//! Refuses to know other files: what an import leads to is asked of the project, what an expression's type is of `eval`.

mod nodes;

use std::rc::Rc;

use rustc_hash::FxHashMap;

pub(crate) use nodes::{Context, Expr, ExprKind, Guard, Literal, This, TypeExpr};

/// A name, shared within its file.
pub(crate) type Name = Rc<str>;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
            pub(crate) struct $name(pub(crate) u32);

            impl $name {
                pub(crate) fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )*
    };
}

ids! {
    /// A symbol: what declarations of one name in one scope merge into.
    SymId
    /// One declaration.
    DeclId
    /// An expression, or an entity name in a type.
    ExprId
    /// A type as it is written.
    TyId
    /// A function or a signature.
    FnId
    /// A list of members: of a class, an interface, an object literal, an enum.
    ShapeId
    /// The name of a module in an import.
    SpecId
}

/// A range of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Range {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Range {
    pub(crate) fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }

    pub(crate) fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    pub(crate) fn span(self) -> vraftls_guest_sdk::Span {
        vraftls_guest_sdk::Span { start: self.start, end: self.end }
    }
}

impl From<oxc_span::Span> for Range {
    fn from(span: oxc_span::Span) -> Self {
        Self { start: span.start, end: span.end }
    }
}

/// What a declaration declares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum DeclKind {
    Var,
    Let,
    Const,
    Parameter,
    Catch,
    Function,
    Class,
    Interface,
    Alias,
    Enum,
    EnumMember,
    Namespace,
    Import,
    TypeParameter,
    Property,
    Method,
    Getter,
    Setter,
    Constructor,
    Label,
}

/// One declaration.
#[derive(Debug)]
pub(crate) struct Decl {
    pub(crate) name: Name,
    pub(crate) kind: DeclKind,
    /// The name as it is written.
    pub(crate) span: Range,
    /// The whole construct.
    pub(crate) full: Range,
    /// Where the name is seen.
    pub(crate) scope: Range,
    /// Where the statement starts that documentation stands before.
    pub(crate) doc: u32,
    pub(crate) symbol: Option<SymId>,
    /// The function, class or namespace that it lies in.
    pub(crate) parent: Option<DeclId>,
    pub(crate) ty: Option<TyId>,
    /// The initializer, or what a pattern takes it from.
    pub(crate) value: Option<ExprId>,
    pub(crate) function: Option<FnId>,
    pub(crate) shape: Option<ShapeId>,
    /// The member list that it is a member of.
    pub(crate) owner: Option<ShapeId>,
    pub(crate) type_params: Vec<DeclId>,
    pub(crate) import: Option<Import>,
    pub(crate) flags: DeclFlags,
}

/// What else is known of a declaration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct DeclFlags {
    pub(crate) exported: bool,
    pub(crate) is_static: bool,
    pub(crate) private: bool,
    pub(crate) optional: bool,
    pub(crate) readonly: bool,
    pub(crate) is_abstract: bool,
    pub(crate) local: bool,
    pub(crate) type_only: bool,
    pub(crate) computed: bool,
    /// Stands at the top of a file that is no module, or in `declare global`.
    pub(crate) global: bool,
    pub(crate) destructured: bool,
    /// An assignment that declares, as `exports.x = …` does.
    pub(crate) expando: bool,
}

/// What an import brings in.
#[derive(Clone, Debug)]
pub(crate) enum Import {
    Named(SpecId, Name),
    Namespace(SpecId),
    /// `import a = b.c`.
    Entity(ExprId),
    /// `import a = require(…)`, and `const a = require(…)` of scripts.
    Require(SpecId),
}

/// Where an identifier leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ident {
    Local(SymId),
    /// Not declared in the file; within a namespace's body, that namespace's symbol.
    Free(Name, Option<SymId>),
}

/// A parameter.
#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) decl: Option<DeclId>,
    pub(crate) name: Name,
    pub(crate) ty: Option<TyId>,
    pub(crate) default: Option<ExprId>,
    pub(crate) optional: bool,
    pub(crate) rest: bool,
}

/// A function or a signature.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) span: Range,
    pub(crate) decl: Option<DeclId>,
    pub(crate) params: Vec<Param>,
    pub(crate) params_span: Range,
    pub(crate) type_params: Vec<DeclId>,
    pub(crate) ret: Option<TyId>,
    pub(crate) this_ty: Option<TyId>,
    pub(crate) this_decl: Option<DeclId>,
    pub(crate) returns: Vec<ExprId>,
    pub(crate) yields: Vec<ExprId>,
    pub(crate) is_async: bool,
    pub(crate) is_generator: bool,
    pub(crate) is_arrow: bool,
    pub(crate) has_body: bool,
    /// The expression that it is, if it is one.
    pub(crate) expr: Option<ExprId>,
    /// What `this` is around it.
    pub(crate) outer_this: This,
}

/// An entry of a member list.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Name,
    pub(crate) decl: DeclId,
}

/// A list of members.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    pub(crate) members: Vec<Member>,
    /// Objects that are spread into it.
    pub(crate) spreads: Vec<ExprId>,
    pub(crate) calls: Vec<FnId>,
    pub(crate) constructs: Vec<FnId>,
    /// The type of what any key leads to.
    pub(crate) index: Option<TyId>,
    /// What a class extends, with arguments.
    pub(crate) extends: Vec<(ExprId, Vec<TyId>)>,
    /// What a class implements.
    pub(crate) implements: Vec<(ExprId, Vec<TyId>)>,
    /// The expression, of an object literal.
    pub(crate) expr: Option<ExprId>,
    /// The declaration, of a class or interface.
    pub(crate) decl: Option<DeclId>,
    pub(crate) is_class: bool,
}

/// A symbol.
#[derive(Debug, Default)]
pub(crate) struct Symbol {
    pub(crate) name: Option<Name>,
    pub(crate) decls: Vec<DeclId>,
    /// Values that are assigned to it.
    pub(crate) assigned: Vec<ExprId>,
}

/// What an export leads to.
#[derive(Clone, Debug)]
pub(crate) enum Export {
    Symbol(SymId),
    Decl(DeclId),
    Expr(ExprId),
    From(SpecId, Name),
    Namespace(SpecId),
}

/// What other files can see.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    pub(crate) named: FxHashMap<Name, Vec<Export>>,
    pub(crate) stars: Vec<SpecId>,
    /// `export =` and `module.exports =`.
    pub(crate) equals: Vec<ExprId>,
}

/// The name of a module in an import.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) text: Name,
    /// Without the quotes.
    pub(crate) span: Range,
    /// The whole statement.
    pub(crate) full: Range,
    pub(crate) names: Vec<Name>,
}

/// What a name in the source is.
#[derive(Clone, Debug)]
pub(crate) enum Occ {
    /// The name of a declaration.
    Decl(DeclId),
    /// An identifier in an expression or a type.
    Ident(ExprId),
    /// The last name of a member expression or a qualified name.
    Member(ExprId),
    /// The name in an import specifier that its module exports.
    ImportName(SpecId, Name),
    /// The local name in an export, and as what it is exported.
    ExportLocal(ExprId),
    ExportAs(Name),
    /// The name in a re-export.
    ExportFrom(SpecId, Name),
    /// `* as name`.
    ExportNamespace(SpecId),
    /// A key of an object literal: the declaration, the literal, and the value for a shorthand.
    Key {
        decl: DeclId,
        object: ExprId,
        shorthand: Option<ExprId>,
    },
    /// A key of a pattern, a member of what is taken apart; the declaration for a shorthand.
    PatternKey {
        member: ExprId,
        shorthand: Option<DeclId>,
    },
    /// A string in brackets that names a member.
    StringKey(ExprId),
    Spec(SpecId),
    /// A label, a parameter in documentation, a declared `this`: what it means is known already.
    Fixed(DeclId),
    Attribute {
        jsx: ExprId,
        decl: DeclId,
    },
    /// A tag in lower case.
    Intrinsic(Name),
    /// A name in an import type.
    ImportType(TyId, u32),
    /// `exports`, `module`, `arguments` and the like.
    Keyword,
}

/// A name in the source.
#[derive(Clone, Debug)]
pub(crate) struct Occurrence {
    pub(crate) span: Range,
    pub(crate) occ: Occ,
    /// Role bits of the contract.
    pub(crate) roles: u32,
}

/// An assignment to a member that declares it: `a.b = …`.
#[derive(Debug)]
pub(crate) struct Expando {
    pub(crate) name: Name,
    pub(crate) decl: DeclId,
}

/// What members are added to by assignment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Holder {
    /// A variable, function or class; with true its prototype.
    Symbol(SymId, bool),
    /// `this` in a function.
    This(FnId),
    /// `exports` or `module.exports`.
    Exports,
}

/// One file, lowered.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) text: Rc<str>,
    /// Has imports or exports, or is CommonJS.
    pub(crate) is_module: bool,
    pub(crate) is_js: bool,
    pub(crate) is_declaration: bool,
    pub(crate) is_common_js: bool,
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) decls: Vec<Decl>,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) types: Vec<TypeExpr>,
    pub(crate) type_spans: Vec<Range>,
    pub(crate) functions: Vec<Function>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) specs: Vec<Spec>,
    pub(crate) exports: Exports,
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) expandos: FxHashMap<Holder, Vec<Expando>>,
    /// What a function, object or class expression is assigned to.
    pub(crate) holders: FxHashMap<ExprId, Vec<Holder>>,
    /// What functions are assigned to a member of.
    pub(crate) methods_of: FxHashMap<FnId, Holder>,
    /// Symbols that every file sees.
    pub(crate) globals: FxHashMap<Name, SymId>,
    /// `declare module "…"` by name, with the exports of each.
    pub(crate) ambient: FxHashMap<Name, Vec<DeclId>>,
    /// What assignments declare, by the places of the names.
    pub(crate) declared_by: FxHashMap<Range, DeclId>,
    /// The assignment to `module.exports`.
    pub(crate) exports_decl: Option<DeclId>,
    /// What a namespace's or ambient module's body exports.
    pub(crate) namespace_exports: FxHashMap<DeclId, Exports>,
    /// Prototypes that are assigned as a whole: `A.prototype = …`.
    pub(crate) prototypes: FxHashMap<SymId, ExprId>,
    /// The first byte of the first statement.
    pub(crate) first: u32,
    pub(crate) syntax_errors: Vec<(Range, String)>,
    /// Documentation comments by what they stand before.
    pub(crate) docs: FxHashMap<u32, Range>,
}

impl Module {
    pub(crate) fn decl(&self, id: DeclId) -> &Decl {
        &self.decls[id.index()]
    }

    pub(crate) fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }

    pub(crate) fn ty(&self, id: TyId) -> &TypeExpr {
        &self.types[id.index()]
    }

    pub(crate) fn function(&self, id: FnId) -> &Function {
        &self.functions[id.index()]
    }

    pub(crate) fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.index()]
    }

    pub(crate) fn symbol(&self, id: SymId) -> &Symbol {
        &self.symbols[id.index()]
    }

    pub(crate) fn spec(&self, id: SpecId) -> &Spec {
        &self.specs[id.index()]
    }

    /// The text of a range, empty where it is not of this text.
    pub(crate) fn slice(&self, range: Range) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The name at an offset: one that contains it, else one that ends there.
    pub(crate) fn at(&self, offset: u32) -> Option<&Occurrence> {
        let after = self.occurrences.partition_point(|occurrence| occurrence.span.start <= offset);
        let before = self.occurrences[..after].iter().rev().take(8);
        before
            .clone()
            .find(|found| offset < found.span.end)
            .or_else(|| before.clone().find(|found| offset == found.span.end))
    }

    /// The name of the accessor whose `get` or `set` the offset is at.
    pub(crate) fn accessor_at(&self, offset: u32) -> Option<&Occurrence> {
        let word = |decl: &Decl| match decl.kind {
            DeclKind::Getter => "get",
            DeclKind::Setter => "set",
            _ => "",
        };
        let decl = self.decls.iter().find(|decl| {
            let before = self.slice(Range { start: decl.full.start, end: decl.span.start.max(decl.full.start) });
            let word = word(decl);
            let at = before.rfind(word).filter(|_| !word.is_empty()).map(|at| decl.full.start + at as u32);
            at.is_some_and(|at| at <= offset && offset <= at + 3)
        })?;
        self.starting_at(decl.span.start)
    }

    /// The occurrence that starts at an offset.
    pub(crate) fn starting_at(&self, offset: u32) -> Option<&Occurrence> {
        let place = self.occurrences.partition_point(|occurrence| occurrence.span.start < offset);
        self.occurrences.get(place).filter(|found| found.span.start == offset)
    }
}

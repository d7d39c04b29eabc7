//! What expressions and types are, once lowered.

use std::rc::Rc;

use super::{DeclId, ExprId, FnId, Ident, Name, Range, ShapeId, SpecId, TyId};

/// An expression.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Range,
    /// Where it stands, as far as that says what type is expected.
    pub(crate) context: Context,
}

/// What `this` is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum This {
    Nothing,
    Instance(DeclId),
    Static(DeclId),
    Function(FnId),
    Object(ExprId),
}

/// The literal kinds, of which only some values matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Literal {
    String(Name),
    Number(Name),
    Boolean(bool),
    BigInt,
    Regex,
    Null,
    Template,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    Ident(Ident),
    Member {
        object: ExprId,
        name: Name,
        name_span: Range,
    },
    Index {
        object: ExprId,
        index: ExprId,
    },
    Call {
        callee: ExprId,
        arguments: Vec<ExprId>,
        types: Vec<TyId>,
        is_new: bool,
    },
    Object(ShapeId),
    Array(Vec<ExprId>),
    Function(FnId),
    Class(DeclId),
    Literal(Literal),
    /// An operator whose result is a number, or a string for `+`.
    Arithmetic(ExprId, ExprId, bool),
    /// A comparison.
    Boolean,
    Not(ExprId),
    InstanceOf(ExprId, ExprId),
    Equality {
        left: ExprId,
        right: ExprId,
        negated: bool,
    },
    /// `"key" in object`.
    In(ExprId, ExprId),
    Void,
    TypeOf(ExprId),
    Assign(ExprId, ExprId),
    Conditional(ExprId, ExprId),
    /// `||` and `??`.
    Or(ExprId, ExprId),
    And(ExprId, ExprId),
    Await(ExprId),
    Yield,
    /// `value as T`.
    As(TyId),
    Same(ExprId),
    NonNull(ExprId),
    This(This),
    Super(This),
    ImportCall(SpecId),
    Require(SpecId),
    ImportMeta,
    Spread(ExprId),
    Jsx {
        tag: Option<ExprId>,
        attributes: ShapeId,
    },
    /// What a parameter gets, by its place in the function.
    Parameter(FnId, u32),
    /// The element of what is iterated over, or by its place.
    Element(ExprId, Option<u32>),
    /// Elements from a place on.
    RestArray(ExprId),
    /// An object without some of its members.
    RestObject(ExprId),
    Default(ExprId, ExprId),
    /// The expression where a test holds.
    Narrowed(Ident, Rc<[Guard]>),
    Unknown,
}

/// What a test says of a name.
#[derive(Clone, Debug)]
pub(crate) enum Guard {
    InstanceOf(ExprId),
    /// `typeof x === "…"`.
    TypeOf(Name, bool),
    /// A call that the name is given to, which may be a predicate.
    Predicate {
        callee: ExprId,
        argument: u32,
        holds: bool,
    },
    /// `x.kind === value`.
    Discriminant {
        path: Name,
        value: ExprId,
        holds: bool,
    },
    /// `"key" in x`.
    In(Name, bool),
    Truthy,
    /// Assigned right before.
    Assigned(ExprId),
}

/// Where an expression stands.
#[derive(Clone, Debug, Default)]
pub(crate) enum Context {
    #[default]
    None,
    Argument(ExprId, u32),
    Typed(TyId),
    /// A property of an object literal.
    Property(ExprId, Name),
    Element(ExprId, u32),
    Return(FnId),
    Assigned(ExprId),
    /// The same as that of another expression.
    Like(ExprId),
    /// The default of a binding.
    DefaultOf(ExprId),
    /// An attribute of a JSX element.
    Attribute(ExprId, Name),
    Child(ExprId),
    /// A property of a class with a declared type in what the class implements.
    Member(DeclId),
}

/// A type as it is written.
#[derive(Clone, Debug)]
pub(crate) enum TypeExpr {
    Any,
    Unknown,
    Never,
    Undefined,
    Null,
    String,
    Number,
    Boolean,
    BigInt,
    Symbol,
    ObjectKeyword,
    This,
    /// An entity and its arguments.
    Reference(ExprId, Vec<TyId>),
    Union(Vec<TyId>),
    Intersection(Vec<TyId>),
    Array(TyId),
    Tuple(Vec<TyId>),
    Rest(TyId),
    Shape(ShapeId),
    Function(FnId),
    Constructor(FnId),
    Query(ExprId),
    KeyOf(TyId),
    Indexed(TyId, TyId),
    Conditional {
        check: TyId,
        extends: TyId,
        yes: TyId,
        no: TyId,
    },
    Mapped {
        key: DeclId,
        constraint: TyId,
        value: Option<TyId>,
    },
    StringLiteral(Name),
    NumberLiteral(Name),
    BooleanLiteral(bool),
    Infer(DeclId),
    Import {
        spec: SpecId,
        path: Vec<(Name, Range)>,
        arguments: Vec<TyId>,
        is_value: bool,
    },
    /// `x is T`.
    Predicate {
        parameter: Option<Name>,
        ty: Option<TyId>,
        asserts: bool,
    },
}

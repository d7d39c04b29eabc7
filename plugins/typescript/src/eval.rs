//! Types as far as members need them: what an expression is, where its members are declared.
//!
//! Demand-driven over lowered files. Each question has its fuel; a cycle gives `any` to whom meets it, and nothing that was
//! found in a cycle is kept but by the one where it began, so that answers do not depend on what was asked before.

mod calls;
mod conditional;
mod context;
mod entity;
mod exprs;
mod infer;
mod listing;
mod members;
mod narrow;
pub(crate) mod show;
mod symbols;
mod this;
mod types;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::module::{DeclId, ExprId, FnId, Name, ShapeId, SymId};
use crate::store::FileId;

pub(crate) use calls::Signature;
pub(crate) use entity::Entity;
pub(crate) use members::Found;

/// Steps of one question.
const FUEL: u32 = 400_000;
/// Frames within one another.
const DEPTH_MAX: usize = 120;

/// A type.
#[derive(Clone, Debug)]
pub(crate) enum Type {
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
    StringLiteral(Name),
    NumberLiteral(Name),
    BooleanLiteral(bool),
    /// An instance of a class or interface.
    Named(Rc<Named>),
    /// The value of a class, function, enum or namespace.
    Value(FileId, SymId),
    Enum(FileId, SymId),
    Function(Rc<Callable>),
    Shape(Rc<Shaped>),
    Module(FileId),
    /// The body of `declare module "…"`.
    Ambient(FileId, DeclId),
    Tuple(Rc<[Type]>),
    Union(Rc<[Type]>),
    Intersection(Rc<[Type]>),
    Param(FileId, DeclId),
    /// What a function of JavaScript makes when called by `new`.
    Made(FileId, SymId),
    /// Any key leads to the same type.
    Dictionary(Rc<Type>),
}

/// An instance of a class or interface.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) file: FileId,
    pub(crate) symbol: SymId,
    pub(crate) arguments: Vec<Type>,
}

/// Something to call.
#[derive(Debug)]
pub(crate) struct Callable {
    pub(crate) functions: Vec<(FileId, FnId)>,
    pub(crate) env: Env,
    pub(crate) constructs: bool,
    /// The expression, whose holders may have added members.
    pub(crate) expr: Option<(FileId, ExprId)>,
}

/// An object literal or an object type.
#[derive(Debug)]
pub(crate) struct Shaped {
    pub(crate) file: FileId,
    pub(crate) shape: ShapeId,
    pub(crate) env: Env,
}

/// What type parameters stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Env(Option<Rc<Binding>>);

#[derive(Debug)]
struct Binding {
    file: FileId,
    param: DeclId,
    ty: Type,
    next: Env,
}

/// The parameter that stands for `this`.
const THIS: DeclId = DeclId(u32::MAX);

impl Env {
    pub(crate) fn bind(&self, file: FileId, param: DeclId, ty: Type) -> Self {
        Self(Some(Rc::new(Binding { file, param, ty, next: self.clone() })))
    }

    pub(crate) fn with_this(&self, ty: Type) -> Self {
        self.bind(FileId(u32::MAX), THIS, ty)
    }

    pub(crate) fn get(&self, file: FileId, param: DeclId) -> Option<&Type> {
        let mut env = self;
        while let Some(binding) = &env.0 {
            if binding.param == param && binding.file == file {
                return Some(&binding.ty);
            }
            env = &binding.next;
        }
        None
    }

    pub(crate) fn this(&self) -> Option<&Type> {
        self.get(FileId(u32::MAX), THIS)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn bindings(&self) -> Vec<(FileId, DeclId, Type)> {
        let mut found = Vec::new();
        let mut env = self;
        while let Some(binding) = &env.0 {
            found.push((binding.file, binding.param, binding.ty.clone()));
            env = &binding.next;
        }
        found.reverse();
        found
    }

    /// First this one, its types seen through the other, then the other.
    pub(crate) fn then(&self, outer: &Self) -> Self {
        if outer.is_empty() {
            return self.clone();
        }
        if self.is_empty() {
            return outer.clone();
        }
        let mut env = outer.clone();
        for (file, param, ty) in self.bindings() {
            env = env.bind(file, param, ty.substitute(outer));
        }
        env
    }
}

/// How deep the substitution of a type goes.
const SUBSTITUTE_DEPTH: u32 = 12;

impl Type {
    pub(crate) fn is_any(&self) -> bool {
        matches!(self, Self::Any | Self::Unknown)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self, Self::Undefined | Self::Null | Self::Never)
    }

    /// The type with type parameters replaced.
    pub(crate) fn substitute(&self, env: &Env) -> Self {
        if env.is_empty() { self.clone() } else { self.substituted(env, SUBSTITUTE_DEPTH) }
    }

    fn substituted(&self, env: &Env, depth: u32) -> Self {
        let Some(depth) = depth.checked_sub(1) else { return self.clone() };
        let all = |types: &[Type]| types.iter().map(|ty| ty.substituted(env, depth)).collect::<Vec<_>>();
        match self {
            Self::Param(file, param) => env.get(*file, *param).cloned().unwrap_or_else(|| self.clone()),
            Self::Named(named) if !named.arguments.is_empty() => {
                Self::Named(Rc::new(Named { file: named.file, symbol: named.symbol, arguments: all(&named.arguments) }))
            }
            Self::Function(callable) => Self::Function(Rc::new(Callable {
                functions: callable.functions.clone(),
                env: callable.env.then(env),
                constructs: callable.constructs,
                expr: callable.expr,
            })),
            Self::Shape(shaped) => {
                Self::Shape(Rc::new(Shaped { file: shaped.file, shape: shaped.shape, env: shaped.env.then(env) }))
            }
            Self::Tuple(types) => Self::Tuple(Rc::from(all(types))),
            Self::Union(types) => union(all(types)),
            Self::Intersection(types) => Self::Intersection(Rc::from(all(types))),
            Self::Dictionary(ty) => Self::Dictionary(Rc::new(ty.substituted(env, depth))),
            ty => ty.clone(),
        }
    }

    /// Without what literals are exactly.
    pub(crate) fn widened(&self) -> Self {
        match self {
            Self::StringLiteral(_) => Self::String,
            Self::NumberLiteral(_) => Self::Number,
            Self::BooleanLiteral(_) => Self::Boolean,
            Self::Union(types) => union(types.iter().map(Self::widened).collect()),
            ty => ty.clone(),
        }
    }

    /// The members of a union, or the type itself.
    pub(crate) fn parts(&self) -> &[Self] {
        match self {
            Self::Union(types) => types,
            ty => std::slice::from_ref(ty),
        }
    }

    /// Whether two types are the same as far as can be told cheaply.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::StringLiteral(a), Self::StringLiteral(b)) | (Self::NumberLiteral(a), Self::NumberLiteral(b)) => {
                a == b
            }
            (Self::BooleanLiteral(a), Self::BooleanLiteral(b)) => a == b,
            (Self::Named(a), Self::Named(b)) => {
                Rc::ptr_eq(a, b)
                    || (a.file == b.file
                        && a.symbol == b.symbol
                        && a.arguments.len() == b.arguments.len()
                        && a.arguments.iter().zip(&b.arguments).all(|(a, b)| a.same(b)))
            }
            (Self::Value(a, b), Self::Value(c, d))
            | (Self::Enum(a, b), Self::Enum(c, d))
            | (Self::Made(a, b), Self::Made(c, d)) => a == c && b == d,
            (Self::Param(a, b), Self::Param(c, d)) => a == c && b == d,
            (Self::Module(a), Self::Module(b)) => a == b,
            (Self::Shape(a), Self::Shape(b)) => {
                Rc::ptr_eq(a, b) || (a.file == b.file && a.shape == b.shape && a.env.is_empty() && b.env.is_empty())
            }
            (Self::Function(a), Self::Function(b)) => {
                Rc::ptr_eq(a, b) || (a.functions == b.functions && a.env.is_empty() && b.env.is_empty())
            }
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b) && a.is_plain(),
        }
    }

    fn is_plain(&self) -> bool {
        matches!(
            self,
            Self::Any
                | Self::Unknown
                | Self::Never
                | Self::Undefined
                | Self::Null
                | Self::String
                | Self::Number
                | Self::Boolean
                | Self::BigInt
                | Self::Symbol
                | Self::ObjectKeyword
        )
    }
}

/// So many members has a union; the rest is left out.
const UNION_MAX: usize = 64;

/// The union of types, each once. `any` swallows the others.
pub(crate) fn union(types: Vec<Type>) -> Type {
    let mut found: Vec<Type> = Vec::with_capacity(types.len());
    for ty in types {
        match ty {
            Type::Never => {}
            Type::Union(inner) => {
                for ty in inner.iter() {
                    add(&mut found, ty.clone());
                }
            }
            ty => add(&mut found, ty),
        }
    }
    found.truncate(UNION_MAX);
    match found.len() {
        0 => Type::Never,
        1 => found.remove(0),
        _ => Type::Union(Rc::from(found)),
    }
}

fn add(found: &mut Vec<Type>, ty: Type) {
    if !found.iter().any(|known| known.same(&ty)) {
        found.push(ty);
    }
}

/// What is being found out, and how much is left to spend.
#[derive(Debug, Default)]
pub(crate) struct Fuel {
    left: Cell<u32>,
    stack: RefCell<Vec<Frame>>,
    /// The lowest frame that a cycle led back to.
    floor: Cell<usize>,
    /// Whether something was cut off: then nothing on the stack holds.
    cut: Cell<bool>,
}

/// What a frame finds out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Frame {
    Expr(FileId, ExprId),
    Return(FileId, FnId),
    Decl(FileId, DeclId),
    Symbol(FileId, SymId),
    Context(FileId, ExprId),
    Alias(FileId, SymId),
    Export(FileId, u32),
}

impl Fuel {
    pub(crate) fn refill(&self) {
        self.left.set(FUEL);
        self.stack.borrow_mut().clear();
        self.floor.set(usize::MAX);
        self.cut.set(false);
    }

    /// Runs what finds out a frame. None where that is a cycle, too deep, or too much. The flag says whether what was found
    /// holds by itself, and so may be kept.
    pub(crate) fn run<R>(&self, frame: Frame, run: impl FnOnce() -> R) -> Option<(R, bool)> {
        let depth = {
            let mut stack = self.stack.borrow_mut();
            if let Some(place) = stack.iter().rposition(|known| *known == frame) {
                self.floor.set(self.floor.get().min(place));
                return None;
            }
            let left = self.left.get();
            if left == 0 || stack.len() >= DEPTH_MAX {
                self.cut.set(true);
                return None;
            }
            self.left.set(left - 1);
            stack.push(frame);
            stack.len() - 1
        };
        let result = run();
        self.stack.borrow_mut().truncate(depth);
        let closed = self.floor.get() >= depth;
        let holds = closed && !self.cut.get();
        if closed {
            self.floor.set(usize::MAX);
        }
        if depth == 0 {
            self.cut.set(false);
        }
        Some((result, holds))
    }
}

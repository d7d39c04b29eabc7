//! What a name is by the type of what it holds.

use std::cell::RefCell;

use ruff_db::parsed::parsed_module;
use ruff_python_ast::{Decorator, Expr, StmtFunctionDef};
use rustc_hash::FxHashMap;
use ty_python_core::definition::{Definition, DefinitionKind};
use ty_python_semantic::types::{KnownInstanceType, Type, TypeDefinition};
use ty_python_semantic::{Db, ProgramEnvironment};

use super::{ABSTRACT, ASYNC, DEFAULT_LIBRARY, DEPRECATED, Kind, READONLY, STATIC, Token};
use crate::inheritance::{self, Base};

/// How many classes up an enumeration is looked for.
const DEPTH_MAX: u32 = 16;

/// What types are, each definition looked at once.
pub(super) struct Types<'db> {
    db: &'db dyn Db,
    env: ProgramEnvironment<'db>,
    known: RefCell<FxHashMap<Definition<'db>, Token>>,
}

impl<'db> Types<'db> {
    pub(super) fn new(db: &'db dyn Db, env: ProgramEnvironment<'db>) -> Self {
        Self { db, env, known: RefCell::default() }
    }

    /// What a name that holds a value of the type is. None where it is a value like any other.
    pub(super) fn token(&self, ty: Type<'db>) -> Option<Token> {
        let own = |kind| Some(Token::new(kind));
        match ty {
            Type::ModuleLiteral(_) => {
                let library = self.place_of(ty).is_some_and(|found| is_of_library(self.db, &found));
                Some(Token::new(Kind::Namespace).with_if(library, DEFAULT_LIBRARY))
            }
            Type::ClassLiteral(_) | Type::GenericAlias(_) => Some(self.defined(ty, Kind::Class)),
            Type::FunctionLiteral(_) => Some(self.defined(ty, Kind::Function)),
            Type::BoundMethod(_) => Some(self.defined(ty, Kind::Method)),
            Type::KnownBoundMethod(_) | Type::WrapperDescriptor(_) => own(Kind::Method),
            Type::SpecialForm(_) => Some(Token::new(Kind::Class).with(DEFAULT_LIBRARY)),
            Type::KnownInstance(instance) => known_instance(&instance).map(Token::new),
            Type::TypeVar(_) => own(Kind::TypeParameter),
            Type::PropertyInstance(_) => own(Kind::Property),
            Type::Union(union) => {
                let mut kinds = union.elements(self.db).iter().map(|element| self.token(*element));
                let first =
                    kinds.next().flatten().filter(|first| matches!(first.kind, Kind::Function | Kind::Method))?;
                kinds.all(|other| other.is_some_and(|other| other.kind == first.kind)).then(|| Token::new(first.kind))
            }
            _ => None,
        }
    }

    /// What a name is that stands for a type.
    pub(super) fn annotation(&self, ty: Type<'db>) -> Option<Token> {
        self.token(ty).or_else(|| match ty {
            Type::Dynamic(_) | Type::Divergent(_) | Type::Never => None,
            _ => Some(self.defined(ty, Kind::Class)),
        })
    }

    /// What the attribute of a name is, which was looked up in what has the type `receiver`.
    pub(super) fn attribute(&self, ty: Type<'db>, receiver: Option<Type<'db>>) -> Option<Token> {
        let in_module = matches!(receiver, Some(Type::ModuleLiteral(_)));
        if let Some(token) = self.token(ty) {
            let is_method = token.kind == Kind::Function && !in_module;
            return Some(if is_method { Token { kind: Kind::Method, ..token } } else { token });
        }
        match ty {
            Type::Callable(_) if in_module => Some(Token::new(Kind::Function)),
            Type::LiteralValue(_) | Type::NominalInstance(_) => {
                let in_enumeration = |ty: Type<'db>| self.token(ty).is_some_and(|class| class.kind == Kind::Enum);
                let enumeration = receiver.filter(|ty| in_enumeration(*ty)).and_then(|ty| self.place_of(ty));
                let is_member = match (enumeration?.definition(), ty.definition(self.db, &self.env)?) {
                    (Some(class), TypeDefinition::EnumMember(member)) => {
                        inheritance::class_around(self.db, member) == Some(*class)
                    }
                    (Some(class), TypeDefinition::StaticClass(other)) => other == *class,
                    _ => false,
                };
                is_member.then(|| Token::new(Kind::EnumMember).with(READONLY))
            }
            _ => None,
        }
    }

    /// What is defined by a definition of a class or a function.
    pub(super) fn definition(&self, definition: Definition<'db>) -> Option<Token> {
        if let Some(token) = self.known.borrow().get(&definition) {
            return Some(*token);
        }
        let parsed = parsed_module(self.db, definition.python_file(self.db)).load(self.db);
        let token = match definition.kind(self.db) {
            DefinitionKind::Class(_) => Token::new(form_of_class(self.db, definition, DEPTH_MAX)),
            DefinitionKind::Function(function) => {
                let kind = match inheritance::class_around(self.db, definition) {
                    Some(_) => Kind::Method,
                    None => Kind::Function,
                };
                Token::new(kind).with(modifiers_of_function(function.node(&parsed)))
            }
            _ => return None,
        };
        let token = token.with_if(is_of_library(self.db, &TypeDefinition::Function(definition)), DEFAULT_LIBRARY);
        self.known.borrow_mut().insert(definition, token);
        Some(token)
    }

    fn defined(&self, ty: Type<'db>, otherwise: Kind) -> Token {
        let definition = self.place_of(ty).and_then(|found| found.definition().copied());
        let token = definition.and_then(|definition| self.definition(definition)).unwrap_or(Token::new(otherwise));
        token.with_if(ty.is_deprecated(self.db), DEPRECATED)
    }

    fn place_of(&self, ty: Type<'db>) -> Option<TypeDefinition<'db>> {
        ty.definition(self.db, &self.env)
    }
}

/// Whether a thing comes with Python.
fn is_of_library(db: &dyn Db, found: &TypeDefinition<'_>) -> bool {
    let file = match found {
        TypeDefinition::Module(module) => module.file(db),
        other => other.definition().map(|definition| definition.file(db)),
    };
    file.is_some_and(|file| file.path(db).is_vendored_path())
}

fn known_instance(instance: &KnownInstanceType<'_>) -> Option<Kind> {
    match instance {
        KnownInstanceType::TypeVar(_) => Some(Kind::TypeParameter),
        KnownInstanceType::TypeAliasType(_)
        | KnownInstanceType::UnionType(_)
        | KnownInstanceType::Literal(_)
        | KnownInstanceType::Annotated(_)
        | KnownInstanceType::TypeGenericAlias(_)
        | KnownInstanceType::Callable(_)
        | KnownInstanceType::LiteralStringAlias(_) => Some(Kind::Type),
        KnownInstanceType::NewType(_)
        | KnownInstanceType::NamedTupleSpec(_)
        | KnownInstanceType::SubscriptedProtocol(_)
        | KnownInstanceType::SubscriptedGeneric(_) => Some(Kind::Class),
        _ => None,
    }
}

/// Whether a class is an enumeration, a protocol, or a class like any other.
fn form_of_class(db: &dyn Db, class: Definition<'_>, depth: u32) -> Kind {
    let DefinitionKind::Class(node) = class.kind(db) else { return Kind::Class };
    let parsed = parsed_module(db, class.python_file(db)).load(db);
    let class_node = node.node(&parsed);
    if class_node.bases().iter().any(|base| last_name(base) == Some("Protocol")) {
        return Kind::Interface;
    }
    let is_root = class_node.name.as_str() == "Enum" && class.file(db).path(db).is_vendored_path();
    let Some(depth) = depth.checked_sub(1) else { return Kind::Class };
    let inherits = || {
        inheritance::bases(db, class)
            .into_iter()
            .any(|base| matches!(base, Base::Class(base) if form_of_class(db, base, depth) == Kind::Enum))
    };
    if is_root || inherits() { Kind::Enum } else { Kind::Class }
}

/// What the syntax of a function says of it.
pub(super) fn modifiers_of_function(function: &StmtFunctionDef) -> u32 {
    let of_decorator = |decorator: &Decorator| match last_name(&decorator.expression) {
        Some("staticmethod") => STATIC,
        Some("abstractmethod" | "abstractproperty") => ABSTRACT,
        Some("deprecated") => DEPRECATED,
        _ => 0,
    };
    let own = if function.is_async { ASYNC } else { 0 };
    function.decorator_list.iter().map(of_decorator).fold(own, |all, one| all | one)
}

/// The name that an expression ends in, before its arguments.
pub(super) fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Subscript(generic) => last_name(&generic.value),
        Expr::Call(call) => last_name(&call.func),
        _ => None,
    }
}

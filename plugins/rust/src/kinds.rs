//! The engine's kinds of things in the numbers of the protocol.

use ra_ap_ide::SymbolKind as Kind;

use crate::index::kind;

/// SymbolKind of the protocol.
pub(crate) fn symbol(of: Kind) -> u32 {
    match of {
        Kind::Module | Kind::CrateRoot | Kind::ToolModule => kind::MODULE,
        Kind::Struct | Kind::Union => kind::STRUCT,
        Kind::Enum => kind::ENUM,
        Kind::Variant => kind::ENUM_MEMBER,
        Kind::Trait => kind::INTERFACE,
        Kind::Impl | Kind::SelfType => kind::OBJECT,
        Kind::Method => kind::METHOD,
        Kind::Field => kind::FIELD,
        Kind::Const | Kind::Static | Kind::ConstParam => kind::CONSTANT,
        Kind::TypeAlias | Kind::TypeParam | Kind::LifetimeParam => kind::TYPE_PARAMETER,
        Kind::Local | Kind::SelfParam | Kind::ValueParam | Kind::Label | Kind::InlineAsmRegOrRegClass => kind::VARIABLE,
        Kind::Function
        | Kind::Macro
        | Kind::ProcMacro
        | Kind::Attribute
        | Kind::BuiltinAttr
        | Kind::Derive
        | Kind::DeriveHelper => kind::FUNCTION,
    }
}

/// CompletionItemKind of the protocol.
pub(crate) fn completion(of: ra_ap_ide::CompletionItemKind) -> u32 {
    use ra_ap_ide::CompletionItemKind as Item;

    match of {
        Item::SymbolKind(of) => match of {
            Kind::Method => 2,
            Kind::Function | Kind::Macro | Kind::ProcMacro | Kind::Attribute | Kind::BuiltinAttr => 3,
            Kind::Derive | Kind::DeriveHelper => 3,
            Kind::Field => 5,
            Kind::Local | Kind::SelfParam | Kind::ValueParam | Kind::Label | Kind::InlineAsmRegOrRegClass => 6,
            Kind::Trait => 8,
            Kind::Module | Kind::CrateRoot | Kind::ToolModule => 9,
            Kind::Enum => 13,
            Kind::Variant => 20,
            Kind::Const | Kind::Static => 21,
            Kind::Struct | Kind::Union | Kind::Impl | Kind::SelfType => 22,
            Kind::TypeAlias | Kind::TypeParam | Kind::LifetimeParam | Kind::ConstParam => 25,
        },
        Item::Binding | Item::Expression => 6,
        Item::BuiltinType | Item::InferredType => 22,
        Item::Keyword => 14,
        Item::Snippet => 15,
        Item::UnresolvedReference => 18,
    }
}

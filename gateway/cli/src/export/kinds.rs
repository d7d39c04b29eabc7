//! The kinds of the Language Server Protocol as SCIP's.

use scip::types::symbol_information::Kind;

/// What SCIP calls a `SymbolKind`.
pub(super) fn of(kind: u32, is_parameter: bool) -> Kind {
    if is_parameter {
        return if kind == 26 { Kind::TypeParameter } else { Kind::Parameter };
    }
    match kind {
        1 => Kind::File,
        2 => Kind::Module,
        3 => Kind::Namespace,
        4 => Kind::Package,
        5 => Kind::Class,
        6 => Kind::Method,
        7 => Kind::Property,
        8 => Kind::Field,
        9 => Kind::Constructor,
        10 => Kind::Enum,
        11 => Kind::Interface,
        12 => Kind::Function,
        13 => Kind::Variable,
        14 => Kind::Constant,
        15 => Kind::String,
        16 => Kind::Number,
        17 => Kind::Boolean,
        18 => Kind::Array,
        19 => Kind::Object,
        20 => Kind::Key,
        21 => Kind::Null,
        22 => Kind::EnumMember,
        23 => Kind::Struct,
        24 => Kind::Event,
        25 => Kind::Operator,
        // The protocol has no kind for the alias of a type.
        26 => Kind::TypeAlias,
        _ => Kind::UnspecifiedKind,
    }
}

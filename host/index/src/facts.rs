//! What one file says by itself.

use serde::{Deserialize, Serialize};
use vraftls_text::Span;

use crate::Diagnostic;

/// What one file says by itself: a function of (component digest, content digest).
///
/// Invariants, checked where a component's answer comes in (`host/wasm`): every span fits the text; a symbol's parent
/// comes before it; occurrences ascend by start and name an entry of `names`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// The outline, parents before children.
    pub symbols: Vec<Symbol>,
    /// The names that occurrences speak of, each once.
    pub names: Vec<Box<str>>,
    /// Every identifier.
    pub occurrences: Occurrences,
    /// The imports in source order.
    pub imports: Vec<ImportRef>,
    /// Foldable ranges: groups of 3, that are start, end, kind.
    pub folds: Vec<u32>,
    /// Syntax errors.
    pub diagnostics: Vec<Diagnostic>,
    /// A hash of all that other files can see of this one; 0 where that is not known. Equal hashes promise that the findings of other files
    /// are equal, but for places in this one: findings are kept by it.
    pub interface_hash: u64,
}

impl Facts {
    /// The heap they hold, roughly, for a cache's budget.
    pub fn weight_bytes(&self) -> usize {
        let texts = |list: &[String]| list.iter().map(|text| text.len() + size_of::<String>()).sum::<usize>();
        let symbols = self.symbols.iter().map(|symbol| symbol.name.len() + symbol.detail.len() + size_of::<Symbol>());
        let names = self.names.iter().map(|name| name.len() + size_of::<Box<str>>());
        let imports = self.imports.iter();
        let imports = imports.map(|import| import.module.len() + texts(&import.names) + size_of::<ImportRef>());
        let packed = size_of_val(&*self.folds) + size_of_val(self.occurrences.as_packed());
        let diagnostics: usize = self.diagnostics.iter().map(Diagnostic::weight_bytes).sum();
        let lists = symbols.sum::<usize>() + names.sum::<usize>() + imports.sum::<usize>();
        size_of::<Self>() + packed + diagnostics + lists
    }
}

/// An entry of a document's outline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// Its name as it is written.
    pub name: String,
    /// A signature or the like; may be empty.
    pub detail: String,
    /// `SymbolKind` of the Language Server Protocol.
    pub kind: u32,
    /// The entry it lies in, as an index into the same list.
    pub parent: Option<u32>,
    /// The whole construct.
    pub full: Span,
    /// Its name.
    pub span: Span,
    /// What else is known of it.
    pub traits: SymbolTraits,
}

/// What else is known of a symbol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SymbolTraits {
    /// Other files can see it.
    pub exported: bool,
    /// Its author advises against it.
    pub deprecated: bool,
    /// It is for its own file only, by convention.
    pub private: bool,
}

/// An import statement's module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportRef {
    /// In the language's own spelling.
    pub module: String,
    /// Where it is written.
    pub span: Span,
    /// The names that it brings in; `*` for all.
    pub names: Vec<String>,
}

/// In which roles a name occurs: a set of bits, documented in the contract (`indexing.facts`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Roles(pub u32);

impl Roles {
    /// Defines the name.
    pub const DEFINES: Roles = Roles(1);
    /// Refers to it.
    pub const REFERS: Roles = Roles(2);
    /// Imports it.
    pub const IMPORTS: Roles = Roles(4);
    /// Writes it.
    pub const WRITES: Roles = Roles(8);
    /// Is an attribute or member.
    pub const ATTRIBUTE: Roles = Roles(16);
    /// Is the name of a keyword argument.
    pub const KEYWORD: Roles = Roles(32);
    /// Stands in a string that the language reads as code.
    pub const IN_STRING: Roles = Roles(64);
    /// Is a parameter.
    pub const PARAMETER: Roles = Roles(128);
    /// Is local to a function.
    pub const LOCAL: Roles = Roles(256);

    /// Whether they share a bit, or `asked` is empty, which asks for all.
    pub const fn answers(self, asked: Roles) -> bool {
        asked.0 == 0 || self.0 & asked.0 != 0
    }
}

/// An identifier in a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Occurrence {
    /// Where.
    pub span: Span,
    /// Index into [`Facts::names`].
    pub name: u32,
    /// Its roles.
    pub roles: Roles,
}

/// Packed occurrences, as they cross the component boundary: groups of 4, that are start, length, name, roles.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Occurrences(Vec<u32>);

impl Occurrences {
    /// Takes packed groups. Nothing where they are not whole, not ascending or not inside `u32`.
    pub fn from_packed(packed: Vec<u32>) -> Option<Self> {
        let whole = packed.len().is_multiple_of(4);
        let fits = packed.chunks_exact(4).all(|group| group[0].checked_add(group[1]).is_some());
        let ascends = packed.chunks_exact(4).zip(packed.chunks_exact(4).skip(1)).all(|(a, b)| a[0] <= b[0]);
        (whole && fits && ascends).then_some(Self(packed))
    }

    /// The packed groups.
    pub fn as_packed(&self) -> &[u32] {
        &self.0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, ascending by start.
    pub fn iter(&self) -> impl Iterator<Item = Occurrence> + '_ {
        self.0.chunks_exact(4).map(|group| Occurrence {
            span: Span::new(group[0], group[0] + group[1]).expect("checked when packed"),
            name: group[2],
            roles: Roles(group[3]),
        })
    }
}

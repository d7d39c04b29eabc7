//! Who calls whom, and which type extends which.

use serde::{Deserialize, Serialize};
use vraftls_index::Location;
use vraftls_text::Span;

/// A function or a type. It is part of answers, and of the questions that follow them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct HierarchyItem {
    /// Its name.
    pub name: String,
    /// A signature or its module; may be empty.
    pub detail: String,
    /// `SymbolKind`.
    pub kind: u32,
    /// Where it is.
    pub location: Location,
    /// What the next question wants to know; opaque to all but the analyzer.
    pub token: Vec<u8>,
}

/// A call between the item that was asked about and another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Call {
    /// The other side.
    pub item: HierarchyItem,
    /// Where the calls stand in the caller's file, ascending.
    pub spans: Vec<Span>,
}

//! A finding in a document.

use serde::{Deserialize, Serialize};
use vraftls_text::Span;

use crate::Location;

/// A finding in a document.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Where it is shown.
    pub span: Span,
    /// How bad it is, as the Language Server Protocol numbers it: 1 error, 2 warning, 3 information, 4 hint.
    pub severity: u8,
    /// The rule; may be empty.
    pub code: String,
    /// A page about the rule; may be empty.
    pub code_url: String,
    /// For people.
    pub message: String,
    /// Whether the code is not needed.
    pub unnecessary: bool,
    /// Whether what is used is deprecated.
    pub deprecated: bool,
    /// Other places that explain it.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// The memory it takes, roughly, for a cache's budget.
    pub fn weight_bytes(&self) -> usize {
        let related = self.related.iter().map(|related| related.message.len() + size_of::<Related>());
        size_of::<Self>() + self.code.len() + self.code_url.len() + self.message.len() + related.sum::<usize>()
    }
}

/// Another place that explains a diagnostic.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// For people.
    pub message: String,
}

//! What an editor paints into or beside the text.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vraftls_index::Location;
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::VfsPath;

/// What the pieces of a document are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SemanticTokens {
    /// In what words the tokens speak. Told with every answer: another version of the analyzer has others.
    pub words: Arc<TokenWords>,
    /// Ascending, none overlapping another.
    pub tokens: Vec<SemanticToken>,
}

/// The words of an analyzer for what pieces of a document are.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TokenWords {
    /// Of what type a token is.
    pub types: Vec<String>,
    /// What else it is.
    pub modifiers: Vec<String>,
}

/// What a piece of a document is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SemanticToken {
    /// Where; never empty, may run over several lines.
    pub span: Span,
    /// An index into the types.
    pub kind: u32,
    /// Bits, of which the n-th stands for the n-th of the modifiers.
    pub modifiers: u32,
}

/// A hint between characters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InlayHint {
    /// Where it stands, as a byte offset.
    pub offset: u32,
    /// Its parts, at least one.
    pub parts: Vec<HintPart>,
    /// `InlayHintKind`: 1 type, 2 parameter, 0 other.
    pub kind: u8,
    /// Whether a space comes before.
    pub pads_left: bool,
    /// Whether a space comes after.
    pub pads_right: bool,
    /// What accepting it would write.
    pub edits: Vec<TextEdit>,
}

/// A part of a hint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HintPart {
    /// The text.
    pub label: String,
    /// Where it leads.
    pub location: Option<Location>,
}

/// A line above a construct.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lens {
    /// The name of the construct.
    pub span: Span,
    /// What it says.
    pub kind: LensKind,
}

/// What a line above a construct says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LensKind {
    /// How often the construct is used.
    References,
    /// How often it is implemented.
    Implementations,
    /// That it is a test, which can be run.
    Test,
}

/// A link in the text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Link {
    /// Where.
    pub span: Span,
    /// To where.
    pub target: LinkTarget,
}

/// Where a link leads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LinkTarget {
    /// To a file of the view.
    File(VfsPath),
    /// To a page of the web, by an address of the scheme `http` or `https`.
    Web(String),
}

//! What is answered.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vraftls_index::{Diagnostic, Facts, FileReferences, Location, Roles, SymbolMatch};
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::{ContentDigest, Revision, VfsPath};

use crate::{Action, Call, FileMove, HierarchyItem, InlayHint, Lens, Link, Resolved, Revisions, SemanticTokens};

/// An answer with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The base it was computed at, where one log has all files; 0 for an answer of a cluster.
    pub revision: Revision,
    /// The base it was computed at, by group; empty where one log has all files.
    pub revisions: Revisions,
    /// The content of every file that the answer has a place in, sorted by path.
    pub digests: Vec<(VfsPath, ContentDigest)>,
    /// Whether something that should have been asked could not be. Never set for definition, hover and rename: they
    /// fail instead.
    pub partial: bool,
    /// The answer.
    pub answer: Answer,
}

/// What is answered; [`Query`](crate::Query) says which variant belongs to which question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the type of its name")]
pub enum Answer {
    Targets(Option<Targets>),
    References(Vec<FileReferences>),
    Highlights(Vec<Highlight>),
    Hover(Option<Hover>),
    Completion(CompletionItems),
    CompletionDetails(CompletionDetails),
    SignatureHelp(Option<SignatureHelp>),
    RenameTarget(Option<RenameTarget>),
    Edits(Vec<DocumentEdit>),
    TextEdits(Vec<TextEdit>),
    HierarchyItems(Vec<HierarchyItem>),
    Calls(Vec<Call>),
    SemanticTokens(SemanticTokens),
    InlayHints(Vec<InlayHint>),
    SelectionRanges(Vec<Vec<Span>>),
    Lenses(Vec<Lens>),
    Links(Vec<Link>),
    LinkedRanges(Vec<Span>),
    Actions(Vec<Action>),
    Resolved(Arc<Resolved>),
    DocumentSymbols(DocumentSymbols),
    Symbols(Vec<SymbolMatch>),
    Diagnostics(Arc<[Diagnostic]>),
    Files(Vec<VfsPath>),
    Expansion(Option<Expansion>),
    Change(FileChange),
}

/// Where a name leads.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Targets {
    /// The name that was asked about.
    pub origin: Span,
    /// Where it leads, best first.
    pub locations: Vec<Location>,
}

/// A search over many files: what `plan` of the contract says, and `confirm` wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SearchPlan {
    /// The name that was asked about.
    pub origin: Span,
    /// The names under which it may occur.
    pub names: Vec<String>,
    /// The roles in which it may occur; none for all.
    pub roles: Roles,
    /// The only file in which it can occur, if there is only one.
    pub only: Option<VfsPath>,
    /// Its definitions.
    pub definitions: Vec<Location>,
    /// Whatever else the analyzer wants to know.
    pub token: Vec<u8>,
}

/// An occurrence in the same document.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Highlight {
    /// Where.
    pub span: Span,
    /// `DocumentHighlightKind`: 1 text, 2 read, 3 write.
    pub kind: u8,
}

/// What is known of the thing under the pointer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hover {
    /// What it speaks of.
    pub span: Span,
    /// Code; may be empty.
    pub signature: String,
    /// The language of the signature.
    pub language: String,
    /// Markdown; may be empty.
    pub documentation: String,
}

/// What a piece of code stands for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Expansion {
    /// The name of what is written there.
    pub name: String,
    /// The code that it becomes, laid out for reading.
    pub text: String,
}

/// What could be written at a place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompletionItems {
    /// What the proposals replace.
    pub replace: Span,
    /// Best first.
    pub items: Vec<CompletionItem>,
    /// Whether more would come if more were typed.
    pub incomplete: bool,
}

/// A proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompletionItem {
    /// What is shown.
    pub label: String,
    /// Shown beside the label; may be empty.
    pub label_detail: String,
    /// Where it comes from; may be empty.
    pub label_source: String,
    /// `CompletionItemKind`.
    pub kind: u32,
    /// A type or signature; may be empty.
    pub detail: String,
    /// What is inserted; empty for the label.
    pub insert: String,
    /// Whether `insert` is a snippet.
    pub snippet: bool,
    /// Edits elsewhere in the document.
    pub additional: Vec<TextEdit>,
    /// Whether its author advises against it.
    pub deprecated: bool,
    /// What resolving it wants to know; empty where there is nothing to resolve.
    pub token: Vec<u8>,
}

/// The rest of a proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CompletionDetails {
    /// A type or signature; may be empty.
    pub detail: String,
    /// Markdown; may be empty.
    pub documentation: String,
    /// Edits elsewhere in the document.
    pub additional: Vec<TextEdit>,
}

/// The ways to call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignatureHelp {
    /// The overloads.
    pub signatures: Vec<Signature>,
    /// The one that fits best so far.
    pub active: u32,
}

/// One way to call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signature {
    /// The whole signature.
    pub label: String,
    /// Markdown; may be empty.
    pub documentation: String,
    /// Its parameters in order.
    pub parameters: Vec<Parameter>,
    /// The parameter that the cursor is at.
    pub active_parameter: Option<u32>,
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parameter {
    /// Where it stands in the label, in bytes of it.
    pub label: Span,
    /// Markdown; may be empty.
    pub documentation: String,
}

/// What can be renamed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RenameTarget {
    /// The name.
    pub span: Span,
    /// What to offer for editing.
    pub placeholder: String,
}

/// The edits of one document, sorted, none overlapping another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DocumentEdit {
    /// The file.
    pub path: VfsPath,
    /// Its edits.
    pub edits: Vec<TextEdit>,
}

/// A change of which edits are only a part. First files are edited, named by where they are before; then files come to be; then files
/// and directories move, in this order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FileChange {
    /// By path.
    pub edits: Vec<DocumentEdit>,
    /// By path.
    pub creations: Vec<Creation>,
    /// Each to a path at which there is nothing.
    pub moves: Vec<FileMove>,
}

/// A file that comes to be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Creation {
    /// Where there is none yet.
    pub path: VfsPath,
    /// Its contents.
    pub text: String,
}

/// The outline of a file: the facts it was read from, whose symbols are the outline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DocumentSymbols {
    /// The facts.
    #[serde(with = "facts_bytes")]
    pub facts: Arc<Facts>,
}

/// Facts in the encoding that the index has for them, which checks what they promise.
mod facts_bytes {
    use std::fmt;
    use std::sync::Arc;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};
    use vraftls_index::{Facts, decode_facts, encode_facts};

    pub(super) fn serialize<S: Serializer>(facts: &Facts, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&encode_facts(facts))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Facts>, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Arc<Facts>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the bytes of facts")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Arc<Facts>, E> {
                decode_facts(bytes).map(Arc::new).map_err(E::custom)
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

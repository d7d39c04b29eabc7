//! Offsets, spans, positions and edits: the arithmetic that gateway, host and guests must agree on to the byte.
//!
//! Inside VRaftLS a place in a document is a UTF-8 byte offset ([`Span`]). Only the gateway speaks of lines and characters
//! ([`Position`]), in the [`PositionEncoding`] that a session negotiated, and converts with a [`LineIndex`].
//!
//! Invariants, held by the property tests in `tests/` against a model that walks the text character by character:
//! - In every encoding each character boundary has one position, and that position leads back to it. (Only the boundary
//!   inside `\r\n` has none of its own.)
//! - An index that followed any sequence of changes equals the index of the resulting text.
//!
//! This room knows no files, no LSP types, no encoding and no async, and depends on nothing but the traits of serde: spans and edits
//! cross nodes inside of answers.

mod span;

mod position;

mod line_index;
mod wide;

mod change;
mod edit;

pub use change::{ChangeError, ContentChange, apply_change};
pub use edit::{EditError, TextEdit, apply_edits};
pub use line_index::{LineIndex, TEXT_BYTES_MAX};
pub use position::{Position, PositionEncoding, PositionError, PositionRange};
pub use span::{Span, SpanOverflow};

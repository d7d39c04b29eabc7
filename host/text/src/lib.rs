//! Offsets, spans, positions and edits: the arithmetic that gateway, host and guests must agree on to the byte.
//!
//! Inside VRaftLS a place in a document is a UTF-8 byte offset ([`Span`]). Only the gateway speaks of lines and characters
//! ([`Position`]), in the [`PositionEncoding`] that a session negotiated, and converts with a [`LineIndex`].
//!
//! This room knows no files, no LSP types, no serialization framework and no async, and depends on nothing.

mod edit;
mod line_index;
mod position;
mod span;

pub use edit::{EditError, TextEdit, apply_edits};
pub use line_index::LineIndex;
pub use position::{Position, PositionEncoding, PositionError, PositionRange};
pub use span::Span;

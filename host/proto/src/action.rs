//! Changes that are offered.

use crate::DocumentEdit;
use serde::{Deserialize, Serialize};

/// A change that is offered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Action {
    /// For people.
    pub title: String,
    /// `CodeActionKind`, for example `quickfix`.
    pub kind: String,
    /// Which of the diagnostics that came with the question it would settle, as indices.
    pub fixes: Vec<u32>,
    /// Whether it is the one to take.
    pub is_preferred: bool,
    /// The edits; none where resolving it makes them.
    pub edits: Vec<DocumentEdit>,
    /// What resolving it wants to know; empty where there is nothing to resolve.
    pub token: Vec<u8>,
}

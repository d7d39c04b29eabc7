//! The questions of admins: each reads what was sent, proposes a change, and says what became of it.

use std::str::FromStr;

use vraftls_meta::Word;

use super::error::ApiError;

pub(super) mod backup;
pub(super) mod groups;
pub(super) mod nodes;
pub(super) mod plugins;
pub(super) mod settings;
pub(super) mod status;
pub(super) mod tokens;
pub(super) mod workspaces;

/// A part of a path that is a number or an id.
fn id<T: FromStr>(text: &str, what: &str) -> Result<T, ApiError> {
    text.parse().map_err(|_| ApiError::malformed(format!("this is not the id of a {what}")))
}

/// A word that people chose.
fn word(text: &str) -> Result<Word, ApiError> {
    Word::new(text).map_err(|error| ApiError::malformed(error.to_string()))
}

/// An answer that belongs to another question: a bug of whoever is behind the server.
fn other_answer() -> ApiError {
    tracing::error!("a change was answered with what belongs to another");
    ApiError::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "internal", "the answer makes no sense")
}

//! Large answers in pieces, for editors that ask for it.

use serde::Serialize;
use serde_json::Value;
use tower_lsp_server::ls_types::ProgressToken;
use tower_lsp_server::ls_types::notification::Notification;

use super::Context;

/// How many entries a piece has at most, and an answer that is not worth being told in pieces.
const N_ENTRIES_MAX: usize = 1000;

/// `$/progress` with a piece of an answer: the library's type for its parameters knows only progress of work.
enum PartialResult {}

#[derive(Serialize, serde::Deserialize)]
pub(super) struct PartialResultParams {
    token: ProgressToken,
    value: Value,
}

impl Notification for PartialResult {
    type Params = PartialResultParams;
    const METHOD: &'static str = "$/progress";
}

/// Sends a piece of the answer that is being made.
pub(super) fn send(cx: &Context, token: &ProgressToken, piece: impl Serialize) {
    if let Ok(value) = serde_json::to_value(piece) {
        cx.session().client().notify::<PartialResult>(PartialResultParams { token: token.clone(), value });
    }
}

/// Sends a large list in pieces if the editor gave a token; what is left for the response itself, which is all or nothing (LSP 3.17,
/// "Partial Result Progress").
pub(super) fn stream<T: Serialize>(cx: &Context, token: Option<ProgressToken>, entries: Vec<T>) -> Vec<T> {
    match token {
        Some(token) if entries.len() > N_ENTRIES_MAX => {
            entries.chunks(N_ENTRIES_MAX).for_each(|piece| send(cx, &token, piece));
            Vec::new()
        }
        _ => entries,
    }
}

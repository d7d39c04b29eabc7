//! Checks what an engine replies about changes that it offers.

use vraftls_proto::Action;

use crate::bindings::exports::vraftls::analyzer::actions as guest;
use crate::check::{Check, Rejected, bad};
use crate::{check_reply, people};

/// The offered changes: each says what it is and does something, and settles only findings that were given.
pub(crate) fn actions(
    check: &mut Check<'_>,
    n_diagnostics: usize,
    actions: Vec<guest::Action>,
) -> Result<Vec<Action>, Rejected> {
    check.items(actions.len())?;
    actions.into_iter().map(|action| self::action(check, n_diagnostics, action)).collect()
}

fn action(check: &mut Check<'_>, n_diagnostics: usize, action: guest::Action) -> Result<Action, Rejected> {
    let is_kind = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if action.kind.is_empty() || !action.kind.bytes().all(is_kind) {
        return bad(format!("an action of kind {:?}", people::cut(&action.kind, 100)));
    }
    if action.title.is_empty() {
        return bad("an action without a title");
    }
    if action.edits.is_empty() && action.token.is_empty() {
        return bad(format!("the action {:?} does nothing", people::cut(&action.title, 100)));
    }
    check.items(action.fixes.len())?;
    if let Some(fixed) = action.fixes.iter().find(|fixed| **fixed as usize >= n_diagnostics) {
        return bad(format!("an action that settles finding {fixed} of {n_diagnostics}"));
    }
    Ok(Action {
        title: check.line(action.title)?,
        kind: check.line(action.kind)?,
        fixes: action.fixes,
        is_preferred: action.preferred,
        edits: check_reply::document_edits(check, action.edits)?,
        token: check.token(action.token, check.limits.item_token_bytes_max)?,
    })
}

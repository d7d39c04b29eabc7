//! `textDocument/codeAction`: the changes that are offered for a part of a document.

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tower_lsp_server::ls_types::{
    self as lsp, CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, NumberOrString,
    Uri, WorkspaceEdit,
};
use tracing::debug;
use vraftls_index::Diagnostic;
use vraftls_proto::{Action, Answer, Query};

use super::completion::to_hex;
use super::workspace_edit::{change, workspace_edit};
use super::{AnswerFiles, Context, Located};
use crate::convert::from_lsp;
use crate::diagnostics::SOURCE;
use crate::error::RequestError;

/// How many changes are made out at once for an editor that wants them whole.
const N_RESOLVED: usize = 4;

/// What an action carries for being resolved.
#[derive(Serialize, Deserialize)]
pub(super) struct ActionData {
    pub(super) uri: Uri,
    pub(super) digest: String,
    pub(super) token: String,
}

pub(crate) async fn code_action(
    cx: &Context,
    params: CodeActionParams,
) -> Result<Option<CodeActionResponse>, RequestError> {
    let profile = cx.profile().actions;
    if !profile.literals {
        // Such an editor knows only commands, and this server runs none.
        return Ok(None);
    }
    let located = cx.locate(&params.text_document.uri).await?;
    let span = located.span(params.range, cx.encoding())?;
    let shown = own_findings(cx, &located, params.context.diagnostics);
    let kinds: Vec<String> = params
        .context
        .only
        .iter()
        .flatten()
        .map(|kind| kind.as_str().to_owned())
        .filter(|kind| !kind.is_empty())
        .collect();
    let query = Query::Actions {
        path: located.path.clone(),
        span,
        diagnostics: shown.iter().map(|(_, found)| found.clone()).collect(),
        kinds: kinds.clone(),
    };
    let answered = match cx.ask(&located, query).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::Actions(actions) = answered.answer else { return Err(RequestError::BadAnswer) };
    let wanted = actions.into_iter().filter(|action| is_wanted(&kinds, &action.kind));
    let made = wanted.map(|action| code_action_of(cx, &located, &params.text_document.uri, &files, &shown, action));
    let made: Vec<_> = stream::iter(made).buffered(N_RESOLVED).collect().await;
    let mut actions = Vec::with_capacity(made.len());
    for action in made {
        actions.extend(action?.map(CodeActionOrCommand::CodeAction));
    }
    Ok(Some(actions))
}

/// Whether a kind is asked for: kinds are prefixes that end at a dot.
fn is_wanted(kinds: &[String], kind: &str) -> bool {
    let begins = |wanted: &String| {
        kind.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    kinds.is_empty() || kinds.iter().any(begins)
}

/// What the editor shows of this server's findings, as the editor has it and as the host does. One whose place is gone is out of date.
fn own_findings(cx: &Context, located: &Located, shown: Vec<lsp::Diagnostic>) -> Vec<(lsp::Diagnostic, Diagnostic)> {
    let own = shown.into_iter().filter(|found| found.source.as_deref().is_none_or(|source| source == SOURCE));
    let back = |found: lsp::Diagnostic| {
        let span = located.span(found.range, cx.encoding()).ok()?;
        let code = match &found.code {
            Some(NumberOrString::String(code)) => code.clone(),
            Some(NumberOrString::Number(code)) => code.to_string(),
            None => String::new(),
        };
        let has = |tag| found.tags.as_ref().is_some_and(|tags| tags.contains(&tag));
        let diagnostic = Diagnostic {
            span,
            severity: from_lsp::severity(found.severity),
            code,
            code_url: found.code_description.as_ref().map(|it| it.href.as_str().to_owned()).unwrap_or_default(),
            message: found.message.clone(),
            unnecessary: has(lsp::DiagnosticTag::UNNECESSARY),
            deprecated: has(lsp::DiagnosticTag::DEPRECATED),
            related: Vec::new(),
        };
        Some((found, diagnostic))
    };
    own.filter_map(back).collect()
}

/// An action as the editor gets it; nothing where it cannot be made out any more.
async fn code_action_of(
    cx: &Context,
    located: &Located,
    uri: &Uri,
    files: &AnswerFiles,
    shown: &[(lsp::Diagnostic, Diagnostic)],
    action: Action,
) -> Result<Option<CodeAction>, RequestError> {
    let profile = cx.profile().actions;
    let fixed = action.fixes.iter().filter_map(|idx| shown.get(*idx as usize)).map(|(found, _)| found.clone());
    let fixed: Vec<lsp::Diagnostic> = fixed.collect();
    let mut made = CodeAction {
        title: action.title,
        kind: Some(CodeActionKind::from(action.kind)),
        diagnostics: (!fixed.is_empty()).then_some(fixed),
        is_preferred: (action.is_preferred && profile.preferred).then_some(true),
        ..CodeAction::default()
    };
    if !action.edits.is_empty() {
        match workspace_edit(cx, files, action.edits) {
            Ok(edit) => made.edit = Some(edit),
            // Made of several cells of a notebook as if they were one text.
            Err(error @ RequestError::OtherCell(_)) => {
                debug!(%error, title = made.title, "an offered change is no change of documents");
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
    } else if profile.resolves_edit {
        let data = ActionData { uri: uri.clone(), digest: located.digest.to_string(), token: to_hex(&action.token) };
        made.data = serde_json::to_value(data).ok();
    } else {
        match resolved(cx, located, action.token).await {
            Ok(Some(edit)) => made.edit = Some(edit),
            // There turned out to be nothing to do.
            Ok(None) => return Ok(None),
            Err(error) => {
                debug!(%error, title = made.title, "an offered change could not be made out");
                return Ok(None);
            }
        }
    }
    Ok(Some(made))
}

/// What an offered change does; nothing where it turns out to change nothing.
pub(super) async fn resolved(
    cx: &Context,
    located: &Located,
    token: Vec<u8>,
) -> Result<Option<WorkspaceEdit>, RequestError> {
    let answered = cx.ask(located, Query::ResolveAction { path: located.path.clone(), token }).await?;
    let files = AnswerFiles::load(cx, located, &answered).await?;
    match answered.answer {
        Answer::Edits(documents) if documents.iter().all(|document| document.edits.is_empty()) => Ok(None),
        answer => change(cx, located, &files, answer).map(Some),
    }
}

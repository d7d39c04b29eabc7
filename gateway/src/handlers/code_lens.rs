//! `textDocument/codeLens`: the lines above constructs. What they say is counted when they come into sight.

use serde::{Deserialize, Serialize};
use tower_lsp_server::ls_types::{CodeLens, CodeLensParams, Command, Range, Uri};
use vraftls_proto::{Answer, LensKind, Query};

use super::{AnswerFile, Context};
use crate::error::RequestError;

/// The command of an editor that runs a test; its arguments are the document and the range of the test's name.
pub(crate) const RUN_TEST: &str = "vraftls.runTest";

/// What a lens carries for being resolved.
#[derive(Serialize, Deserialize)]
pub(super) struct LensData {
    pub(super) uri: Uri,
    pub(super) digest: String,
    pub(super) offset: u32,
    pub(super) counts: Counted,
}

/// What a lens counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Counted {
    References,
    Implementations,
}

pub(crate) async fn code_lens(cx: &Context, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>, RequestError> {
    let uri = params.text_document.uri;
    let located = cx.locate(&uri).await?;
    if !located.slot.settings().settings.code_lens.enable {
        return Ok(None);
    }
    let answered = match cx.ask(&located, Query::Lenses { path: located.path.clone() }).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let Answer::Lenses(lenses) = answered.answer else { return Err(RequestError::BadAnswer) };
    let file = AnswerFile::of(cx, &located);
    let digest = located.digest.to_string();
    let counted = |range, offset, counts| {
        let data = LensData { uri: uri.clone(), digest: digest.clone(), offset, counts };
        Some(CodeLens { range, command: None, data: serde_json::to_value(data).ok() })
    };
    let lenses = lenses.iter().filter_map(|lens| {
        let (range, offset) = (file.here(lens.span)?, lens.span.start());
        match lens.kind {
            LensKind::References => counted(range, offset, Counted::References),
            LensKind::Implementations => counted(range, offset, Counted::Implementations),
            // Only the editor can run it, so one that cannot is told of none.
            LensKind::Test => cx.profile().commands.runs_tests.then(|| test(&uri, range)),
        }
    });
    Ok(Some(lenses.collect()))
}

fn test(uri: &Uri, range: Range) -> CodeLens {
    let arguments = [serde_json::to_value(uri), serde_json::to_value(range)];
    let arguments = arguments.into_iter().filter_map(Result::ok).collect();
    let command = Command::new("Run test".to_owned(), RUN_TEST.to_owned(), Some(arguments));
    CodeLens { range, command: Some(command), data: None }
}

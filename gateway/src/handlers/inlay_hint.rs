//! `textDocument/inlayHint`: what could be shown between the characters of a part of a document.

use serde::{Deserialize, Serialize};
use tower_lsp_server::ls_types::{InlayHint, InlayHintKind, InlayHintLabel, InlayHintLabelPart, InlayHintParams};
use vraftls_proto::{Answer, Query};
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

use super::{AnswerFile, AnswerFiles, Context};
use crate::convert::to_lsp;
use crate::error::RequestError;

/// What a hint carries for being resolved.
#[derive(Serialize, Deserialize)]
pub(super) struct HintData {
    pub(super) uri: tower_lsp_server::ls_types::Uri,
    pub(super) digest: String,
    pub(super) offset: u32,
}

pub(crate) async fn inlay_hint(cx: &Context, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>, RequestError> {
    let uri = params.text_document.uri;
    let located = cx.locate(&uri).await?;
    // Editors ask about what was visible, and the text may have become shorter since.
    let span = located.span(params.range, cx.encoding());
    let span = span.unwrap_or_else(|_| located.part().span());
    let answered = match cx.ask(&located, Query::InlayHints { path: located.path.clone(), span }).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let profile = cx.profile().decorations;
    // Where parts lead needs the lines of other files, which most hints are never asked for.
    let files = match profile.hints_resolve_locations {
        true => None,
        false => Some(AnswerFiles::load(cx, &located, &answered).await?),
    };
    let Answer::InlayHints(hints) = answered.answer else { return Err(RequestError::BadAnswer) };
    let file = AnswerFile::of(cx, &located);
    let digest = located.digest.to_string();
    let wanted = located.slot.settings().settings.inlay_hints;
    let is_wanted = |kind| match to_lsp::hint_kind(kind) {
        Some(InlayHintKind::TYPE) => wanted.variable_types,
        Some(InlayHintKind::PARAMETER) => wanted.parameter_names,
        _ => true,
    };
    let hints = hints.into_iter().filter(|hint| is_wanted(hint.kind));
    let hints = hints.filter(|hint| file.here(Span::empty(hint.offset)).is_some()).map(|hint| {
        let data = HintData { uri: uri.clone(), digest: digest.clone(), offset: hint.offset };
        let resolves = profile.hints_resolve_locations || profile.hints_resolve_edits || profile.hints_resolve_tooltips;
        let mut shown = shown(&located.path, &file, files.as_ref(), hint)?;
        if profile.hints_resolve_edits {
            shown.text_edits = None;
        }
        shown.data = resolves.then(|| serde_json::to_value(data).ok()).flatten();
        Ok(shown)
    });
    hints.collect::<Result<_, RequestError>>().map(Some)
}

/// A hint with all that is known of it; without `files`, without where its parts lead.
pub(super) fn shown(
    path: &VfsPath,
    file: &AnswerFile,
    files: Option<&AnswerFiles>,
    hint: vraftls_proto::InlayHint,
) -> Result<InlayHint, RequestError> {
    let part = |part: vraftls_proto::HintPart| {
        let location = match (files, &part.location) {
            // A place that no editor can open leads nowhere, and the hint is as good without.
            (Some(files), Some(location)) => files.location(location).ok(),
            _ => None,
        };
        InlayHintLabelPart { value: part.label, tooltip: None, location, command: None }
    };
    Ok(InlayHint {
        position: file.range(Span::empty(hint.offset))?.start,
        label: InlayHintLabel::LabelParts(hint.parts.into_iter().map(part).collect()),
        kind: to_lsp::hint_kind(hint.kind),
        // Accepting it in half would be wrong.
        text_edits: file.edits_here(path, hint.edits).ok().filter(|edits| !edits.is_empty()),
        tooltip: None,
        padding_left: hint.pads_left.then_some(true),
        padding_right: hint.pads_right.then_some(true),
        data: None,
    })
}

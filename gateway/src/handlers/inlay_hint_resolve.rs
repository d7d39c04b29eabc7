//! `inlayHint/resolve`: where the parts of a hint lead, what is known of that, and what accepting it writes.

use tower_lsp_server::ls_types::{InlayHint, InlayHintLabel, InlayHintLabelPartTooltip};
use vraftls_proto::{Answer, At, HintPart, Query};
use vraftls_text::Span;

use super::inlay_hint::{HintData, shown};
use super::{AnswerFile, AnswerFiles, Context, Located};
use crate::convert::to_lsp;
use crate::error::RequestError;

pub(crate) async fn inlay_hint_resolve(cx: &Context, hint: InlayHint) -> Result<InlayHint, RequestError> {
    let Some(data) = hint.data.clone() else { return Ok(hint) };
    let bad_data = |_| RequestError::Invalid("the hint's data is not what it was made with".to_owned());
    let HintData { uri, digest, offset } = serde_json::from_value(data).map_err(bad_data)?;
    let located = cx.locate(&uri).await?;
    if located.digest.to_string() != digest {
        return Err(RequestError::Moved(located.path.clone()));
    }
    let query = Query::InlayHints { path: located.path.clone(), span: Span::empty(offset) };
    let answered = cx.ask(&located, query).await?;
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::InlayHints(hints) = answered.answer else { return Err(RequestError::BadAnswer) };
    let is_it = |found: &vraftls_proto::InlayHint| found.offset == offset && label(&found.parts) == text(&hint.label);
    let Some(found) = hints.into_iter().find(is_it) else {
        return Err(RequestError::Moved(located.path.clone()));
    };
    let parts = found.parts.clone();
    let whole = shown(&located.path, &AnswerFile::of(cx, &located), Some(&files), found)?;
    let mut resolved = InlayHint { label: whole.label, text_edits: whole.text_edits, ..hint };
    if cx.profile().decorations.hints_resolve_tooltips {
        add_tooltips(cx, &located, &parts, &mut resolved).await;
    }
    Ok(resolved)
}

/// Adds what is known of the places that parts lead to. It is an extra: without it the hint is still right.
async fn add_tooltips(cx: &Context, located: &Located, parts: &[HintPart], hint: &mut InlayHint) {
    let InlayHintLabel::LabelParts(shown) = &mut hint.label else { return };
    for (part, shown) in parts.iter().zip(shown) {
        let Some(place) = &part.location else { continue };
        let at = At { path: place.path.clone(), offset: place.span.start() };
        let answered = cx.ask_in(&located.folder, located.overlays.clone(), Query::Hover(at)).await;
        let Ok(Answer::Hover(Some(hover))) = answered.map(|answered| answered.answer) else { continue };
        let markdown = cx.profile().hover_markdown;
        let content = to_lsp::hover_content(&hover.signature, &hover.language, &hover.documentation, markdown);
        shown.tooltip = Some(InlayHintLabelPartTooltip::MarkupContent(content));
    }
}

fn label(parts: &[HintPart]) -> String {
    parts.iter().map(|part| part.label.as_str()).collect()
}

fn text(label: &InlayHintLabel) -> String {
    match label {
        InlayHintLabel::String(text) => text.clone(),
        InlayHintLabel::LabelParts(parts) => parts.iter().map(|part| part.value.as_str()).collect(),
    }
}

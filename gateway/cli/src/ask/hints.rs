//! What editors show between the lines: inlay hints and code lenses, resolved.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use vraftls_gateway::ls_types::request::{CodeLensRequest, CodeLensResolve, InlayHintRequest};
use vraftls_gateway::ls_types::{
    CodeLens, CodeLensParams, InlayHint, InlayHintKind, InlayHintLabel, InlayHintParams, Location, Range, Uri,
};

use super::{Spot, document};
use crate::client::Session;

/// Lenses that are resolved at once.
const N_RESOLVED: usize = 8;

/// What an editor shows inside a line.
#[derive(Debug, Serialize)]
pub(crate) struct Hint {
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in characters.
    pub(crate) column: u32,
    pub(crate) label: String,
    /// `type` or `parameter`; empty for any other.
    pub(crate) kind: &'static str,
}

/// What an editor shows inside the lines of a range.
pub(crate) async fn hints(session: &Session, uri: &Uri, range: Range) -> anyhow::Result<Vec<Hint>> {
    let params = InlayHintParams { text_document: document(uri), range, work_done_progress_params: Default::default() };
    let found = session.ask::<InlayHintRequest>(params).await?.unwrap_or_default();
    Ok(found.into_iter().map(shown).collect())
}

fn shown(hint: InlayHint) -> Hint {
    let mut label = match hint.label {
        InlayHintLabel::String(label) => label,
        InlayHintLabel::LabelParts(parts) => parts.into_iter().map(|part| part.value).collect(),
    };
    if hint.padding_left == Some(true) {
        label.insert(0, ' ');
    }
    if hint.padding_right == Some(true) {
        label.push(' ');
    }
    let kind = match hint.kind {
        Some(InlayHintKind::TYPE) => "type",
        Some(InlayHintKind::PARAMETER) => "parameter",
        _ => "",
    };
    Hint { line: hint.position.line.saturating_add(1), column: hint.position.character.saturating_add(1), label, kind }
}

/// What an editor shows above a line.
#[derive(Debug, Serialize)]
pub(crate) struct Lens {
    #[serde(flatten)]
    pub(crate) spot: Spot,
    pub(crate) title: String,
    /// What an editor runs when it is chosen; empty for a plain title.
    pub(crate) command: String,
    /// The places that it counts.
    pub(crate) places: Vec<Spot>,
}

/// What an editor shows above the lines of a file.
pub(crate) async fn lenses(session: &Session, uri: &Uri) -> anyhow::Result<Vec<Lens>> {
    let params = CodeLensParams {
        text_document: document(uri),
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
    };
    let found = session.ask::<CodeLensRequest>(params).await?.unwrap_or_default();
    let resolved = stream::iter(found).map(|lens| resolved(session, lens)).buffered(N_RESOLVED);
    let resolved: Vec<CodeLens> = resolved.try_collect().await?;
    let lenses = resolved.into_iter().map(|lens| {
        let command = lens.command.unwrap_or_default();
        let places = command
            .arguments
            .iter()
            .flatten()
            .find_map(|argument| serde_json::from_value::<Vec<Location>>(argument.clone()).ok());
        Lens {
            spot: Spot::new(session.root(), uri, lens.range),
            title: command.title,
            command: command.command,
            places: places.unwrap_or_default().iter().map(|place| Spot::of(session.root(), place)).collect(),
        }
    });
    Ok(lenses.collect())
}

async fn resolved(session: &Session, lens: CodeLens) -> anyhow::Result<CodeLens> {
    if lens.command.is_some() { Ok(lens) } else { Ok(session.ask::<CodeLensResolve>(lens).await?) }
}

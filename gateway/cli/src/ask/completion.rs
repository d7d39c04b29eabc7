//! What could be written at a place.

use serde::Serialize;
use vraftls_gateway::ls_types::request::{Completion, SignatureHelpRequest};
use vraftls_gateway::ls_types::{
    CompletionItem, CompletionItemTag, CompletionParams, CompletionResponse, CompletionTextEdit, Documentation,
    ParameterLabel, Position, SignatureHelpParams, SignatureInformation, Uri,
};

use super::names::completion_kind;
use super::place_in;
use crate::client::Session;

/// Proposals.
#[derive(Debug, Serialize)]
pub(crate) struct Proposals {
    /// Whether there are more than these, which come when more is typed.
    pub(crate) incomplete: bool,
    /// The best first.
    pub(crate) items: Vec<Proposal>,
}

/// A proposal.
#[derive(Debug, Serialize)]
pub(crate) struct Proposal {
    pub(crate) label: String,
    /// In words.
    pub(crate) kind: &'static str,
    /// Its signature or type; empty if the analyzer says nothing.
    pub(crate) detail: String,
    /// Where it comes from, for one that would be imported; else empty.
    pub(crate) source: String,
    /// What is written.
    pub(crate) insert: String,
    pub(crate) deprecated: bool,
}

/// What could be written at a place.
pub(crate) async fn completion(session: &Session, uri: &Uri, position: Position) -> anyhow::Result<Proposals> {
    let params = CompletionParams {
        text_document_position: place_in(uri, position),
        work_done_progress_params: Default::default(),
        partial_result_params: Default::default(),
        context: None,
    };
    let (incomplete, items) = match session.ask::<Completion>(params).await? {
        None => (false, Vec::new()),
        Some(CompletionResponse::Array(items)) => (false, items),
        Some(CompletionResponse::List(list)) => (list.is_incomplete, list.items),
    };
    Ok(Proposals { incomplete, items: items.into_iter().map(proposal).collect() })
}

fn proposal(item: CompletionItem) -> Proposal {
    let details = item.label_details.unwrap_or_default();
    let insert = match item.text_edit {
        Some(CompletionTextEdit::Edit(edit)) => Some(edit.new_text),
        Some(CompletionTextEdit::InsertAndReplace(edit)) => Some(edit.new_text),
        None => item.insert_text,
    };
    let is_tagged = item.tags.is_some_and(|tags| tags.contains(&CompletionItemTag::DEPRECATED));
    Proposal {
        kind: item.kind.map_or("", completion_kind),
        detail: item.detail.or(details.detail).unwrap_or_default(),
        source: details.description.unwrap_or_default(),
        insert: insert.unwrap_or_else(|| item.label.clone()),
        deprecated: is_tagged || item.deprecated == Some(true),
        label: item.label,
    }
}

/// The signatures of a call.
#[derive(Debug, Serialize)]
pub(crate) struct Signatures {
    /// Which one fits, from 0.
    pub(crate) active_signature: u32,
    pub(crate) signatures: Vec<Signature>,
}

/// A signature of a call.
#[derive(Debug, Serialize)]
pub(crate) struct Signature {
    pub(crate) label: String,
    /// In Markdown.
    pub(crate) documentation: String,
    pub(crate) parameters: Vec<Parameter>,
    /// Which parameter the place is in, from 0.
    pub(crate) active_parameter: Option<u32>,
}

/// A parameter of a signature.
#[derive(Debug, Serialize)]
pub(crate) struct Parameter {
    pub(crate) label: String,
    /// In Markdown.
    pub(crate) documentation: String,
}

/// The signatures of the call that a place is in.
pub(crate) async fn signatures(session: &Session, uri: &Uri, position: Position) -> anyhow::Result<Option<Signatures>> {
    let params = SignatureHelpParams {
        context: None,
        text_document_position_params: place_in(uri, position),
        work_done_progress_params: Default::default(),
    };
    let Some(help) = session.ask::<SignatureHelpRequest>(params).await? else { return Ok(None) };
    let of = |signature| self::signature(signature, help.active_parameter);
    let signatures = help.signatures.into_iter().map(of).collect();
    Ok(Some(Signatures { active_signature: help.active_signature.unwrap_or_default(), signatures }))
}

fn signature(signature: SignatureInformation, active_parameter: Option<u32>) -> Signature {
    let SignatureInformation { label, documentation, parameters, active_parameter: own } = signature;
    let parameters = parameters.unwrap_or_default().into_iter().map(|parameter| Parameter {
        label: match parameter.label {
            ParameterLabel::Simple(name) => name,
            ParameterLabel::LabelOffsets(offsets) => part_of(&label, offsets),
        },
        documentation: text_of(parameter.documentation),
    });
    Signature {
        parameters: parameters.collect(),
        documentation: text_of(documentation),
        active_parameter: own.or(active_parameter),
        label,
    }
}

/// The protocol counts in labels in UTF-16 code units, whatever encoding was agreed upon for documents.
fn part_of(label: &str, [start, end]: [u32; 2]) -> String {
    let units = label.encode_utf16().skip(start as usize).take(end.saturating_sub(start) as usize);
    char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn text_of(documentation: Option<Documentation>) -> String {
    match documentation {
        None => String::new(),
        Some(Documentation::String(text)) => text,
        Some(Documentation::MarkupContent(content)) => content.value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_cut_out_of_labels() {
        assert_eq!(part_of("f(ä: 😀, b)", [2, 7]), "ä: 😀");
        assert_eq!(part_of("f(ä: 😀, b)", [9, 10]), "b");
        assert_eq!(part_of("f", [3, 1]), "");
    }
}

//! `textDocument/completion`: what could be written at the cursor.

use serde::{Deserialize, Serialize};
use tower_lsp_server::ls_types::{
    self as lsp, CompletionItem, CompletionItemLabelDetails, CompletionItemTag, CompletionList, CompletionParams,
    CompletionResponse, CompletionTextEdit, InsertReplaceEdit, InsertTextFormat, Uri,
};
use vraftls_proto::{self as proto, Answer, CompletionItems, Query};
use vraftls_text::Span;

use super::{AnswerFile, AnswerFiles, Context};
use crate::convert::to_lsp;
use crate::error::RequestError;
use crate::session::CompletionProfile;

/// What a proposal remembers until it is resolved.
#[derive(Serialize, Deserialize)]
pub(super) struct ItemData {
    /// The document it was made for.
    pub(super) uri: Uri,
    /// The analyzer's token, in hexadecimal digits.
    pub(super) token: String,
}

pub(crate) async fn completion(
    cx: &Context,
    params: CompletionParams,
) -> Result<Option<CompletionResponse>, RequestError> {
    let position = params.text_document_position;
    let uri = position.text_document.uri;
    let located = cx.locate(&uri).await?;
    let at = located.at(position.position, cx.encoding())?;
    let offset = at.offset;
    let trigger = params.context.and_then(|context| context.trigger_character);
    let limit = cx.session().options().limits.n_completions_max;
    let answered = match cx.ask(&located, Query::Complete { at, trigger, limit }).await {
        Err(error) if error.is_not_served() => return Ok(None),
        answered => answered?,
    };
    let files = AnswerFiles::load(cx, &located, &answered).await?;
    let Answer::Completion(CompletionItems { replace, items, incomplete }) = answered.answer else {
        return Err(RequestError::BadAnswer);
    };
    let place = InsertPlace::new(files.get(&located.path)?, replace, offset)?;
    let profile = &cx.profile().completion;
    let path = &located.path;
    let auto_imports = located.slot.settings().settings.completion.auto_imports;
    // What has to be written elsewhere too is what is not imported yet.
    let items = items.into_iter().filter(|item| auto_imports || item.additional.is_empty());
    let items = items.enumerate().filter_map(|(idx, item)| {
        // What is written along must be in this document; a proposal whose is not would be half of itself.
        let additional = place.file.edits_here(path, item.additional.clone()).ok()?;
        Some(completion_item(item, idx, &uri, &place, additional, profile))
    });
    Ok(Some(CompletionResponse::List(CompletionList { is_incomplete: incomplete, items: items.collect() })))
}

/// Where proposals are inserted.
struct InsertPlace<'a> {
    file: &'a AnswerFile,
    /// From the start of the word to the cursor.
    insert: lsp::Range,
    /// The whole word.
    replace: lsp::Range,
}

impl<'a> InsertPlace<'a> {
    fn new(file: &'a AnswerFile, replace: Span, offset: u32) -> Result<Self, RequestError> {
        let insert = Span::new(replace.start(), offset).filter(|insert| replace.contains(*insert));
        let insert = insert.ok_or(RequestError::BadAnswer)?;
        Ok(Self { file, insert: file.range(insert)?, replace: file.range(replace)? })
    }

    fn edit(&self, new_text: String, profile: &CompletionProfile) -> CompletionTextEdit {
        if profile.insert_replace {
            let (insert, replace) = (self.insert, self.replace);
            return CompletionTextEdit::InsertAndReplace(InsertReplaceEdit { new_text, insert, replace });
        }
        CompletionTextEdit::Edit(lsp::TextEdit { range: self.replace, new_text })
    }
}

fn completion_item(
    item: proto::CompletionItem,
    idx: usize,
    uri: &Uri,
    place: &InsertPlace<'_>,
    additional: Vec<lsp::TextEdit>,
    profile: &CompletionProfile,
) -> CompletionItem {
    let is_snippet = item.snippet && profile.snippets;
    // An editor without snippets would insert their placeholders as text.
    let inserts_label = item.insert.is_empty() || (item.snippet && !profile.snippets);
    let new_text = if inserts_label { item.label.clone() } else { item.insert };
    let details = CompletionItemLabelDetails { detail: some(item.label_detail), description: some(item.label_source) };
    let has_details = details.detail.is_some() || details.description.is_some();
    let data = (!item.token.is_empty()).then(|| ItemData { uri: uri.clone(), token: to_hex(&item.token) });
    CompletionItem {
        label_details: (has_details && profile.label_details).then_some(details),
        kind: Some(to_lsp::completion_kind(item.kind)),
        detail: some(item.detail),
        deprecated: (item.deprecated && profile.deprecated && !profile.tags).then_some(true),
        tags: (item.deprecated && profile.tags).then(|| vec![CompletionItemTag::DEPRECATED]),
        // The order of the answer is the ranking; editors sort by this text.
        sort_text: Some(format!("{idx:05}")),
        insert_text_format: is_snippet.then_some(InsertTextFormat::SNIPPET),
        text_edit: Some(place.edit(new_text, profile)),
        additional_text_edits: (!additional.is_empty()).then_some(additional),
        data: data.and_then(|data| serde_json::to_value(data).ok()),
        label: item.label,
        ..CompletionItem::default()
    }
}

pub(super) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_editor() {
        let token: Vec<u8> = (0..=255).collect();
        assert_eq!(from_hex(&to_hex(&token)), Some(token));
        assert_eq!(from_hex("0"), None);
        assert_eq!(from_hex("0g"), None);
        assert_eq!(from_hex("ä"), None);
    }
}

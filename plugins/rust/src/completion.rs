//! Completion: what could be written at a place, ranked. The engine proposes and says how well each fits; what is typed already
//! is matched here.
//!
//! Documentation and imports are left to [`resolve`], which asks the engine the same again and takes the one that was meant.

mod usage;

use std::cmp::Reverse;

use ra_ap_ide::{
    CallableSnippets, CompletionConfig, CompletionFieldsToResolve, CompletionItem as Found, FilePosition, TextRange,
};
use ra_ap_ide_db::SnippetCap;
use serde::{Deserialize, Serialize};
use vraftls_guest_sdk::{CompletionItem, CompletionItems, Details, Failure, TextEdit};

use crate::edits::in_document;
use crate::kinds;
use crate::project::{Source, span};
use crate::settings::{TERM_SEARCH_FUEL, fixtures, imports};
use usage::Usage;

/// Characters that ask for completion as they are typed.
pub(crate) const TRIGGERS: [&str; 4] = [":", ".", "'", "("];

/// What `resolve` wants to know.
#[derive(Debug, Serialize, Deserialize)]
struct Meant {
    offset: u32,
    label: String,
    detail: String,
    kind: u32,
}

/// Which proposals are made, and how much of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// What can be written there as the file is.
    AtHand,
    /// What would have to be imported, too.
    WithImports,
    /// All of it, with its documentation.
    Whole,
}

fn config(wanted: Wanted) -> CompletionConfig<'static> {
    CompletionConfig {
        enable_postfix_completions: true,
        enable_imports_on_the_fly: wanted != Wanted::AtHand,
        enable_self_on_the_fly: true,
        enable_auto_iter: true,
        enable_auto_await: true,
        enable_private_editable: false,
        enable_term_search: false,
        term_search_fuel: TERM_SEARCH_FUEL,
        full_function_signatures: false,
        callable: Some(CallableSnippets::FillArguments),
        add_colons_to_module: true,
        add_semicolon_to_unit: true,
        snippet_cap: SnippetCap::new(true),
        insert_use: imports(),
        prefer_no_std: false,
        prefer_prelude: true,
        prefer_absolute: false,
        snippets: Vec::new(),
        limit: None,
        fields_to_resolve: CompletionFieldsToResolve {
            resolve_label_details: false,
            resolve_tags: false,
            resolve_detail: false,
            resolve_documentation: wanted != Wanted::Whole,
            resolve_filter_text: false,
            resolve_text_edit: false,
            resolve_command: true,
        },
        exclude_flyimport: Vec::new(),
        exclude_traits: &[],
        ra_fixture: fixtures(),
    }
}

/// Proposals for the offset, at most `limit`.
pub(crate) fn complete(
    source: &Source<'_>,
    offset: u32,
    trigger: Option<&str>,
    limit: u32,
) -> Result<CompletionItems, Failure> {
    let position = source.position(offset)?;
    let word = word(source, position);
    let nothing = CompletionItems { replace: span(word), items: Vec::new(), incomplete: false };
    let before = source.text.get(..offset as usize).unwrap_or_default();
    // One colon asks nothing yet.
    if trigger == Some(":") && !before.ends_with("::") {
        return Ok(nothing);
    }
    let typed = source.slice(TextRange::new(word.start(), position.offset.max(word.start())));
    // Right behind a dot each trait that there is would be tried on the value. Editors ask again with the first letter, which leaves
    // few of them.
    let is_bare = typed.is_empty() && source.slice(TextRange::up_to(word.start())).ends_with('.');
    let wanted = if is_bare { Wanted::AtHand } else { Wanted::WithImports };
    let found = propose(source, position, trigger, wanted)?;
    let usage = Usage::of(&source.text, usize::from(word.start()), usize::from(word.end()));
    let rank = |found: &Found| {
        let is_function = matches!(kinds::completion(found.kind), METHOD | FUNCTION);
        // What the engine would call in between has a label that begins with that.
        let usage = usage.as_ref().filter(|_| !found.relevance.is_skipping_completion);
        let used = usage.map_or(0, |usage| usage.score(name_of(&found.label.primary), is_function));
        found.relevance.score().saturating_add(used)
    };
    let mut ranked: Vec<((Match, Reverse<u32>), Found)> = found
        .into_iter()
        .filter_map(|found| Some(((matching(&found.lookup, typed)?, Reverse(rank(&found))), found)))
        .collect();
    ranked.sort_by(|(a, one), (b, other)| {
        a.cmp(b)
            .then_with(|| one.label.primary.cmp(&other.label.primary))
            .then_with(|| one.detail.cmp(&other.detail))
            .then_with(|| import_of(one).cmp(&import_of(other)))
    });
    let is_cut = ranked.len() > limit as usize;
    ranked.truncate(limit as usize);
    let items = ranked.into_iter().filter_map(|(_, found)| item(offset, word, &found)).collect();
    Ok(CompletionItems { replace: span(word), items, incomplete: is_cut || typed.is_empty() })
}

/// The rest of a proposal.
pub(crate) fn resolve(source: &Source<'_>, token: &[u8]) -> Result<Details, Failure> {
    let no_token = |_| Failure::InvalidInput("no token of this analyzer".to_owned());
    let meant: Meant = postcard::from_bytes(token).map_err(no_token)?;
    let position = source.position(meant.offset)?;
    let found = propose(source, position, None, Wanted::Whole)?.into_iter().find(|found| {
        found.label.primary == meant.label
            && kinds::completion(found.kind) == meant.kind
            && found.detail.as_deref().unwrap_or_default() == meant.detail
    });
    let Some(found) = found else {
        return Ok(Details { detail: String::new(), documentation: String::new(), additional: Vec::new() });
    };
    let mut additional = Vec::new();
    if !found.import_to_add.is_empty() {
        let wanted = found.import_to_add.to_vec();
        let edits = source
            .project
            .ask(|analysis| analysis.resolve_completion_edits(&config(Wanted::Whole), position, wanted))?;
        additional.extend(edits.iter().flat_map(in_document));
    }
    Ok(Details {
        detail: found.detail.clone().unwrap_or_default(),
        documentation: found.documentation.as_ref().map(|doc| doc.as_str().to_owned()).unwrap_or_default(),
        additional,
    })
}

fn propose(
    source: &Source<'_>,
    position: FilePosition,
    trigger: Option<&str>,
    wanted: Wanted,
) -> Result<Vec<Found>, Failure> {
    let config = config(wanted);
    let trigger = trigger.and_then(|trigger| trigger.chars().next());
    Ok(source.project.ask(|analysis| analysis.completions(&config, position, trigger))?.unwrap_or_default())
}

fn import_of(found: &Found) -> Option<&str> {
    found.import_to_add.first().map(|import| import.path.as_str())
}

/// The word around a place.
fn word(source: &Source<'_>, position: FilePosition) -> TextRange {
    let at = usize::from(position.offset);
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let before = source.text.get(..at).unwrap_or_default();
    let after = source.text.get(at..).unwrap_or_default();
    let start = before.trim_end_matches(is_word).len();
    let end = at + (after.len() - after.trim_start_matches(is_word).len());
    TextRange::new((start as u32).into(), (end as u32).into())
}

/// What the protocol calls what can be called.
const METHOD: u32 = 2;
const FUNCTION: u32 = 3;

/// The name that a label begins with.
fn name_of(label: &str) -> &str {
    &label[..label.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(label.len())]
}

/// How well a proposal matches what is typed; the better the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Begins,
    BeginsInOtherCase,
    Has,
    HasInOrder,
}

fn matching(proposed: &str, typed: &str) -> Option<Match> {
    if proposed.starts_with(typed) {
        return Some(Match::Begins);
    }
    let (proposed, typed) = (proposed.to_lowercase(), typed.to_lowercase());
    if proposed.starts_with(&typed) {
        return Some(Match::BeginsInOtherCase);
    }
    if proposed.contains(&typed) {
        return Some(Match::Has);
    }
    let mut rest = proposed.chars();
    typed.chars().all(|wanted| rest.any(|character| character == wanted)).then_some(Match::HasInOrder)
}

/// A proposal in the words of the contract; none for one that would change the text elsewhere than around the word.
fn item(offset: u32, word: TextRange, found: &Found) -> Option<CompletionItem> {
    let mut insert = String::new();
    let mut additional: Vec<TextEdit> = Vec::new();
    let mut is_replaced = false;
    for change in found.text_edit.iter() {
        let touches = change.delete.intersect(word).is_some();
        if !touches || is_replaced {
            additional.push(TextEdit { span: span(change.delete), new_text: change.insert.clone() });
            continue;
        }
        is_replaced = true;
        insert = change.insert.clone();
        // What stands before the word and goes with it, as the receiver of a postfix snippet does.
        if change.delete.start() < word.start() {
            let range = TextRange::new(change.delete.start(), word.start());
            additional.push(TextEdit { span: span(range), new_text: String::new() });
        }
    }
    if !is_replaced {
        return None;
    }
    let kind = kinds::completion(found.kind);
    let label = found.label.primary.to_string();
    let detail = found.detail.clone().unwrap_or_default();
    let meant = Meant { offset, label: label.clone(), detail: detail.clone(), kind };
    let source_of = import_of(found).map(str::to_owned);
    let left = found.label.detail_left.clone().unwrap_or_default();
    additional.sort_by_key(|edit| (edit.span.start, edit.span.end));
    Some(CompletionItem {
        insert: if insert == label { String::new() } else { insert },
        label,
        // The engine says there what would be imported, which is where it comes from.
        label_detail: if source_of.is_some() { String::new() } else { left },
        label_source: source_of.or_else(|| found.label.detail_right.clone()).unwrap_or_default(),
        kind,
        detail,
        snippet: found.is_snippet,
        additional,
        deprecated: found.deprecated,
        token: postcard::to_allocvec(&meant).ok().filter(|token| token.len() <= 4096).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_what_is_typed_comes_first() {
        assert_eq!(matching("push_str", "pu"), Some(Match::Begins));
        assert_eq!(matching("HashMap", "hash"), Some(Match::BeginsInOtherCase));
        assert_eq!(matching("into_iter", "iter"), Some(Match::Has));
        assert_eq!(matching("push_str", "pst"), Some(Match::HasInOrder));
        assert_eq!(matching("push_str", "x"), None);
        assert_eq!(matching("anything", ""), Some(Match::Begins));
    }
}

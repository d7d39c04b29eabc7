//! Answers as the cache holds them.

use vraftls_cache::CacheValue;
use vraftls_index::{FileReferences, Location, Reference};
use vraftls_proto::{
    Action, Answer, Answered, Call, CompletionItem, Creation, DocumentEdit, FileMove, HierarchyItem, Highlight,
    HintPart, InlayHint, Lens, Link, Resolved, ResolvedName, SemanticToken, Signature, SymbolMatch, Target,
    TargetDescription,
};
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::{ContentDigest, VfsPath};

/// An answer as the cache holds it.
#[derive(Clone, Debug)]
pub(crate) struct CachedAnswer(pub(crate) Answered);

impl CacheValue for CachedAnswer {
    fn weight_bytes(&self) -> usize {
        let digests = self.0.digests.len() * size_of::<(VfsPath, ContentDigest)>();
        size_of::<Self>() + digests + weight_bytes(&self.0.answer)
    }

    /// Its key names a generation of this process, so no other process could find it.
    fn encode(&self) -> Option<Vec<u8>> {
        None
    }

    fn decode(_: &[u8]) -> Option<Self> {
        None
    }
}

/// The heap that an answer holds, roughly. Paths are shared with whatever else speaks of their files.
fn weight_bytes(answer: &Answer) -> usize {
    match answer {
        Answer::Targets(targets) => targets.as_ref().map_or(0, |it| it.locations.len() * size_of::<Location>()),
        Answer::References(files) => {
            files.iter().map(|file| file.references.len() * size_of::<Reference>() + size_of::<FileReferences>()).sum()
        }
        Answer::Highlights(list) => list.len() * size_of::<Highlight>(),
        Answer::Hover(hover) => hover.as_ref().map_or(0, |it| it.signature.len() + it.documentation.len()),
        Answer::Completion(list) => list.items.iter().map(completion_weight_bytes).sum(),
        Answer::CompletionDetails(it) => it.detail.len() + it.documentation.len() + edits_weight_bytes(&it.additional),
        Answer::SignatureHelp(help) => {
            let signature = |it: &Signature| it.label.len() + it.documentation.len() + size_of::<Signature>();
            help.as_ref().map_or(0, |it| it.signatures.iter().map(signature).sum())
        }
        Answer::RenameTarget(target) => target.as_ref().map_or(0, |it| it.placeholder.len()),
        Answer::Edits(files) => documents_weight_bytes(files),
        Answer::TextEdits(list) => edits_weight_bytes(list),
        Answer::HierarchyItems(items) => items.iter().map(item_weight_bytes).sum(),
        Answer::Calls(calls) => {
            let call = |it: &Call| item_weight_bytes(&it.item) + it.spans.len() * size_of::<Span>();
            calls.iter().map(call).sum()
        }
        Answer::SemanticTokens(it) => {
            let words = it.words.types.iter().chain(&it.words.modifiers);
            it.tokens.len() * size_of::<SemanticToken>()
                + words.map(|word| size_of::<String>() + word.len()).sum::<usize>()
        }
        Answer::InlayHints(hints) => hints.iter().map(hint_weight_bytes).sum(),
        Answer::SelectionRanges(lists) => lists.iter().map(|list| size_of_val(list) + size_of_val(&**list)).sum(),
        Answer::Lenses(list) => list.len() * size_of::<Lens>(),
        Answer::Links(list) => list.len() * size_of::<Link>(),
        Answer::LinkedRanges(list) => list.len() * size_of::<Span>(),
        Answer::Actions(list) => {
            let action = |it: &Action| it.title.len() + it.token.len() + documents_weight_bytes(&it.edits);
            list.iter().map(|it| action(it) + size_of::<Action>()).sum()
        }
        Answer::Resolved(it) => resolved_weight_bytes(it),
        // The facts' own cache answers for them.
        Answer::DocumentSymbols(_) => 0,
        Answer::Symbols(list) => {
            list.iter().map(|it| it.name.len() + it.container.len() + size_of::<SymbolMatch>()).sum()
        }
        Answer::Diagnostics(list) => list.iter().map(vraftls_index::Diagnostic::weight_bytes).sum(),
        Answer::Files(list) => list.len() * size_of::<VfsPath>(),
        Answer::Change(it) => {
            let moves = it.moves.len() * size_of::<FileMove>();
            let creation = |it: &Creation| it.text.len() + size_of::<Creation>();
            documents_weight_bytes(&it.edits) + it.creations.iter().map(creation).sum::<usize>() + moves
        }
        Answer::Expansion(it) => it.as_ref().map_or(0, |it| it.name.len() + it.text.len()),
    }
}

fn completion_weight_bytes(item: &CompletionItem) -> usize {
    let texts = [&item.label, &item.label_detail, &item.label_source, &item.detail, &item.insert];
    size_of::<CompletionItem>() + texts.iter().map(|text| text.len()).sum::<usize>() + item.token.len()
}

fn edits_weight_bytes(edits: &[TextEdit]) -> usize {
    edits.iter().map(|edit| edit.new_text.len() + size_of::<TextEdit>()).sum()
}

fn documents_weight_bytes(files: &[DocumentEdit]) -> usize {
    files.iter().map(|file| edits_weight_bytes(&file.edits) + size_of::<DocumentEdit>()).sum()
}

fn resolved_weight_bytes(resolved: &Resolved) -> usize {
    let target = |it: &Target| size_of::<Target>() + it.name.len();
    let known = |it: &TargetDescription| size_of::<TargetDescription>() + it.signature.len() + it.documentation.len();
    let numbers = size_of_val(&*resolved.leads) + size_of_val(&*resolved.relations);
    resolved.occurrences.len() * size_of::<ResolvedName>()
        + resolved.targets.iter().map(target).sum::<usize>()
        + resolved.descriptions.iter().map(known).sum::<usize>()
        + numbers
}

fn item_weight_bytes(item: &HierarchyItem) -> usize {
    size_of::<HierarchyItem>() + item.name.len() + item.detail.len() + item.token.len()
}

fn hint_weight_bytes(hint: &InlayHint) -> usize {
    let parts: usize = hint.parts.iter().map(|part| part.label.len() + size_of::<HintPart>()).sum();
    size_of::<InlayHint>() + parts + edits_weight_bytes(&hint.edits)
}

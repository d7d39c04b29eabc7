//! Answers as the cache holds them.

use vraftls_cache::CacheValue;
use vraftls_index::{FileReferences, Location, Reference};
use vraftls_proto::{Answer, Answered, CompletionItem, DocumentEdit, Highlight, Signature, SymbolMatch};
use vraftls_text::TextEdit;
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
    let edits =
        |edits: &[TextEdit]| edits.iter().map(|edit| edit.new_text.len() + size_of::<TextEdit>()).sum::<usize>();
    match answer {
        Answer::Targets(targets) => targets.as_ref().map_or(0, |it| it.locations.len() * size_of::<Location>()),
        Answer::References(files) => {
            files.iter().map(|file| file.references.len() * size_of::<Reference>() + size_of::<FileReferences>()).sum()
        }
        Answer::Highlights(list) => list.len() * size_of::<Highlight>(),
        Answer::Hover(hover) => hover.as_ref().map_or(0, |it| it.signature.len() + it.documentation.len()),
        Answer::Completion(list) => list.items.iter().map(completion_weight_bytes).sum(),
        Answer::CompletionDetails(it) => it.detail.len() + it.documentation.len() + edits(&it.additional),
        Answer::SignatureHelp(help) => {
            let signature = |it: &Signature| it.label.len() + it.documentation.len() + size_of::<Signature>();
            help.as_ref().map_or(0, |it| it.signatures.iter().map(signature).sum())
        }
        Answer::RenameTarget(target) => target.as_ref().map_or(0, |it| it.placeholder.len()),
        Answer::Edits(files) => files.iter().map(|file| edits(&file.edits) + size_of::<DocumentEdit>()).sum(),
        Answer::TextEdits(list) => edits(list),
        // The facts' own cache answers for them.
        Answer::DocumentSymbols(_) => 0,
        Answer::Symbols(list) => {
            list.iter().map(|it| it.name.len() + it.container.len() + size_of::<SymbolMatch>()).sum()
        }
        Answer::Diagnostics(list) => list.iter().map(vraftls_index::Diagnostic::weight_bytes).sum(),
        Answer::Files(list) => list.len() * size_of::<VfsPath>(),
    }
}

fn completion_weight_bytes(item: &CompletionItem) -> usize {
    let texts = [&item.label, &item.label_detail, &item.label_source, &item.detail, &item.insert];
    size_of::<CompletionItem>() + texts.iter().map(|text| text.len()).sum::<usize>() + item.token.len()
}

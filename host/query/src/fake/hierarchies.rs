//! What the analyzer of the made-up language says beyond the meaning of words: a file calls every word that it uses.

use vraftls_proto::{
    Call, Candidate, CompletionItem, CompletionItems, DocumentEdit, FileMove, HierarchyItem, SearchPlan, SemanticToken,
};
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::VfsPath;

use super::{confirm, path, read, word_at, words};
use crate::{Fault, View};
use vraftls_index::{Location, Roles};

fn item(path: &VfsPath, name: &str, span: Span) -> HierarchyItem {
    let location = Location { path: path.clone(), span, full: span };
    HierarchyItem { name: name.to_owned(), detail: String::new(), kind: 12, location, token: b"token".to_vec() }
}

/// The word at a place.
pub(super) fn prepare(view: &View, path: &VfsPath, offset: u32) -> Result<Vec<HierarchyItem>, Fault> {
    let word = word_at(view, path, offset)?;
    Ok(word.map(|(word, span)| item(path, &word, span)).into_iter().collect())
}

/// The files that use a word, each as the word that it begins with.
pub(super) fn incoming(view: &View, plan: &SearchPlan, files: &[Candidate]) -> Result<Vec<Call>, Fault> {
    let mut calls = Vec::new();
    for file in confirm(view, plan, files)? {
        let uses = file.references.iter().filter(|reference| reference.roles == Roles::REFERS);
        let spans: Vec<Span> = uses.map(|reference| reference.span).collect();
        let text = read(view, &file.path)?;
        if let (Some((word, span, _)), false) = (words(&text).first(), spans.is_empty()) {
            calls.push(Call { item: item(&file.path, word, *span), spans });
        }
    }
    Ok(calls)
}

/// Files that are called as a name is move with it.
pub(super) fn moves(view: &View, plan: &SearchPlan, new_name: &str) -> Vec<FileMove> {
    let old = plan.names.iter().map(|name| path(&format!("{name}.w")));
    let moved = old.filter(|old| view.file(old).is_some());
    moved.map(|old| FileMove { old, new: path(&format!("{new_name}.w")) }).collect()
}

/// The stem of every file that moves gets its new one, wherever it is a word.
pub(super) fn will_rename(view: &View, moves: &[FileMove]) -> Result<Vec<DocumentEdit>, Fault> {
    let stem = |path: &VfsPath| path.as_str().trim_end_matches(".w").to_owned();
    let mut edits = Vec::new();
    for FileMove { old, new } in moves {
        for file in view.lookup.candidates(&stem(old), Roles(0)) {
            let text = read(view, &file.path)?;
            let found = words(&text).into_iter().filter(|(_, span, _)| file.offsets.contains(&span.start()));
            let found = found.map(|(_, span, _)| TextEdit { span, new_text: stem(new) }).collect();
            edits.push(DocumentEdit { path: file.path, edits: found });
        }
    }
    Ok(edits)
}

/// Every word, of the only type.
pub(super) fn tokens(view: &View, path: &VfsPath) -> Result<Vec<SemanticToken>, Fault> {
    let text = read(view, path)?;
    Ok(words(&text).into_iter().map(|(_, span, _)| SemanticToken { span, kind: 0, modifiers: 0 }).collect())
}

/// Every symbol of the workspace that begins with `run`.
pub(super) fn complete(view: &View, offset: u32) -> CompletionItems {
    let item = |symbol: vraftls_proto::SymbolMatch| CompletionItem {
        label: symbol.name,
        label_detail: String::new(),
        label_source: symbol.location.path.to_string(),
        kind: 3,
        detail: String::new(),
        insert: String::new(),
        snippet: false,
        additional: Vec::new(),
        deprecated: false,
        token: Vec::new(),
    };
    let items = view.lookup.symbols("run", false, 10).into_iter().map(item).collect();
    CompletionItems { replace: Span::empty(offset), items, incomplete: false }
}

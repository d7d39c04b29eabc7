//! What the demands share: questions, places to ask them at, and what counts as an answer.

use vraftls_index::Diagnostic;
use vraftls_proto::FormattingOptions;
use vraftls_query::{Fault, Question, Reply};
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

/// Every question about a place.
pub(crate) fn at(path: &VfsPath, offset: u32) -> Vec<Question> {
    let path = || path.clone();
    vec![
        Question::Definition { path: path(), offset },
        Question::Declaration { path: path(), offset },
        Question::TypeDefinition { path: path(), offset },
        Question::Implementation { path: path(), offset },
        Question::Plan { path: path(), offset },
        Question::Highlights { path: path(), offset },
        Question::Hover { path: path(), offset },
        Question::Complete { path: path(), offset, trigger: None, limit: 20 },
        Question::SignatureHelp { path: path(), offset },
        Question::PrepareRename { path: path(), offset },
        Question::PlanRename { path: path(), offset, new_name: "renamed".to_owned() },
        Question::FormatOnType { path: path(), offset, typed: "\n".to_owned(), options: OPTIONS },
        Question::PrepareCalls { path: path(), offset },
        Question::PrepareTypes { path: path(), offset },
        Question::InlayHints { path: path(), span: Span::empty(offset) },
        Question::SelectionRanges { path: path(), offsets: vec![offset] },
        Question::LinkedRanges { path: path(), offset },
        Question::JoinLines { path: path(), spans: vec![Span::empty(offset)] },
        Question::Expand { path: path(), offset },
        Question::Actions {
            path: path(),
            span: Span::empty(offset),
            diagnostics: vec![finding(offset)],
            kinds: Vec::new(),
        },
    ]
}

/// Every question about a file.
pub(crate) fn about(path: &VfsPath) -> Vec<Question> {
    vec![
        Question::Diagnostics { path: path.clone() },
        Question::Format { path: path.clone(), span: None, options: OPTIONS },
        Question::SemanticTokens { path: path.clone(), span: None },
        Question::Lenses { path: path.clone() },
        Question::Links { path: path.clone() },
    ]
}

const OPTIONS: FormattingOptions = FormattingOptions { tab_size: 4, insert_spaces: true };

/// A finding that an editor may still show where the text has become another.
fn finding(offset: u32) -> Diagnostic {
    Diagnostic {
        span: Span::empty(offset),
        severity: 1,
        code: "unresolved-reference".to_owned(),
        code_url: String::new(),
        message: "Name `x` used when not defined".to_owned(),
        unnecessary: false,
        deprecated: false,
        related: Vec::new(),
    }
}

/// What is wrong with an outcome: only what the asker is to blame for may be refused. That every place in a reply fits its
/// text, the sandbox has checked.
pub(crate) fn complaint(outcome: &Result<Reply, Fault>) -> Option<String> {
    match outcome {
        Ok(_) | Err(Fault::Unsupported | Fault::NotFound(_) | Fault::InvalidInput(_)) => None,
        Err(fault) => Some(fault.to_string()),
    }
}

/// About `n` character boundaries, spread over a text, both ends among them.
pub(crate) fn spread(text: &str, n: usize) -> Vec<usize> {
    let step = (text.len() / n.max(1)).max(1);
    let mut places: Vec<usize> = (0..text.len()).step_by(step).map(|offset| text.floor_char_boundary(offset)).collect();
    places.push(text.len());
    places.dedup();
    places
}

/// About `n` places where a word begins.
pub(crate) fn words(text: &str, n: usize) -> Vec<u32> {
    let is_word = |next: char| next.is_alphanumeric() || next == '_';
    let mut last = ' ';
    let starts = text.char_indices().filter(|(_, next)| {
        let starts = is_word(*next) && !is_word(last);
        last = *next;
        starts
    });
    let starts: Vec<u32> = starts.filter_map(|(offset, _)| u32::try_from(offset).ok()).collect();
    let step = starts.len().div_ceil(n.max(1)).max(1);
    starts.into_iter().step_by(step).collect()
}

/// A text cut to what a message shows of it.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_BYTES_MAX: usize = 120;
    let cut = &text[..text.floor_char_boundary(SHOWN_BYTES_MAX)];
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut:?}{dots} ({} bytes)", text.len())
}

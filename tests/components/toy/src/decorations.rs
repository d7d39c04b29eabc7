//! What is painted into the toy language's texts, and beside them.

use vraftls_guest_sdk::{Failure, HintPart, InlayHint, Link, Padding, Span};

use crate::project::ToyProject;

pub(crate) const TOKEN_TYPES: [&str; 2] = ["function", "namespace"];
pub(crate) const TOKEN_MODIFIERS: [&str; 1] = ["definition"];

const FUNCTION: u32 = 0;
const NAMESPACE: u32 = 1;
/// InlayHintKind 0: neither a type nor a parameter.
const OTHER: u32 = 0;

fn touches(one: Span, other: Span) -> bool {
    one.start <= other.end && other.start <= one.end
}

impl ToyProject {
    /// Names and imports.
    pub(crate) fn tokens_in(&mut self, path: &str, part: Option<Span>) -> Result<Vec<u32>, Failure> {
        let file = self.file(path)?;
        let occurrences = file.1.occurrences().into_iter();
        let names = occurrences.map(|(word, roles)| {
            let is_defined = roles & vraftls_guest_sdk::roles::DEFINES != 0;
            (word.span, FUNCTION, u32::from(is_defined))
        });
        let imports = file.1.imports.iter().map(|word| (word.span, NAMESPACE, 0));
        let mut tokens: Vec<(Span, u32, u32)> = names.chain(imports).collect();
        tokens.retain(|(span, ..)| part.is_none_or(|part| touches(*span, part)));
        tokens.sort_by_key(|(span, ..)| span.start);
        let packed = |(span, kind, modifiers): (Span, u32, u32)| [span.start, span.end - span.start, kind, modifiers];
        Ok(tokens.into_iter().flat_map(packed).collect())
    }

    /// Behind each use of a name from another file, which file that is.
    pub(crate) fn hints_in(&mut self, path: &str, part: Span) -> Result<Vec<InlayHint>, Failure> {
        let file = self.file(path)?;
        let mut hints = Vec::new();
        for word in file.1.uses.iter().filter(|word| touches(word.span, part)) {
            let Some(target) = self.resolve(path, &word.text)?.filter(|target| target.path != path) else { continue };
            let arrow = HintPart { label: "from ".to_owned(), location: None };
            let name = HintPart { label: target.path.clone(), location: Some(target) };
            hints.push(InlayHint {
                offset: word.span.end,
                parts: vec![arrow, name],
                kind: OTHER,
                padding: Padding::LEFT,
                edits: Vec::new(),
            });
        }
        Ok(hints)
    }

    /// The name, the line and the whole text around a place.
    pub(crate) fn ranges_around(&mut self, path: &str, offset: u32) -> Result<Vec<Span>, Failure> {
        let name = self.name_at(path, offset)?.map(|(_, span)| span);
        let file = self.file(path)?;
        let (before, after) = file.0.split_at(offset as usize);
        let line = Span {
            start: before.rfind('\n').map_or(0, |at| at as u32 + 1),
            end: after.find('\n').map_or(file.0.len() as u32, |at| offset + at as u32),
        };
        let whole = Span { start: 0, end: file.0.len() as u32 };
        let mut ranges: Vec<Span> = name.into_iter().chain([line, whole]).collect();
        ranges.dedup();
        Ok(ranges)
    }

    /// An import leads to its file, and one that is an address to its page.
    pub(crate) fn links_of(&mut self, path: &str) -> Result<Vec<Link>, Failure> {
        let file = self.file(path)?;
        let link = |word: &crate::syntax::Word| match word.text.starts_with("https://") {
            true => Link { span: word.span, path: String::new(), url: word.text.clone() },
            false => Link { span: word.span, path: word.text.clone(), url: String::new() },
        };
        let leads = |word: &&crate::syntax::Word| {
            word.text.starts_with("https://") || self.workspace.exists(std::slice::from_ref(&word.text)) != [None]
        };
        Ok(file.1.imports.iter().filter(leads).map(link).collect())
    }
}

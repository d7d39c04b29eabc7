//! Digests of questions, so that equal ones are known without keeping them.

use vraftls_index::{Diagnostic, Location};
use vraftls_text::Span;
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::{At, FormattingOptions, HierarchyItem, OverlaySet, Query};

/// Collects the parts of a value into a digest that is the same on every machine and in every version with the same
/// rules.
///
/// Texts and lists go in behind their length, so that no two different sequences of parts run into each other. Whoever
/// changes what goes in, or its order, changes the `purpose` as well.
pub struct Fingerprint(blake3::Hasher);

impl Fingerprint {
    /// Starts one. Fingerprints of different purposes never meet.
    pub fn new(purpose: &str) -> Self {
        Self(blake3::Hasher::new_derive_key(purpose))
    }

    /// A number; also a length, or which of several variants follows.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    /// Bytes of any length.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64).0.update(bytes);
        self
    }

    /// A text of any length.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Another digest.
    pub fn digest(&mut self, digest: &ContentDigest) -> &mut Self {
        self.0.update(digest.as_bytes());
        self
    }

    /// The digest of all that was put in.
    pub fn finish(&self) -> ContentDigest {
        ContentDigest::from_bytes(*self.0.finalize().as_bytes())
    }

    fn at(&mut self, at: &At) -> &mut Self {
        self.text(at.path.as_str()).number(at.offset.into())
    }

    fn span(&mut self, span: Option<Span>) -> &mut Self {
        match span {
            Some(span) => self.number(1).number(span.start().into()).number(span.end().into()),
            None => self.number(0),
        }
    }

    fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a str>) -> &mut Self {
        self.number(texts.len() as u64);
        texts.fold(self, |print, text| print.text(text))
    }

    fn options(&mut self, options: FormattingOptions) -> &mut Self {
        self.number(options.tab_size.into()).number(u64::from(options.insert_spaces))
    }

    fn location(&mut self, location: &Location) -> &mut Self {
        self.text(location.path.as_str()).span(Some(location.span)).span(Some(location.full))
    }

    fn item(&mut self, item: &HierarchyItem) -> &mut Self {
        self.text(&item.name).text(&item.detail).number(item.kind.into()).location(&item.location).bytes(&item.token)
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> &mut Self {
        let Diagnostic { span, severity, code, code_url, message, unnecessary, deprecated, related } = diagnostic;
        self.span(Some(*span)).number((*severity).into()).text(code).text(code_url).text(message);
        self.number(u64::from(*unnecessary)).number(u64::from(*deprecated)).number(related.len() as u64);
        related.iter().fold(self, |print, related| print.location(&related.location).text(&related.message))
    }
}

impl Query {
    /// A digest that equal queries share and no others.
    pub fn fingerprint(&self) -> ContentDigest {
        let mut print = Fingerprint::new("vraftls query 1");
        match self {
            Query::Definition(at) => print.number(1).at(at),
            Query::Declaration(at) => print.number(2).at(at),
            Query::TypeDefinition(at) => print.number(3).at(at),
            Query::Implementation(at) => print.number(4).at(at),
            Query::References { at, include_declaration } => {
                print.number(5).at(at).number(u64::from(*include_declaration))
            }
            Query::Highlights(at) => print.number(6).at(at),
            Query::Hover(at) => print.number(7).at(at),
            Query::Complete { at, trigger, limit } => {
                print.number(8).at(at).number(u64::from(*limit)).number(u64::from(trigger.is_some()));
                print.text(trigger.as_deref().unwrap_or_default())
            }
            Query::ResolveCompletion { path, token } => print.number(9).text(path.as_str()).bytes(token),
            Query::SignatureHelp(at) => print.number(10).at(at),
            Query::PrepareRename(at) => print.number(11).at(at),
            Query::Rename { at, new_name } => print.number(12).at(at).text(new_name),
            Query::Format { path, span, options } => print.number(13).text(path.as_str()).span(*span).options(*options),
            Query::DocumentSymbols { path } => print.number(14).text(path.as_str()),
            Query::WorkspaceSymbols { query, limit } => print.number(15).text(query).number((*limit).into()),
            Query::Diagnostics { path } => print.number(16).text(path.as_str()),
            Query::Files => print.number(17),
            Query::PrepareCalls(at) => print.number(18).at(at),
            Query::IncomingCalls { item } => print.number(19).item(item),
            Query::OutgoingCalls { item } => print.number(20).item(item),
            Query::PrepareTypes(at) => print.number(21).at(at),
            Query::Supertypes { item } => print.number(22).item(item),
            Query::Subtypes { item } => print.number(23).item(item),
            Query::SemanticTokens { .. }
            | Query::InlayHints { .. }
            | Query::SelectionRanges { .. }
            | Query::Lenses { .. }
            | Query::Links { .. }
            | Query::LinkedRanges(_)
            | Query::Actions { .. }
            | Query::ResolveAction { .. }
            | Query::WillRename { .. }
            | Query::ResolveAll { .. }
            | Query::JoinLines { .. }
            | Query::Expand(_)
            | Query::FormatOnType { .. } => self.put_decoration_or_action(&mut print),
        };
        print.finish()
    }

    /// The half of [`Query::fingerprint`] that is about decorations and actions.
    fn put_decoration_or_action<'p>(&self, print: &'p mut Fingerprint) -> &'p mut Fingerprint {
        match self {
            Query::SemanticTokens { path, span } => print.number(24).text(path.as_str()).span(*span),
            Query::InlayHints { path, span } => print.number(25).text(path.as_str()).span(Some(*span)),
            Query::SelectionRanges { path, offsets } => {
                print.number(26).text(path.as_str()).number(offsets.len() as u64);
                offsets.iter().fold(print, |print, offset| print.number((*offset).into()))
            }
            Query::Lenses { path } => print.number(27).text(path.as_str()),
            Query::Links { path } => print.number(28).text(path.as_str()),
            Query::LinkedRanges(at) => print.number(29).at(at),
            Query::Actions { path, span, diagnostics, kinds } => {
                print.number(30).text(path.as_str()).span(Some(*span)).texts(kinds.iter().map(String::as_str));
                print.number(diagnostics.len() as u64);
                diagnostics.iter().fold(print, Fingerprint::diagnostic)
            }
            Query::ResolveAction { path, token } => print.number(31).text(path.as_str()).bytes(token),
            Query::WillRename { moves } => {
                print.number(32).number(moves.len() as u64);
                moves.iter().fold(print, |print, it| print.text(it.old.as_str()).text(it.new.as_str()))
            }
            Query::ResolveAll { path } => print.number(34).text(path.as_str()),
            Query::FormatOnType { at, typed, options } => print.number(33).at(at).text(typed).options(*options),
            Query::JoinLines { path, spans } => {
                print.number(35).text(path.as_str()).number(spans.len() as u64);
                spans.iter().fold(print, |print, span| print.span(Some(*span)))
            }
            Query::Expand(at) => print.number(36).at(at),
            _ => unreachable!("`Query::fingerprint` names every other question"),
        }
    }

    /// The file that is asked about, if it is about one.
    pub fn path(&self) -> Option<&VfsPath> {
        match self {
            Query::Definition(at)
            | Query::Declaration(at)
            | Query::TypeDefinition(at)
            | Query::Implementation(at)
            | Query::References { at, .. }
            | Query::Highlights(at)
            | Query::Hover(at)
            | Query::Complete { at, .. }
            | Query::SignatureHelp(at)
            | Query::PrepareRename(at)
            | Query::Rename { at, .. }
            | Query::FormatOnType { at, .. }
            | Query::PrepareCalls(at)
            | Query::PrepareTypes(at)
            | Query::Expand(at)
            | Query::LinkedRanges(at) => Some(&at.path),
            Query::IncomingCalls { item }
            | Query::OutgoingCalls { item }
            | Query::Supertypes { item }
            | Query::Subtypes { item } => Some(&item.location.path),
            Query::ResolveCompletion { path, .. }
            | Query::Format { path, .. }
            | Query::DocumentSymbols { path }
            | Query::Diagnostics { path }
            | Query::SemanticTokens { path, .. }
            | Query::InlayHints { path, .. }
            | Query::SelectionRanges { path, .. }
            | Query::Lenses { path }
            | Query::Links { path }
            | Query::Actions { path, .. }
            | Query::JoinLines { path, .. }
            | Query::ResolveAll { path }
            | Query::ResolveAction { path, .. } => Some(path),
            Query::WorkspaceSymbols { .. } | Query::Files | Query::WillRename { .. } => None,
        }
    }
}

impl OverlaySet {
    /// A digest that sets of the same texts, under the same paths and in the same languages, without the same files, share and no
    /// others.
    pub fn fingerprint(&self) -> ContentDigest {
        let mut print = Fingerprint::new("vraftls overlays 2");
        print.texts(self.removed().map(VfsPath::as_str));
        for (path, file) in self.iter() {
            print.text(path.as_str()).digest(&file.digest).text(&file.language);
        }
        print.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{FileMove, OverlayFile};

    fn at(path: &str, offset: u32) -> At {
        At { path: VfsPath::new(path).expect("a path"), offset }
    }

    #[test]
    fn different_queries_have_different_fingerprints() {
        let path = || VfsPath::new("a.py").expect("a path");
        let complete =
            |trigger: Option<&str>| Query::Complete { at: at("a.py", 1), trigger: trigger.map(Into::into), limit: 1 };
        let format = |span, insert_spaces| {
            let options = FormattingOptions { tab_size: 4, insert_spaces };
            Query::Format { path: path(), span, options }
        };
        let queries = [
            Query::Definition(at("a.py", 1)),
            Query::Definition(at("a.py", 2)),
            Query::Definition(at("b.py", 1)),
            Query::Declaration(at("a.py", 1)),
            Query::TypeDefinition(at("a.py", 1)),
            Query::Implementation(at("a.py", 1)),
            Query::References { at: at("a.py", 1), include_declaration: true },
            Query::References { at: at("a.py", 1), include_declaration: false },
            Query::Highlights(at("a.py", 1)),
            Query::Hover(at("a.py", 1)),
            complete(None),
            complete(Some("")),
            complete(Some(".")),
            Query::ResolveCompletion { path: path(), token: vec![1] },
            Query::SignatureHelp(at("a.py", 1)),
            Query::PrepareRename(at("a.py", 1)),
            Query::Rename { at: at("a.py", 1), new_name: "b".into() },
            format(None, true),
            format(None, false),
            format(Some(Span::empty(0)), true),
            Query::DocumentSymbols { path: path() },
            Query::WorkspaceSymbols { query: "a.py".into(), limit: 1 },
            Query::Diagnostics { path: path() },
            Query::Files,
        ];
        let queries: Vec<Query> = queries.into_iter().chain(later_queries()).collect();
        let distinct: BTreeSet<_> = queries.iter().map(Query::fingerprint).collect();
        assert_eq!(distinct.len(), queries.len());
        assert_eq!(queries[0].fingerprint(), queries[0].clone().fingerprint());
    }

    /// Questions about hierarchies, decorations and actions, no two the same.
    fn later_queries() -> Vec<Query> {
        let path = || VfsPath::new("a.py").expect("a path");
        let span = |end| Span::new(0, end).expect("ascending");
        let item = |token: u8| HierarchyItem {
            name: "f".into(),
            detail: String::new(),
            kind: 12,
            location: Location { path: path(), span: span(1), full: span(2) },
            token: vec![token],
        };
        let found = |message: &str| Diagnostic {
            span: span(1),
            severity: 1,
            code: String::new(),
            code_url: String::new(),
            message: message.into(),
            unnecessary: false,
            deprecated: false,
            related: Vec::new(),
        };
        let actions = |diagnostics, kinds: &[&str]| {
            let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
            Query::Actions { path: path(), span: span(1), diagnostics, kinds }
        };
        let moved = |old: &str, new: &str| FileMove {
            old: VfsPath::new(old).expect("a path"),
            new: VfsPath::new(new).expect("a path"),
        };
        let options = FormattingOptions { tab_size: 4, insert_spaces: true };
        vec![
            Query::PrepareCalls(at("a.py", 1)),
            Query::IncomingCalls { item: item(1) },
            Query::IncomingCalls { item: item(2) },
            Query::OutgoingCalls { item: item(1) },
            Query::PrepareTypes(at("a.py", 1)),
            Query::Supertypes { item: item(1) },
            Query::Subtypes { item: item(1) },
            Query::SemanticTokens { path: path(), span: None },
            Query::SemanticTokens { path: path(), span: Some(span(1)) },
            Query::InlayHints { path: path(), span: span(1) },
            Query::InlayHints { path: path(), span: span(2) },
            Query::SelectionRanges { path: path(), offsets: vec![1, 2] },
            Query::SelectionRanges { path: path(), offsets: vec![1] },
            Query::Lenses { path: path() },
            Query::Links { path: path() },
            Query::LinkedRanges(at("a.py", 1)),
            actions(Vec::new(), &[]),
            actions(Vec::new(), &["quickfix"]),
            actions(vec![found("a")], &[]),
            actions(vec![found("b")], &[]),
            actions(vec![found("a"), found("b")], &[]),
            Query::ResolveAction { path: path(), token: vec![1] },
            Query::ResolveAll { path: path() },
            Query::WillRename { moves: vec![moved("a", "b")] },
            Query::WillRename { moves: vec![moved("a", "b"), moved("c", "d")] },
            Query::FormatOnType { at: at("a.py", 1), typed: ":".into(), options },
            Query::FormatOnType { at: at("a.py", 1), typed: "\n".into(), options },
            Query::JoinLines { path: path(), spans: vec![span(1)] },
            Query::JoinLines { path: path(), spans: vec![span(1), span(1)] },
            Query::Expand(at("a.py", 1)),
        ]
    }

    #[test]
    fn fingerprints_are_the_same_in_every_version() {
        let known = "a716e35981ab36d18a547818efe3fe16af499b3ec433b6f2b397d8b4f1b1d613";
        assert_eq!(Query::Hover(at("a.py", 7)).fingerprint().to_string(), known);
    }

    #[test]
    fn overlays_are_told_apart_by_path_text_and_language() {
        let overlay = |path: &str, text: &str, language: &str| {
            let file = OverlayFile {
                digest: ContentDigest::of(text.as_bytes()),
                text: text.into(),
                language: language.into(),
            };
            OverlaySet::default().with(VfsPath::new(path).expect("a path"), Some(file))
        };
        let sets = [
            OverlaySet::default(),
            overlay("a", "x", "python"),
            overlay("b", "x", "python"),
            overlay("a", "y", "python"),
            overlay("a", "x", "toml"),
            overlay("a", "", "python"),
            OverlaySet::default().without([VfsPath::new("a").expect("a path")]),
            OverlaySet::default().without([VfsPath::new("b").expect("a path")]),
            overlay("a", "x", "python").without([VfsPath::new("b").expect("a path")]),
        ];
        let distinct: BTreeSet<_> = sets.iter().map(OverlaySet::fingerprint).collect();
        assert_eq!(distinct.len(), sets.len());
        let back = sets[1].with(VfsPath::new("a").expect("a path"), None);
        assert_eq!(back.fingerprint(), sets[0].fingerprint());
    }
}

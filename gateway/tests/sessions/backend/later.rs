//! What the backend says of hierarchies, decorations, actions and moved files.
//!
//! A file calls every word that it has and that is defined elsewhere. What stands between `<` and `>` is one token. After every `x` a hint
//! could say `: T`. A link is everything that looks like one.

use std::collections::BTreeMap;

use vraftls_index::{Features, Location};
use vraftls_proto::{
    Action, Answer, Call, Creation, DocumentEdit, Expansion, FileChange, FileMove, HierarchyItem, HintPart, InlayHint,
    Lens, LensKind, Link, LinkTarget, Query, QueryError, SemanticToken, SemanticTokens, TokenWords,
};
use vraftls_text::{Span, TextEdit};
use vraftls_vfs::VfsPath;

use super::Seen;

/// What every item carries.
const TOKEN: [u8; 3] = [0, 1, 255];

/// All that an analyzer can have.
pub(crate) fn all_features() -> Features {
    Features {
        diagnostics: true,
        definition: true,
        declaration: true,
        type_definition: true,
        implementation: true,
        references: true,
        highlight: true,
        hover: true,
        completion: true,
        signature_help: true,
        rename: true,
        formatting: true,
        range_formatting: true,
        on_type_formatting: true,
        call_hierarchy: true,
        type_hierarchy: true,
        semantic_tokens: true,
        inlay_hints: true,
        selection_ranges: true,
        code_actions: true,
        code_lens: true,
        document_links: true,
        linked_editing: true,
        file_operations: true,
    }
}

fn span(start: usize, end: usize) -> Span {
    Span::new(start as u32, end as u32).unwrap()
}

impl Seen {
    pub(super) fn later(&self, query: &Query, named: &mut Vec<VfsPath>) -> Result<Answer, QueryError> {
        let answer = match query {
            Query::PrepareCalls(at) | Query::PrepareTypes(at) => {
                let (word, _) = self.word(at)?;
                Answer::HierarchyItems(self.defined(&word).into_iter().collect())
            }
            Query::IncomingCalls { item } => Answer::Calls(self.callers(item)),
            Query::OutgoingCalls { item } => Answer::Calls(self.callees(item)),
            Query::Supertypes { item } | Query::Subtypes { item } => {
                assert_eq!(item.token, TOKEN);
                let name =
                    format!("{}_{}", item.name, if matches!(query, Query::Subtypes { .. }) { "sub" } else { "super" });
                Answer::HierarchyItems(vec![HierarchyItem { name, ..item.clone() }])
            }
            Query::SemanticTokens { path, span } => {
                let mut tokens = tokens(&self.text(path)?);
                tokens.retain(|token| {
                    span.is_none_or(|span| token.span.touches(span.start()) || span.contains(token.span))
                });
                let words = TokenWords { types: vec!["word".into(), "quote".into()], modifiers: vec!["loud".into()] };
                Answer::SemanticTokens(SemanticTokens { words: words.into(), tokens })
            }
            Query::InlayHints { path, span } => {
                let mut hints = self.hints(path);
                hints.retain(|hint| span.start() <= hint.offset && hint.offset <= span.end());
                Answer::InlayHints(hints)
            }
            Query::FormatOnType { at, typed, .. } => {
                let typed_at = span(at.offset as usize - typed.len(), at.offset as usize);
                Answer::TextEdits(vec![TextEdit { span: typed_at, new_text: typed.to_uppercase() }])
            }
            Query::Files => {
                let own = self.files.keys().filter(|path| super::has_words(path) && !path.as_str().starts_with('@'));
                return Ok(Answer::Files(own.cloned().collect()));
            }
            Query::WillRename { moves } => {
                let mut files: BTreeMap<VfsPath, Vec<TextEdit>> = BTreeMap::new();
                for moved in moves {
                    for (path, span) in self.find(moved.old.as_str()) {
                        files.entry(path).or_default().push(TextEdit { span, new_text: moved.new.to_string() });
                    }
                }
                Answer::Edits(files.into_iter().map(|(path, edits)| DocumentEdit { path, edits }).collect())
            }
            query => self.beside_the_text(query)?,
        };
        name_files(&answer, named);
        Ok(answer)
    }

    fn beside_the_text(&self, query: &Query) -> Result<Answer, QueryError> {
        Ok(match query {
            Query::ResolveAll { path } => Answer::Resolved(self.resolved(path)?.into()),
            Query::SelectionRanges { path, offsets } => {
                let whole = span(0, self.text(path)?.len());
                let around = |offset: &u32| {
                    let (_, word) = self.word(&vraftls_proto::At { path: path.clone(), offset: *offset })?;
                    Ok(if word.is_empty() { Vec::new() } else { vec![word, whole] })
                };
                Answer::SelectionRanges(offsets.iter().map(around).collect::<Result<_, QueryError>>()?)
            }
            Query::Lenses { path } => {
                let lens = |(_, found): (VfsPath, Span)| {
                    let name = self.word(&vraftls_proto::At { path: path.clone(), offset: found.end() }).unwrap();
                    let kind = if name.0.starts_with("test") { LensKind::Test } else { LensKind::References };
                    Lens { span: name.1, kind }
                };
                let here = self.find("def ").into_iter().filter(|(found, _)| found == path);
                Answer::Lenses(here.map(lens).collect())
            }
            Query::Links { path } => {
                let text = self.text(path)?;
                let targets = [
                    ("b.py", LinkTarget::File(VfsPath::new("b.py").unwrap())),
                    ("@bundled/c.py", LinkTarget::File(VfsPath::new("@bundled/c.py").unwrap())),
                    ("https://example.org", LinkTarget::Web("https://example.org".into())),
                ];
                let links = targets.into_iter().filter_map(|(written, target)| {
                    let at = text.find(written)?;
                    Some(Link { span: span(at, at + written.len()), target })
                });
                Answer::Links(links.collect())
            }
            Query::LinkedRanges(at) => {
                let (word, _) = self.word(at)?;
                let here = self.find(&word).into_iter().filter(|(path, _)| *path == at.path);
                Answer::LinkedRanges(here.map(|(_, span)| span).collect())
            }
            Query::Actions { path, span, diagnostics, .. } => {
                let new_text = span.slice(&self.text(path)?).unwrap().to_uppercase();
                let edits = vec![DocumentEdit { path: path.clone(), edits: vec![TextEdit { span: *span, new_text }] }];
                let fix = |(idx, found): (usize, &vraftls_index::Diagnostic)| Action {
                    title: format!("Fix {} at {}", found.code, found.span.start()),
                    kind: "quickfix".into(),
                    fixes: vec![idx as u32],
                    is_preferred: true,
                    edits: Vec::new(),
                    token: vec![idx as u32 as u8],
                };
                let shout = Action {
                    title: "Shout".into(),
                    kind: "source.shout".into(),
                    fixes: Vec::new(),
                    is_preferred: false,
                    edits,
                    token: Vec::new(),
                };
                Answer::Actions(diagnostics.iter().enumerate().map(fix).chain([shout]).collect())
            }
            Query::JoinLines { path, spans } => {
                let text = self.text(path)?;
                let end =
                    |asked: &Span| text[asked.start() as usize..].find('\n').map(|at| asked.start() as usize + at);
                let join = |at| TextEdit { span: span(at, at + 1), new_text: " ".into() };
                Answer::TextEdits(spans.iter().filter_map(end).map(join).collect())
            }
            Query::Expand(at) => {
                let (name, _) = self.word(at)?;
                let text = |item: HierarchyItem| {
                    item.location.full.slice(&self.files[&item.location.path]).unwrap().to_owned()
                };
                Answer::Expansion(self.defined(&name).map(|item| Expansion { text: text(item), name }))
            }
            Query::ResolveAction { token, .. } if token == &[1] => {
                return Err(QueryError::InvalidInput("out of date".into()));
            }
            Query::ResolveAction { token, .. } if token == &[2] => Answer::Edits(Vec::new()),
            Query::ResolveAction { path, token } if token == &[3] => {
                let edit = TextEdit { span: Span::empty(0), new_text: "outside ".into() };
                Answer::Change(FileChange {
                    edits: vec![DocumentEdit { path: path.clone(), edits: vec![edit] }],
                    creations: vec![Creation { path: VfsPath::new("new/é.py").unwrap(), text: "inside\n".into() }],
                    moves: vec![FileMove { old: path.clone(), new: VfsPath::new("moved.py").unwrap() }],
                })
            }
            Query::ResolveAction { path, .. } => {
                let edit = TextEdit { span: Span::empty(0), new_text: "fixed ".into() };
                Answer::Edits(vec![DocumentEdit { path: path.clone(), edits: vec![edit] }])
            }
            _ => return Err(QueryError::Unsupported { analyzer: "words".into() }),
        })
    }

    fn defined(&self, word: &str) -> Option<HierarchyItem> {
        let (path, full) = self.find(&format!("def {word}")).into_iter().next()?;
        let location = Location { path, span: span(full.start() as usize + 4, full.end() as usize), full };
        Some(HierarchyItem { name: word.into(), detail: "a word".into(), kind: 12, location, token: TOKEN.to_vec() })
    }

    fn callers(&self, item: &HierarchyItem) -> Vec<Call> {
        assert_eq!(item.token, TOKEN);
        let mut calls: BTreeMap<VfsPath, Vec<Span>> = BTreeMap::new();
        for (path, span) in self.find(&item.name) {
            let is_definition = path == item.location.path && span == item.location.span;
            if !is_definition {
                calls.entry(path).or_default().push(span);
            }
        }
        let call = |(path, spans): (VfsPath, Vec<Span>)| {
            let location =
                Location { path: path.clone(), span: Span::empty(0), full: span(0, self.files[&path].len()) };
            let item = HierarchyItem {
                name: path.to_string(),
                detail: String::new(),
                kind: 1,
                location,
                token: TOKEN.to_vec(),
            };
            Call { item, spans }
        };
        calls.into_iter().map(call).collect()
    }

    fn callees(&self, item: &HierarchyItem) -> Vec<Call> {
        let others = self.find("def ").into_iter().filter(|(path, _)| *path != item.location.path);
        let calls = others.filter_map(|(path, found)| {
            let (name, _) = self.word(&vraftls_proto::At { path, offset: found.end() }).unwrap();
            let here = self.find(&name).into_iter().filter(|(path, _)| *path == item.location.path);
            let spans: Vec<Span> = here.map(|(_, span)| span).collect();
            (!spans.is_empty()).then(|| Call { item: self.defined(&name).unwrap(), spans })
        });
        calls.collect()
    }

    fn hints(&self, path: &VfsPath) -> Vec<InlayHint> {
        let target = self.defined("T").map(|item| item.location);
        let here = self.find("x").into_iter().filter(|(found, _)| found == path);
        let hint = |(_, found): (VfsPath, Span)| InlayHint {
            offset: found.end(),
            parts: vec![
                HintPart { label: ": ".into(), location: None },
                HintPart { label: "T".into(), location: target.clone() },
            ],
            kind: 1,
            pads_left: false,
            pads_right: true,
            edits: vec![TextEdit { span: Span::empty(found.end()), new_text: ": T".into() }],
        };
        let arguments = self.find("§").into_iter().filter(|(found, _)| found == path);
        let name = |(_, found): (VfsPath, Span)| InlayHint {
            offset: found.start(),
            parts: vec![HintPart { label: "p=".into(), location: None }],
            kind: 2,
            pads_left: false,
            pads_right: false,
            edits: Vec::new(),
        };
        here.map(hint).chain(arguments.map(name)).collect()
    }
}

fn tokens(text: &str) -> Vec<SemanticToken> {
    let mut tokens = Vec::new();
    let mut rest = 0;
    while let Some(start) = text[rest..].find(|char: char| char == '<' || char.is_alphanumeric()).map(|at| rest + at) {
        let is_quoted = text[start..].starts_with('<');
        let end = match is_quoted {
            true => text[start..].find('>').map_or(text.len(), |at| start + at + 1),
            false => text[start..].find(|char: char| !char.is_alphanumeric()).map_or(text.len(), |at| start + at),
        };
        let modifiers = u32::from(text[start..].starts_with(char::is_uppercase));
        tokens.push(SemanticToken { span: span(start, end), kind: u32::from(is_quoted), modifiers });
        rest = end;
    }
    tokens
}

fn name_files(answer: &Answer, named: &mut Vec<VfsPath>) {
    match answer {
        Answer::HierarchyItems(items) => named.extend(items.iter().map(|item| item.location.path.clone())),
        Answer::Resolved(resolved) => named.extend(resolved.targets.iter().map(|it| it.location.path.clone())),
        Answer::Calls(calls) => named.extend(calls.iter().map(|call| call.item.location.path.clone())),
        Answer::InlayHints(hints) => {
            let places = hints.iter().flat_map(|hint| &hint.parts).filter_map(|part| part.location.as_ref());
            named.extend(places.map(|place| place.path.clone()));
        }
        Answer::Edits(files) => named.extend(files.iter().map(|file| file.path.clone())),
        Answer::Change(change) => named.extend(change.edits.iter().map(|file| file.path.clone())),
        Answer::Actions(actions) => {
            named.extend(actions.iter().flat_map(|action| &action.edits).map(|file| file.path.clone()));
        }
        _ => {}
    }
}

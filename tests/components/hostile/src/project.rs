//! The engine's answers, forged where the path's behavior asks for it.

use std::sync::Arc;

use vraftls_guest_sdk::{
    Action, Call, Candidate, Change, CompletionItem, CompletionItems, Diagnostic, DocumentEdit, Expansion, Failure,
    FileReferences, FormattingOptions, HierarchyItem, Highlight, HintPart, HoverInfo, InlayHint, Lens, Link, Location,
    Move, Padding, Project, Reference, Resolved, SearchPlan, SignatureHelp, Span, Targets, TextEdit, Workspace,
};

use crate::{behavior_of, facts, resolving, resources};

/// Larger than any text, so outside of it.
const FAR: Span = Span { start: u32::MAX - 8, end: u32::MAX - 1 };
/// In every text that has a byte.
const FIRST: Span = Span { start: 0, end: 1 };

/// A project that keeps nothing but what it was asked to leak, and whether it was stopped before.
#[derive(Debug)]
pub struct HostileProject {
    workspace: Arc<dyn Workspace>,
    hoard: Vec<Vec<u8>>,
    was_stopped: bool,
    /// What it does when it rests.
    rests_by: String,
    n_rests: u32,
}

impl HostileProject {
    pub(crate) fn new(workspace: Arc<dyn Workspace>) -> Self {
        Self { workspace, hoard: Vec::new(), was_stopped: false, rests_by: String::new(), n_rests: 0 }
    }

    /// What every call does first: use up what the path's behavior names, or wait as it says.
    fn enter<'a>(&mut self, path: &'a str) -> Result<&'a str, Failure> {
        let behavior = behavior_of(path);
        resources::consume(behavior);
        self.rests_by = behavior.strip_prefix("rest-").unwrap_or_default().to_owned();
        match behavior {
            // Grows a little with every call, as a cache without a bound does.
            "hoard" => self.hoard.push(vec![1; 8 << 20]),
            "polite" => {
                resources::work_until_cancelled();
                return Err(Failure::Cancelled);
            }
            // What it found out until it was stopped makes it quick the next time.
            "polite-once" if !self.was_stopped => {
                resources::work_until_cancelled();
                self.was_stopped = true;
                return Err(Failure::Cancelled);
            }
            "fail" => return Err(Failure::Internal("asked to fail".to_owned())),
            _ => {}
        }
        Ok(behavior)
    }

    /// Where the text of the path has a character of more than one byte, an offset inside it.
    fn inside_character(&self, path: &str) -> Span {
        let start = facts::inside_character(&self.workspace.read(path).unwrap_or_default());
        Span { start, end: start }
    }

    /// The span that the behavior forges, if it forges one.
    fn forged_span(&self, behavior: &str, path: &str) -> Option<Span> {
        match behavior {
            "span-outside" => Some(FAR),
            "span-inverted" => Some(Span { start: 1, end: 0 }),
            "span-inside-character" => Some(self.inside_character(path)),
            _ => None,
        }
    }
}

impl Project for HostileProject {
    fn update(&mut self, changes: &[Change]) -> Result<(), Failure> {
        for change in changes {
            if let Change::Changed(path) | Change::Created(path) = change
                && let Some(behavior) = behavior_of(path).strip_prefix("update-")
            {
                resources::consume(behavior);
            }
        }
        Ok(())
    }

    fn rest(&mut self) {
        self.n_rests += 1;
        resources::consume(&self.rests_by);
    }

    fn bundled(&self, path: &str) -> Option<String> {
        resources::consume(behavior_of(path));
        (behavior_of(path) == "huge").then(|| "x".repeat(512 << 20))
    }

    fn diagnostics(&mut self, path: &str) -> Result<Vec<Diagnostic>, Failure> {
        let behavior = self.enter(path)?;
        Ok(match behavior {
            "many" => vec![facts::diagnostic(FIRST); 2_000_000],
            "differs" => {
                let message = resources::differing_number().to_string();
                vec![Diagnostic { message, ..facts::diagnostic(FIRST) }]
            }
            _ => self.forged_span(behavior, path).map(facts::diagnostic).into_iter().collect(),
        })
    }

    fn definition(&mut self, path: &str, _: u32) -> Result<Option<Targets>, Failure> {
        let behavior = self.enter(path)?;
        let location = |path: &str, span| Location { path: path.to_owned(), span, full: span };
        let locations = match behavior {
            "many" => vec![location(path, FIRST); 2_000_000],
            "paths" => resources::ESCAPING_PATHS.iter().map(|path| location(path, FIRST)).collect(),
            "missing" => vec![location("no/such/file.hostile", FIRST)],
            _ => self.forged_span(behavior, path).map(|span| location(path, span)).into_iter().collect(),
        };
        let origin = self.forged_span(behavior, path).unwrap_or(FIRST);
        Ok((!locations.is_empty()).then_some(Targets { origin, locations }))
    }

    fn plan(&mut self, path: &str, _: u32) -> Result<Option<SearchPlan>, Failure> {
        let behavior = self.enter(path)?;
        Ok(Some(SearchPlan {
            origin: self.forged_span(behavior, path).unwrap_or(FIRST),
            names: vec!["x".to_owned(); if behavior == "many" { 2_000_000 } else { 1 }],
            roles: 0,
            only: Some(path.to_owned()),
            definitions: Vec::new(),
            token: vec![0; if behavior == "huge-token" { 64 << 20 } else { 0 }],
        }))
    }

    fn confirm(&mut self, _: SearchPlan, files: Vec<Candidate>) -> Result<Vec<FileReferences>, Failure> {
        let mut found = Vec::new();
        for Candidate { path, .. } in files {
            let behavior = self.enter(&path)?;
            let span = self.forged_span(behavior, &path).unwrap_or(FIRST);
            let references = vec![Reference { span, roles: 2 }; if behavior == "many" { 4_000_000 } else { 1 }];
            let path = if behavior == "unasked" { "no/such/file.hostile".to_owned() } else { path };
            found.push(FileReferences { path, references });
        }
        Ok(found)
    }

    fn highlights(&mut self, path: &str, _: u32) -> Result<Vec<Highlight>, Failure> {
        let behavior = self.enter(path)?;
        let kind = if behavior == "unknown-kind" { u32::MAX } else { 1 };
        Ok(self.forged_span(behavior, path).map(|span| Highlight { span, kind }).into_iter().collect())
    }

    fn hover(&mut self, path: &str, _: u32) -> Result<Option<HoverInfo>, Failure> {
        let behavior = self.enter(path)?;
        let documentation = match behavior {
            "huge" => "x".repeat(256 << 20),
            "escapes" => resources::readable_escapes().join("\n"),
            "grants" => resources::visible_grants().join("\n"),
            "differs" => resources::differing_number().to_string(),
            "rests" => self.n_rests.to_string(),
            "control-characters" => "\u{1b}[2J<script>alert(1)</script>[link](javascript:alert(1))\u{202e}".to_owned(),
            _ => String::new(),
        };
        Ok(Some(HoverInfo {
            span: self.forged_span(behavior, path).unwrap_or(FIRST),
            signature: String::new(),
            language: "hostile".to_owned(),
            documentation,
        }))
    }

    fn complete(&mut self, path: &str, _: u32, _: Option<&str>, _: u32) -> Result<CompletionItems, Failure> {
        let behavior = self.enter(path)?;
        let item = CompletionItem {
            label: "x".to_owned(),
            label_detail: String::new(),
            label_source: String::new(),
            kind: 1,
            detail: String::new(),
            insert: String::new(),
            snippet: false,
            additional: Vec::new(),
            deprecated: false,
            token: vec![0; if behavior == "huge-token" { 1 << 20 } else { 0 }],
        };
        let n_items = if behavior == "many" { 1_000_000 } else { 1 };
        let replace = self.forged_span(behavior, path).unwrap_or(Span { start: 0, end: 0 });
        Ok(CompletionItems { replace, items: vec![item; n_items], incomplete: false })
    }

    fn signature_help(&mut self, path: &str, _: u32) -> Result<Option<SignatureHelp>, Failure> {
        self.enter(path)?;
        // No such signature.
        Ok(Some(SignatureHelp { signatures: Vec::new(), active: 7 }))
    }

    fn rename_edits(
        &mut self,
        _: SearchPlan,
        new_name: &str,
        files: Vec<Candidate>,
    ) -> Result<Vec<DocumentEdit>, Failure> {
        let mut edits = Vec::new();
        for Candidate { path, .. } in files {
            let behavior = self.enter(&path)?;
            edits.push(DocumentEdit { edits: self.forged_edits(behavior, &path, new_name), path });
        }
        Ok(edits)
    }

    fn plan_rename(&mut self, path: &str, offset: u32, _: &str) -> Result<Option<SearchPlan>, Failure> {
        self.plan(path, offset)
    }

    fn format(&mut self, path: &str, _: Option<Span>, _: FormattingOptions) -> Result<Vec<TextEdit>, Failure> {
        let behavior = self.enter(path)?;
        Ok(self.forged_edits(behavior, path, "x"))
    }

    fn format_on_type(&mut self, path: &str, _: u32, _: &str, _: FormattingOptions) -> Result<Vec<TextEdit>, Failure> {
        let behavior = self.enter(path)?;
        Ok(self.forged_edits(behavior, path, "x"))
    }

    fn prepare_calls(&mut self, path: &str, _: u32) -> Result<Vec<HierarchyItem>, Failure> {
        let behavior = self.enter(path)?;
        Ok(self.forged_items(behavior, path))
    }

    fn plan_incoming(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        self.plan(&item.location.path, 0)
    }

    fn incoming(&mut self, _: SearchPlan, files: Vec<Candidate>) -> Result<Vec<Call>, Failure> {
        let mut calls = Vec::new();
        for Candidate { path, .. } in files {
            let behavior = self.enter(&path)?;
            calls.extend(self.forged_calls(behavior, &path));
        }
        Ok(calls)
    }

    fn outgoing(&mut self, item: HierarchyItem) -> Result<Vec<Call>, Failure> {
        let behavior = self.enter(&item.location.path)?;
        Ok(self.forged_calls(behavior, &item.location.path))
    }

    fn prepare_types(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        self.prepare_calls(path, offset)
    }

    fn supertypes(&mut self, item: HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
        self.prepare_calls(&item.location.path, 0)
    }

    fn plan_subtypes(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        self.plan(&item.location.path, 0)
    }

    fn subtypes(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<HierarchyItem>, Failure> {
        Ok(self.incoming(plan, files)?.into_iter().map(|call| call.item).collect())
    }

    fn semantic_tokens(&mut self, path: &str, _: Option<Span>) -> Result<Vec<u32>, Failure> {
        let behavior = self.enter(path)?;
        Ok(match behavior {
            "ragged" => vec![0, 1, 0],
            "span-outside" => vec![u32::MAX - 1, 1, 0, 0],
            "overflow" => vec![1, u32::MAX, 0, 0],
            "overlapping" => vec![0, 2, 0, 0, 1, 1, 0, 0],
            "unsorted" => vec![1, 1, 0, 0, 0, 1, 0, 0],
            "empty" => vec![0, 0, 0, 0],
            "unknown-kind" => vec![0, 1, 99, 0],
            "unknown-modifier" => vec![0, 1, 0, 1],
            "span-inside-character" => vec![self.inside_character(path).start, 1, 0, 0],
            "many" => vec![0; 64 << 20],
            _ => Vec::new(),
        })
    }

    fn inlay_hints(&mut self, path: &str, _: Span) -> Result<Vec<InlayHint>, Failure> {
        let behavior = self.enter(path)?;
        let part = HintPart { label: "x".to_owned(), location: None };
        let astray = Location { path: path.to_owned(), span: FAR, full: FAR };
        let parts = match behavior {
            "empty" => Vec::new(),
            "many" => vec![part; 2_000_000],
            "overlapping" => vec![HintPart { location: Some(astray), ..part }],
            _ => vec![part],
        };
        Ok(vec![InlayHint {
            offset: self.forged_span(behavior, path).map_or(0, |span| span.start),
            parts,
            kind: if behavior == "unknown-kind" { 3 } else { 1 },
            padding: Padding::empty(),
            edits: self.forged_edits(behavior, path, "x"),
        }])
    }

    fn selection_ranges(&mut self, path: &str, offsets: &[u32]) -> Result<Vec<Vec<Span>>, Failure> {
        let behavior = self.enter(path)?;
        let last = Span { start: 2, end: 2 };
        Ok(match behavior {
            "ragged" => vec![Vec::new(); offsets.len() + 1],
            "overlapping" => offsets.iter().map(|_| vec![FIRST, last]).collect(),
            "unasked" => offsets.iter().map(|_| vec![last]).collect(),
            "many" => vec![vec![FIRST; 2_000_000]],
            _ => offsets.iter().map(|_| self.forged_span(behavior, path).into_iter().collect()).collect(),
        })
    }

    fn resolve_all(&mut self, path: &str) -> Result<Resolved, Failure> {
        let behavior = self.enter(path)?;
        Ok(resolving::forged(behavior, path, self.inside_character(path).start))
    }

    fn join_lines(&mut self, path: &str, _: &[Span]) -> Result<Vec<TextEdit>, Failure> {
        let behavior = self.enter(path)?;
        Ok(self.forged_edits(behavior, path, "x"))
    }

    fn expand(&mut self, path: &str, _: u32) -> Result<Option<Expansion>, Failure> {
        let behavior = self.enter(path)?;
        let huge = |asked| if behavior == asked { "x".repeat(64 << 20) } else { "x\u{1b}[2J\ny".to_owned() };
        Ok(Some(Expansion { name: huge("huge-name"), text: huge("huge") }))
    }

    fn lenses(&mut self, path: &str) -> Result<Vec<Lens>, Failure> {
        let behavior = self.enter(path)?;
        let kind = if behavior == "unknown-kind" { 4 } else { 1 };
        let lens = Lens { span: self.forged_span(behavior, path).unwrap_or(FIRST), kind };
        Ok(vec![lens; if behavior == "many" { 2_000_000 } else { 1 }])
    }

    fn links(&mut self, path: &str) -> Result<Vec<Link>, Failure> {
        let behavior = self.enter(path)?;
        let (target, url) = match behavior {
            "paths" => (resources::ESCAPING_PATHS[0], ""),
            "unknown-kind" => ("", "javascript:alert(1)"),
            "empty" => ("", ""),
            "overlapping" => ("a.hostile", "https://example.org"),
            _ => ("a.hostile", ""),
        };
        let span = self.forged_span(behavior, path).unwrap_or(FIRST);
        Ok(vec![Link { span, path: target.to_owned(), url: url.to_owned() }])
    }

    fn linked_ranges(&mut self, path: &str, _: u32) -> Result<Vec<Span>, Failure> {
        let behavior = self.enter(path)?;
        let (second, last) = (Span { start: 1, end: 2 }, Span { start: 4, end: 5 });
        Ok(match behavior {
            // The text is `x é y`.
            "unsorted" => vec![second, FIRST],
            "overlapping" => vec![FIRST, FIRST],
            "unknown-kind" => vec![FIRST, second],
            "unasked" => vec![last],
            _ => self.forged_span(behavior, path).into_iter().collect(),
        })
    }

    fn actions(
        &mut self,
        path: &str,
        _: Span,
        diagnostics: &[Diagnostic],
        _: &[String],
    ) -> Result<Vec<Action>, Failure> {
        let behavior = self.enter(path)?;
        let is_forged = matches!(behavior, "huge-token" | "unknown-kind" | "unasked" | "empty");
        let edits = self.forged_edits(behavior, path, "x");
        if edits.is_empty() && !is_forged {
            return Ok(Vec::new());
        }
        let edits = if is_forged { Vec::new() } else { vec![DocumentEdit { path: path.to_owned(), edits }] };
        Ok(vec![Action {
            title: "x".to_owned(),
            kind: if behavior == "unknown-kind" { "quick fix" } else { "quickfix" }.to_owned(),
            fixes: if behavior == "unasked" { vec![diagnostics.len() as u32] } else { Vec::new() },
            preferred: false,
            edits,
            token: match behavior {
                "huge-token" => vec![0; 1 << 20],
                "empty" => Vec::new(),
                _ => vec![1],
            },
        }])
    }

    fn resolve_action(&mut self, path: &str, _: &[u8]) -> Result<Vec<DocumentEdit>, Failure> {
        let behavior = self.enter(path)?;
        Ok(vec![DocumentEdit { path: path.to_owned(), edits: self.forged_edits(behavior, path, "x") }])
    }

    fn will_rename(&mut self, moves: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
        let mut edits = Vec::new();
        for Move { old_path, .. } in moves {
            let behavior = self.enter(old_path)?;
            let path = if behavior == "paths" { "@lib/x.hostile" } else { old_path };
            edits.push(DocumentEdit { path: path.to_owned(), edits: self.forged_edits(behavior, old_path, "x") });
        }
        Ok(edits)
    }
}

impl HostileProject {
    fn forged_items(&self, behavior: &str, path: &str) -> Vec<HierarchyItem> {
        let span = self.forged_span(behavior, path).unwrap_or(FIRST);
        let path = match behavior {
            "missing" => "no/such/file.hostile",
            "unasked" => "calm.hostile",
            _ => path,
        };
        let item = HierarchyItem {
            name: "x".to_owned(),
            detail: String::new(),
            kind: if behavior == "unknown-kind" { 27 } else { 12 },
            location: Location { path: path.to_owned(), span, full: span },
            token: vec![0; if behavior == "huge-token" { 1 << 20 } else { 0 }],
        };
        vec![item; if behavior == "many" { 1_100_000 } else { 1 }]
    }

    fn forged_calls(&self, behavior: &str, path: &str) -> Vec<Call> {
        let spans = vec![self.forged_span(behavior, path).unwrap_or(FIRST)];
        // What is forged is either the item or the places, so that both are found to be checked.
        let behavior = if behavior.starts_with("span-") { "calm" } else { behavior };
        let items = self.forged_items(behavior, path).into_iter();
        items.map(|item| Call { item, spans: spans.clone() }).collect()
    }
}

impl HostileProject {
    fn forged_edits(&self, behavior: &str, path: &str, new_text: &str) -> Vec<TextEdit> {
        let edit = |span| TextEdit { span, new_text: new_text.to_owned() };
        match behavior {
            "overlapping" => vec![edit(Span { start: 0, end: 2 }), edit(Span { start: 1, end: 3 })],
            "unsorted" => vec![edit(Span { start: 2, end: 3 }), edit(FIRST)],
            "many" => vec![edit(FIRST); 2_000_000],
            "huge" => vec![TextEdit { span: FIRST, new_text: "x".repeat(512 << 20) }],
            _ => self.forged_span(behavior, path).map(edit).into_iter().collect(),
        }
    }
}

//! The engine of the toy language: names lead to their definition in the same file, else to the first file by path that
//! defines them.

use std::collections::BTreeMap;
use std::sync::Arc;

use vraftls_guest_sdk::{
    Action, Call, Candidate, Change, CompletionItem, CompletionItems, Details, Diagnostic, DocumentEdit, Expansion,
    Failure, FileReferences, FormattingOptions, HierarchyItem, Highlight, HoverInfo, InlayHint, Lens, Link, Location,
    Move, Project, ReadError, Reference, Related, RenameTarget, Resolved, SearchPlan, Span, Targets, TextEdit,
    Workspace, roles,
};

use crate::syntax::{self, Definition, File};

/// CompletionItemKind `Function`.
const FUNCTION: u32 = 3;

/// A project: what was parsed so far.
#[derive(Debug)]
pub struct ToyProject {
    pub(crate) workspace: Arc<dyn Workspace>,
    /// Text and pieces of the files that were looked at since they last changed.
    files: BTreeMap<String, Arc<(String, File)>>,
}

impl ToyProject {
    pub(crate) fn new(workspace: Arc<dyn Workspace>) -> Self {
        Self { workspace, files: BTreeMap::new() }
    }

    pub(crate) fn file(&mut self, path: &str) -> Result<Arc<(String, File)>, Failure> {
        if let Some(file) = self.files.get(path) {
            return Ok(file.clone());
        }
        let text = self.workspace.read(path).map_err(|error| match error {
            ReadError::NotFound | ReadError::IsDirectory => Failure::NotFound(path.to_owned()),
            ReadError::NotText => Failure::InvalidInput(format!("{path} is no text")),
            ReadError::TooLarge(bytes) => Failure::Limited(format!("{path} has {bytes} bytes")),
            ReadError::Unavailable(reason) => Failure::Internal(reason),
        })?;
        let file = syntax::parse(&text);
        let file = Arc::new((text, file));
        self.files.insert(path.to_owned(), file.clone());
        Ok(file)
    }

    /// Where a name of a file is defined.
    pub(crate) fn resolve(&mut self, path: &str, name: &str) -> Result<Option<Location>, Failure> {
        if let Some(definition) = self.file(path)?.1.definition(name) {
            return Ok(Some(location(path, definition)));
        }
        for candidate in self.workspace.candidates(name, roles::DEFINES) {
            self.check_cancelled()?;
            if let Some(definition) = self.file(&candidate.path)?.1.definition(name) {
                return Ok(Some(location(&candidate.path, definition)));
            }
        }
        Ok(None)
    }

    pub(crate) fn check_cancelled(&self) -> Result<(), Failure> {
        if self.workspace.cancelled() { Err(Failure::Cancelled) } else { Ok(()) }
    }

    /// The name at an offset.
    pub(crate) fn name_at(&mut self, path: &str, offset: u32) -> Result<Option<(String, Span)>, Failure> {
        let file = self.file(path)?;
        if !file.0.is_char_boundary(offset as usize) {
            return Err(Failure::InvalidInput(format!("offset {offset} is no character of {path}")));
        }
        Ok(file.1.word_at(offset).map(|word| (word.text.clone(), word.span)))
    }

    /// The occurrences in the candidate that mean the plan's definition.
    pub(crate) fn confirm_in(&mut self, plan: &SearchPlan, path: &str) -> Result<Vec<Reference>, Failure> {
        self.check_cancelled()?;
        let file = self.file(path)?;
        let mut references = Vec::new();
        for (word, roles) in file.1.occurrences() {
            let named = plan.names.contains(&word.text);
            if named && self.resolve(path, &word.text)?.is_some_and(|found| plan.definitions.contains(&found)) {
                references.push(Reference { span: word.span, roles });
            }
        }
        Ok(references)
    }

    fn targets(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        let Some((name, origin)) = self.name_at(path, offset)? else {
            return Ok(None);
        };
        let found = self.resolve(path, &name)?;
        Ok(found.map(|location| Targets { origin, locations: vec![location] }))
    }
}

pub(crate) fn location(path: &str, definition: &Definition) -> Location {
    Location { path: path.to_owned(), span: definition.name.span, full: definition.line }
}

impl Project for ToyProject {
    fn update(&mut self, changes: &[Change]) -> Result<(), Failure> {
        for change in changes {
            match change {
                Change::Created(path) | Change::Changed(path) | Change::Removed(path) => {
                    let directory = format!("{path}/");
                    self.files.retain(|file, _| file != path && !file.starts_with(&directory));
                }
                Change::Everything => self.files.clear(),
            }
        }
        Ok(())
    }

    fn diagnostics(&mut self, path: &str) -> Result<Vec<Diagnostic>, Failure> {
        let file = self.file(path)?;
        let mut found = crate::syntax_errors(&file.1);
        for word in &file.1.uses {
            if self.resolve(path, &word.text)?.is_none() {
                found.push(crate::diagnostic(
                    word.span,
                    1,
                    "unresolved",
                    &format!("`{}` is nowhere defined", word.text),
                ));
            }
        }
        for definition in &file.1.definitions {
            let name = &definition.name;
            if let Some(first) = file.1.definition(&name.text).filter(|first| first.name.span != name.span) {
                let mut twice = crate::diagnostic(name.span, 2, "twice", &format!("`{}` is defined twice", name.text));
                twice.related.push(Related { location: location(path, first), message: "first here".to_owned() });
                found.push(twice);
            }
        }
        found.sort_by_key(|diagnostic| diagnostic.span.start);
        Ok(found)
    }

    fn definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        self.targets(path, offset)
    }

    fn declaration(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        self.targets(path, offset)
    }

    fn resolve_all(&mut self, path: &str) -> Result<Resolved, Failure> {
        self.all_names(path)
    }

    fn plan(&mut self, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
        let Some((name, origin)) = self.name_at(path, offset)? else {
            return Ok(None);
        };
        let definitions = self.resolve(path, &name)?.into_iter().collect();
        Ok(Some(SearchPlan { origin, names: vec![name], roles: 0, only: None, definitions, token: Vec::new() }))
    }

    fn confirm(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<FileReferences>, Failure> {
        let mut found = Vec::new();
        for Candidate { path, .. } in files {
            let references = self.confirm_in(&plan, &path)?;
            found.push(FileReferences { path, references });
        }
        found.retain(|file| !file.references.is_empty());
        Ok(found)
    }

    fn highlights(&mut self, path: &str, offset: u32) -> Result<Vec<Highlight>, Failure> {
        let Some((name, _)) = self.name_at(path, offset)? else {
            return Ok(Vec::new());
        };
        let file = self.file(path)?;
        let kind = |roles| if roles & roles::DEFINES != 0 { 3 } else { 2 };
        let same = file.1.occurrences().into_iter().filter(|(word, _)| word.text == name);
        Ok(same.map(|(word, roles)| Highlight { span: word.span, kind: kind(roles) }).collect())
    }

    fn hover(&mut self, path: &str, offset: u32) -> Result<Option<HoverInfo>, Failure> {
        let Some((name, span)) = self.name_at(path, offset)? else {
            return Ok(None);
        };
        let Some(target) = self.resolve(path, &name)? else {
            return Ok(None);
        };
        let file = self.file(&target.path)?;
        let documentation = file.1.definition(&name).map(|definition| definition.documentation.clone());
        Ok(Some(HoverInfo {
            span,
            signature: format!("def {name}"),
            language: "toy".to_owned(),
            documentation: documentation.unwrap_or_default(),
        }))
    }

    fn complete(&mut self, path: &str, offset: u32, _: Option<&str>, limit: u32) -> Result<CompletionItems, Failure> {
        let at = self.name_at(path, offset)?;
        let replace = at.as_ref().map_or(Span { start: offset, end: offset }, |(_, span)| *span);
        let prefix = at.map(|(name, span)| name[..(offset - span.start) as usize].to_owned()).unwrap_or_default();
        let file = self.file(path)?;
        let mut names: Vec<&Definition> =
            file.1.definitions.iter().filter(|definition| definition.name.text.starts_with(&prefix)).collect();
        names.sort_by(|a, b| a.name.text.cmp(&b.name.text));
        names.dedup_by(|a, b| a.name.text == b.name.text);
        let incomplete = names.len() > limit as usize;
        names.truncate(limit as usize);
        Ok(CompletionItems { replace, items: names.into_iter().map(completion).collect(), incomplete })
    }

    fn resolve_completion(&mut self, path: &str, token: &[u8]) -> Result<Details, Failure> {
        let name = String::from_utf8_lossy(token);
        let file = self.file(path)?;
        let definition =
            file.1.definition(&name).ok_or_else(|| Failure::InvalidInput("a token of another text".to_owned()))?;
        Ok(Details {
            detail: format!("def {name}"),
            documentation: definition.documentation.clone(),
            additional: Vec::new(),
        })
    }

    fn prepare_rename(&mut self, path: &str, offset: u32) -> Result<Option<RenameTarget>, Failure> {
        Ok(self.name_at(path, offset)?.map(|(placeholder, span)| RenameTarget { span, placeholder }))
    }

    fn plan_rename(&mut self, path: &str, offset: u32, new_name: &str) -> Result<Option<SearchPlan>, Failure> {
        if !syntax::is_name(new_name) {
            return Err(Failure::InvalidInput(format!("`{new_name}` is no name")));
        }
        self.plan(path, offset)
    }

    fn rename_edits(
        &mut self,
        plan: SearchPlan,
        new_name: &str,
        files: Vec<Candidate>,
    ) -> Result<Vec<DocumentEdit>, Failure> {
        let edit = |reference: Reference| TextEdit { span: reference.span, new_text: new_name.to_owned() };
        let confirmed = self.confirm(plan, files)?.into_iter();
        Ok(confirmed
            .map(|file| DocumentEdit { path: file.path, edits: file.references.into_iter().map(edit).collect() })
            .collect())
    }

    fn format(&mut self, path: &str, span: Option<Span>, _: FormattingOptions) -> Result<Vec<TextEdit>, Failure> {
        let file = self.file(path)?;
        Ok(if file.1.errors.is_empty() { trailing_space(&file.0, span) } else { Vec::new() })
    }

    fn format_on_type(
        &mut self,
        path: &str,
        offset: u32,
        _: &str,
        _: FormattingOptions,
    ) -> Result<Vec<TextEdit>, Failure> {
        let file = self.file(path)?;
        if !file.0.is_char_boundary(offset as usize) {
            return Err(Failure::InvalidInput(format!("offset {offset} is no character of {path}")));
        }
        // The line that was just ended.
        let end = offset.saturating_sub(1);
        Ok(trailing_space(&file.0, Some(Span { start: end, end })))
    }

    fn prepare_calls(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        self.items_at(path, offset)
    }

    fn plan_incoming(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        Ok(Some(self.plan_of(item)))
    }

    fn incoming(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<Call>, Failure> {
        self.callers(&plan, &files)
    }

    fn outgoing(&mut self, item: HierarchyItem) -> Result<Vec<Call>, Failure> {
        self.callees(&item)
    }

    fn prepare_types(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        self.items_at(path, offset)
    }

    fn supertypes(&mut self, item: HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
        self.replaced_by(&item)
    }

    fn plan_subtypes(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        Ok(Some(SearchPlan { roles: roles::DEFINES, ..self.plan_of(item) }))
    }

    fn subtypes(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<HierarchyItem>, Failure> {
        self.replacements(&plan, &files)
    }

    fn semantic_tokens(&mut self, path: &str, span: Option<Span>) -> Result<Vec<u32>, Failure> {
        self.tokens_in(path, span)
    }

    fn inlay_hints(&mut self, path: &str, span: Span) -> Result<Vec<InlayHint>, Failure> {
        self.hints_in(path, span)
    }

    fn selection_ranges(&mut self, path: &str, offsets: &[u32]) -> Result<Vec<Vec<Span>>, Failure> {
        offsets.iter().map(|offset| self.ranges_around(path, *offset)).collect()
    }

    fn lenses(&mut self, path: &str) -> Result<Vec<Lens>, Failure> {
        let file = self.file(path)?;
        Ok(file.1.definitions.iter().map(|it| Lens { span: it.name.span, kind: 1 }).collect())
    }

    fn links(&mut self, path: &str) -> Result<Vec<Link>, Failure> {
        self.links_of(path)
    }

    fn linked_ranges(&mut self, path: &str, offset: u32) -> Result<Vec<Span>, Failure> {
        let same = self.highlights(path, offset)?;
        Ok(if same.len() > 1 { same.into_iter().map(|it| it.span).collect() } else { Vec::new() })
    }

    fn actions(
        &mut self,
        path: &str,
        _: Span,
        diagnostics: &[Diagnostic],
        kinds: &[String],
    ) -> Result<Vec<Action>, Failure> {
        self.offered(path, diagnostics, kinds)
    }

    fn resolve_action(&mut self, path: &str, token: &[u8]) -> Result<Vec<DocumentEdit>, Failure> {
        self.define(path, token)
    }

    fn join_lines(&mut self, path: &str, spans: &[Span]) -> Result<Vec<TextEdit>, Failure> {
        self.joined(path, spans)
    }

    fn expand(&mut self, path: &str, offset: u32) -> Result<Option<Expansion>, Failure> {
        self.written_out(path, offset)
    }

    fn will_rename(&mut self, moves: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
        self.follow(moves)
    }
}

/// Takes white space off the ends of lines.
pub(crate) fn trailing_space(text: &str, span: Option<Span>) -> Vec<TextEdit> {
    let mut edits = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.strip_suffix('\n').unwrap_or(line);
        let trailing = Span { start: start + body.trim_end().len() as u32, end: start + body.len() as u32 };
        let asked = span.is_none_or(|span| span.start <= trailing.end && trailing.start <= span.end);
        if trailing.start < trailing.end && asked {
            edits.push(TextEdit { span: trailing, new_text: String::new() });
        }
        start += line.len() as u32;
    }
    edits
}

fn completion(definition: &Definition) -> CompletionItem {
    CompletionItem {
        label: definition.name.text.clone(),
        label_detail: String::new(),
        label_source: String::new(),
        kind: FUNCTION,
        detail: String::new(),
        insert: String::new(),
        snippet: false,
        additional: Vec::new(),
        deprecated: false,
        token: definition.name.text.clone().into_bytes(),
    }
}

//! An analyzer to start from. The README beside it says what to change where.
//!
//! The language: `name = value` defines a name, `{name}` in a value refers to one of the same file, `#` begins a comment.

use std::sync::Arc;

use vraftls_guest_sdk::{
    Analyzer, Candidate, Change, Config, Description, Diagnostic, Document, Facts, Failure, Features, FileReferences,
    HoverInfo, Language, Location, Project, Reference, SearchPlan, Span, Symbol, SymbolFlags, Targets, Workspace,
    export_analyzer, roles,
};

/// The analyzer.
#[derive(Debug)]
pub struct Template;

export_analyzer!(Template);

/// SymbolKind `Variable` of the Language Server Protocol.
const VARIABLE: u32 = 13;
/// The parent of an entry at the top of an outline.
const TOP: u32 = u32::MAX;
/// How much of a value an outline shows.
const DETAIL_CHARS_MAX: usize = 80;

/// What a file says: one entry for each line that defines a name.
#[derive(Debug, Default)]
struct File {
    definitions: Vec<Definition>,
    references: Vec<Name>,
    /// Lines that are neither a definition nor a comment.
    errors: Vec<Span>,
}

#[derive(Debug)]
struct Definition {
    name: Name,
    value: String,
    line: Span,
}

#[derive(Debug)]
struct Name {
    text: String,
    span: Span,
}

/// Your parser goes here. Broken text is normal input: answer for what you understand.
fn parse(text: &str) -> File {
    let mut file = File::default();
    // A byte-order mark is no part of the first line.
    let mut start = (text.len() - text.trim_start_matches('\u{feff}').len()) as u32;
    for line in text[start as usize..].split_inclusive('\n') {
        let body = line.trim_end();
        let span = span(start, body);
        match body.split_once('=') {
            _ if body.is_empty() || body.starts_with('#') => {}
            Some((name, value)) if !name.trim().is_empty() => {
                let indentation = (name.len() - name.trim_start().len()) as u32;
                let value_start = start + (body.len() - value.len()) as u32;
                file.references.extend(references(value, value_start));
                let name = name.trim();
                let name = Name { text: name.to_owned(), span: self::span(start + indentation, name) };
                file.definitions.push(Definition { name, value: value.trim().to_owned(), line: span });
            }
            _ => file.errors.push(span),
        }
        start += line.len() as u32;
    }
    file
}

/// Every `{name}` in a value that begins at an offset of the document.
fn references(value: &str, value_start: u32) -> Vec<Name> {
    let mut found = Vec::new();
    for (open, _) in value.match_indices('{') {
        let inside = &value[open + 1..];
        // A name holds no brace, so what is open is not searched again and again: sources nest deeper than people do.
        if let Some(close) = inside.find(['{', '}']).filter(|end| inside[*end..].starts_with('}')) {
            let text = &inside[..close];
            found.push(Name { text: text.to_owned(), span: span(value_start + open as u32 + 1, text) });
        }
    }
    found
}

fn span(start: u32, text: &str) -> Span {
    Span { start, end: start + text.len() as u32 }
}

impl File {
    /// Every name with its role, in source order.
    fn names(&self) -> Vec<(&Name, u32)> {
        let definitions = self.definitions.iter().map(|definition| (&definition.name, roles::DEFINES));
        let references = self.references.iter().map(|name| (name, roles::REFERS));
        let mut names: Vec<_> = definitions.chain(references).collect();
        names.sort_by_key(|(name, _)| name.span.start);
        names
    }

    /// The name that a cursor touches.
    fn name_at(&self, offset: u32) -> Option<&Name> {
        let names = self.names().into_iter().map(|(name, _)| name);
        names.into_iter().find(|name| name.span.start <= offset && offset <= name.span.end)
    }

    fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().find(|definition| definition.name.text == name)
    }
}

impl Analyzer for Template {
    type Project = TemplateProject;

    fn describe() -> Description {
        Description {
            id: "template".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            title: "Template".to_owned(),
            languages: vec![Language { id: "template".to_owned(), suffixes: vec!["template".to_owned()] }],
            // Files that are read beside sources, and that mark the root of a project.
            project_files: Vec::new(),
            // What is not named here is not asked.
            features: Features::DIAGNOSTICS | Features::DEFINITION | Features::REFERENCES | Features::HOVER,
            completion_triggers: Vec::new(),
            signature_triggers: Vec::new(),
            on_type_triggers: Vec::new(),
            token_types: Vec::new(),
            token_modifiers: Vec::new(),
        }
    }

    /// A pure function of the document: no clock, no random numbers, no order of a hash map.
    fn index(document: &Document) -> Result<Facts, Failure> {
        let file = parse(&document.text);
        let mut names: Vec<String> = file.names().iter().map(|(name, _)| name.text.clone()).collect();
        names.sort();
        names.dedup();
        let occurrence = |(name, roles): (&Name, u32)| {
            let index = names.binary_search(&name.text).expect("every name was collected above");
            [name.span.start, name.span.end - name.span.start, index as u32, roles]
        };
        let symbol = |definition: &Definition| Symbol {
            name: definition.name.text.clone(),
            // The host refuses lines that no editor would show.
            detail: definition.value.chars().take(DETAIL_CHARS_MAX).collect(),
            kind: VARIABLE,
            parent: TOP,
            full: definition.line,
            span: definition.name.span,
            traits: SymbolFlags::empty(),
        };
        Ok(Facts {
            symbols: file.definitions.iter().map(symbol).collect(),
            occurrences: file.names().into_iter().flat_map(occurrence).collect(),
            imports: Vec::new(),
            folds: Vec::new(),
            diagnostics: file.errors.iter().map(|span| error(*span, "syntax", "expected `name = value`")).collect(),
            // No file of this language sees another.
            interface_hash: 0,
            names,
        })
    }

    fn open(_config: Config, workspace: Arc<dyn Workspace>) -> Result<TemplateProject, Failure> {
        Ok(TemplateProject { workspace })
    }
}

fn error(span: Span, code: &str, message: &str) -> Diagnostic {
    Diagnostic {
        span,
        severity: 1,
        code: code.to_owned(),
        code_url: String::new(),
        message: message.to_owned(),
        tags: 0,
        related: Vec::new(),
    }
}

/// A project. This one remembers nothing; an engine that does must forget what `update` names.
#[derive(Debug)]
pub struct TemplateProject {
    workspace: Arc<dyn Workspace>,
}

impl TemplateProject {
    fn file(&self, path: &str) -> Result<File, Failure> {
        let text = self.workspace.read(path).map_err(|_| Failure::NotFound(path.to_owned()))?;
        Ok(parse(&text))
    }
}

fn location(path: &str, definition: &Definition) -> Location {
    Location { path: path.to_owned(), span: definition.name.span, full: definition.line }
}

impl Project for TemplateProject {
    fn update(&mut self, _changes: &[Change]) -> Result<(), Failure> {
        Ok(())
    }

    fn diagnostics(&mut self, path: &str) -> Result<Vec<Diagnostic>, Failure> {
        let file = self.file(path)?;
        let unknown = file.references.iter().filter(|name| file.definition(&name.text).is_none());
        let unknown = unknown.map(|name| error(name.span, "unknown", &format!("`{}` is not defined", name.text)));
        let syntax = file.errors.iter().map(|span| error(*span, "syntax", "expected `name = value`"));
        let mut found: Vec<Diagnostic> = unknown.chain(syntax).collect();
        found.sort_by_key(|diagnostic| diagnostic.span.start);
        Ok(found)
    }

    fn definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        let file = self.file(path)?;
        let Some(name) = file.name_at(offset) else { return Ok(None) };
        let definition = file.definition(&name.text);
        Ok(definition.map(|found| Targets { origin: name.span, locations: vec![location(path, found)] }))
    }

    fn hover(&mut self, path: &str, offset: u32) -> Result<Option<HoverInfo>, Failure> {
        let file = self.file(path)?;
        let Some(name) = file.name_at(offset) else { return Ok(None) };
        Ok(file.definition(&name.text).map(|definition| HoverInfo {
            span: name.span,
            signature: format!("{} = {}", definition.name.text, definition.value),
            language: "template".to_owned(),
            documentation: String::new(),
        }))
    }

    /// The first half of a search: what to look for. The host finds the files that have the names, by their occurrences.
    fn plan(&mut self, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
        let file = self.file(path)?;
        Ok(file.name_at(offset).map(|name| SearchPlan {
            origin: name.span,
            names: vec![name.text.clone()],
            roles: 0,
            only: Some(path.to_owned()),
            definitions: file.definition(&name.text).map(|found| location(path, found)).into_iter().collect(),
            token: Vec::new(),
        }))
    }

    /// The second half: which of them mean it.
    fn confirm(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<FileReferences>, Failure> {
        let mut found = Vec::new();
        for Candidate { path, .. } in files {
            if self.workspace.cancelled() {
                return Err(Failure::Cancelled);
            }
            let file = self.file(&path)?;
            let means = |(name, _): &(&Name, u32)| plan.names.contains(&name.text);
            let reference = |(name, roles): (&Name, u32)| Reference { span: name.span, roles };
            let references = file.names().into_iter().filter(means).map(reference).collect();
            found.push(FileReferences { path, references });
        }
        Ok(found)
    }
}

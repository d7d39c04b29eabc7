//! What could be written at a place: members, names in scope, names to import, keywords, files to import.

mod members;
mod paths;
mod place;
mod rank;
mod scope;
mod seen;

use serde::{Deserialize, Serialize};
use vraftls_guest_sdk::{CompletionItem, CompletionItems, Details, Failure, Span};

use crate::hover;
use crate::imports;
use crate::module::{Decl, DeclId, DeclKind, Module, Name};
use crate::project::TypeScriptProject;
use crate::scratch;
use crate::store::{FileId, Store};
use crate::targets::Target;
use place::Place;

/// Characters that ask for completion.
pub(crate) const TRIGGERS: [&str; 6] = [".", "\"", "'", "/", "<", "#"];

/// What `resolve` wants to know of a proposal.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    path: String,
    /// Where the declaration's name starts.
    start: u32,
    /// The name to import, if it is to be.
    import: Option<String>,
}

pub(crate) fn complete(
    project: &TypeScriptProject,
    path: &str,
    offset: u32,
    trigger: Option<&str>,
    limit: u32,
) -> Result<CompletionItems, Failure> {
    let (_, module) = project.question(path, Some(offset))?;
    let text = &module.text;
    let word = place::word_around(text, offset as usize);
    let replace = Span { start: word.0 as u32, end: word.1 as u32 };
    let nothing = || CompletionItems { replace, items: Vec::new(), incomplete: false };
    let here = place::place(text, offset as usize);
    if let Place::Path { start, end, typed } = &here {
        let items = paths::paths(project, path, typed);
        let replace = Span { start: *start as u32, end: *end as u32 };
        return Ok(CompletionItems { replace, items, incomplete: false });
    }
    if here == Place::Nowhere || (here != Place::Member && trigger.is_some_and(|trigger| trigger != ".")) {
        return Ok(nothing());
    }
    let typed = text.get(word.0..offset as usize).unwrap_or_default().to_owned();
    let store = project.store();
    let limit = (limit as usize).max(1);
    let mut items = scratch::for_word(store, path, text, word, |file, scratch, start| {
        let question = Question { project, file, module: scratch, path, start, typed: &typed };
        match here {
            Place::Member => members::members(&question),
            _ => scope::names(&question, limit),
        }
    });
    let incomplete = items.len() > limit;
    items.truncate(limit);
    Ok(CompletionItems { replace, items, incomplete })
}

/// What is asked.
pub(crate) struct Question<'q> {
    project: &'q TypeScriptProject,
    file: FileId,
    module: &'q std::rc::Rc<Module>,
    path: &'q str,
    /// Where the word starts.
    start: u32,
    /// What of it stands before the cursor.
    typed: &'q str,
}

impl Question<'_> {
    fn store(&self) -> &Store {
        self.project.store()
    }

    /// Whether a name may be what is being typed: its letters occur in order, the first one first.
    fn fits(&self, name: &str) -> bool {
        let mut typed = self.typed.chars().flat_map(char::to_lowercase).peekable();
        let Some(first) = typed.peek().copied() else { return true };
        let name = name.trim_start_matches(['_', '$']);
        if self.typed.starts_with(['_', '$']) {
            return true;
        }
        let mut characters = name.chars().flat_map(char::to_lowercase).peekable();
        if characters.peek() != Some(&first) {
            return false;
        }
        for character in characters {
            if typed.peek() == Some(&character) {
                typed.next();
            }
        }
        typed.peek().is_none()
    }
}

/// CompletionItemKind of a declaration.
fn item_kind(decl: &Decl) -> u32 {
    match decl.kind {
        DeclKind::Function => 3,
        DeclKind::Method => 2,
        DeclKind::Constructor => 4,
        DeclKind::Getter | DeclKind::Setter => 10,
        DeclKind::Property if decl.function.is_some() => 2,
        DeclKind::Property => 5,
        DeclKind::Class => 7,
        DeclKind::Interface => 8,
        DeclKind::Alias | DeclKind::TypeParameter => 25,
        DeclKind::Enum => 13,
        DeclKind::EnumMember => 20,
        DeclKind::Namespace => 9,
        DeclKind::Const if decl.function.is_some() => 3,
        DeclKind::Const => 21,
        _ => 6,
    }
}

fn is_deprecated(module: &Module, decl: &Decl) -> bool {
    module.docs.get(&decl.doc).is_some_and(|doc| module.slice(*doc).contains("@deprecated"))
}

/// A proposal for a declaration of a file that stays.
fn item(question: &Question<'_>, name: &Name, file: FileId, decl: DeclId) -> Option<CompletionItem> {
    let store = question.store();
    let module = store.module(file)?;
    let known = module.decl(decl);
    let token = if file == question.file {
        Vec::new()
    } else {
        let token = Token { path: store.path(file).to_string(), start: known.span.start, import: None };
        postcard::to_stdvec(&token).unwrap_or_default()
    };
    Some(CompletionItem {
        label: name.to_string(),
        label_detail: String::new(),
        label_source: String::new(),
        kind: item_kind(known),
        detail: String::new(),
        insert: String::new(),
        snippet: false,
        additional: Vec::new(),
        deprecated: is_deprecated(&module, known),
        token,
    })
}

/// A proposal of which no more is known.
fn plain(label: &str, kind: u32) -> CompletionItem {
    CompletionItem {
        label: label.to_owned(),
        label_detail: String::new(),
        label_source: String::new(),
        kind,
        detail: String::new(),
        insert: String::new(),
        snippet: false,
        additional: Vec::new(),
        deprecated: false,
        token: Vec::new(),
    }
}

/// The rest of a proposal: its declaration, its documentation, and the import that it needs.
pub(crate) fn resolve(project: &TypeScriptProject, path: &str, token: &[u8]) -> Result<Details, Failure> {
    let token: Token = postcard::from_bytes(token)
        .map_err(|_| Failure::InvalidInput("the token of a proposal is not one of this analyzer's".to_owned()))?;
    let (file, module) = project.question(path, None)?;
    let store = project.store();
    let target = store.id(&token.path);
    let mut details = Details { detail: String::new(), documentation: String::new(), additional: Vec::new() };
    let Some(declaring) = store.module(target) else { return Ok(details) };
    let decl =
        declaring.decls.iter().position(|decl| decl.span.start == token.start && decl.span.end > decl.span.start);
    if let Some(place) = decl {
        let id = DeclId(place as u32);
        let ty = store.target_type(Target::Decl(target, id));
        details.detail = store.show_decl(target, declaring.decl(id), &ty);
        details.documentation = hover::documentation_of(&declaring, declaring.decl(id).doc);
    }
    if let Some(name) = &token.import {
        details.additional.extend(imports::add(store, file, &module, name, target));
    }
    Ok(details)
}

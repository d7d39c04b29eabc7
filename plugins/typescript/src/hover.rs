//! What is known of the thing under the pointer: its declaration on one line, and its documentation.

use vraftls_guest_sdk::{Failure, HoverInfo};

use crate::module::{DeclKind, Module, Occ, Occurrence};
use crate::project::TypeScriptProject;
use crate::store::FileId;
use crate::targets::{Purpose, Target};

/// The language of signatures.
const LANGUAGE: &str = "typescript";

pub(crate) fn hover(project: &TypeScriptProject, path: &str, offset: u32) -> Result<Option<HoverInfo>, Failure> {
    let (file, module) = project.question(path, Some(offset))?;
    let Some(at) = module.at(offset) else { return Ok(None) };
    let store = project.store();
    let targets = store.targets(file, at, Purpose::Definition);
    let mut signature = String::new();
    let mut documentation = String::new();
    for target in &targets {
        match target {
            Target::File(file) => {
                if signature.is_empty() {
                    signature = format!("module {:?}", store.path(*file));
                }
            }
            Target::Decl(of, decl) => {
                let Some(declaring) = store.module(*of) else { continue };
                if signature.is_empty() {
                    signature = shown(project, file, at, (*of, *decl), &declaring);
                }
                if documentation.is_empty() {
                    documentation = documentation_of(&declaring, declaring.decl(*decl).doc);
                }
            }
        }
    }
    let nothing = signature.is_empty() && documentation.is_empty();
    Ok((!nothing).then(|| HoverInfo { span: at.span.span(), signature, language: LANGUAGE.to_owned(), documentation }))
}

/// A declaration with the type that it has where the pointer is.
fn shown(
    project: &TypeScriptProject,
    file: FileId,
    at: &Occurrence,
    (of, decl): (FileId, crate::module::DeclId),
    declaring: &Module,
) -> String {
    let store = project.store();
    let known = declaring.decl(decl);
    let here = store.type_at(file, at);
    let is_value = !matches!(known.kind, DeclKind::Interface | DeclKind::Alias | DeclKind::TypeParameter);
    let ty = if is_value && !here.is_any() && !matches!(at.occ, Occ::Decl(_)) {
        here
    } else {
        store.target_type(Target::Decl(of, decl))
    };
    store.show_decl(of, known, &ty)
}

/// The documentation before a place, as Markdown.
pub(crate) fn documentation_of(module: &Module, doc: u32) -> String {
    module.docs.get(&doc).map(|range| markdown(module.slice(*range))).unwrap_or_default()
}

/// The text of a documentation comment: without stars, tags as emphasis.
pub(crate) fn markdown(comment: &str) -> String {
    let inner = comment.trim_start_matches("/**").trim_end_matches("*/");
    let mut lines: Vec<String> = Vec::new();
    for line in inner.lines() {
        let line = line.trim_start();
        let line = line.strip_prefix('*').map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest)).trim_end();
        match line.strip_prefix('@') {
            Some(tag) => {
                let end = tag.find(char::is_whitespace).unwrap_or(tag.len());
                let (name, rest) = tag.split_at(end);
                if lines.last().is_some_and(|last| !last.is_empty()) {
                    lines.push(String::new());
                }
                lines.push(format!("*@{name}*{}", links(rest)));
            }
            None => lines.push(links(line)),
        }
    }
    lines.join("\n").trim().to_owned()
}

/// `{@link name}` as code.
fn links(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("{@link") {
        let (before, after) = rest.split_at(start);
        text.push_str(before);
        let Some(end) = after.find('}') else { break };
        let name = after[..end].trim_start_matches("{@link").trim_start_matches(char::is_alphabetic).trim();
        let name = if name.is_empty() { after[6..end].trim() } else { name };
        text.push('`');
        text.push_str(name);
        text.push('`');
        rest = &after[end + 1..];
    }
    text.push_str(rest);
    text
}

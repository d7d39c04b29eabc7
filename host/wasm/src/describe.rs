//! Checks how an analyzer describes itself.

use vraftls_index::{Description, Features, Language};

use crate::bindings::exports::vraftls::analyzer::meta as guest;
use crate::people;

const ID_BYTES_MAX: usize = 64;
const TITLE_BYTES_MAX: usize = 256;
/// Languages, suffixes of one, project files, triggers of one kind: more are no honest description.
const N_MAX: usize = 64;
const N_TOKEN_TYPES_MAX: usize = 256;
/// The protocol packs modifiers into bits of 32.
const N_TOKEN_MODIFIERS_MAX: usize = 32;

/// Which interface of the contract answers a feature.
type Answers = (&'static str, fn(&Features) -> bool, &'static str);

const ANSWERS: [Answers; 24] = [
    ("diagnostics", |has| has.diagnostics, "diagnosing"),
    ("definition", |has| has.definition, "navigation"),
    ("declaration", |has| has.declaration, "navigation"),
    ("type-definition", |has| has.type_definition, "navigation"),
    ("implementation", |has| has.implementation, "navigation"),
    ("references", |has| has.references, "references"),
    ("highlight", |has| has.highlight, "references"),
    ("hover", |has| has.hover, "hovering"),
    ("completion", |has| has.completion, "completing"),
    ("signature-help", |has| has.signature_help, "signatures"),
    ("rename", |has| has.rename, "renaming"),
    ("formatting", |has| has.formatting, "formatting"),
    ("range-formatting", |has| has.range_formatting, "formatting"),
    ("on-type-formatting", |has| has.on_type_formatting, "formatting"),
    ("call-hierarchy", |has| has.call_hierarchy, "hierarchies"),
    ("type-hierarchy", |has| has.type_hierarchy, "hierarchies"),
    ("semantic-tokens", |has| has.semantic_tokens, "decorations"),
    ("inlay-hints", |has| has.inlay_hints, "decorations"),
    ("selection-ranges", |has| has.selection_ranges, "decorations"),
    ("code-actions", |has| has.code_actions, "actions"),
    ("code-lens", |has| has.code_lens, "decorations"),
    ("document-links", |has| has.document_links, "decorations"),
    ("linked-editing", |has| has.linked_editing, "decorations"),
    ("file-operations", |has| has.file_operations, "actions"),
];

/// The description, or what is wrong with it; `exports` says which interfaces the component has.
pub(crate) fn description(
    description: guest::Description,
    exports: impl Fn(&str) -> bool,
) -> Result<Description, String> {
    identifier("the identifier", &description.id)?;
    one_line("the version", &description.version, ID_BYTES_MAX)?;
    one_line("the title", &description.title, TITLE_BYTES_MAX)?;
    let features = features(description.features);
    for (name, has, interface) in ANSWERS {
        if has(&features) && !(exports("projects") && exports(interface)) {
            return Err(format!("it has the feature `{name}` without exporting the interface `{interface}`"));
        }
    }
    Ok(Description {
        id: description.id,
        version: description.version,
        title: description.title,
        languages: languages(description.languages)?,
        project_files: project_files(description.project_files)?,
        features,
        completion_triggers: triggers("completion", description.completion_triggers)?,
        signature_triggers: triggers("signature help", description.signature_triggers)?,
        on_type_triggers: triggers("formatting", description.on_type_triggers)?,
        token_types: words("token types", description.token_types, N_TOKEN_TYPES_MAX)?,
        token_modifiers: words("token modifiers", description.token_modifiers, N_TOKEN_MODIFIERS_MAX)?,
    })
}

fn identifier(what: &str, id: &str) -> Result<(), String> {
    let sane = id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    match sane && id.len() <= ID_BYTES_MAX && id.starts_with(|first: char| first.is_ascii_lowercase()) {
        true => Ok(()),
        false => Err(format!("{what} {:?} is not of the form `[a-z][a-z0-9_-]*`", people::cut(id, ID_BYTES_MAX))),
    }
}

fn one_line(what: &str, text: &str, bytes_max: usize) -> Result<(), String> {
    if text.is_empty() || text.len() > bytes_max {
        return Err(format!("{what} has {} bytes, which is not between 1 and {bytes_max}", text.len()));
    }
    match people::line(text, bytes_max) == text {
        true => Ok(()),
        false => Err(format!("{what} has control characters")),
    }
}

fn at_most(what: &str, n: usize, n_max: usize) -> Result<(), String> {
    if n > n_max { Err(format!("{n} {what} are more than {n_max}")) } else { Ok(()) }
}

fn languages(languages: Vec<guest::Language>) -> Result<Vec<Language>, String> {
    at_most("languages", languages.len(), N_MAX)?;
    if languages.is_empty() {
        return Err("it serves no language".to_owned());
    }
    let language = |language: guest::Language| {
        one_line("a language's identifier", &language.id, ID_BYTES_MAX)?;
        Ok(Language { id: language.id, suffixes: file_names("suffixes", language.suffixes)? })
    };
    languages.into_iter().map(language).collect()
}

fn file_names(what: &str, names: Vec<String>) -> Result<Vec<String>, String> {
    let names = words(what, names, N_MAX)?;
    match names.iter().find(|name| name.contains('/')) {
        Some(path) => Err(format!("{path:?} among the {what} is a path")),
        None => Ok(names),
    }
}

/// Names with at most one `*` that stands for something. An editor is given them as patterns, so what means something in those of
/// the protocol and nothing to us would be a file whose changes nobody hears of.
fn project_files(names: Vec<String>) -> Result<Vec<String>, String> {
    let names = file_names("project files", names)?;
    for name in &names {
        let n_stars = name.matches('*').count();
        if n_stars > 1 {
            return Err(format!("{name:?} among the project files has {n_stars} `*`, more than one"));
        }
        if name == "*" {
            return Err("`*` among the project files would be every file".to_owned());
        }
        if let Some(other) = name.chars().find(|other| matches!(other, '\\' | '?' | '[' | ']' | '{' | '}')) {
            return Err(format!("{name:?} among the project files has a {other:?}, which means something in editors"));
        }
    }
    Ok(names)
}

fn triggers(what: &str, triggers: Vec<String>) -> Result<Vec<String>, String> {
    at_most("triggers", triggers.len(), N_MAX)?;
    match triggers.iter().find(|trigger| trigger.chars().count() != 1) {
        Some(trigger) => Err(format!("{:?} asks for {what} and is not one character", people::cut(trigger, 16))),
        None => Ok(triggers),
    }
}

fn words(what: &str, words: Vec<String>, n_max: usize) -> Result<Vec<String>, String> {
    at_most(what, words.len(), n_max)?;
    words.iter().try_for_each(|word| one_line(what, word, ID_BYTES_MAX))?;
    Ok(words)
}

fn features(flags: guest::Features) -> Features {
    use guest::Features as Flag;
    Features {
        diagnostics: flags.contains(Flag::DIAGNOSTICS),
        definition: flags.contains(Flag::DEFINITION),
        declaration: flags.contains(Flag::DECLARATION),
        type_definition: flags.contains(Flag::TYPE_DEFINITION),
        implementation: flags.contains(Flag::IMPLEMENTATION),
        references: flags.contains(Flag::REFERENCES),
        highlight: flags.contains(Flag::HIGHLIGHT),
        hover: flags.contains(Flag::HOVER),
        completion: flags.contains(Flag::COMPLETION),
        signature_help: flags.contains(Flag::SIGNATURE_HELP),
        rename: flags.contains(Flag::RENAME),
        formatting: flags.contains(Flag::FORMATTING),
        range_formatting: flags.contains(Flag::RANGE_FORMATTING),
        on_type_formatting: flags.contains(Flag::ON_TYPE_FORMATTING),
        call_hierarchy: flags.contains(Flag::CALL_HIERARCHY),
        type_hierarchy: flags.contains(Flag::TYPE_HIERARCHY),
        semantic_tokens: flags.contains(Flag::SEMANTIC_TOKENS),
        inlay_hints: flags.contains(Flag::INLAY_HINTS),
        selection_ranges: flags.contains(Flag::SELECTION_RANGES),
        code_actions: flags.contains(Flag::CODE_ACTIONS),
        code_lens: flags.contains(Flag::CODE_LENS),
        document_links: flags.contains(Flag::DOCUMENT_LINKS),
        linked_editing: flags.contains(Flag::LINKED_EDITING),
        file_operations: flags.contains(Flag::FILE_OPERATIONS),
    }
}

#[cfg(test)]
mod tests;

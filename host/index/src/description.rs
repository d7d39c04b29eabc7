//! Who an analyzer is.

use serde::{Deserialize, Serialize};

/// A language that an analyzer serves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Language {
    /// The identifier that editors use.
    pub id: String,
    /// Suffixes of its files without the dot.
    pub suffixes: Vec<String>,
}

/// What an analyzer's engine answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the feature of its name in the contract's `meta.features`")]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent features")]
pub struct Features {
    pub diagnostics: bool,
    pub definition: bool,
    pub declaration: bool,
    pub type_definition: bool,
    pub implementation: bool,
    pub references: bool,
    pub highlight: bool,
    pub hover: bool,
    pub completion: bool,
    pub signature_help: bool,
    pub rename: bool,
    pub formatting: bool,
    pub range_formatting: bool,
    pub on_type_formatting: bool,
    pub call_hierarchy: bool,
    pub type_hierarchy: bool,
    pub semantic_tokens: bool,
    pub inlay_hints: bool,
    pub selection_ranges: bool,
    pub code_actions: bool,
    pub code_lens: bool,
    pub document_links: bool,
    pub linked_editing: bool,
    pub file_operations: bool,
}

impl Features {
    /// The names of those it has, as the contract spells them.
    pub fn names(&self) -> Vec<&'static str> {
        let all = [
            (self.diagnostics, "diagnostics"),
            (self.definition, "definition"),
            (self.declaration, "declaration"),
            (self.type_definition, "type-definition"),
            (self.implementation, "implementation"),
            (self.references, "references"),
            (self.highlight, "highlight"),
            (self.hover, "hover"),
            (self.completion, "completion"),
            (self.signature_help, "signature-help"),
            (self.rename, "rename"),
            (self.formatting, "formatting"),
            (self.range_formatting, "range-formatting"),
            (self.on_type_formatting, "on-type-formatting"),
            (self.call_hierarchy, "call-hierarchy"),
            (self.type_hierarchy, "type-hierarchy"),
            (self.semantic_tokens, "semantic-tokens"),
            (self.inlay_hints, "inlay-hints"),
            (self.selection_ranges, "selection-ranges"),
            (self.code_actions, "code-actions"),
            (self.code_lens, "code-lens"),
            (self.document_links, "document-links"),
            (self.linked_editing, "linked-editing"),
            (self.file_operations, "file-operations"),
        ];
        all.into_iter().filter_map(|(has, name)| has.then_some(name)).collect()
    }
}

/// Who an analyzer is, and what it wants (`meta.description` of the contract).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Description {
    /// A short lower-case identifier.
    pub id: String,
    /// A semantic version.
    pub version: String,
    /// For people.
    pub title: String,
    /// The languages, first the main one.
    pub languages: Vec<Language>,
    /// File names, beside the suffixes, that it reads.
    pub project_files: Vec<String>,
    /// What it answers.
    pub features: Features,
    /// Characters that ask for completion.
    pub completion_triggers: Vec<String>,
    /// Characters that ask for signature help.
    pub signature_triggers: Vec<String>,
    /// Characters that ask for on-type formatting.
    pub on_type_triggers: Vec<String>,
    /// The names of semantic token types.
    pub token_types: Vec<String>,
    /// The names of semantic token modifiers.
    pub token_modifiers: Vec<String>,
}

impl Description {
    /// Whether it reads a file of this path: by its suffix, or by its name.
    pub fn reads(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.language_of(path).is_some() || self.project_files.iter().any(|file| file == name)
    }

    /// The language that a file of this path is in, if it is one of the analyzer's.
    pub fn language_of(&self, path: &str) -> Option<&Language> {
        let (_, suffix) = path.rsplit('/').next()?.rsplit_once('.')?;
        self.languages.iter().find(|language| language.suffixes.iter().any(|known| known == suffix))
    }
}

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
    /// Names of files, beside the suffixes, that it reads; one `*` in a name stands for any characters or none.
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
        self.language_of(path).is_some() || self.project_files.iter().any(|meant| is_meant(meant, name))
    }

    /// The language that a file of this path is in, if it is one of the analyzer's: of suffixes that end one another, as `map`
    /// and `d.ts.map` do, the longest decides.
    pub fn language_of(&self, path: &str) -> Option<&Language> {
        let name = path.rsplit('/').next()?;
        let ends_name = |suffix: &&String| name.strip_suffix(suffix.as_str()).is_some_and(|head| head.ends_with('.'));
        let length = |language: &Language| language.suffixes.iter().filter(ends_name).map(String::len).max();
        let matching = self.languages.iter().filter_map(|language| Some((length(language)?, language)));
        matching.min_by_key(|(length, _)| std::cmp::Reverse(*length)).map(|(_, language)| language)
    }
}

/// Whether a name is that of the project files that an analyzer means.
fn is_meant(meant: &str, name: &str) -> bool {
    match meant.split_once('*') {
        // What begins the name may not end it too: `a.*.b` does not mean `a.b`.
        Some((begin, end)) => name.strip_prefix(begin).is_some_and(|rest| rest.ends_with(end)),
        None => meant == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stands_for_any_characters() {
        let meant = ["one.json", "t*.json", "t.*.json", "*.t.json", "end*"].map(str::to_owned).to_vec();
        let means = |n: usize, path: &str| {
            Description { project_files: vec![meant[n].clone()], ..Description::default() }.reads(path)
        };
        for path in ["t.json", "a/t.json", "t.é.json", "ta.b.json"] {
            assert!(means(1, path), "{path}");
        }
        for path in ["", "t", "json", "at.json", "t/a.json", "t.jsonc", "t.json/a"] {
            assert!(!means(1, path), "{path}");
        }
        assert!(means(0, "b/one.json") && !means(0, "one.json.json") && !means(0, "aone.json"));
        assert!(means(2, "t..json") && means(2, "t.a.b.json") && !means(2, "t.json"));
        assert!(means(3, "a/.t.json") && means(3, "a.t.json") && !means(3, "t.json"));
        assert!(means(4, "end") && means(4, "ending") && !means(4, "bend"));
    }

    #[test]
    fn the_longest_suffix_decides() {
        let language = |id: &str, suffix: &str| Language { id: id.to_owned(), suffixes: vec![suffix.to_owned()] };
        let description = Description {
            id: "any".to_owned(),
            version: "1.0.0".to_owned(),
            title: String::new(),
            languages: vec![language("script", "ts"), language("map", "d.ts.map"), language("any-map", "ts.map")],
            project_files: vec!["one.json".to_owned()],
            features: Features::default(),
            completion_triggers: Vec::new(),
            signature_triggers: Vec::new(),
            on_type_triggers: Vec::new(),
            token_types: Vec::new(),
            token_modifiers: Vec::new(),
        };
        let of = |path: &str| description.language_of(path).map(|language| language.id.as_str());
        assert_eq!(of("a.b/c.d.ts"), Some("script"));
        assert_eq!(of("a/c.d.ts.map"), Some("map"));
        assert_eq!(of("c.ts.map"), Some("any-map"));
        assert_eq!(of("a.ts/c"), None);
        assert_eq!((of("cts"), of("c.js.map"), of("map")), (None, None, None));
        assert!(description.reads("a/one.json") && !description.reads("a/c.js.map"));
    }
}

//! How a project wants its imports laid out: the simplest keys of `[tool.ruff.lint.isort]`, from the same files as the
//! settings of the formatter. What is broken or unknown in them is passed over.

use std::num::NonZeroU16;

use serde::Deserialize;
use vraftls_guest_sdk::Workspace;

use super::section::Section;
use crate::ruff_settings;

/// The width that ruff and black take where nobody says another.
const LINE_LENGTH: usize = 88;

/// How imports are laid out.
#[derive(Debug, Clone)]
pub(crate) struct ImportSettings {
    /// The width of a line in characters.
    pub(crate) line_length: usize,
    /// Whether every name gets a statement of its own.
    pub(crate) force_single_line: bool,
    /// Whether names with `as` share a statement with others.
    pub(crate) combine_as_imports: bool,
    known: Vec<(Section, Vec<String>)>,
}

impl Default for ImportSettings {
    fn default() -> Self {
        Self::from(RuffTable::default())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct BlackTable {
    line_length: Option<NonZeroU16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct RuffTable {
    line_length: Option<NonZeroU16>,
    lint: LintTable,
    // Where ruff looked before it had a table for linting.
    isort: Option<IsortTable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LintTable {
    isort: Option<IsortTable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct IsortTable {
    force_single_line: bool,
    combine_as_imports: bool,
    known_first_party: Vec<String>,
    known_third_party: Vec<String>,
    known_local_folder: Vec<String>,
    extra_standard_library: Vec<String>,
}

impl From<BlackTable> for RuffTable {
    fn from(black: BlackTable) -> Self {
        Self { line_length: black.line_length, ..Self::default() }
    }
}

impl From<RuffTable> for ImportSettings {
    fn from(ruff: RuffTable) -> Self {
        let isort = ruff.lint.isort.or(ruff.isort).unwrap_or_default();
        Self {
            line_length: ruff.line_length.map_or(LINE_LENGTH, |length| usize::from(length.get())),
            force_single_line: isort.force_single_line,
            combine_as_imports: isort.combine_as_imports,
            known: vec![
                (Section::Local, isort.known_local_folder),
                (Section::FirstParty, isort.known_first_party),
                (Section::ThirdParty, isort.known_third_party),
                (Section::Standard, isort.extra_standard_library),
            ],
        }
    }
}

impl ImportSettings {
    /// The settings for a file, from the nearest directory above it that has any.
    pub(crate) fn of(workspace: &dyn Workspace, path: &str) -> Self {
        ruff_settings::nearest::<RuffTable, BlackTable>(workspace, path).map_or_else(Self::default, Self::from)
    }

    /// The same, with lines of any width.
    pub(crate) fn unbounded(&self) -> Self {
        Self { line_length: usize::MAX, ..self.clone() }
    }

    /// The section that the project puts a module into.
    pub(super) fn known_section(&self, module: &str) -> Option<Section> {
        let is_below = |known: &String| {
            let known = known.trim_end_matches(".*");
            module.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.known.iter().find(|(_, known)| known.iter().any(is_below)).map(|(section, _)| *section)
    }
}

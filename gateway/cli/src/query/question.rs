//! What can be asked, as it is written on the command line.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::place::{LineAndColumn, Place};

/// How many symbols a node gives at most.
const N_SYMBOLS_MAX: i64 = 10_000;

#[derive(Subcommand)]
pub(super) enum Question {
    /// Where the name at a place is defined
    Definition(At),
    /// Where it is declared
    Declaration(At),
    /// Where its type is defined
    TypeDefinition(At),
    /// Where it is implemented
    Implementation(At),
    /// Where it is used, its definition included
    References(At),
    /// Where it is used in its file, and whether it is read or written there
    Highlights(At),
    /// The places that are edited together with this one
    LinkedEditing(At),
    /// What is known of it
    Hover(At),
    /// The symbols whose name matches a text, best first
    Symbols {
        /// As one types it in an editor
        text: String,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=N_SYMBOLS_MAX))]
        limit: u32,
    },
    /// What a file defines, as a tree
    Outline(InFile),
    /// The signatures of the call that a place is in
    Signature(At),
    /// What could be written at a place, best first
    Completion(At),
    /// Who calls the function at a place
    IncomingCalls(At),
    /// Whom the function at a place calls
    OutgoingCalls(At),
    /// The types that the one at a place derives from
    Supertypes(At),
    /// The types that derive from it
    Subtypes(At),
    /// What each word of a file is
    Tokens(InFile),
    /// The types and parameter names that editors show inside lines
    InlayHints(InFile),
    /// What editors show above lines: counts of references, tests
    Lenses(InFile),
    /// What can be folded
    Folding(InFile),
    /// What encloses a place, the innermost first
    Selection(At),
    /// What leads out of a file
    Links(InFile),
    /// What the macro at a place becomes
    Expand(At),
    /// What is wrong with a file
    Diagnostics(InFile),
    /// What can be done about a place, or a stretch from it
    CodeActions {
        #[command(flatten)]
        at: At,
        /// Up to here, as LINE:COLUMN
        #[arg(long, value_name = "LINE:COLUMN")]
        to: Option<LineAndColumn>,
        /// Only of this kind, for example `quickfix` or `source.organizeImports`; may be given more than once
        #[arg(long, value_name = "KIND")]
        only: Vec<String>,
    },
    /// What renaming the name at a place would change; nothing is written
    Rename {
        #[command(flatten)]
        at: At,
        /// The new name
        new_name: String,
    },
    /// The name at a place, if it can be renamed
    PrepareRename(At),
    /// What moving a file would change in others; nothing is written
    MoveFile {
        /// Where it is
        from: PathBuf,
        /// Where it would be
        to: PathBuf,
    },
    /// What formatting a file would change; nothing is written
    Format {
        #[command(flatten)]
        file: InFile,
        /// Only from here, as LINE:COLUMN
        #[arg(long, value_name = "LINE:COLUMN", requires = "to")]
        from: Option<LineAndColumn>,
        /// Up to here, as LINE:COLUMN
        #[arg(long, value_name = "LINE:COLUMN", requires = "from")]
        to: Option<LineAndColumn>,
    },
    /// What typing a character would change, the place being behind it; nothing is written
    FormatTyped {
        #[command(flatten)]
        at: At,
        /// The character
        typed: String,
    },
    /// What putting the line of a place and the next onto one would change, or those of a stretch from it; nothing is written
    JoinLines {
        #[command(flatten)]
        at: At,
        /// Up to here, as LINE:COLUMN
        #[arg(long, value_name = "LINE:COLUMN")]
        to: Option<LineAndColumn>,
    },
}

impl Question {
    /// The file that it is about, if it is about one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Outline(file)
            | Self::Tokens(file)
            | Self::InlayHints(file)
            | Self::Lenses(file)
            | Self::Folding(file)
            | Self::Links(file)
            | Self::Diagnostics(file)
            | Self::Format { file, .. } => Some(&file.file),
            _ => self.place().map(|place| &*place.file),
        }
    }

    /// The place that it is about, if it is about one.
    pub(super) fn place(&self) -> Option<&Place> {
        match self {
            Self::Definition(at)
            | Self::Declaration(at)
            | Self::TypeDefinition(at)
            | Self::Implementation(at)
            | Self::References(at)
            | Self::Highlights(at)
            | Self::LinkedEditing(at)
            | Self::Hover(at)
            | Self::Signature(at)
            | Self::Completion(at)
            | Self::IncomingCalls(at)
            | Self::OutgoingCalls(at)
            | Self::Supertypes(at)
            | Self::Subtypes(at)
            | Self::Selection(at)
            | Self::Expand(at)
            | Self::PrepareRename(at)
            | Self::CodeActions { at, .. }
            | Self::Rename { at, .. }
            | Self::JoinLines { at, .. }
            | Self::FormatTyped { at, .. } => Some(&at.at),
            _ => None,
        }
    }
}

#[derive(Args)]
pub(super) struct At {
    /// The place, both numbers from 1, columns in characters
    #[arg(long, value_name = "FILE:LINE:COLUMN")]
    pub(super) at: Place,
}

#[derive(Args)]
pub(super) struct InFile {
    /// The file
    pub(super) file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_is_in_the_table_of_the_documentation() {
        let table = include_str!("../../../docs/query.md");
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        let documented: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        let questions = Question::augment_subcommands(clap::Command::new("query"));
        let questions: Vec<&str> = questions.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(documented, questions);
    }
}

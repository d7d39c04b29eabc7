//! Who goes first where several questions wait for one engine.

use crate::Question;

/// How soon somebody needs a reply. Where calls wait for one engine the more urgent go first, in the order of the variants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Urgency {
    /// A person struck a key, or points at a place, and waits for this very reply.
    Interactive,
    /// Somebody waits, but knows that it takes a moment: a part of a search through many files, what decorates the text on the screen.
    Patient,
    /// Nobody looks at the place: findings and lenses, which the editor fetches by itself, and whoever reads a whole tree.
    Background,
}

impl Urgency {
    /// All, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Interactive, Self::Patient, Self::Background];
}

impl Question {
    /// How urgent the question is. It follows from what is asked and nothing else, so that nobody can put himself first.
    ///
    /// A search is urgent as long as it looks at one place (its plan), and patient when it goes through files: whoever asked for it
    /// waits for many such calls, and one place of somebody else may go between two of them. What an editor asks by itself at every
    /// keystroke, and shows in the text when it comes, is patient too; what it shows beside the text is background.
    pub fn urgency(&self) -> Urgency {
        match self {
            Self::Definition { .. }
            | Self::Declaration { .. }
            | Self::TypeDefinition { .. }
            | Self::Implementation { .. }
            | Self::Plan { .. }
            | Self::Highlights { .. }
            | Self::Hover { .. }
            | Self::Complete { .. }
            | Self::ResolveCompletion { .. }
            | Self::SignatureHelp { .. }
            | Self::PrepareRename { .. }
            | Self::PlanRename { .. }
            | Self::RenameMoves { .. }
            | Self::Format { .. }
            | Self::FormatOnType { .. }
            | Self::PrepareCalls { .. }
            | Self::PlanIncoming { .. }
            | Self::Outgoing { .. }
            | Self::PrepareTypes { .. }
            | Self::Supertypes { .. }
            | Self::PlanSubtypes { .. }
            | Self::SelectionRanges { .. }
            | Self::LinkedRanges { .. }
            | Self::Actions { .. }
            | Self::ResolveAction { .. }
            | Self::JoinLines { .. }
            | Self::Expand { .. }
            | Self::Bundled { .. } => Urgency::Interactive,
            Self::Confirm { .. }
            | Self::RenameEdits { .. }
            | Self::Incoming { .. }
            | Self::Subtypes { .. }
            | Self::WillRename { .. }
            | Self::SemanticTokens { .. }
            | Self::InlayHints { .. } => Urgency::Patient,
            Self::Diagnostics { .. } | Self::Lenses { .. } | Self::Links { .. } | Self::ResolveAll { .. } => {
                Urgency::Background
            }
        }
    }
}

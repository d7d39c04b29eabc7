//! The two traits that an author implements.

use std::sync::Arc;

use crate::{
    Action, Call, Candidate, Change, CompletionItems, Config, Description, Details, Diagnostic, Document, DocumentEdit,
    Expansion, Facts, Failure, FileChange, FileReferences, FormattingOptions, HierarchyItem, Highlight, HoverInfo,
    InlayHint, Lens, Link, Move, RenameTarget, Resolved, SearchPlan, SignatureHelp, Span, Targets, TextEdit, Workspace,
};

/// An analyzer: what a component exports.
pub trait Analyzer: 'static {
    /// What it makes of a project.
    type Project: Project;

    /// Who it is. `features` names the methods of [`Project`] that it really has.
    fn describe() -> Description;

    /// What a document says by itself; pure and deterministic.
    fn index(document: &Document) -> Result<Facts, Failure>;

    /// Opens a project. Files are read later, through `workspace`, when a question needs them.
    fn open(config: Config, workspace: Arc<dyn Workspace>) -> Result<Self::Project, Failure>;
}

/// A project in memory. Every method beyond the first is optional, and every question answers [`Failure::Unsupported`] by default;
/// the contract (`wit/analyzer.wit`) documents each.
#[expect(unused_variables, reason = "parameters of defaults are named for the reader")]
pub trait Project: 'static {
    /// Says how the view differs from now on.
    fn update(&mut self, changes: &[Change]) -> Result<(), Failure>;

    /// Says which files are open in an editor.
    fn set_open(&mut self, paths: Vec<String>) {}

    /// Does what can wait until nobody does. There are no files to be read meanwhile.
    fn rest(&mut self) {}

    /// A file that the analyzer carries itself, by its `@bundled/` path.
    fn bundled(&self, path: &str) -> Option<String> {
        None
    }

    /// All findings of one file.
    fn diagnostics(&mut self, path: &str) -> Result<Vec<Diagnostic>, Failure> {
        Err(Failure::Unsupported)
    }

    /// Where the name at the offset is defined.
    fn definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        Err(Failure::Unsupported)
    }

    /// Where it is declared.
    fn declaration(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        Err(Failure::Unsupported)
    }

    /// Where its type is defined.
    fn type_definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What implements it.
    fn implementation(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What to search for to find its references.
    fn plan(&mut self, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
        Err(Failure::Unsupported)
    }

    /// Which candidates mean what the plan searches for.
    fn confirm(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<FileReferences>, Failure> {
        Err(Failure::Unsupported)
    }

    /// Its occurrences in the same document.
    fn highlights(&mut self, path: &str, offset: u32) -> Result<Vec<Highlight>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What is known of it.
    fn hover(&mut self, path: &str, offset: u32) -> Result<Option<HoverInfo>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What could be written there.
    fn complete(
        &mut self,
        path: &str,
        offset: u32,
        trigger: Option<&str>,
        limit: u32,
    ) -> Result<CompletionItems, Failure> {
        Err(Failure::Unsupported)
    }

    /// The rest of a proposal.
    fn resolve_completion(&mut self, path: &str, token: &[u8]) -> Result<Details, Failure> {
        Err(Failure::Unsupported)
    }

    /// The call around the offset.
    fn signature_help(&mut self, path: &str, offset: u32) -> Result<Option<SignatureHelp>, Failure> {
        Err(Failure::Unsupported)
    }

    /// Whether the name can be renamed.
    fn prepare_rename(&mut self, path: &str, offset: u32) -> Result<Option<RenameTarget>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What to search for to rename it.
    fn plan_rename(&mut self, path: &str, offset: u32, new_name: &str) -> Result<Option<SearchPlan>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The edits in the candidates.
    fn rename_edits(
        &mut self,
        plan: SearchPlan,
        new_name: &str,
        files: Vec<Candidate>,
    ) -> Result<Vec<DocumentEdit>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The layout of a document or of a part of it.
    fn format(&mut self, path: &str, span: Option<Span>, options: FormattingOptions) -> Result<Vec<TextEdit>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The layout after a character was typed.
    fn format_on_type(
        &mut self,
        path: &str,
        offset: u32,
        typed: &str,
        options: FormattingOptions,
    ) -> Result<Vec<TextEdit>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The functions at the offset.
    fn prepare_calls(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What to search for to find callers.
    fn plan_incoming(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The callers in the candidates.
    fn incoming(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<Call>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What the item calls.
    fn outgoing(&mut self, item: HierarchyItem) -> Result<Vec<Call>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The types at the offset.
    fn prepare_types(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What the type extends.
    fn supertypes(&mut self, item: HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What to search for to find what extends the type.
    fn plan_subtypes(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What extends the type in the candidates.
    fn subtypes(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<HierarchyItem>, Failure> {
        Err(Failure::Unsupported)
    }

    /// Tokens, packed as the contract says.
    fn semantic_tokens(&mut self, path: &str, span: Option<Span>) -> Result<Vec<u32>, Failure> {
        Err(Failure::Unsupported)
    }

    /// Hints in the span.
    fn inlay_hints(&mut self, path: &str, span: Span) -> Result<Vec<InlayHint>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The enclosing ranges of each offset, innermost first.
    fn selection_ranges(&mut self, path: &str, offsets: &[u32]) -> Result<Vec<Vec<Span>>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The lines above constructs.
    fn lenses(&mut self, path: &str) -> Result<Vec<Lens>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The links.
    fn links(&mut self, path: &str) -> Result<Vec<Link>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The ranges edited together with the one at the offset.
    fn linked_ranges(&mut self, path: &str, offset: u32) -> Result<Vec<Span>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The changes offered for a span.
    fn actions(
        &mut self,
        path: &str,
        span: Span,
        diagnostics: &[Diagnostic],
        kinds: &[String],
    ) -> Result<Vec<Action>, Failure> {
        Err(Failure::Unsupported)
    }

    /// The edits of an offered change.
    fn resolve_action(&mut self, path: &str, token: &[u8]) -> Result<Vec<DocumentEdit>, Failure> {
        Err(Failure::Unsupported)
    }

    /// Where all names of a file lead, packed as the contract says.
    fn resolve_all(&mut self, path: &str) -> Result<Resolved, Failure> {
        Err(Failure::Unsupported)
    }

    /// The edits that put the lines of each span onto one.
    fn join_lines(&mut self, path: &str, spans: &[Span]) -> Result<Vec<TextEdit>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What the code at the offset stands for.
    fn expand(&mut self, path: &str, offset: u32) -> Result<Option<Expansion>, Failure> {
        Err(Failure::Unsupported)
    }

    /// What moves when what the plan searches for is renamed, beside the edits.
    fn rename_moves(&mut self, plan: SearchPlan, new_name: &str) -> Result<Vec<Move>, Failure> {
        Ok(Vec::new())
    }

    /// What an offered change does; its edits alone, unless files come to be or move with them.
    fn resolve_change(&mut self, path: &str, token: &[u8]) -> Result<FileChange, Failure> {
        Ok(FileChange { edits: self.resolve_action(path, token)?, creations: Vec::new(), moves: Vec::new() })
    }

    /// The edits that keep imports right when files move.
    fn will_rename(&mut self, moves: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
        Err(Failure::Unsupported)
    }
}

//! A Rust project in memory: how it follows the workspace, and how a place in a file is found. The features live in files of
//! their own; here they are only named.

use std::sync::Arc;

use ra_ap_ide::{Analysis, Cancellable, FilePosition, FileRange, NavigationTarget, RootDatabase, TextRange, TextSize};
use ra_ap_ide_db::FileId;
use ra_ap_ide_db::base_db::SourceDatabase as _;
use vraftls_guest_sdk::{
    Action, Call, Candidate, Change, CompletionItems, Config, Details, Diagnostic, DocumentEdit, Expansion, Failure,
    FileChange, FileReferences, FormattingOptions, HierarchyItem, Highlight, HoverInfo, InlayHint, Lens, Location,
    Move, Project, RenameTarget, Resolved, SearchPlan, SignatureHelp, Span, Targets, TextEdit, Workspace,
};

use crate::world::World;
use crate::{
    actions, bundled, completion, diagnostics, hierarchy, hints, hover, lenses, navigation, on_type, references,
    rename, resolving, rewriting, selection, signature, tokens,
};

/// A project in memory.
pub struct RustProject {
    world: World,
    workspace: Arc<dyn Workspace>,
    config: Config,
    /// How many questions were asked about files.
    n_questions: u32,
}

/// After so many questions the engine lets go of syntax trees that it did not use lately. More often, and in large workspaces the next
/// question needs what has just gone; the memory is the same at a quarter of this.
const QUESTIONS_BETWEEN: u32 = 64;

/// A file that a question is about.
pub(crate) struct Source<'project> {
    /// The project.
    pub(crate) project: &'project RustProject,
    /// The engine's number of the file.
    pub(crate) file: FileId,
    /// Its contents.
    pub(crate) text: triomphe::Arc<str>,
}

impl RustProject {
    /// Opens a project. Reads nothing.
    pub(crate) fn open(config: Config, workspace: Arc<dyn Workspace>) -> Self {
        Self { world: World::new(), workspace, config, n_questions: 0 }
    }

    /// What the engine was told.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// The engine's database.
    pub(crate) fn db(&self) -> &RootDatabase {
        self.world.host().raw_database()
    }

    /// Asks the engine. The snapshot that answers is gone afterwards.
    ///
    /// # Errors
    /// [`Failure::Cancelled`] if the engine gave up.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Analysis) -> Cancellable<T>) -> Result<T, Failure> {
        question(&self.world.host().analysis()).map_err(|_| Failure::Cancelled)
    }

    /// Whether the view has a file or a directory at a path.
    pub(crate) fn is_there(&self, path: &str) -> bool {
        self.workspace.exists(&[path.to_owned()]).iter().any(Option::is_some)
    }

    /// Fails if nobody waits any more. To be asked between files.
    pub(crate) fn check_cancelled(&self) -> Result<(), Failure> {
        if self.workspace.cancelled() { Err(Failure::Cancelled) } else { Ok(()) }
    }

    /// Follows the view, then finds a file.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a file that is no Rust or not there, [`Failure::Limited`] for one that nests too deeply, and
    /// what [`World::follow`] fails with.
    pub(crate) fn source(&mut self, path: &str) -> Result<Source<'_>, Failure> {
        self.follow()?;
        // By itself the engine does so only when a text changes, and who reads a tree changes none.
        self.n_questions = self.n_questions.wrapping_add(1);
        if self.n_questions.is_multiple_of(QUESTIONS_BETWEEN) {
            self.world.let_go();
        }
        self.known_source(path)
    }

    fn follow(&mut self) -> Result<(), Failure> {
        self.world.follow(&*self.workspace, &self.config)
    }

    /// Finds a file of the view as the engine knows it.
    ///
    /// # Errors
    /// Those of [`Self::source`].
    fn known_source(&self, path: &str) -> Result<Source<'_>, Failure> {
        let file = self.world.id(path).ok_or_else(|| Failure::NotFound(path.to_owned()))?;
        let text = self.db().file_text(file).text(self.db()).clone();
        if self.world.is_too_deep(file) {
            return Err(Failure::Limited("the code is nested too deeply to be analyzed".to_owned()));
        }
        Ok(Source { project: self, file, text })
    }

    /// Where the engine's target is, in the words of the contract; none for what lies in no file of the view.
    pub(crate) fn location(&self, target: &NavigationTarget) -> Option<Location> {
        // What stands in for the standard library is nothing to look at.
        let path = self.world.path(target.file_id).filter(|path| !bundled::owns(path))?.to_owned();
        // Who goes to a file goes to its beginning.
        let is_file = || {
            target.full_range == TextRange::up_to(TextSize::of(&**self.db().file_text(target.file_id).text(self.db())))
        };
        let focus = match target.focus_range {
            Some(focus) => focus,
            None if is_file() => TextRange::empty(target.full_range.start()),
            None => target.full_range,
        };
        Some(Location { path, span: span(focus), full: span(target.full_range.cover(focus)) })
    }
}

impl Source<'_> {
    /// The offset of a question, if it lies on a character boundary of the text.
    ///
    /// # Errors
    /// [`Failure::InvalidInput`] if it does not.
    pub(crate) fn offset(&self, offset: u32) -> Result<TextSize, Failure> {
        if self.text.is_char_boundary(offset as usize) {
            Ok(TextSize::new(offset))
        } else {
            Err(Failure::InvalidInput(format!("offset {offset} is not between two characters of the file")))
        }
    }

    /// The place of a question.
    ///
    /// # Errors
    /// Those of [`Self::offset`].
    pub(crate) fn position(&self, offset: u32) -> Result<FilePosition, Failure> {
        Ok(FilePosition { file_id: self.file, offset: self.offset(offset)? })
    }

    /// The range of a question, if it lies in the text and on character boundaries.
    ///
    /// # Errors
    /// [`Failure::InvalidInput`] if it does not.
    pub(crate) fn range(&self, span: Span) -> Result<FileRange, Failure> {
        let (start, end) = (self.offset(span.start)?, self.offset(span.end)?);
        if start > end {
            return Err(Failure::InvalidInput(format!("the span {}..{} ends before it starts", span.start, span.end)));
        }
        Ok(FileRange { file_id: self.file, range: TextRange::new(start, end) })
    }

    /// The text of a range, empty where the range is not of this text.
    pub(crate) fn slice(&self, range: TextRange) -> &str {
        self.text.get(range.start().into()..range.end().into()).unwrap_or_default()
    }
}

/// A range in the contract's words.
pub(crate) fn span(range: TextRange) -> Span {
    Span { start: range.start().into(), end: range.end().into() }
}

impl Project for RustProject {
    fn update(&mut self, changes: &[Change]) -> Result<(), Failure> {
        for change in changes {
            self.world.note(&*self.workspace, change);
        }
        Ok(())
    }

    fn definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        navigation::definition(&self.source(path)?, offset)
    }

    fn declaration(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        navigation::declaration(&self.source(path)?, offset)
    }

    fn type_definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        navigation::type_definition(&self.source(path)?, offset)
    }

    fn implementation(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        navigation::implementation(&self.source(path)?, offset)
    }

    fn plan(&mut self, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
        references::plan(&self.source(path)?, offset)
    }

    fn confirm(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<FileReferences>, Failure> {
        let origin = references::origin(&plan)?;
        self.follow()?;
        for file in &files {
            // What the index found is in the view: that is what has to be searched.
            self.check_cancelled()?;
            self.world.refresh(&*self.workspace, &file.path);
        }
        references::confirm(&self.source(&origin.path)?, origin.offset, &files)
    }

    fn highlights(&mut self, path: &str, offset: u32) -> Result<Vec<Highlight>, Failure> {
        references::highlights(&self.source(path)?, offset)
    }

    fn diagnostics(&mut self, path: &str) -> Result<Vec<Diagnostic>, Failure> {
        diagnostics::diagnostics(&self.source(path)?, path)
    }

    fn hover(&mut self, path: &str, offset: u32) -> Result<Option<HoverInfo>, Failure> {
        hover::hover(&self.source(path)?, offset)
    }

    fn complete(
        &mut self,
        path: &str,
        offset: u32,
        trigger: Option<&str>,
        limit: u32,
    ) -> Result<CompletionItems, Failure> {
        completion::complete(&self.source(path)?, offset, trigger, limit)
    }

    fn resolve_completion(&mut self, path: &str, token: &[u8]) -> Result<Details, Failure> {
        completion::resolve(&self.source(path)?, token)
    }

    fn signature_help(&mut self, path: &str, offset: u32) -> Result<Option<SignatureHelp>, Failure> {
        signature::help(&self.source(path)?, offset)
    }

    fn format_on_type(
        &mut self,
        path: &str,
        offset: u32,
        typed: &str,
        _: FormattingOptions,
    ) -> Result<Vec<TextEdit>, Failure> {
        on_type::format_on_type(&self.source(path)?, path, offset, typed)
    }

    fn prepare_rename(&mut self, path: &str, offset: u32) -> Result<Option<RenameTarget>, Failure> {
        rename::prepare(&self.source(path)?, offset)
    }

    fn plan_rename(&mut self, path: &str, offset: u32, new_name: &str) -> Result<Option<SearchPlan>, Failure> {
        rename::plan(&self.source(path)?, offset, new_name)
    }

    fn rename_edits(
        &mut self,
        plan: SearchPlan,
        new_name: &str,
        files: Vec<Candidate>,
    ) -> Result<Vec<DocumentEdit>, Failure> {
        let origin = references::origin(&plan)?;
        rename::edits(&self.source(&origin.path)?, origin.offset, new_name, &files)
    }

    fn prepare_calls(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        hierarchy::prepare(&self.source(path)?, offset)
    }

    fn plan_incoming(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        let place = hierarchy::place(&item)?;
        hierarchy::plan(&self.source(&place.path)?, place.offset)
    }

    fn incoming(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<Call>, Failure> {
        let origin = references::origin(&plan)?;
        hierarchy::incoming(&self.source(&origin.path)?, origin.offset, &files)
    }

    fn outgoing(&mut self, item: HierarchyItem) -> Result<Vec<Call>, Failure> {
        let place = hierarchy::place(&item)?;
        hierarchy::outgoing(&self.source(&place.path)?, place.offset)
    }

    fn semantic_tokens(&mut self, path: &str, span: Option<Span>) -> Result<Vec<u32>, Failure> {
        tokens::semantic_tokens(&self.source(path)?, span)
    }

    fn inlay_hints(&mut self, path: &str, span: Span) -> Result<Vec<InlayHint>, Failure> {
        hints::inlay_hints(&self.source(path)?, span)
    }

    fn lenses(&mut self, path: &str) -> Result<Vec<Lens>, Failure> {
        lenses::lenses(&self.source(path)?)
    }

    fn resolve_all(&mut self, path: &str) -> Result<Resolved, Failure> {
        resolving::resolve_all(&self.source(path)?)
    }

    fn selection_ranges(&mut self, path: &str, offsets: &[u32]) -> Result<Vec<Vec<Span>>, Failure> {
        selection::selection_ranges(&self.source(path)?, offsets)
    }

    fn actions(
        &mut self,
        path: &str,
        span: Span,
        diagnostics: &[Diagnostic],
        kinds: &[String],
    ) -> Result<Vec<Action>, Failure> {
        actions::actions(&self.source(path)?, path, span, diagnostics, kinds)
    }

    fn resolve_action(&mut self, path: &str, token: &[u8]) -> Result<Vec<DocumentEdit>, Failure> {
        let FileChange { edits, creations, moves } = self.resolve_change(path, token)?;
        match creations.is_empty() && moves.is_empty() {
            true => Ok(edits),
            false => Err(Failure::InvalidInput("it needs files to be made or moved".to_owned())),
        }
    }

    fn resolve_change(&mut self, path: &str, token: &[u8]) -> Result<FileChange, Failure> {
        actions::resolve(&self.source(path)?, token)
    }

    fn rename_moves(&mut self, plan: SearchPlan, new_name: &str) -> Result<Vec<Move>, Failure> {
        let origin = references::origin(&plan)?;
        rename::moves(&self.source(&origin.path)?, origin.offset, new_name)
    }

    fn join_lines(&mut self, path: &str, spans: &[Span]) -> Result<Vec<TextEdit>, Failure> {
        rewriting::join_lines(&self.source(path)?, path, spans)
    }

    fn expand(&mut self, path: &str, offset: u32) -> Result<Option<Expansion>, Failure> {
        rewriting::expand(&self.source(path)?, offset)
    }

    fn will_rename(&mut self, moves: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
        self.follow()?;
        actions::will_rename(self, moves)
    }
}

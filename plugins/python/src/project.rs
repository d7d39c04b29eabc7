//! A Python project in memory: the database, how it follows the workspace, and how a place in a file is found. The features
//! live in files of their own; here they are only named.

use std::sync::Arc;

use ruff_db::files::{File, Files, system_path_to_file, vendored_path_to_file};
use ruff_db::parsed::{ParsedModuleRef, parsed_module};
use ruff_db::source::{SourceText, source_text};
use ruff_db::system::SystemPath;
use ruff_db::vendored::VendoredPath;
use ruff_text_size::{TextRange, TextSize};
use ty_python_core::ProgramFile;
use ty_python_semantic::{Db as _, SemanticModel};
use vraftls_guest_sdk::{
    Action, Call, Candidate, Change, CompletionItems, Config, Details, Diagnostic, DocumentEdit, Failure,
    FileReferences, FormattingOptions, HierarchyItem, Highlight, HoverInfo, InlayHint, Lens, Link, Location, Move,
    NodeKind, Project, RenameTarget, Resolved, SearchPlan, SignatureHelp, Span, Targets, TextEdit, Workspace,
};

use crate::db::Database;
use crate::system::WorkspaceSystem;
use crate::{
    actions, completion, definition, diagnostics, format, hierarchy, hints, hover, implementation, lenses, links,
    moves, notebook, on_type, paths, references, rename, resolving, roots, selection, signature, tokens,
};

/// Sources of which the first change costs no more than any other. Each takes some hundred bytes and some microseconds at the start.
const N_EXPECTED_MAX: usize = 10_000;

/// A project in memory.
pub struct PythonProject {
    db: Database,
    system: WorkspaceSystem,
    workspace: Arc<dyn Workspace>,
    config: Config,
}

/// A file that a question is about, with what every feature needs of it.
pub(crate) struct Source<'db> {
    /// The file.
    pub(crate) file: File,
    /// Its contents.
    pub(crate) text: SourceText,
    /// Its syntax tree and tokens, as far as they could be made out.
    pub(crate) parsed: ParsedModuleRef,
    /// What its names mean.
    pub(crate) model: SemanticModel<'db>,
}

impl PythonProject {
    /// Opens a project. Reads its configuration and nothing else.
    pub(crate) fn open(config: Config, workspace: Arc<dyn Workspace>) -> Self {
        let system = WorkspaceSystem::new(Arc::clone(&workspace));
        let settings = roots::settings(&system, &config);
        let db = Database::new(system.clone(), settings);
        let mut project = Self { db, system, workspace, config };
        project.expect_changes_of_all();
        project
    }

    /// The database.
    pub(crate) fn db(&self) -> &Database {
        &self.db
    }

    /// The workspace, for candidates, symbols and cancelling.
    pub(crate) fn workspace(&self) -> &dyn Workspace {
        &*self.workspace
    }

    /// Fails if nobody waits any more. To be asked between files.
    pub(crate) fn check_cancelled(&self) -> Result<(), Failure> {
        if self.workspace.cancelled() { Err(Failure::Cancelled) } else { Ok(()) }
    }

    /// The file at a path of the contract.
    pub(crate) fn file(&self, path: &str) -> Result<File, Failure> {
        if !paths::is_proper(path) {
            return Err(Failure::NotFound(path.to_owned()));
        }
        let found = match paths::to_vendored(path) {
            Some(vendored) => vendored_path_to_file(&self.db, VendoredPath::new(vendored)),
            None => system_path_to_file(&self.db, paths::to_system(path)),
        };
        found.map_err(|_| Failure::NotFound(path.to_owned()))
    }

    /// The file at a path of the contract, read and parsed.
    pub(crate) fn source(&self, path: &str) -> Result<Source<'_>, Failure> {
        let file = self.file(path)?;
        let source = self.source_of(file);
        match source.text.read_error() {
            Some(error) => Err(Failure::Limited(format!("{path} cannot be read: {error}"))),
            None => Ok(source),
        }
    }

    /// A file of the engine, read and parsed. Its text is empty where it cannot be read.
    pub(crate) fn source_of(&self, file: File) -> Source<'_> {
        let program_file = self.program_file(file);
        Source {
            file,
            text: source_text(&self.db, file),
            parsed: parsed_module(&self.db, program_file.python_file(&self.db)).load(&self.db),
            model: SemanticModel::new(&self.db, program_file),
        }
    }

    /// The file as a part of the program.
    pub(crate) fn program_file(&self, file: File) -> ProgramFile<'_> {
        self.db.program_file(file)
    }

    /// The contract's path of a file.
    pub(crate) fn path_of(&self, file: File) -> String {
        paths::from_file_path(file.path(&self.db))
    }

    /// The contract's location of ranges in a file; `full` is widened to contain `focus`.
    pub(crate) fn location(&self, file: File, focus: TextRange, full: TextRange) -> Location {
        Location { path: self.path_of(file), span: span(focus), full: span(full.cover(focus)) }
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Changed(path) => {
                File::sync_path(&mut self.db, &paths::to_system(path));
                self.expect_changes(path);
            }
            Change::Created(path) | Change::Removed(path) => {
                let path = paths::to_system(path);
                // Directories come and go with their first and last file, and nobody says so.
                for ancestor in path.ancestors().skip(1) {
                    self.system.touch_directory(ancestor);
                }
                self.sync_tree(&path);
                for ancestor in path.ancestors().skip(1) {
                    File::sync_path_only(&mut self.db, ancestor);
                }
            }
            Change::Everything => {
                self.system.touch_all_directories();
                Files::sync_all(&mut self.db);
            }
        }
    }

    /// Expects every source of the workspace to change, up to [`N_EXPECTED_MAX`]: what is said before anything is inferred costs nothing later.
    fn expect_changes_of_all(&mut self) {
        let mut n_left = N_EXPECTED_MAX;
        let mut directories = vec![self.config.root.clone()];
        while let Some(directory) = directories.pop() {
            for entry in self.workspace.list(&directory) {
                let path = if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
                match entry.kind {
                    NodeKind::Directory => directories.push(path),
                    NodeKind::File if !paths::is_source(SystemPath::new(&path)) => {}
                    NodeKind::File if n_left == 0 => return,
                    NodeKind::File => {
                        n_left -= 1;
                        self.expect_changes(&path);
                    }
                }
            }
        }
    }

    /// Libraries change rarely.
    fn expect_changes(&mut self, path: &str) {
        if paths::is_read_only(path) {
            return;
        }
        if let Ok(file) = system_path_to_file(&self.db, paths::to_system(path)) {
            self.db.expect_changes(file);
        }
    }

    /// Syncs a path of which nobody said whether it is, or was, a file or a directory. Walking all that the engine knows is
    /// worth it for directories alone.
    fn sync_tree(&mut self, path: &SystemPath) {
        let known_file = system_path_to_file(&self.db, path).is_ok();
        File::sync_path(&mut self.db, path);
        if !known_file && system_path_to_file(&self.db, path).is_err() {
            Files::sync_all_recursive(&mut self.db, [path]);
        }
    }

    /// Starts over if the configuration differs now.
    fn reconfigure(&mut self) {
        let settings = roots::settings(&self.system, &self.config);
        if settings != *self.db.settings() {
            self.db = Database::new(self.system.clone(), settings);
            self.expect_changes_of_all();
        }
    }
}

impl Source<'_> {
    /// The cell around a place; None outside of notebooks.
    pub(crate) fn cell_at(&self, place: TextSize) -> Option<TextRange> {
        let cells = self.cells()?;
        cells.into_iter().rfind(|cell| cell.start() <= place)
    }

    /// The cells of a notebook; None for other files.
    pub(crate) fn cells(&self) -> Option<Vec<TextRange>> {
        self.text.is_notebook().then(|| notebook::cells(&self.text))
    }

    /// The offset of a question, if it lies on a character boundary of the text.
    pub(crate) fn offset(&self, offset: u32) -> Result<TextSize, Failure> {
        if self.text.is_char_boundary(offset as usize) {
            Ok(TextSize::new(offset))
        } else {
            Err(Failure::InvalidInput(format!("offset {offset} is not between two characters of the file")))
        }
    }

    /// The range of a span, if that lies in the text and on character boundaries.
    pub(crate) fn range(&self, span: Span) -> Result<TextRange, Failure> {
        let (start, end) = (self.offset(span.start)?, self.offset(span.end)?);
        if start > end {
            return Err(Failure::InvalidInput(format!("the span {}..{} ends before it starts", span.start, span.end)));
        }
        Ok(TextRange::new(start, end))
    }

    /// The text of a range, empty where the range is not of this text.
    pub(crate) fn slice(&self, range: TextRange) -> &str {
        self.text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default()
    }
}

/// A range in the contract's words.
pub(crate) fn span(range: TextRange) -> Span {
    Span { start: range.start().to_u32(), end: range.end().to_u32() }
}

impl Project for PythonProject {
    fn update(&mut self, changes: &[Change]) -> Result<(), Failure> {
        self.system.forget();
        for change in changes {
            self.apply(change);
        }
        if changes.iter().any(roots::matters) {
            self.reconfigure();
        }
        Ok(())
    }

    fn set_open(&mut self, open: Vec<String>) {
        let files = open.iter().filter_map(|path| self.file(path).ok()).collect();
        self.db.set_open(files);
    }

    fn rest(&mut self) {
        self.db.let_go();
    }

    fn bundled(&self, path: &str) -> Option<String> {
        let path = VendoredPath::new(paths::to_vendored(path).filter(|path| paths::is_proper(path))?);
        ty_vendored::file_system().read_to_string(path).ok()
    }

    fn resolve_all(&mut self, path: &str) -> Result<Resolved, Failure> {
        resolving::resolve_all(self, path)
    }

    fn diagnostics(&mut self, path: &str) -> Result<Vec<Diagnostic>, Failure> {
        diagnostics::diagnostics(self, path)
    }

    fn definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        definition::definition(self, path, offset)
    }

    fn declaration(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        definition::declaration(self, path, offset)
    }

    fn type_definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        definition::type_definition(self, path, offset)
    }

    fn implementation(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        implementation::implementation(self, path, offset)
    }

    fn plan(&mut self, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
        references::plan(self, path, offset)
    }

    fn confirm(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<FileReferences>, Failure> {
        references::confirm(self, &plan, &files)
    }

    fn highlights(&mut self, path: &str, offset: u32) -> Result<Vec<Highlight>, Failure> {
        references::highlights(self, path, offset)
    }

    fn hover(&mut self, path: &str, offset: u32) -> Result<Option<HoverInfo>, Failure> {
        hover::hover(self, path, offset)
    }

    fn complete(
        &mut self,
        path: &str,
        offset: u32,
        trigger: Option<&str>,
        limit: u32,
    ) -> Result<CompletionItems, Failure> {
        completion::complete(self, path, offset, trigger, limit)
    }

    fn resolve_completion(&mut self, path: &str, token: &[u8]) -> Result<Details, Failure> {
        completion::resolve(self, path, token)
    }

    fn signature_help(&mut self, path: &str, offset: u32) -> Result<Option<SignatureHelp>, Failure> {
        signature::help(self, path, offset)
    }

    fn format(&mut self, path: &str, span: Option<Span>, options: FormattingOptions) -> Result<Vec<TextEdit>, Failure> {
        format::format(self, path, span, options)
    }

    fn format_on_type(
        &mut self,
        path: &str,
        offset: u32,
        typed: &str,
        options: FormattingOptions,
    ) -> Result<Vec<TextEdit>, Failure> {
        on_type::format_on_type(self, path, offset, typed, options)
    }

    fn prepare_rename(&mut self, path: &str, offset: u32) -> Result<Option<RenameTarget>, Failure> {
        rename::prepare(self, path, offset)
    }

    fn plan_rename(&mut self, path: &str, offset: u32, new_name: &str) -> Result<Option<SearchPlan>, Failure> {
        rename::plan(self, path, offset, new_name)
    }

    fn rename_edits(
        &mut self,
        plan: SearchPlan,
        new_name: &str,
        files: Vec<Candidate>,
    ) -> Result<Vec<DocumentEdit>, Failure> {
        rename::edits(self, &plan, new_name, &files)
    }

    fn prepare_calls(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        hierarchy::prepare_calls(self, path, offset)
    }

    fn plan_incoming(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        hierarchy::plan_incoming(self, &item)
    }

    fn incoming(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<Call>, Failure> {
        hierarchy::incoming(self, &plan, &files)
    }

    fn outgoing(&mut self, item: HierarchyItem) -> Result<Vec<Call>, Failure> {
        hierarchy::outgoing(self, &item)
    }

    fn prepare_types(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        hierarchy::prepare_types(self, path, offset)
    }

    fn supertypes(&mut self, item: HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
        hierarchy::supertypes(self, &item)
    }

    fn plan_subtypes(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        hierarchy::plan_subtypes(self, &item)
    }

    fn subtypes(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<HierarchyItem>, Failure> {
        hierarchy::subtypes(self, &plan, &files)
    }

    fn semantic_tokens(&mut self, path: &str, span: Option<Span>) -> Result<Vec<u32>, Failure> {
        tokens::semantic_tokens(self, path, span)
    }

    fn inlay_hints(&mut self, path: &str, span: Span) -> Result<Vec<InlayHint>, Failure> {
        hints::inlay_hints(self, path, span)
    }

    fn selection_ranges(&mut self, path: &str, offsets: &[u32]) -> Result<Vec<Vec<Span>>, Failure> {
        selection::selection_ranges(self, path, offsets)
    }

    fn lenses(&mut self, path: &str) -> Result<Vec<Lens>, Failure> {
        lenses::lenses(self, path)
    }

    fn links(&mut self, path: &str) -> Result<Vec<Link>, Failure> {
        links::links(self, path)
    }

    fn actions(
        &mut self,
        path: &str,
        span: Span,
        diagnostics: &[Diagnostic],
        kinds: &[String],
    ) -> Result<Vec<Action>, Failure> {
        actions::actions(self, path, span, diagnostics, kinds)
    }

    fn resolve_action(&mut self, path: &str, token: &[u8]) -> Result<Vec<DocumentEdit>, Failure> {
        actions::resolve(self, path, token)
    }

    fn will_rename(&mut self, moved: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
        moves::will_rename(self, moved)
    }
}

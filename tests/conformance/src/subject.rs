//! A component as what fixtures ask: the same questions, the same answers, through the sandbox.

use std::sync::Arc;

use vraftls_guest_sdk::fixture::Subject;
use vraftls_guest_sdk::{
    Action, Call, Candidate, Change, CompletionItems, Config, Description, Details, Diagnostic, Document, DocumentEdit,
    Expansion, Facts, Failure, FileChange, FileReferences, FormattingOptions, HierarchyItem, Highlight, HoverInfo,
    InlayHint, Lens, Link, Move, NodeKind, Project, RenameTarget, Resolved, SearchPlan, SignatureHelp, Span, Targets,
    TextEdit, Workspace,
};
use vraftls_query::{Library, ProjectSpec, Question, Reply};
use vraftls_vfs::{VfsPath, WorkspaceId};

use crate::convert_later as later;
use crate::{Component, Engine, Files, convert};

/// A component under its author's fixtures.
#[derive(Clone, Copy)]
pub struct ComponentSubject<'a>(pub &'a Component);

impl Subject for ComponentSubject<'_> {
    type Project = ComponentProject;

    fn describe(&self) -> Result<Description, Failure> {
        Ok(convert::description(self.0.description()))
    }

    fn index(&self, document: &Document) -> Result<Facts, Failure> {
        let path = convert::path(&document.path)?;
        self.0.index(&path, &document.text).map(convert::facts).map_err(convert::failure)
    }

    fn open(&self, config: Config, workspace: Arc<dyn Workspace>) -> Result<ComponentProject, Failure> {
        let library = |library: vraftls_guest_sdk::Library| Library { path: library.path, kind: library.kind };
        let mut settings = config.settings;
        settings.sort();
        let project = ProjectSpec {
            workspace: WorkspaceId(0),
            root: config.root,
            libraries: config.libraries.into_iter().map(library).collect(),
            settings,
        };
        let files = snapshot(&*workspace, Files::default())?;
        Ok(ComponentProject { engine: Engine::with(self.0.analyzer(), project, files.clone()), workspace, files })
    }
}

/// A project of a component, behind the trait that its author implements.
///
/// It differs from the author's own in what a host decides: a feature that the analyzer does not claim is not asked, and
/// every answer is checked before it is handed on.
pub struct ComponentProject {
    engine: Engine,
    workspace: Arc<dyn Workspace>,
    files: Files,
}

/// Asks, and takes the reply that belongs to the question.
macro_rules! ask {
    ($project:expr, $question:expr, $reply:ident) => {
        match $project.engine.ask($question).map_err(convert::failure)? {
            Reply::$reply(reply) => reply,
            other => return Err(Failure::Internal(format!("another question was answered: {other:?}"))),
        }
    };
}

impl ComponentProject {
    fn navigate(&self, question: Question) -> Result<Option<Targets>, Failure> {
        Ok(ask!(self, question, Targets).map(convert::targets))
    }

    fn items(&self, question: Question) -> Result<Vec<HierarchyItem>, Failure> {
        Ok(ask!(self, question, HierarchyItems).into_iter().map(later::item).collect())
    }
}

impl Project for ComponentProject {
    /// The changes are not handed on: the host finds out itself what differs.
    fn update(&mut self, _changes: &[Change]) -> Result<(), Failure> {
        self.files = snapshot(&*self.workspace, self.files.clone())?;
        self.engine.show(self.files.clone());
        Ok(())
    }

    fn bundled(&self, path: &str) -> Option<String> {
        let path = VfsPath::new(path).ok()?;
        match self.engine.ask(Question::Bundled { path }) {
            Ok(Reply::Bundled(text)) => text,
            _ => None,
        }
    }

    fn diagnostics(&mut self, path: &str) -> Result<Vec<Diagnostic>, Failure> {
        let found = ask!(self, Question::Diagnostics { path: convert::path(path)? }, Diagnostics);
        Ok(found.into_iter().map(convert::diagnostic).collect())
    }

    fn definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        self.navigate(Question::Definition { path: convert::path(path)?, offset })
    }

    fn declaration(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        self.navigate(Question::Declaration { path: convert::path(path)?, offset })
    }

    fn type_definition(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        self.navigate(Question::TypeDefinition { path: convert::path(path)?, offset })
    }

    fn implementation(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        self.navigate(Question::Implementation { path: convert::path(path)?, offset })
    }

    fn plan(&mut self, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
        Ok(ask!(self, Question::Plan { path: convert::path(path)?, offset }, Plan).map(convert::plan))
    }

    fn confirm(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<FileReferences>, Failure> {
        let (plan, files) = (convert::plan_back(plan)?, convert::candidates_back(files)?);
        let found = ask!(self, Question::Confirm { plan, files }, References);
        Ok(found.into_iter().map(convert::file_references).collect())
    }

    fn highlights(&mut self, path: &str, offset: u32) -> Result<Vec<Highlight>, Failure> {
        let found = ask!(self, Question::Highlights { path: convert::path(path)?, offset }, Highlights);
        Ok(found.into_iter().map(convert::highlight).collect())
    }

    fn hover(&mut self, path: &str, offset: u32) -> Result<Option<HoverInfo>, Failure> {
        Ok(ask!(self, Question::Hover { path: convert::path(path)?, offset }, Hover).map(convert::hover))
    }

    fn complete(
        &mut self,
        path: &str,
        offset: u32,
        trigger: Option<&str>,
        limit: u32,
    ) -> Result<CompletionItems, Failure> {
        let trigger = trigger.map(str::to_owned);
        let question = Question::Complete { path: convert::path(path)?, offset, trigger, limit };
        Ok(convert::completion(ask!(self, question, Completion)))
    }

    fn resolve_completion(&mut self, path: &str, token: &[u8]) -> Result<Details, Failure> {
        let question = Question::ResolveCompletion { path: convert::path(path)?, token: token.to_vec() };
        Ok(convert::completion_details(ask!(self, question, CompletionDetails)))
    }

    fn signature_help(&mut self, path: &str, offset: u32) -> Result<Option<SignatureHelp>, Failure> {
        let question = Question::SignatureHelp { path: convert::path(path)?, offset };
        Ok(ask!(self, question, SignatureHelp).map(convert::signature_help))
    }

    fn prepare_rename(&mut self, path: &str, offset: u32) -> Result<Option<RenameTarget>, Failure> {
        let question = Question::PrepareRename { path: convert::path(path)?, offset };
        Ok(ask!(self, question, RenameTarget).map(convert::rename_target))
    }

    fn plan_rename(&mut self, path: &str, offset: u32, new_name: &str) -> Result<Option<SearchPlan>, Failure> {
        let question = Question::PlanRename { path: convert::path(path)?, offset, new_name: new_name.to_owned() };
        Ok(ask!(self, question, Plan).map(convert::plan))
    }

    fn rename_edits(
        &mut self,
        plan: SearchPlan,
        new_name: &str,
        files: Vec<Candidate>,
    ) -> Result<Vec<DocumentEdit>, Failure> {
        let (plan, files) = (convert::plan_back(plan)?, convert::candidates_back(files)?);
        let edits = ask!(self, Question::RenameEdits { plan, new_name: new_name.to_owned(), files }, Edits);
        Ok(edits.into_iter().map(convert::document_edit).collect())
    }

    fn format(&mut self, path: &str, span: Option<Span>, options: FormattingOptions) -> Result<Vec<TextEdit>, Failure> {
        let options =
            vraftls_proto::FormattingOptions { tab_size: options.tab_size, insert_spaces: options.insert_spaces };
        let span = span.map(convert::span_back).transpose()?;
        let edits = ask!(self, Question::Format { path: convert::path(path)?, span, options }, TextEdits);
        Ok(edits.into_iter().map(convert::text_edit).collect())
    }

    fn format_on_type(
        &mut self,
        path: &str,
        offset: u32,
        typed: &str,
        options: FormattingOptions,
    ) -> Result<Vec<TextEdit>, Failure> {
        let options =
            vraftls_proto::FormattingOptions { tab_size: options.tab_size, insert_spaces: options.insert_spaces };
        let question = Question::FormatOnType { path: convert::path(path)?, offset, typed: typed.to_owned(), options };
        Ok(ask!(self, question, TextEdits).into_iter().map(convert::text_edit).collect())
    }

    fn prepare_calls(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        self.items(Question::PrepareCalls { path: convert::path(path)?, offset })
    }

    fn plan_incoming(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        let question = Question::PlanIncoming { item: later::item_back(item)? };
        Ok(ask!(self, question, Plan).map(convert::plan))
    }

    fn incoming(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<Call>, Failure> {
        let (plan, files) = (convert::plan_back(plan)?, convert::candidates_back(files)?);
        Ok(ask!(self, Question::Incoming { plan, files }, Calls).into_iter().map(later::call).collect())
    }

    fn outgoing(&mut self, item: HierarchyItem) -> Result<Vec<Call>, Failure> {
        let question = Question::Outgoing { item: later::item_back(item)? };
        Ok(ask!(self, question, Calls).into_iter().map(later::call).collect())
    }

    fn prepare_types(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        self.items(Question::PrepareTypes { path: convert::path(path)?, offset })
    }

    fn supertypes(&mut self, item: HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
        self.items(Question::Supertypes { item: later::item_back(item)? })
    }

    fn plan_subtypes(&mut self, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        let question = Question::PlanSubtypes { item: later::item_back(item)? };
        Ok(ask!(self, question, Plan).map(convert::plan))
    }

    fn subtypes(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<HierarchyItem>, Failure> {
        let (plan, files) = (convert::plan_back(plan)?, convert::candidates_back(files)?);
        self.items(Question::Subtypes { plan, files })
    }

    fn semantic_tokens(&mut self, path: &str, span: Option<Span>) -> Result<Vec<u32>, Failure> {
        let span = span.map(convert::span_back).transpose()?;
        let tokens = ask!(self, Question::SemanticTokens { path: convert::path(path)?, span }, SemanticTokens);
        Ok(tokens.into_iter().flat_map(later::token).collect())
    }

    fn inlay_hints(&mut self, path: &str, span: Span) -> Result<Vec<InlayHint>, Failure> {
        let question = Question::InlayHints { path: convert::path(path)?, span: convert::span_back(span)? };
        Ok(ask!(self, question, InlayHints).into_iter().map(later::inlay_hint).collect())
    }

    fn selection_ranges(&mut self, path: &str, offsets: &[u32]) -> Result<Vec<Vec<Span>>, Failure> {
        let question = Question::SelectionRanges { path: convert::path(path)?, offsets: offsets.to_vec() };
        let lists = ask!(self, question, SelectionRanges).into_iter();
        Ok(lists.map(|list| list.into_iter().map(convert::span).collect()).collect())
    }

    fn lenses(&mut self, path: &str) -> Result<Vec<Lens>, Failure> {
        let lenses = ask!(self, Question::Lenses { path: convert::path(path)? }, Lenses);
        Ok(lenses.into_iter().map(later::lens).collect())
    }

    fn links(&mut self, path: &str) -> Result<Vec<Link>, Failure> {
        let links = ask!(self, Question::Links { path: convert::path(path)? }, Links);
        Ok(links.into_iter().map(later::link).collect())
    }

    fn linked_ranges(&mut self, path: &str, offset: u32) -> Result<Vec<Span>, Failure> {
        let spans = ask!(self, Question::LinkedRanges { path: convert::path(path)?, offset }, LinkedRanges);
        Ok(spans.into_iter().map(convert::span).collect())
    }

    fn actions(
        &mut self,
        path: &str,
        span: Span,
        diagnostics: &[Diagnostic],
        kinds: &[String],
    ) -> Result<Vec<Action>, Failure> {
        let diagnostics = diagnostics.iter().map(later::diagnostic_back).collect::<Result<_, _>>()?;
        let (path, span) = (convert::path(path)?, convert::span_back(span)?);
        let question = Question::Actions { path, span, diagnostics, kinds: kinds.to_vec() };
        Ok(ask!(self, question, Actions).into_iter().map(later::action).collect())
    }

    fn resolve_action(&mut self, path: &str, token: &[u8]) -> Result<Vec<DocumentEdit>, Failure> {
        Ok(self.resolve_change(path, token)?.edits)
    }

    fn resolve_change(&mut self, path: &str, token: &[u8]) -> Result<FileChange, Failure> {
        let question = Question::ResolveAction { path: convert::path(path)?, token: token.to_vec() };
        Ok(later::file_change(ask!(self, question, Change)))
    }

    fn rename_moves(&mut self, plan: SearchPlan, new_name: &str) -> Result<Vec<Move>, Failure> {
        let question = Question::RenameMoves { plan: convert::plan_back(plan)?, new_name: new_name.to_owned() };
        Ok(ask!(self, question, Moves).into_iter().map(later::file_move).collect())
    }

    fn resolve_all(&mut self, path: &str) -> Result<Resolved, Failure> {
        let resolved = ask!(self, Question::ResolveAll { path: convert::path(path)? }, Resolved);
        Ok(later::resolved(&resolved))
    }

    fn join_lines(&mut self, path: &str, spans: &[Span]) -> Result<Vec<TextEdit>, Failure> {
        let spans = spans.iter().map(|span| convert::span_back(*span)).collect::<Result<_, _>>()?;
        let edits = ask!(self, Question::JoinLines { path: convert::path(path)?, spans }, TextEdits);
        Ok(edits.into_iter().map(convert::text_edit).collect())
    }

    fn expand(&mut self, path: &str, offset: u32) -> Result<Option<Expansion>, Failure> {
        let found = ask!(self, Question::Expand { path: convert::path(path)?, offset }, Expansion);
        Ok(found.map(|found| Expansion { name: found.name, text: found.text }))
    }

    fn will_rename(&mut self, moves: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
        let moves = moves.iter().map(later::move_back).collect::<Result<_, _>>()?;
        Ok(ask!(self, Question::WillRename { moves }, Edits).into_iter().map(convert::document_edit).collect())
    }
}

/// What a workspace shows now, as the revision after another one.
fn snapshot(workspace: &dyn Workspace, older: Files) -> Result<Files, Failure> {
    let mut texts = Vec::new();
    collect(workspace, "", &mut texts)?;
    Ok(older.replaced(texts.iter().map(|(path, text)| (path.clone(), text.as_str()))))
}

fn collect(workspace: &dyn Workspace, directory: &str, found: &mut Vec<(VfsPath, String)>) -> Result<(), Failure> {
    for entry in workspace.list(directory) {
        let path = if directory.is_empty() { entry.name } else { format!("{directory}/{}", entry.name) };
        match entry.kind {
            NodeKind::Directory => collect(workspace, &path, found)?,
            NodeKind::File => {
                let text = workspace.read(&path).map_err(|error| convert::read_failure(&path, &error))?;
                found.push((convert::path(&path)?, text));
            }
        }
    }
    Ok(())
}

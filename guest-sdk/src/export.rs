//! What stands between the generated bindings and the two traits of the author, and the macros that export them.
//!
//! Every exported interface of the contract is implemented here once, for every [`Analyzer`]. A project is a resource, which
//! the host borrows to us by shared reference; a [`RefCell`] makes it exclusive again. That cell is never found borrowed: the
//! component model forbids entering an instance that is still in a call.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::{Arc, Once};

use crate::bindings::engine::exports::vraftls::analyzer as contract;
use crate::bindings::engine::exports::vraftls::analyzer::projects::{self, ProjectBorrow};
use crate::bindings::indexer::exports::vraftls::analyzer::{indexing, meta};
use crate::host_workspace::HostWorkspace;
use crate::keeping;
use crate::{
    Action, Analyzer, Call, Candidate, Change, CompletionItems, Config, Description, Details, Diagnostic, Document,
    DocumentEdit, Expansion, Facts, Failure, FileChange, FileReferences, FormattingOptions, HierarchyItem, Highlight,
    HoverInfo, Indexer, InlayHint, Lens, Level, Link, Move, Project, RenameTarget, Resolved, SearchPlan, SignatureHelp,
    Span, Targets, TextEdit, Workspace,
};

/// Exports a type that implements [`Analyzer`] as a component of world `analyzer`. Once in a crate of type `cdylib`.
///
/// Compiled natively it exports nothing, so that the same crate runs in native tests, but it still checks the type.
#[macro_export]
macro_rules! export_analyzer {
    ($analyzer:ty) => {
        const _: () = {
            const _: fn() = $crate::export::is_analyzer::<$analyzer>;
            #[cfg(target_family = "wasm")]
            type Exported = $crate::export::Exported<$analyzer>;
            #[cfg(target_family = "wasm")]
    $crate::bindings::indexer::export_indexer!(Exported with_types_in $crate::bindings::indexer);
            #[cfg(target_family = "wasm")]
    $crate::bindings::engine::export_engine!(Exported with_types_in $crate::bindings::engine);
        };
    };
}

/// Exports a type that implements [`Indexer`] as a component of world `indexer`. Once in a crate of type `cdylib`.
///
/// Compiled natively it exports nothing, so that the same crate runs in native tests, but it still checks the type.
#[macro_export]
macro_rules! export_indexer {
    ($indexer:ty) => {
        const _: () = {
            const _: fn() = $crate::export::is_indexer::<$indexer>;
            #[cfg(target_family = "wasm")]
            type Exported = $crate::export::ExportedIndexer<$indexer>;
            #[cfg(target_family = "wasm")]
    $crate::bindings::indexer::export_indexer!(Exported with_types_in $crate::bindings::indexer);
        };
    };
}

/// Says that what [`export_analyzer!`] exports can be kept: that all its projects know lies in memory, see `keeping` in the contract. Once,
/// beside it.
#[macro_export]
macro_rules! keep_projects {
    () => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::keeping::Keeping;
    $crate::bindings::keeping::export_keeping!(Exported with_types_in $crate::bindings::keeping);
        };
    };
}

/// Fails to compile for what is no analyzer, with a message that names the trait.
pub fn is_analyzer<A: Analyzer>() {}

/// Fails to compile for what is no indexer, with a message that names the trait.
pub fn is_indexer<I: Indexer>() {}

/// The exports of world `analyzer` over an analyzer.
#[derive(Debug)]
pub struct Exported<A>(PhantomData<A>);

/// The exports of world `indexer` over an indexer.
#[derive(Debug)]
pub struct ExportedIndexer<I>(PhantomData<I>);

/// The resource `project`.
#[derive(Debug)]
pub struct OpenProject<A: Analyzer>(Rc<RefCell<A::Project>>);

/// Sends panics to the node's log before they abort the instance. The default hook writes to a standard error that the
/// sandbox does not have.
fn log_panics() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        std::panic::set_hook(Box::new(|panic| HostWorkspace.log(Level::Error, &panic.to_string())));
    });
}

/// Runs a question against the project that the host borrows to us.
fn ask<A: Analyzer, R>(
    project: &ProjectBorrow<'_>,
    question: impl FnOnce(&mut A::Project) -> Result<R, Failure>,
) -> Result<R, Failure> {
    project.get::<OpenProject<A>>().with(question)
}

impl<A: Analyzer> OpenProject<A> {
    fn with<R>(&self, question: impl FnOnce(&mut A::Project) -> Result<R, Failure>) -> Result<R, Failure> {
        let Ok(mut project) = self.0.try_borrow_mut() else {
            return Err(Failure::Internal("the project is still in another call".to_owned()));
        };
        question(&mut project)
    }
}

impl<A: Analyzer> meta::Guest for Exported<A> {
    fn describe() -> Description {
        log_panics();
        A::describe()
    }
}

impl<A: Analyzer> indexing::Guest for Exported<A> {
    fn index(document: Document) -> Result<Facts, Failure> {
        log_panics();
        A::index(&document)
    }
}

impl<I: Indexer> meta::Guest for ExportedIndexer<I> {
    fn describe() -> Description {
        I::describe()
    }
}

impl<I: Indexer> indexing::Guest for ExportedIndexer<I> {
    fn index(document: Document) -> Result<Facts, Failure> {
        I::index(&document)
    }
}

impl<A: Analyzer> projects::Guest for Exported<A> {
    type Project = OpenProject<A>;
}

impl<A: Analyzer> projects::GuestProject for OpenProject<A> {
    fn open(config: Config) -> Result<projects::Project, Failure> {
        log_panics();
        if let Some(kept) = keeping::take_up(&config) {
            return Ok(projects::Project::new(Self(kept)));
        }
        let project = Rc::new(RefCell::new(A::open(config.clone(), Arc::new(HostWorkspace))?));
        keeping::note_open(config, &project);
        Ok(projects::Project::new(Self(project)))
    }

    fn update(&self, changes: Vec<Change>) -> Result<(), Failure> {
        self.with(|project| project.update(&changes))
    }

    fn set_open(&self, paths: Vec<String>) {
        // No way to report: the contract gives this function no result, and a busy project is impossible (module docs).
        let _ = self.with(|project| {
            project.set_open(paths);
            Ok(())
        });
    }

    fn bundled(&self, path: String) -> Option<String> {
        self.with(|project| Ok(project.bundled(&path))).ok().flatten()
    }
}

impl<A: Analyzer> contract::resting::Guest for Exported<A> {
    fn rest(project: ProjectBorrow<'_>) {
        // As with `set_open`, a busy project is impossible.
        let _ = ask::<A, _>(&project, |project| {
            project.rest();
            Ok(())
        });
    }
}

impl<A: Analyzer> contract::diagnosing::Guest for Exported<A> {
    fn diagnostics(project: ProjectBorrow<'_>, path: String) -> Result<Vec<Diagnostic>, Failure> {
        ask::<A, _>(&project, |project| project.diagnostics(&path))
    }
}

impl<A: Analyzer> contract::navigation::Guest for Exported<A> {
    fn definition(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Option<Targets>, Failure> {
        ask::<A, _>(&project, |project| project.definition(&path, offset))
    }

    fn declaration(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Option<Targets>, Failure> {
        ask::<A, _>(&project, |project| project.declaration(&path, offset))
    }

    fn type_definition(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Option<Targets>, Failure> {
        ask::<A, _>(&project, |project| project.type_definition(&path, offset))
    }

    fn implementation(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Option<Targets>, Failure> {
        ask::<A, _>(&project, |project| project.implementation(&path, offset))
    }
}

impl<A: Analyzer> contract::references::Guest for Exported<A> {
    fn plan(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Option<SearchPlan>, Failure> {
        ask::<A, _>(&project, |project| project.plan(&path, offset))
    }

    fn confirm(
        project: ProjectBorrow<'_>,
        plan: SearchPlan,
        files: Vec<Candidate>,
    ) -> Result<Vec<FileReferences>, Failure> {
        ask::<A, _>(&project, |project| project.confirm(plan, files))
    }

    fn highlights(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Vec<Highlight>, Failure> {
        ask::<A, _>(&project, |project| project.highlights(&path, offset))
    }
}

impl<A: Analyzer> contract::hovering::Guest for Exported<A> {
    fn hover(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Option<HoverInfo>, Failure> {
        ask::<A, _>(&project, |project| project.hover(&path, offset))
    }
}

impl<A: Analyzer> contract::completing::Guest for Exported<A> {
    fn complete(
        project: ProjectBorrow<'_>,
        path: String,
        offset: u32,
        trigger: Option<String>,
        limit: u32,
    ) -> Result<CompletionItems, Failure> {
        ask::<A, _>(&project, |project| project.complete(&path, offset, trigger.as_deref(), limit))
    }

    fn resolve(project: ProjectBorrow<'_>, path: String, token: Vec<u8>) -> Result<Details, Failure> {
        ask::<A, _>(&project, |project| project.resolve_completion(&path, &token))
    }
}

impl<A: Analyzer> contract::signatures::Guest for Exported<A> {
    fn help(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Option<SignatureHelp>, Failure> {
        ask::<A, _>(&project, |project| project.signature_help(&path, offset))
    }
}

impl<A: Analyzer> contract::renaming::Guest for Exported<A> {
    fn prepare(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Option<RenameTarget>, Failure> {
        ask::<A, _>(&project, |project| project.prepare_rename(&path, offset))
    }

    fn plan_rename(
        project: ProjectBorrow<'_>,
        path: String,
        offset: u32,
        new_name: String,
    ) -> Result<Option<SearchPlan>, Failure> {
        ask::<A, _>(&project, |project| project.plan_rename(&path, offset, &new_name))
    }

    fn edits(
        project: ProjectBorrow<'_>,
        plan: SearchPlan,
        new_name: String,
        files: Vec<Candidate>,
    ) -> Result<Vec<DocumentEdit>, Failure> {
        ask::<A, _>(&project, |project| project.rename_edits(plan, &new_name, files))
    }
}

impl<A: Analyzer> contract::formatting::Guest for Exported<A> {
    fn format(
        project: ProjectBorrow<'_>,
        path: String,
        span: Option<Span>,
        options: FormattingOptions,
    ) -> Result<Vec<TextEdit>, Failure> {
        ask::<A, _>(&project, |project| project.format(&path, span, options))
    }

    fn format_on_type(
        project: ProjectBorrow<'_>,
        path: String,
        offset: u32,
        typed: String,
        options: FormattingOptions,
    ) -> Result<Vec<TextEdit>, Failure> {
        ask::<A, _>(&project, |project| project.format_on_type(&path, offset, &typed, options))
    }
}

impl<A: Analyzer> contract::hierarchies::Guest for Exported<A> {
    fn prepare_calls(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        ask::<A, _>(&project, |project| project.prepare_calls(&path, offset))
    }

    fn plan_incoming(project: ProjectBorrow<'_>, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        ask::<A, _>(&project, |project| project.plan_incoming(item))
    }

    fn incoming(project: ProjectBorrow<'_>, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<Call>, Failure> {
        ask::<A, _>(&project, |project| project.incoming(plan, files))
    }

    fn outgoing(project: ProjectBorrow<'_>, item: HierarchyItem) -> Result<Vec<Call>, Failure> {
        ask::<A, _>(&project, |project| project.outgoing(item))
    }

    fn prepare_types(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        ask::<A, _>(&project, |project| project.prepare_types(&path, offset))
    }

    fn supertypes(project: ProjectBorrow<'_>, item: HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
        ask::<A, _>(&project, |project| project.supertypes(item))
    }

    fn plan_subtypes(project: ProjectBorrow<'_>, item: HierarchyItem) -> Result<Option<SearchPlan>, Failure> {
        ask::<A, _>(&project, |project| project.plan_subtypes(item))
    }

    fn subtypes(
        project: ProjectBorrow<'_>,
        plan: SearchPlan,
        files: Vec<Candidate>,
    ) -> Result<Vec<HierarchyItem>, Failure> {
        ask::<A, _>(&project, |project| project.subtypes(plan, files))
    }
}

impl<A: Analyzer> contract::decorations::Guest for Exported<A> {
    fn semantic_tokens(project: ProjectBorrow<'_>, path: String, span: Option<Span>) -> Result<Vec<u32>, Failure> {
        ask::<A, _>(&project, |project| project.semantic_tokens(&path, span))
    }

    fn inlay_hints(project: ProjectBorrow<'_>, path: String, span: Span) -> Result<Vec<InlayHint>, Failure> {
        ask::<A, _>(&project, |project| project.inlay_hints(&path, span))
    }

    fn selection_ranges(
        project: ProjectBorrow<'_>,
        path: String,
        offsets: Vec<u32>,
    ) -> Result<Vec<Vec<Span>>, Failure> {
        ask::<A, _>(&project, |project| project.selection_ranges(&path, &offsets))
    }

    fn lenses(project: ProjectBorrow<'_>, path: String) -> Result<Vec<Lens>, Failure> {
        ask::<A, _>(&project, |project| project.lenses(&path))
    }

    fn links(project: ProjectBorrow<'_>, path: String) -> Result<Vec<Link>, Failure> {
        ask::<A, _>(&project, |project| project.links(&path))
    }

    fn linked_ranges(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Vec<Span>, Failure> {
        ask::<A, _>(&project, |project| project.linked_ranges(&path, offset))
    }
}

impl<A: Analyzer> contract::actions::Guest for Exported<A> {
    fn actions(
        project: ProjectBorrow<'_>,
        path: String,
        span: Span,
        diagnostics: Vec<Diagnostic>,
        kinds: Vec<String>,
    ) -> Result<Vec<Action>, Failure> {
        ask::<A, _>(&project, |project| project.actions(&path, span, &diagnostics, &kinds))
    }

    fn resolve_action(project: ProjectBorrow<'_>, path: String, token: Vec<u8>) -> Result<Vec<DocumentEdit>, Failure> {
        ask::<A, _>(&project, |project| project.resolve_action(&path, &token))
    }

    fn will_rename(project: ProjectBorrow<'_>, moves: Vec<Move>) -> Result<Vec<DocumentEdit>, Failure> {
        ask::<A, _>(&project, |project| project.will_rename(&moves))
    }
}

impl<A: Analyzer> contract::resolving::Guest for Exported<A> {
    fn resolve_all(project: ProjectBorrow<'_>, path: String) -> Result<Resolved, Failure> {
        ask::<A, _>(&project, |project| project.resolve_all(&path))
    }
}

impl<A: Analyzer> contract::rewriting::Guest for Exported<A> {
    fn join_lines(project: ProjectBorrow<'_>, path: String, spans: Vec<Span>) -> Result<Vec<TextEdit>, Failure> {
        ask::<A, _>(&project, |project| project.join_lines(&path, &spans))
    }

    fn expand(project: ProjectBorrow<'_>, path: String, offset: u32) -> Result<Option<Expansion>, Failure> {
        ask::<A, _>(&project, |project| project.expand(&path, offset))
    }
}

impl<A: Analyzer> contract::refiling::Guest for Exported<A> {
    fn moves(project: ProjectBorrow<'_>, plan: SearchPlan, new_name: String) -> Result<Vec<Move>, Failure> {
        ask::<A, _>(&project, |project| project.rename_moves(plan, &new_name))
    }

    fn resolve(project: ProjectBorrow<'_>, path: String, token: Vec<u8>) -> Result<FileChange, Failure> {
        ask::<A, _>(&project, |project| project.resolve_change(&path, &token))
    }
}

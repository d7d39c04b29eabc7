//! A project in memory. The features live in files of their own; here they are only named.

use std::rc::Rc;
use std::sync::Arc;

use vraftls_guest_sdk::{
    Action, Call, Candidate, Change, CompletionItems, Config, Details, Diagnostic, DocumentEdit, Failure,
    FileReferences, HierarchyItem, Highlight, HoverInfo, InlayHint, Lens, Link, Move, Project, RenameTarget, Resolved,
    SearchPlan, SignatureHelp, Span, Targets, Workspace,
};

use crate::module::Module;
use crate::store::{FileId, Store};
use crate::{
    actions, completion, definition, diagnostics, hierarchy, hints, hover, implementation, lenses, links, moves,
    references, rename, resolving, selection, signature, tokens,
};

/// A project in memory.
pub struct TypeScriptProject {
    store: Store,
}

impl TypeScriptProject {
    pub(crate) fn open(config: &Config, workspace: Arc<dyn Workspace>) -> Self {
        Self { store: Store::new(config, workspace) }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Begins a question about a file, at an offset.
    pub(crate) fn question(&self, path: &str, offset: Option<u32>) -> Result<(FileId, Rc<Module>), Failure> {
        self.store.begin();
        let (file, module) = self.store.open(path)?;
        match offset {
            Some(offset) if !module.text.is_char_boundary(offset as usize) => {
                Err(Failure::InvalidInput(format!("offset {offset} is not between two characters of the file")))
            }
            _ => Ok((file, module)),
        }
    }
}

impl Project for TypeScriptProject {
    fn update(&mut self, changes: &[Change]) -> Result<(), Failure> {
        self.store.update(changes);
        Ok(())
    }

    fn bundled(&self, path: &str) -> Option<String> {
        Store::bundled(path)
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

    fn plan(&mut self, path: &str, offset: u32) -> Result<Option<SearchPlan>, Failure> {
        references::plan(self, path, offset)
    }

    fn confirm(&mut self, plan: SearchPlan, files: Vec<Candidate>) -> Result<Vec<FileReferences>, Failure> {
        references::confirm(self, &plan, &files)
    }

    fn highlights(&mut self, path: &str, offset: u32) -> Result<Vec<Highlight>, Failure> {
        references::highlights(self, path, offset)
    }

    fn resolve_all(&mut self, path: &str) -> Result<Resolved, Failure> {
        resolving::resolve_all(self, path)
    }

    fn implementation(&mut self, path: &str, offset: u32) -> Result<Option<Targets>, Failure> {
        implementation::implementation(self, path, offset)
    }

    fn diagnostics(&mut self, path: &str) -> Result<Vec<Diagnostic>, Failure> {
        diagnostics::diagnostics(self, path)
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

    fn linked_ranges(&mut self, path: &str, offset: u32) -> Result<Vec<Span>, Failure> {
        selection::linked_ranges(self, path, offset)
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
        actions::resolve(path, token)
    }

    fn will_rename(&mut self, moved: &[Move]) -> Result<Vec<DocumentEdit>, Failure> {
        moves::will_rename(self, moved)
    }
}

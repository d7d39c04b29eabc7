//! From a question to a call of the guest, and from what it returns to a reply.

use vraftls_proto::{Candidate, FormattingOptions, SearchPlan};
use vraftls_query::{Question, Reply};
use vraftls_text::Span;
use vraftls_vfs::VfsPath;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::bindings::exports::vraftls::analyzer as guest;
use crate::bindings::vraftls::analyzer::types::{self, Failure};
use crate::check::{Check, Rejected};
use crate::exports::EngineFunctions;
use crate::host_state::HostState;
use crate::import_workspace::{location, span};
use crate::{LimitName, check_reply};

/// What a guest returned, to be checked once its call is over: checking reads texts, for which the guest may have to be asked.
pub(crate) type Unchecked<'q> = Box<dyn FnOnce(&mut Check<'_>) -> Result<Reply, Rejected> + 'q>;

/// What a call of a guest gives: an error of wasmtime (the instance is lost), a failure, or a value.
pub(crate) type Returned<T> = wasmtime::Result<Result<T, Failure>>;

/// A function of `navigation`.
type Navigate = fn(
    &guest::navigation::Guest,
    &mut Store<HostState>,
    ResourceAny,
    &str,
    u32,
) -> Returned<Option<guest::navigation::Targets>>;

/// One instance, in a call.
pub(crate) struct Asking<'a> {
    pub(crate) functions: &'a EngineFunctions,
    pub(crate) store: &'a mut Store<HostState>,
    pub(crate) project: ResourceAny,
}

impl Asking<'_> {
    /// Asks the guest. The questions of hierarchies, decorations and actions are in rooms of their own.
    pub(crate) fn ask<'q>(&mut self, question: &'q Question) -> Returned<Unchecked<'q>> {
        match question {
            Question::Diagnostics { path } => self.diagnostics(path),
            Question::Definition { path, offset } => self.navigate(path, *offset, |asked, store, project, path, at| {
                asked.call_definition(store, project, path, at)
            }),
            Question::Declaration { path, offset } => {
                self.navigate(path, *offset, |asked, store, project, path, at| {
                    asked.call_declaration(store, project, path, at)
                })
            }
            Question::TypeDefinition { path, offset } => {
                self.navigate(path, *offset, |asked, store, project, path, at| {
                    asked.call_type_definition(store, project, path, at)
                })
            }
            Question::Implementation { path, offset } => {
                self.navigate(path, *offset, |asked, store, project, path, at| {
                    asked.call_implementation(store, project, path, at)
                })
            }
            Question::Plan { path, offset } => self.plan(path, *offset),
            Question::Confirm { plan, files } => self.confirm(plan, files),
            Question::Highlights { path, offset } => self.highlights(path, *offset),
            Question::Hover { path, offset } => self.hover(path, *offset),
            Question::Complete { path, offset, trigger, limit } => {
                self.complete(path, *offset, trigger.as_deref(), *limit)
            }
            Question::ResolveCompletion { path, token } => self.resolve_completion(path, token),
            Question::SignatureHelp { path, offset } => self.signature_help(path, *offset),
            Question::PrepareRename { path, offset } => self.prepare_rename(path, *offset),
            Question::PlanRename { path, offset, new_name } => self.plan_rename(path, *offset, new_name),
            Question::RenameEdits { plan, new_name, files } => self.rename_edits(plan, new_name, files),
            Question::RenameMoves { plan, new_name } => self.rename_moves(plan, new_name),
            Question::Format { path, span, options } => self.format(path, *span, *options),
            Question::FormatOnType { path, offset, typed, options } => {
                self.format_on_type(path, *offset, typed, *options)
            }
            Question::PrepareCalls { .. }
            | Question::PlanIncoming { .. }
            | Question::Incoming { .. }
            | Question::Outgoing { .. }
            | Question::PrepareTypes { .. }
            | Question::Supertypes { .. }
            | Question::PlanSubtypes { .. }
            | Question::Subtypes { .. } => self.ask_hierarchies(question),
            Question::SemanticTokens { .. }
            | Question::InlayHints { .. }
            | Question::SelectionRanges { .. }
            | Question::Lenses { .. }
            | Question::Links { .. }
            | Question::LinkedRanges { .. } => self.ask_decorations(question),
            Question::Actions { path, span, diagnostics, kinds } => self.actions(path, *span, diagnostics, kinds),
            Question::ResolveAction { path, token } => self.resolve_action(path, token),
            Question::WillRename { moves } => self.will_rename(moves),
            Question::ResolveAll { path } => self.resolve_all(path),
            Question::JoinLines { path, spans } => self.join_lines(path, spans),
            Question::Expand { path, offset } => self.expand(path, *offset),
            Question::Bundled { path } => {
                let text = self.bundled(path)?;
                returned(Ok(text), |check, text| check_bundled(check, text).map(Reply::Bundled))
            }
        }
    }

    /// The text of a file that the analyzer carries itself.
    pub(crate) fn bundled(&mut self, path: &VfsPath) -> wasmtime::Result<Option<String>> {
        let project = self.functions.projects.project();
        project.call_bundled(&mut *self.store, self.project, path.as_str())
    }

    fn diagnostics<'q>(&mut self, path: &'q VfsPath) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.diagnosing else { return unsupported() };
        let found = interface.call_diagnostics(&mut *self.store, self.project, path.as_str())?;
        returned(found, move |check, found| {
            let text = check.text(path)?;
            check.diagnostics(found, &text).map(Reply::Diagnostics)
        })
    }

    fn navigate<'q>(&mut self, path: &'q VfsPath, offset: u32, function: Navigate) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.navigation else { return unsupported() };
        let targets = function(interface, self.store, self.project, path.as_str(), offset)?;
        returned(targets, move |check, targets| {
            let targets = targets.map(|targets| check_reply::targets(check, path, targets));
            targets.transpose().map(Reply::Targets)
        })
    }

    fn plan<'q>(&mut self, path: &'q VfsPath, offset: u32) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.references else { return unsupported() };
        let plan = interface.call_plan(&mut *self.store, self.project, path.as_str(), offset)?;
        returned(plan, move |check, plan| check_plan(check, path, plan))
    }

    fn confirm<'q>(&mut self, plan: &SearchPlan, files: &'q [Candidate]) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.references else { return unsupported() };
        let (plan, candidates) = (search_plan(plan), candidates(files));
        let found = interface.call_confirm(&mut *self.store, self.project, &plan, &candidates)?;
        returned(found, move |check, found| check_reply::references(check, files, found).map(Reply::References))
    }

    fn highlights<'q>(&mut self, path: &'q VfsPath, offset: u32) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.references else { return unsupported() };
        let found = interface.call_highlights(&mut *self.store, self.project, path.as_str(), offset)?;
        returned(found, move |check, found| check_reply::highlights(check, path, found).map(Reply::Highlights))
    }

    fn hover<'q>(&mut self, path: &'q VfsPath, offset: u32) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.hovering else { return unsupported() };
        let hover = interface.call_hover(&mut *self.store, self.project, path.as_str(), offset)?;
        returned(hover, move |check, hover| {
            hover.map(|hover| check_reply::hover(check, path, hover)).transpose().map(Reply::Hover)
        })
    }

    fn complete<'q>(
        &mut self,
        path: &'q VfsPath,
        offset: u32,
        trigger: Option<&str>,
        limit: u32,
    ) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.completing else { return unsupported() };
        let items = interface.call_complete(&mut *self.store, self.project, path.as_str(), offset, trigger, limit)?;
        returned(items, move |check, items| check_reply::completion(check, path, limit, items).map(Reply::Completion))
    }

    fn resolve_completion<'q>(&mut self, path: &'q VfsPath, token: &[u8]) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.completing else { return unsupported() };
        let details = interface.call_resolve(&mut *self.store, self.project, path.as_str(), token)?;
        returned(details, move |check, details| {
            check_reply::completion_details(check, path, details).map(Reply::CompletionDetails)
        })
    }

    fn signature_help<'q>(&mut self, path: &VfsPath, offset: u32) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.signatures else { return unsupported() };
        let help = interface.call_help(&mut *self.store, self.project, path.as_str(), offset)?;
        returned(help, |check, help| {
            help.map(|help| check_reply::signature_help(check, help)).transpose().map(Reply::SignatureHelp)
        })
    }

    fn prepare_rename<'q>(&mut self, path: &'q VfsPath, offset: u32) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.renaming else { return unsupported() };
        let target = interface.call_prepare(&mut *self.store, self.project, path.as_str(), offset)?;
        returned(target, move |check, target| {
            let target = target.map(|target| check_reply::rename_target(check, path, target));
            target.transpose().map(Reply::RenameTarget)
        })
    }

    fn plan_rename<'q>(&mut self, path: &'q VfsPath, offset: u32, new_name: &str) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.renaming else { return unsupported() };
        let plan = interface.call_plan_rename(&mut *self.store, self.project, path.as_str(), offset, new_name)?;
        returned(plan, move |check, plan| check_plan(check, path, plan))
    }

    fn rename_edits<'q>(&mut self, plan: &SearchPlan, new_name: &str, files: &[Candidate]) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.renaming else { return unsupported() };
        let (plan, files) = (search_plan(plan), candidates(files));
        let edits = interface.call_edits(&mut *self.store, self.project, &plan, new_name, &files)?;
        returned(edits, |check, edits| check_reply::document_edits(check, edits).map(Reply::Edits))
    }

    fn format<'q>(
        &mut self,
        path: &'q VfsPath,
        part: Option<Span>,
        options: FormattingOptions,
    ) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.formatting else { return unsupported() };
        let (part, options) = (part.map(span), to_guest(options));
        let edits = interface.call_format(&mut *self.store, self.project, path.as_str(), part, options)?;
        returned(edits, move |check, edits| check_reply::text_edits(check, path, edits).map(Reply::TextEdits))
    }

    fn format_on_type<'q>(
        &mut self,
        path: &'q VfsPath,
        offset: u32,
        typed: &str,
        options: FormattingOptions,
    ) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.formatting else { return unsupported() };
        let (store, options) = (&mut *self.store, to_guest(options));
        let edits = interface.call_format_on_type(store, self.project, path.as_str(), offset, typed, options)?;
        returned(edits, move |check, edits| check_reply::text_edits(check, path, edits).map(Reply::TextEdits))
    }
}

fn to_guest(options: FormattingOptions) -> guest::formatting::Options {
    guest::formatting::Options { tab_size: options.tab_size, insert_spaces: options.insert_spaces }
}

pub(crate) fn unsupported<T>() -> Returned<T> {
    Ok(Err(Failure::Unsupported))
}

/// A value of a guest with the way to check it.
pub(crate) fn returned<'q, T: 'q>(
    value: Result<T, Failure>,
    check: impl FnOnce(&mut Check<'_>, T) -> Result<Reply, Rejected> + 'q,
) -> Returned<Unchecked<'q>> {
    Ok(value.map(|value| -> Unchecked<'q> { Box::new(move |rules| check(rules, value)) }))
}

pub(crate) fn check_plan(
    check: &mut Check<'_>,
    path: &VfsPath,
    plan: Option<guest::references::SearchPlan>,
) -> Result<Reply, Rejected> {
    plan.map(|plan| check_reply::plan(check, path, plan)).transpose().map(Reply::Plan)
}

fn check_bundled(check: &Check<'_>, text: Option<String>) -> Result<Option<String>, Rejected> {
    match &text {
        Some(text) if text.len() > check.limits.document_bytes_max => Err(Rejected::Limit(LimitName::DocumentBytes)),
        _ => Ok(text),
    }
}

pub(crate) fn search_plan(plan: &SearchPlan) -> guest::references::SearchPlan {
    guest::references::SearchPlan {
        origin: span(plan.origin),
        names: plan.names.clone(),
        roles: plan.roles.0,
        only: plan.only.as_ref().map(|path| path.as_str().to_owned()),
        definitions: plan.definitions.iter().map(location).collect(),
        token: plan.token.clone(),
    }
}

pub(crate) fn candidates(files: &[Candidate]) -> Vec<types::Candidate> {
    let candidate =
        |file: &Candidate| types::Candidate { path: file.path.as_str().to_owned(), offsets: file.offsets.clone() };
    files.iter().map(candidate).collect()
}

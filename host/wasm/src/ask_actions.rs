//! The questions of the interfaces `actions` and `refiling`.

use vraftls_index::{Diagnostic, Related};
use vraftls_proto::{FileChange, FileMove, SearchPlan};
use vraftls_query::Reply;
use vraftls_text::Span;
use vraftls_vfs::VfsPath;

use crate::ask::{Asking, Returned, Unchecked, returned, search_plan, unsupported};
use crate::bindings::exports::vraftls::analyzer::actions as guest;
use crate::bindings::vraftls::analyzer::types;
use crate::import_workspace::{location, span};
use crate::{check_actions, check_change, check_reply};

impl Asking<'_> {
    /// The changes for a span.
    pub(crate) fn actions<'q>(
        &mut self,
        path: &VfsPath,
        part: Span,
        diagnostics: &'q [Diagnostic],
        kinds: &[String],
    ) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.actions else { return unsupported() };
        let given: Vec<types::Diagnostic> = diagnostics.iter().map(to_guest).collect();
        let store = &mut *self.store;
        let actions = interface.call_actions(store, self.project, path.as_str(), span(part), &given, kinds)?;
        returned(actions, |check, actions| {
            check_actions::actions(check, diagnostics.len(), actions).map(Reply::Actions)
        })
    }

    /// What an offered change does.
    pub(crate) fn resolve_action<'q>(&mut self, path: &VfsPath, token: &[u8]) -> Returned<Unchecked<'q>> {
        if let Some(interface) = &self.functions.refiling {
            let change = interface.call_resolve(&mut *self.store, self.project, path.as_str(), token)?;
            return returned(change, |check, change| check_change::change(check, change).map(Reply::Change));
        }
        let Some(interface) = &self.functions.actions else { return unsupported() };
        let edits = interface.call_resolve_action(&mut *self.store, self.project, path.as_str(), token)?;
        returned(edits, |check, edits| {
            let edits = check_reply::document_edits(check, edits)?;
            Ok(Reply::Change(FileChange { edits, ..FileChange::default() }))
        })
    }

    /// What moves when something is renamed; nothing with an analyzer that has no word for it.
    pub(crate) fn rename_moves<'q>(&mut self, plan: &SearchPlan, new_name: &str) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.refiling else {
            return Ok(Ok(Box::new(|_| Ok(Reply::Moves(Vec::new())))));
        };
        let moves = interface.call_moves(&mut *self.store, self.project, &search_plan(plan), new_name)?;
        returned(moves, |check, moves| check_change::moves(check, moves).map(Reply::Moves))
    }

    /// The edits for files that move.
    pub(crate) fn will_rename<'q>(&mut self, moves: &[FileMove]) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.actions else { return unsupported() };
        let to_guest =
            |it: &FileMove| guest::Move { old_path: it.old.as_str().to_owned(), new_path: it.new.as_str().to_owned() };
        let moves: Vec<guest::Move> = moves.iter().map(to_guest).collect();
        let edits = interface.call_will_rename(&mut *self.store, self.project, &moves)?;
        returned(edits, |check, edits| check_reply::document_edits(check, edits).map(Reply::Edits))
    }
}

fn to_guest(diagnostic: &Diagnostic) -> types::Diagnostic {
    let related =
        |related: &Related| types::Related { location: location(&related.location), message: related.message.clone() };
    types::Diagnostic {
        span: span(diagnostic.span),
        severity: diagnostic.severity.into(),
        code: diagnostic.code.clone(),
        code_url: diagnostic.code_url.clone(),
        message: diagnostic.message.clone(),
        tags: u32::from(diagnostic.unnecessary) | u32::from(diagnostic.deprecated) << 1,
        related: diagnostic.related.iter().map(related).collect(),
    }
}

//! The questions of the interface `hierarchies`.

use vraftls_proto::{Candidate, HierarchyItem, SearchPlan};
use vraftls_query::{Question, Reply};
use vraftls_vfs::VfsPath;

use crate::ask::{Asking, Returned, Unchecked, candidates, check_plan, returned, search_plan, unsupported};
use crate::bindings::exports::vraftls::analyzer::hierarchies as guest;
use crate::check_hierarchies;
use crate::import_workspace::location;

impl Asking<'_> {
    /// Asks about hierarchies.
    pub(crate) fn ask_hierarchies<'q>(&mut self, question: &'q Question) -> Returned<Unchecked<'q>> {
        match question {
            Question::PrepareCalls { path, offset } => self.prepare_calls(path, *offset),
            Question::PlanIncoming { item } => self.plan_incoming(item),
            Question::Incoming { plan, files } => self.incoming(plan, files),
            Question::Outgoing { item } => self.outgoing(item),
            Question::PrepareTypes { path, offset } => self.prepare_types(path, *offset),
            Question::Supertypes { item } => self.supertypes(item),
            Question::PlanSubtypes { item } => self.plan_subtypes(item),
            Question::Subtypes { plan, files } => self.subtypes(plan, files),
            _ => unsupported(),
        }
    }

    fn prepare_calls<'q>(&mut self, path: &VfsPath, offset: u32) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.hierarchies else { return unsupported() };
        let items = interface.call_prepare_calls(&mut *self.store, self.project, path.as_str(), offset)?;
        returned(items, |check, items| check_hierarchies::items(check, items).map(Reply::HierarchyItems))
    }

    fn plan_incoming<'q>(&mut self, item: &'q HierarchyItem) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.hierarchies else { return unsupported() };
        let plan = interface.call_plan_incoming(&mut *self.store, self.project, &to_guest(item))?;
        returned(plan, |check, plan| check_plan(check, &item.location.path, plan))
    }

    fn incoming<'q>(&mut self, plan: &SearchPlan, files: &'q [Candidate]) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.hierarchies else { return unsupported() };
        let (plan, asked) = (search_plan(plan), candidates(files));
        let calls = interface.call_incoming(&mut *self.store, self.project, &plan, &asked)?;
        returned(calls, move |check, calls| check_hierarchies::incoming(check, files, calls).map(Reply::Calls))
    }

    fn outgoing<'q>(&mut self, item: &'q HierarchyItem) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.hierarchies else { return unsupported() };
        let calls = interface.call_outgoing(&mut *self.store, self.project, &to_guest(item))?;
        returned(calls, |check, calls| check_hierarchies::outgoing(check, &item.location.path, calls).map(Reply::Calls))
    }

    fn prepare_types<'q>(&mut self, path: &VfsPath, offset: u32) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.hierarchies else { return unsupported() };
        let items = interface.call_prepare_types(&mut *self.store, self.project, path.as_str(), offset)?;
        returned(items, |check, items| check_hierarchies::items(check, items).map(Reply::HierarchyItems))
    }

    fn supertypes<'q>(&mut self, item: &HierarchyItem) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.hierarchies else { return unsupported() };
        let items = interface.call_supertypes(&mut *self.store, self.project, &to_guest(item))?;
        returned(items, |check, items| check_hierarchies::items(check, items).map(Reply::HierarchyItems))
    }

    fn plan_subtypes<'q>(&mut self, item: &'q HierarchyItem) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.hierarchies else { return unsupported() };
        let plan = interface.call_plan_subtypes(&mut *self.store, self.project, &to_guest(item))?;
        returned(plan, |check, plan| check_plan(check, &item.location.path, plan))
    }

    fn subtypes<'q>(&mut self, plan: &SearchPlan, files: &'q [Candidate]) -> Returned<Unchecked<'q>> {
        let Some(interface) = &self.functions.hierarchies else { return unsupported() };
        let (plan, asked) = (search_plan(plan), candidates(files));
        let items = interface.call_subtypes(&mut *self.store, self.project, &plan, &asked)?;
        returned(items, move |check, items| check_hierarchies::subtypes(check, files, items).map(Reply::HierarchyItems))
    }
}

fn to_guest(item: &HierarchyItem) -> guest::Item {
    guest::Item {
        name: item.name.clone(),
        detail: item.detail.clone(),
        kind: item.kind,
        location: location(&item.location),
        token: item.token.clone(),
    }
}

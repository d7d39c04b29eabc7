//! Who uses whom: what stands between one `def` and the next belongs to the first. A later definition of a name replaces the
//! one that the name leads to, as a subtype does.

use vraftls_guest_sdk::{Call, Candidate, Failure, HierarchyItem, SearchPlan, Span};

use crate::project::{ToyProject, location};
use crate::syntax::{Definition, File};

/// SymbolKind `Function`.
const FUNCTION: u32 = 12;

fn item(path: &str, definition: &Definition) -> HierarchyItem {
    HierarchyItem {
        name: definition.name.text.clone(),
        detail: definition.documentation.clone(),
        kind: FUNCTION,
        location: location(path, definition),
        token: definition.name.text.clone().into_bytes(),
    }
}

/// The definition that a place belongs to.
fn owner(file: &File, place: Span) -> Option<&Definition> {
    file.definitions.iter().rev().find(|definition| definition.line.start <= place.start)
}

impl ToyProject {
    /// What the name at a place leads to.
    pub(crate) fn items_at(&mut self, path: &str, offset: u32) -> Result<Vec<HierarchyItem>, Failure> {
        let Some((name, _)) = self.name_at(path, offset)? else { return Ok(Vec::new()) };
        let Some(target) = self.resolve(path, &name)? else { return Ok(Vec::new()) };
        let file = self.file(&target.path)?;
        Ok(file.1.definition(&name).map(|definition| item(&target.path, definition)).into_iter().collect())
    }

    pub(crate) fn plan_of(&self, item: HierarchyItem) -> SearchPlan {
        SearchPlan {
            origin: item.location.span,
            names: vec![item.name],
            roles: 0,
            only: None,
            definitions: vec![item.location],
            token: item.token,
        }
    }

    /// The definitions whose own lines use what the plan searches for.
    pub(crate) fn callers(&mut self, plan: &SearchPlan, files: &[Candidate]) -> Result<Vec<Call>, Failure> {
        let mut calls: Vec<Call> = Vec::new();
        for Candidate { path, .. } in files {
            let found = self.confirm_in(plan, path)?;
            let file = self.file(path)?;
            let uses = found.iter().filter(|found| found.roles & vraftls_guest_sdk::roles::REFERS != 0);
            for place in uses.map(|found| found.span) {
                let Some(definition) = owner(&file.1, place) else { continue };
                let caller = item(path, definition);
                match calls.last_mut().filter(|call| call.item == caller) {
                    Some(call) => call.spans.push(place),
                    None => calls.push(Call { item: caller, spans: vec![place] }),
                }
            }
        }
        Ok(calls)
    }

    /// What a definition's own lines use.
    pub(crate) fn callees(&mut self, asked: &HierarchyItem) -> Result<Vec<Call>, Failure> {
        let path = &asked.location.path;
        let file = self.file(path)?;
        let mut calls: Vec<Call> = Vec::new();
        for word in &file.1.uses {
            let is_own = owner(&file.1, word.span).is_some_and(|it| it.name.span == asked.location.span);
            let target = if is_own { self.resolve(path, &word.text)? } else { None };
            let Some(target) = target else { continue };
            let Some(callee) = self.file(&target.path)?.1.definition(&word.text).map(|it| item(&target.path, it))
            else {
                continue;
            };
            match calls.iter_mut().find(|call| call.item == callee) {
                Some(call) => call.spans.push(word.span),
                None => calls.push(Call { item: callee, spans: vec![word.span] }),
            }
        }
        Ok(calls)
    }

    /// The definition that a name leads to everywhere, if it is another one.
    pub(crate) fn replaced_by(&mut self, asked: &HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
        for candidate in self.workspace.candidates(&asked.name, vraftls_guest_sdk::roles::DEFINES) {
            let file = self.file(&candidate.path)?;
            if let Some(first) = file.1.definition(&asked.name) {
                let first = item(&candidate.path, first);
                return Ok(if first.location == asked.location { Vec::new() } else { vec![first] });
            }
        }
        Ok(Vec::new())
    }

    /// The other definitions of the plan's names.
    pub(crate) fn replacements(
        &mut self,
        plan: &SearchPlan,
        files: &[Candidate],
    ) -> Result<Vec<HierarchyItem>, Failure> {
        let mut found = Vec::new();
        for Candidate { path, .. } in files {
            self.check_cancelled()?;
            let file = self.file(path)?;
            let same = file.1.definitions.iter().filter(|definition| plan.names.contains(&definition.name.text));
            found.extend(same.map(|it| item(path, it)).filter(|it| !plan.definitions.contains(&it.location)));
        }
        Ok(found)
    }
}

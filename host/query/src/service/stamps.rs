//! What an analyzer gives out to get back later says which version of it gave it.
//!
//! Proposals, actions and items of hierarchies carry bytes that only their analyzer understands, and come back with a later question.
//! By then another version may be loaded, which would read something else out of them. So they leave with the mark of the component in
//! front, and come back only to that component.

use vraftls_proto::{HierarchyItem, Query, QueryError};
use vraftls_vfs::ContentDigest;

use crate::failure::Failure;
use crate::service::call::Call;
use crate::{Question, Reply};

/// So many bytes of a component's digest tell its versions apart.
const STAMP_BYTES: usize = 8;

/// Whether a question gets such bytes or its answer has some: it is asked of the newest version alone, so that what one version gives
/// out does not come back to another while both answer.
pub(super) fn has_stamps(query: &Query) -> bool {
    matches!(
        query,
        Query::Complete { .. }
            | Query::ResolveCompletion { .. }
            | Query::Actions { .. }
            | Query::ResolveAction { .. }
            | Query::PrepareCalls(_)
            | Query::PrepareTypes(_)
            | Query::IncomingCalls { .. }
            | Query::OutgoingCalls { .. }
            | Query::Supertypes { .. }
            | Query::Subtypes { .. }
    )
}

/// Puts the mark in front of all that an analyzer gives out.
pub(super) fn stamped(component: &ContentDigest, mut reply: Reply) -> Reply {
    let stamp = |token: &mut Vec<u8>| {
        // Nothing is nothing in every version.
        if !token.is_empty() {
            token.splice(0..0, component.as_bytes()[..STAMP_BYTES].iter().copied());
        }
    };
    match &mut reply {
        Reply::Completion(items) => items.items.iter_mut().for_each(|item| stamp(&mut item.token)),
        Reply::HierarchyItems(items) => items.iter_mut().for_each(|item| stamp(&mut item.token)),
        Reply::Calls(calls) => calls.iter_mut().for_each(|call| stamp(&mut call.item.token)),
        Reply::Actions(actions) => actions.iter_mut().for_each(|action| stamp(&mut action.token)),
        _ => {}
    }
    reply
}

impl Call<'_> {
    /// Takes the mark off what comes back. What another version gave out is not shown to this one.
    pub(super) fn without_stamp(&self, mut question: Question) -> Result<Question, Failure> {
        match &mut question {
            Question::ResolveCompletion { token, .. } | Question::ResolveAction { token, .. } => {
                self.take_stamp(token)?
            }
            Question::PlanIncoming { item }
            | Question::Outgoing { item }
            | Question::Supertypes { item }
            | Question::PlanSubtypes { item } => {
                let HierarchyItem { token, .. } = item;
                self.take_stamp(token)?;
            }
            _ => {}
        }
        Ok(question)
    }

    fn take_stamp(&self, token: &mut Vec<u8>) -> Result<(), Failure> {
        if token.is_empty() {
            return Ok(());
        }
        if !token.starts_with(&self.analyzer().digest().as_bytes()[..STAMP_BYTES]) {
            return Err(QueryError::Replaced { analyzer: self.analyzer().description().id.clone() }.into());
        }
        token.drain(..STAMP_BYTES);
        Ok(())
    }
}

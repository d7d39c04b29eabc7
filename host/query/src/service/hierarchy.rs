//! Who calls an item, and what extends a type: searched as references are, candidates by the index, truth by the engine.

use std::sync::Arc;

use vraftls_proto::{Call as FoundCall, HierarchyItem};

use crate::failure::Failure;
use crate::service::call::Call;
use crate::{QueryService, Question, Reply};

impl QueryService {
    /// The callers of an item, by path and place.
    pub(super) async fn incoming_calls(
        &self,
        call: &Call<'_>,
        item: &HierarchyItem,
    ) -> Result<Vec<FoundCall>, Failure> {
        let plan = Question::PlanIncoming { item: item.clone() };
        let replies = self.search(call, plan, |plan, files| Question::Incoming { plan, files }).await?;
        let mut found = Vec::new();
        for reply in replies {
            let Reply::Calls(part) = reply else { return Err(call.bad_reply("no calls")) };
            found.extend(part);
        }
        found.sort_by(|a: &FoundCall, b| a.item.location.cmp(&b.item.location));
        Ok(found)
    }

    /// What extends a type, by path and place.
    pub(super) async fn subtypes(&self, call: &Call<'_>, item: &HierarchyItem) -> Result<Vec<HierarchyItem>, Failure> {
        let plan = Question::PlanSubtypes { item: item.clone() };
        let replies = self.search(call, plan, |plan, files| Question::Subtypes { plan, files }).await?;
        let mut found = Vec::new();
        for reply in replies {
            let Reply::HierarchyItems(part) = reply else { return Err(call.bad_reply("no types")) };
            found.extend(part);
        }
        found.sort_by(|a: &HierarchyItem, b| a.location.cmp(&b.location));
        Ok(found)
    }

    /// Plans a search and asks about its candidates; no replies where there is nothing to search for.
    async fn search(
        &self,
        call: &Call<'_>,
        plan: Question,
        question: impl Fn(vraftls_proto::SearchPlan, Vec<vraftls_proto::Candidate>) -> Question,
    ) -> Result<Vec<Reply>, Failure> {
        let index = self.whole_index(call).await?;
        let Reply::Plan(plan) = self.ask_engine(call, Some(Arc::clone(&index)), plan).await? else {
            return Err(call.bad_reply("no plan"));
        };
        let Some(plan) = plan else { return Ok(Vec::new()) };
        self.ask_of_candidates(call, &index, &plan, |files| question(plan.clone(), files)).await
    }
}

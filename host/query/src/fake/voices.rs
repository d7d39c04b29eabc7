//! Versions of the analyzer of the made-up language that can be told apart by all that they say: each puts its own voice before words.

use vraftls_index::{Description, Facts, Language};
use vraftls_proto::SearchPlan;

use super::FakeAnalyzer;
use crate::{Fault, Question, Reply};

impl FakeAnalyzer {
    /// A version with a voice of its own.
    pub(crate) fn speaking(voice: &'static str) -> Self {
        Self { voice: Some(voice), ..Self::new(voice) }
    }

    /// The same as another analyzer, of another language.
    pub(crate) fn of_language(mut self, id: &str, suffix: &str) -> Self {
        let languages = vec![Language { id: id.into(), suffixes: vec![suffix.into()] }];
        self.description = Description { id: id.into(), languages, ..self.description };
        self
    }

    fn said(&self, word: &str) -> String {
        self.voice.map_or_else(|| word.to_owned(), |voice| format!("{voice}:{word}"))
    }

    pub(super) fn own_facts(&self, mut facts: Facts) -> Facts {
        // The same text before each leaves them in order.
        facts.names = facts.names.iter().map(|name| self.said(name).into()).collect();
        facts.symbols.iter_mut().for_each(|symbol| symbol.name = self.said(&symbol.name));
        facts
    }

    /// A question as it was before this version gave something of it out. What another gave out is no question.
    pub(super) fn own_question(&self, mut question: Question) -> Result<Question, Fault> {
        let Some(voice) = self.voice else { return Ok(question) };
        let own = |token: &[u8]| match token == voice.as_bytes() || token == b"token" {
            true => Ok(()),
            false => Err(Fault::Internal(format!("{voice} is shown {:?}", String::from_utf8_lossy(token)))),
        };
        match &mut question {
            Question::Confirm { plan, .. }
            | Question::RenameEdits { plan, .. }
            | Question::RenameMoves { plan, .. }
            | Question::Incoming { plan, .. } => {
                own(&plan.token)?;
                let before = format!("{voice}:");
                plan.names = plan.names.iter().map(|name| name.trim_start_matches(&before).to_owned()).collect();
            }
            Question::PlanIncoming { item } => own(&item.token)?,
            _ => {}
        }
        Ok(question)
    }

    /// A reply in this version's words.
    pub(super) fn own_reply(&self, mut reply: Reply) -> Reply {
        let Some(voice) = self.voice else { return reply };
        match &mut reply {
            Reply::Plan(Some(SearchPlan { names, token, .. })) => {
                *names = names.iter().map(|name| self.said(name)).collect();
                *token = voice.into();
            }
            Reply::Hover(Some(hover)) => hover.signature = self.said(&hover.signature),
            Reply::HierarchyItems(items) => items.iter_mut().for_each(|item| {
                item.name = self.said(&item.name);
                item.token = voice.into();
            }),
            Reply::Calls(calls) => calls.iter_mut().for_each(|call| call.item.name = self.said(&call.item.name)),
            _ => {}
        }
        reply
    }
}

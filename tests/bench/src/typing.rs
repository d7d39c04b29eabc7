//! What a person notices while typing: diagnostics after an edit, completion after a dot, symbols by the letters typed so far.
//!
//! Every server is started once for this, with nothing kept, and all are asked the same in turns. Edits and symbols are drawn from
//! Python alone.

use std::path::Path;

use anyhow::{Context, Result};

use crate::figures::TreeFigures;
use crate::freshness::Freshness;
use crate::language::Language;
use crate::run::{Part, Plan};
use crate::turns::Running;
use crate::{freshness, members, sample, symbols, turns};

/// What is asked about a tree.
#[derive(Debug)]
pub(crate) struct Samples {
    language: Language,
    texts: Vec<(String, String)>,
    edited: Vec<freshness::Edited>,
    accesses: Vec<members::Access>,
    sought: Vec<symbols::Sought>,
}

impl Samples {
    pub(crate) fn draw(root: &Path, language: Language, plan: &Plan) -> Result<Self> {
        let texts = sample::texts(root, language)?;
        let accesses = members::sample(&texts, language, plan.n_accesses, plan.seed);
        let (mut edited, mut sought) = (Vec::new(), Vec::new());
        if language == Language::Python {
            edited = freshness::sample(&texts, plan.n_edited_files, plan.seed);
            sought = symbols::sample(&texts, plan.n_sought, plan.seed);
        }
        Ok(Self { language, texts, edited, accesses, sought })
    }

    /// Asks servers that were just started, in turns.
    pub(crate) fn measure(&self, all: &mut [Running<'_>], plan: &Plan) {
        if plan.wants(Part::Diagnostics) && !self.edited.is_empty() {
            turns::ask(all, &self.edited, plan.budget, |session, figures, edited| {
                let found = figures.freshness.get_or_insert_with(|| Freshness::of(session));
                found.measure(session, self.text(&edited.file)?, edited)
            });
        }
        if plan.wants(Part::Completion) {
            turns::ask(all, &self.accesses, plan.budget, |session, figures, access| {
                let found = figures.completions.get_or_insert_default();
                found.measure(session, (self.text(&access.file)?, self.language), access)
            });
        }
        if let Some(first) = self.sought.first().filter(|_| plan.wants(Part::Symbols)) {
            all.iter_mut().for_each(|running| running.ask(|session, _| symbols::wait_until_known(session, first)));
            turns::ask(all, &self.sought, plan.budget, |session, figures, sought| {
                figures.searches.get_or_insert_default().measure(session, sought)
            });
        }
        all.iter_mut().for_each(|running| {
            running.ask(|_, figures| {
                figures.gather_errors();
                Ok(())
            });
        });
    }

    fn text(&self, file: &str) -> Result<&str> {
        let found = self.texts.iter().find(|(name, _)| name == file);
        Ok(&found.context("everything was drawn from these")?.1)
    }

    /// Compares all servers' lists with those of the one that says what is right, if it was asked.
    pub(crate) fn compare(&self, figures: &mut TreeFigures) {
        let judge = self.language.judge();
        let Some(right) = figures.of(judge).and_then(|figures| figures.completions.clone()) else { return };
        for (_, found) in &mut figures.servers {
            if let Some(found) = found.as_mut().ok().and_then(|found| found.completions.as_mut()) {
                found.compare(&self.accesses, &right);
            }
        }
    }
}

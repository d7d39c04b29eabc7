//! What a person notices while typing: diagnostics after an edit, completion after a dot, symbols by the letters typed so far.
//!
//! Every server is started once for this, with nothing kept, and asked the same. Edits and symbols are drawn from Python alone.

use std::path::Path;

use anyhow::Result;

use crate::figures::{Figures, TreeFigures};
use crate::language::Language;
use crate::run::{Part, Plan};
use crate::session::Session;
use crate::{freshness, members, sample, symbols};

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

    /// Asks a server that was just started, and ends it.
    pub(crate) fn measure(&self, mut session: Session, plan: &Plan, figures: &mut Figures) -> Result<()> {
        session.wait_until_ready()?;
        if plan.wants(Part::Diagnostics) && !self.edited.is_empty() {
            let found = freshness::measure(&mut session, &self.texts, &self.edited)?;
            figures.errors.extend(found.errors.iter().cloned());
            figures.freshness = Some(found);
        }
        if plan.wants(Part::Completion) {
            let found = members::measure(&mut session, (&self.texts, self.language), &self.accesses)?;
            figures.errors.extend(found.errors.iter().cloned());
            figures.completions = Some(found);
        }
        if plan.wants(Part::Symbols) && !self.sought.is_empty() {
            let found = symbols::measure(&mut session, &self.sought)?;
            figures.errors.extend(found.errors.iter().cloned());
            figures.searches = Some(found);
        }
        session.stop()
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

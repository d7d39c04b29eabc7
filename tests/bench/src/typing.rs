//! What a person notices while typing: diagnostics after an edit, completion after a dot, symbols by the letters typed so far.
//!
//! Every server is started once for this, with nothing kept, and asked the same.

use std::path::Path;

use anyhow::Result;

use crate::figures::Figures;
use crate::run::{Part, Plan};
use crate::session::Session;
use crate::{freshness, members, sample, symbols};

/// What is asked about a tree.
#[derive(Debug)]
pub(crate) struct Samples {
    texts: Vec<(String, String)>,
    edited: Vec<freshness::Edited>,
    accesses: Vec<members::Access>,
    sought: Vec<symbols::Sought>,
}

impl Samples {
    pub(crate) fn draw(root: &Path, plan: &Plan) -> Result<Self> {
        let texts = sample::texts(root)?;
        let edited = freshness::sample(&texts, plan.n_edited_files, plan.seed);
        let accesses = members::sample(&texts, plan.n_accesses, plan.seed);
        let sought = symbols::sample(&texts, plan.n_sought, plan.seed);
        Ok(Self { texts, edited, accesses, sought })
    }

    /// Asks a server that was just started, and ends it.
    pub(crate) fn measure(&self, mut session: Session, plan: &Plan, figures: &mut Figures) -> Result<()> {
        session.wait_until_ready()?;
        if plan.wants(Part::Diagnostics) {
            let found = freshness::measure(&mut session, &self.texts, &self.edited)?;
            figures.errors.extend(found.errors.iter().cloned());
            figures.freshness = Some(found);
        }
        if plan.wants(Part::Completion) {
            let found = members::measure(&mut session, &self.texts, &self.accesses)?;
            figures.errors.extend(found.errors.iter().cloned());
            figures.completions = Some(found);
        }
        if plan.wants(Part::Symbols) {
            let found = symbols::measure(&mut session, &self.sought)?;
            figures.errors.extend(found.errors.iter().cloned());
            figures.searches = Some(found);
        }
        session.stop()
    }
}

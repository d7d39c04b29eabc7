//! What is shown of a cluster, and what must be reached.

use serde_json::{Value, json};

use crate::measures::Verdict;

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) title: String,
    /// Ours.
    pub(crate) ours: String,
    /// What it is compared with.
    pub(crate) other: String,
    pub(crate) verdict: Option<Verdict>,
}

/// A figure that is only told.
pub(super) fn row(title: impl Into<String>, figure: f64, n_digits: usize) -> Row {
    Row { title: title.into(), ours: format!("{figure:.n_digits$}"), other: String::new(), verdict: None }
}

/// The beginning of a part.
pub(super) fn heading(title: impl Into<String>, other: &str) -> Row {
    Row { title: title.into(), ours: "vraftls".to_owned(), other: other.to_owned(), verdict: None }
}

impl Row {
    /// With a figure to compare with.
    pub(super) fn beside(mut self, figure: f64, n_digits: usize) -> Self {
        self.other = format!("{figure:.n_digits$}");
        self
    }

    /// With a bar for people, and whether it is met.
    pub(super) fn bar(mut self, bar: impl Into<String>, is_met: bool) -> Self {
        self.verdict = Some(Verdict { bar: bar.into(), met: Some(is_met) });
        self
    }

    /// With the most that it may be.
    pub(super) fn at_most(self, figure: f64, bar: f64) -> Self {
        self.bar(format!("<= {bar}"), figure <= bar)
    }

    pub(crate) fn json(&self) -> Value {
        let verdict = self.verdict.as_ref().map(|verdict| json!({ "bar": verdict.bar, "met": verdict.met }));
        json!({ "title": self.title.trim(), "ours": self.ours, "other": self.other, "bar": verdict })
    }
}

//! What an engine is told when it is asked on another view than the last time.

use std::sync::Arc;

use vraftls_index::Roles;
use vraftls_proto::{Candidate, SymbolMatch};
use vraftls_query::{Change, Changes, Lookup, View};
use vraftls_vfs::VfsPath;

use crate::bindings::exports::vraftls::analyzer::projects as guest;
use crate::kept::{Manifest, Sighted};

/// What an engine saw last.
pub(crate) struct Seen(View);

/// In place of the lookup of a view that nobody asks any more, so that its indexes can go.
struct NoLookup;

impl Lookup for NoLookup {
    fn candidates(&self, _: &str, _: Roles) -> Vec<Candidate> {
        Vec::new()
    }

    fn symbols(&self, _: &str, _: bool, _: u32) -> Vec<SymbolMatch> {
        Vec::new()
    }
}

impl Seen {
    pub(crate) fn of(view: &View) -> Self {
        Self(View { lookup: Arc::new(NoLookup), ..view.clone() })
    }

    /// A view with the same base on which no file is open.
    pub(crate) fn without_open_files(view: &View) -> Self {
        Self(View { overlays: Arc::default(), lookup: Arc::new(NoLookup), ..view.clone() })
    }

    /// What it comes to, for an engine that is kept; nothing where it is not to be.
    pub(crate) fn manifest(&self, sighted: &Sighted) -> Option<Manifest> {
        Manifest::of(&self.0, sighted)
    }

    /// How a view differs.
    pub(crate) fn changes_to(&self, view: &View) -> Changes {
        if Arc::ptr_eq(&self.0.base, &view.base) && Arc::ptr_eq(&self.0.overlays, &view.overlays) {
            return Changes::Paths(Vec::new());
        }
        view.changes_since(&self.0)
    }

    /// Whether the same files are open in the editor.
    pub(crate) fn has_same_files_open(&self, view: &View) -> bool {
        let (before, now) = (&self.0.overlays, &view.overlays);
        Arc::ptr_eq(before, now) || before.iter().map(|(path, _)| path).eq(now.iter().map(|(path, _)| path))
    }
}

/// The changes as the guest is told them; too many become `everything`.
pub(crate) fn to_guest(changes: Changes, changes_max: usize) -> Vec<guest::Change> {
    match changes {
        Changes::Paths(changes) if changes.len() <= changes_max => changes.into_iter().map(change).collect(),
        Changes::Paths(_) | Changes::Everything => vec![guest::Change::Everything],
    }
}

fn change(change: Change) -> guest::Change {
    let text = |path: VfsPath| path.as_str().to_owned();
    match change {
        Change::Created(path) => guest::Change::Created(text(path)),
        Change::Changed(path) => guest::Change::Changed(text(path)),
        Change::Removed(path) => guest::Change::Removed(text(path)),
    }
}

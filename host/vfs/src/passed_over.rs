//! Ids of workspaces that others were given before them: adopted in another order than they were given, or not yet.
//!
//! Without them the highest id would do to know which were in use. They are kept as runs, so that a shard which hears of one workspace
//! in a thousand remembers one run for each.

use crate::WorkspaceId;
use crate::state::{N_PASSED_OVER_MAX, State};

impl State {
    /// Whether an id is below the highest one, and was never in use here.
    pub(crate) fn is_passed_over(&self, id: WorkspaceId) -> bool {
        self.run_of(id).is_some()
    }

    /// The run of ids that were passed over in which an id lies.
    fn run_of(&self, id: WorkspaceId) -> Option<(WorkspaceId, WorkspaceId)> {
        let (first, last) = self.passed_over.get_prev(&id)?;
        (*last >= id).then_some((*first, *last))
    }

    /// Notes that an id is in use now, or never will be: it is not passed over, and all between it and the highest one are.
    pub(crate) fn use_up(&mut self, id: WorkspaceId) {
        if id > self.last_workspace {
            self.pass_over(self.last_workspace.0 + 1, id.0 - 1);
            self.last_workspace = id;
        } else if let Some((first, last)) = self.run_of(id) {
            self.passed_over.remove(&first);
            if first < id {
                self.pass_over(first.0, id.0 - 1);
            }
            if id < last {
                self.pass_over(id.0 + 1, last.0);
            }
        }
    }

    fn pass_over(&mut self, first: u32, last: u32) {
        if first <= last {
            self.passed_over.insert(WorkspaceId(first), WorkspaceId(last));
        }
        if self.passed_over.len() > N_PASSED_OVER_MAX
            && let Some((lowest, _)) = self.passed_over.get_min().copied()
        {
            self.passed_over.remove(&lowest);
        }
    }

    /// Whether runs that somebody wrote down are such as are kept: ascending, apart from each other, below the highest id.
    pub(crate) fn has_sound_runs(&self) -> bool {
        let mut below = 0;
        self.passed_over.iter().all(|(first, last)| {
            let sound = first.0 > below && first <= last && *last < self.last_workspace;
            // Two runs that meet would be one.
            below = last.0.saturating_add(1);
            sound && self.workspaces.range(*first..=*last).next().is_none()
        })
    }
}

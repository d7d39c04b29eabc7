//! One project of a component, asked in the sandbox.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use vraftls_index::merge_candidates;
use vraftls_proto::{Candidate, SearchPlan, SessionId};
use vraftls_query::{Analyzer, CancelFlag, EngineCall, Fault, ProjectSpec, Question, Reply, View};
use vraftls_vfs::WorkspaceId;

use crate::lookup::{KeptIndex, ViewLookup};
use crate::wait::wait;
use crate::{Component, Files};

/// When a question is given up: long after what any of them needs, even on a busy machine.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// The workspace that the next project is of. Every project has one of its own, so that none meets another's warm engine.
static NEXT_WORKSPACE: AtomicU32 = AtomicU32::new(1);

/// A project over files that change from revision to revision. The sandbox opens it at the first question.
pub struct Engine {
    analyzer: Arc<dyn Analyzer>,
    project: Arc<ProjectSpec>,
    kept: Arc<KeptIndex>,
    view: View,
}

impl Engine {
    /// A project of a whole workspace.
    pub fn open(component: &Component, files: Files) -> Self {
        let project =
            ProjectSpec { workspace: WorkspaceId(0), root: String::new(), libraries: Vec::new(), settings: Vec::new() };
        Self::with(component.analyzer(), project, files)
    }

    /// A project of a whole workspace that others may have open, too.
    pub(crate) fn of_workspace(analyzer: Arc<dyn Analyzer>, workspace: WorkspaceId, files: Files) -> Self {
        let project = ProjectSpec { workspace, root: String::new(), libraries: Vec::new(), settings: Vec::new() };
        let kept = KeptIndex::new(analyzer.clone());
        let view = view(&kept, files);
        Self { analyzer, project: Arc::new(project), kept, view }
    }

    /// A project of this kind, in a workspace of its own.
    pub(crate) fn with(analyzer: Arc<dyn Analyzer>, project: ProjectSpec, files: Files) -> Self {
        let workspace = WorkspaceId(NEXT_WORKSPACE.fetch_add(1, Ordering::Relaxed));
        let kept = KeptIndex::new(analyzer.clone());
        let view = view(&kept, files);
        Self { analyzer, project: Arc::new(ProjectSpec { workspace, ..project }), kept, view }
    }

    /// Lets it see other files from now on. The sandbox tells the guest how they differ.
    pub fn show(&mut self, files: Files) {
        self.view = view(&self.kept, files);
    }

    /// Asks, and waits for the reply.
    pub fn ask(&self, question: Question) -> Result<Reply, Fault> {
        self.ask_until(question, &CancelFlag::default())
    }

    /// [`Engine::ask`], but somebody may stop waiting.
    pub fn ask_until(&self, question: Question, cancel: &CancelFlag) -> Result<Reply, Fault> {
        wait(self.analyzer.ask(EngineCall {
            project: self.project.clone(),
            view: self.view.clone(),
            session: SessionId(1),
            cancel: cancel.clone(),
            deadline: Instant::now() + ANSWER_TIME_MAX,
            question,
        }))
    }

    /// The files in which the names of a plan occur, as a node finds them.
    pub fn candidates(&self, plan: &SearchPlan) -> Vec<Candidate> {
        let lookup = &self.view.lookup;
        let mut found = merge_candidates(plan.names.iter().map(|name| lookup.candidates(name, plan.roles)));
        found.retain(|candidate| plan.only.as_ref().is_none_or(|only| *only == candidate.path));
        found
    }
}

fn view(kept: &Arc<KeptIndex>, files: Files) -> View {
    let files = Arc::new(files);
    let lookup = Arc::new(ViewLookup { kept: kept.clone(), files: files.clone(), index: OnceLock::new() });
    View { base: files, overlays: Arc::default(), lookup }
}

//! Follows a folder: tells the editor of progress, and the checks of new revisions.

use std::sync::Arc;

use tokio::time::Instant;
use tower_lsp_server::ls_types::notification::Progress as ProgressNotification;
use tower_lsp_server::ls_types::request::WorkDoneProgressCreate;
use tower_lsp_server::ls_types::{
    NumberOrString, ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport,
};
use tracing::debug;

use crate::session::{FolderSlot, Session};
use crate::{Folder, FolderPhase};

/// Follows a folder until the session ends or the folder is closed.
pub(crate) async fn follow(session: &Arc<Session>, slot: &Arc<FolderSlot>, mut folder: Folder) {
    let mut bar: Option<Bar> = None;
    let (mut revision, mut n_losses) = (None, None);
    while session.world().mount(slot).is_some() {
        let state = *folder.state.borrow_and_update();
        if revision.replace(state.revision).is_some_and(|before| before != state.revision) {
            session.checks().folder_moved();
            session.saves().moved.notify_one();
        }
        if n_losses.replace(state.n_losses).is_some_and(|before| before != state.n_losses) {
            session.saves().moved.notify_one();
        }
        match (described(state.phase), &mut bar) {
            (Some(step), Some(bar)) => bar.report(session, step),
            (Some(step), None) => bar = Bar::begin(session, slot, step).await,
            (None, _) => {
                if let Some(bar) = bar.take() {
                    bar.end(session);
                }
            }
        }
        if folder.state.changed().await.is_err() {
            break;
        }
    }
    if let Some(bar) = bar {
        bar.end(session);
    }
}

/// What is under way, and how far.
struct Step {
    title: &'static str,
    n_done: u64,
    n_total: u64,
}

fn described(phase: FolderPhase) -> Option<Step> {
    match phase {
        FolderPhase::Ingesting { n_done, n_total } => Some(Step { title: "Reading", n_done, n_total }),
        FolderPhase::Indexing { n_done, n_total } => Some(Step { title: "Indexing", n_done, n_total }),
        FolderPhase::Ready => None,
    }
}

impl Step {
    fn percentage(&self) -> Option<u32> {
        let percentage = self.n_done.saturating_mul(100).checked_div(self.n_total)?;
        u32::try_from(percentage.min(100)).ok()
    }

    fn message(&self) -> String {
        format!("{}/{} files", self.n_done, self.n_total)
    }
}

/// A progress bar in the editor. One bar has one title, and percentages that never fall.
struct Bar {
    token: ProgressToken,
    title: &'static str,
    reported_at: Instant,
    percentage: Option<u32>,
}

impl Bar {
    /// Begins a bar, if the editor shows any. Awaited by the task that follows the folder, and by nothing else.
    async fn begin(session: &Arc<Session>, slot: &FolderSlot, step: Step) -> Option<Self> {
        if !session.profile().progress {
            return None;
        }
        let token = NumberOrString::String(format!("vraftls/{}/{}", step.title, slot.root));
        let params = WorkDoneProgressCreateParams { token: token.clone() };
        if let Err(error) = session.client().request::<WorkDoneProgressCreate>(params).await {
            debug!(%error, "the editor shows no progress");
            return None;
        }
        let percentage = step.percentage();
        let title = format!("{} {}", step.title, slot.root);
        let (cancellable, message) = (Some(false), Some(step.message()));
        let begin = WorkDoneProgressBegin { title, cancellable, message, percentage };
        send(session, &token, WorkDoneProgress::Begin(begin));
        Some(Self { token, title: step.title, reported_at: Instant::now(), percentage })
    }

    fn report(&mut self, session: &Session, step: Step) {
        if self.reported_at.elapsed() < session.options().timing.progress_interval {
            return;
        }
        self.reported_at = Instant::now();
        // One bar for all steps: the later ones are named in its message, and its percentage waits for them.
        let message =
            if step.title == self.title { step.message() } else { format!("{} {}", step.title, step.message()) };
        self.percentage = self.percentage.max(step.percentage());
        let report =
            WorkDoneProgressReport { cancellable: Some(false), message: Some(message), percentage: self.percentage };
        send(session, &self.token, WorkDoneProgress::Report(report));
    }

    fn end(self, session: &Session) {
        send(session, &self.token, WorkDoneProgress::End(WorkDoneProgressEnd { message: None }));
    }
}

fn send(session: &Session, token: &ProgressToken, progress: WorkDoneProgress) {
    let value = ProgressParamsValue::WorkDone(progress);
    session.client().notify::<ProgressNotification>(ProgressParams { token: token.clone(), value });
}

//! The task that checks open documents and publishes what it finds, or tells an editor that pulls to ask again.
//!
//! What is published of a document is never older than what was published before: a check that another one follows is dropped, and
//! publishing looks, while no edit can come in between, whether the document still is what was checked.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tower_lsp_server::ls_types::PublishDiagnosticsParams;
use tracing::debug;

use super::checks::{Due, Schedule};
use super::refresh::refresh;
use super::report;
use crate::convert::FilePath;
use crate::error::RequestError;
use crate::handlers::Context;
use crate::session::Session;

/// How many documents of a session are checked at once.
const N_CHECKS: usize = 4;

/// Checks documents until the session ends.
pub(crate) async fn run(session: Arc<Session>) {
    let timing = session.options().timing;
    let mut pusher = Pusher {
        schedule: Schedule::new(timing.check_delay, timing.recheck_delay),
        turns: Arc::new(Semaphore::new(N_CHECKS)),
        tasks: JoinSet::new(),
        running: HashMap::new(),
        published: HashMap::new(),
        session,
    };
    loop {
        let session = pusher.session.clone();
        session.checks().take_into(&mut pusher.schedule, Instant::now());
        let due = pusher.schedule.take_due(Instant::now());
        pusher.start(due);
        let next_due = pusher.schedule.next_due();
        tokio::select! {
            () = session.checks().changed() => {}
            () = sleep_until(next_due) => {}
            Some(done) = pusher.tasks.join_next_with_id() => pusher.finish(done),
        }
    }
}

struct Pusher {
    session: Arc<Session>,
    schedule: Schedule,
    turns: Arc<Semaphore>,
    tasks: JoinSet<Checked>,
    running: HashMap<FilePath, AbortHandle>,
    /// What was published last of a document: its version and the id of the findings.
    published: HashMap<FilePath, (i32, String)>,
}

/// What a check came to.
struct Checked {
    file: FilePath,
    published: Option<(i32, String)>,
    retry: bool,
}

impl Pusher {
    fn start(&mut self, due: Due) {
        if due.moved {
            // The editor asks again after its own edits; of other changes it has to be told.
            refresh(&self.session);
        }
        if !self.session.profile().pushes_diagnostics() {
            return;
        }
        let world = self.session.world();
        let mut files = due.files;
        if due.all {
            files.extend(world.documents().map(|(file, _)| file.clone()));
            files.sort_unstable();
            files.dedup();
        }
        self.published.retain(|file, _| world.document(file).is_some());
        for file in files.into_iter().filter(|file| world.document(file).is_some()) {
            self.check(file);
        }
    }

    fn check(&mut self, file: FilePath) {
        let (session, turns) = (self.session.clone(), self.turns.clone());
        let last = self.published.get(&file).cloned();
        let checked = file.clone();
        let handle = self.tasks.spawn(async move {
            let published = {
                let _turn = turns.acquire_owned().await;
                check_and_publish(&session, &checked, last).await
            };
            let retry = published.as_ref().is_err_and(RequestError::is_passing);
            if let Err(error) = &published {
                debug!(file = %checked, %error, "a document could not be checked");
            }
            Checked { file: checked, published: published.ok().flatten(), retry }
        });
        if let Some(older) = self.running.insert(file, handle) {
            older.abort();
        }
    }

    fn finish(&mut self, done: Result<(tokio::task::Id, Checked), tokio::task::JoinError>) {
        let Ok((id, Checked { file, published, retry })) = done else { return };
        // An older check that ended just before it was dropped has nothing to say about the one that runs.
        if self.running.get(&file).is_some_and(|handle| handle.id() == id) {
            self.running.remove(&file);
        }
        if let Some(published) = published {
            self.published.insert(file.clone(), published);
        }
        if retry {
            self.schedule.retry(file, Instant::now());
        }
    }
}

/// Checks a document and publishes what is found, unless it is what was published last.
async fn check_and_publish(
    session: &Arc<Session>,
    file: &FilePath,
    last: Option<(i32, String)>,
) -> Result<Option<(i32, String)>, RequestError> {
    let world = session.world();
    let Some(document) = world.document(file).cloned() else { return Ok(None) };
    if document.poison.is_some() {
        return Ok(None);
    }
    let cx = Context::of(session.clone(), world).await;
    let report = report(&cx, &document.uri).await?;
    let now = (document.version, report.result_id);
    if last.as_ref() == Some(&now) {
        return Ok(Some(now));
    }
    let version = session.profile().diagnostics.versions.then_some(document.version);
    let params = PublishDiagnosticsParams::new(document.uri.clone(), report.items, version);
    let is_current = session.with_world(|world| {
        let is_current = world.document(file).is_some_and(|current| current.stamp == document.stamp);
        if is_current {
            session.client().publish(params);
        }
        is_current
    });
    Ok(is_current.then_some(now))
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

//! The task that checks open documents and publishes what it finds, or tells an editor that pulls to ask again.
//!
//! What is published of a document is never older than what was published before: a check that another one follows is dropped, and
//! publishing looks, while no edit can come in between, whether the document still is what was checked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tower_lsp_server::ls_types::PublishDiagnosticsParams;
use tracing::debug;

use super::checks::{Due, Schedule};
use super::refresh::refresh;
use super::{DocumentReport, report, report_in};
use crate::convert::FilePath;
use crate::error::RequestError;
use crate::handlers::Context;
use crate::session::{Place, Session, World};

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
        let taken_back = session.checks().take_into(&mut pusher.schedule, Instant::now());
        for published in pusher.published.values_mut() {
            taken_back.iter().for_each(|uri| drop(published.remove(uri)));
        }
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
    /// What was published last of a document, or of the cells of a notebook.
    published: HashMap<FilePath, Published>,
}

/// What was published of documents, by their URI: their version and the id of the findings.
type Published = BTreeMap<String, (Option<i32>, String)>;

/// What a check came to.
struct Checked {
    file: FilePath,
    published: Option<Published>,
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
            files.extend(world.notebooks().map(|(file, _)| file.clone()));
            files.sort_unstable();
            files.dedup();
        }
        let is_open = |file: &FilePath| world.document(file).is_some() || world.notebook(file).is_some();
        self.published.retain(|file, _| is_open(file));
        for file in files.into_iter().filter(is_open) {
            self.check(file);
        }
    }

    fn check(&mut self, file: FilePath) {
        let (session, turns) = (self.session.clone(), self.turns.clone());
        let last = self.published.get(&file).cloned().unwrap_or_default();
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
        // An older check that ended just before it was dropped has nothing to say about the one that runs. What it published may have
        // been taken back since.
        let is_latest = self.running.get(&file).is_some_and(|handle| handle.id() == id);
        if is_latest {
            self.running.remove(&file);
        }
        if let Some(published) = published.filter(|_| is_latest) {
            self.published.insert(file.clone(), published);
        }
        if retry {
            self.schedule.retry(file, Instant::now());
        }
    }
}

/// Checks a document, or the cells of a notebook, and publishes what is found and is not what was published last.
async fn check_and_publish(
    session: &Arc<Session>,
    file: &FilePath,
    last: Published,
) -> Result<Option<Published>, RequestError> {
    let world = session.world();
    let stamp = stamp(&world, file);
    let cx = Context::of(session.clone(), world).await;
    let mut reports = Vec::new();
    if let Some(document) = cx.world().document(file).filter(|document| document.poison.is_none()) {
        let report = report(&cx, &document.uri).await?;
        reports.push(DocumentReport { uri: document.uri.clone(), version: Some(document.version), report });
    }
    if let Some(notebook) = cx.world().notebook(file).filter(|notebook| notebook.poison.is_none())
        && let Some(Place { slot, .. }) = &notebook.place
        && let Some(mount) = cx.world().mount(slot)
    {
        let folder = slot.ready().await?;
        for (path, _) in notebook.files() {
            reports.extend(report_in(&cx, slot, &folder, &mount.overlays, path).await?);
        }
    }
    let has_versions = session.profile().diagnostics.versions;
    let is_current = session.with_world(|world| {
        let is_current = self::stamp(world, file) == stamp;
        let news = reports.iter().filter(|found| is_current && last.get(found.uri.as_str()) != Some(&found.state()));
        for DocumentReport { uri, version, report } in news {
            let version = version.filter(|_| has_versions);
            session.client().publish(PublishDiagnosticsParams::new(uri.clone(), report.items.clone(), version));
        }
        is_current
    });
    let states = reports.iter().map(|found| (found.uri.as_str().to_owned(), found.state()));
    Ok(is_current.then(|| states.collect()))
}

/// Of the states that a check is about.
fn stamp(world: &World, file: &FilePath) -> (Option<u64>, Option<u64>) {
    let document = world.document(file).map(|document| document.stamp);
    (document, world.notebook(file).map(|notebook| notebook.stamp))
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

//! The task that checks open documents and publishes what it finds, or tells an editor that pulls to ask again.
//!
//! What is published of a document is never older than what was published before: a check that another one follows is dropped, and
//! publishing looks, while no edit can come in between, whether the document still is what was checked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::Instant;
use tower_lsp_server::ls_types::{MessageType, PublishDiagnosticsParams};
use tracing::{debug, error};
use vraftls_vfs::ContentDigest;

use super::checks::{Due, Schedule};
use super::interfaces::{self, Shown, Was};
use super::refresh::refresh;
use super::report::Report;
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
        leads: HashMap::new(),
        shown: Arc::default(),
        comparing: None,
        glimpses: HashMap::new(),
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
    tasks: JoinSet<Done>,
    running: HashMap<FilePath, AbortHandle>,
    /// What was published last of a document, or of the cells of a notebook.
    published: HashMap<FilePath, Published>,
    /// The files that the findings of a document have places in.
    leads: HashMap<FilePath, Leads>,
    /// What the buffers showed to others when those were checked last.
    shown: Arc<Shown>,
    /// The look whether they still show that, and what was edited since.
    comparing: Option<(AbortHandle, BTreeSet<FilePath>)>,
    /// What the last check of a document saw of others that were edited and not compared yet. By then they may be as they were before, and
    /// what the check found is of neither.
    glimpses: HashMap<FilePath, Vec<Glimpse>>,
}

/// A file, and what its buffer had; none if it was not open.
type Glimpse = (FilePath, Option<ContentDigest>);

/// What a task came to.
enum Done {
    Checked(Checked),
    Compared { shown: Shown, differs: bool, was: Was, world: Arc<World> },
}

/// What was published of documents, by their URI: their version and the id of the findings.
type Published = BTreeMap<String, (Option<i32>, String)>;

/// The files that findings have places in; none for what is not a file, as a cell of a notebook.
type Leads = BTreeSet<Option<FilePath>>;

/// What a check came to.
struct Checked {
    file: FilePath,
    published: Option<(Published, Leads)>,
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
        if due.moved {
            files.extend(world.documents().map(|(file, _)| file.clone()));
            files.extend(world.notebooks().map(|(file, _)| file.clone()));
            files.sort_unstable();
            files.dedup();
        }
        let is_open = |file: &FilePath| world.document(file).is_some() || world.notebook(file).is_some();
        self.published.retain(|file, _| is_open(file));
        self.leads.retain(|file, _| is_open(file));
        // What is checked now sees what is compared now.
        for file in files.into_iter().filter(is_open) {
            self.check(file);
        }
        if !due.edited.is_empty() {
            self.compare(due.edited);
        }
    }

    /// Looks whether what was edited shows something else to others than before.
    fn compare(&mut self, mut edited: BTreeSet<FilePath>) {
        if let Some((older, edited_before)) = self.comparing.take() {
            older.abort();
            edited.extend(edited_before);
        }
        let (session, before) = (self.session.clone(), self.shown.clone());
        let handle = self.tasks.spawn(async move {
            let world = session.world();
            let cx = Context::of(session, world.clone()).await;
            let (shown, differs, was) = interfaces::compare(&cx, &before).await;
            Done::Compared { shown, differs, was, world }
        });
        self.comparing = Some((handle, edited));
    }

    /// Checks what depends on what was edited: all where others may see a difference, else what has places in it, and what saw it as it
    /// neither was nor is.
    fn compared(&mut self, shown: Shown, differs: bool, was: &Was, then: &World) {
        let Some((_, edited)) = self.comparing.take() else { return };
        self.shown = Arc::new(shown);
        let world = self.session.world();
        let open: BTreeSet<&FilePath> =
            world.documents().map(|(file, _)| file).chain(world.notebooks().map(|(file, _)| file)).collect();
        let glimpses = std::mem::take(&mut self.glimpses);
        let depends = |file: &&FilePath| {
            let leads = self.leads.get(*file);
            let saw_other = glimpses.get(*file).is_some_and(|saw| saw.iter().any(|saw| is_of_neither(saw, was, then)));
            differs
                || saw_other
                || leads.is_some_and(|leads| leads.iter().any(|to| to.as_ref().is_none_or(|to| edited.contains(to))))
        };
        let files: Vec<FilePath> = open.into_iter().filter(depends).cloned().collect();
        // What was edited since is compared yet.
        let uncompared = self.schedule.uncompared();
        let left = glimpses.into_iter().map(|(file, mut saw)| {
            saw.retain(|(other, _)| uncompared.contains(other));
            (file, saw)
        });
        self.glimpses = left.filter(|(_, saw)| !saw.is_empty()).collect();
        for file in files {
            self.check(file);
        }
    }

    /// What a check of a document that begins now sees of others that were edited and not compared yet.
    fn glimpses_of(&self, file: &FilePath) -> Vec<Glimpse> {
        let world = self.session.world();
        let comparing = self.comparing.iter().flat_map(|(_, edited)| edited);
        let others = self.schedule.uncompared().iter().chain(comparing).filter(|other| *other != file);
        others.map(|other| (other.clone(), digest_in(&world, other))).collect()
    }

    fn check(&mut self, file: FilePath) {
        let (session, turns) = (self.session.clone(), self.turns.clone());
        match self.glimpses_of(&file) {
            saw if saw.is_empty() => drop(self.glimpses.remove(&file)),
            saw => drop(self.glimpses.insert(file.clone(), saw)),
        }
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
            Done::Checked(Checked { file: checked, published: published.ok().flatten(), retry })
        });
        if let Some(older) = self.running.insert(file, handle) {
            older.abort();
        }
    }

    fn finish(&mut self, done: Result<(tokio::task::Id, Done), tokio::task::JoinError>) {
        let (id, checked) = match done {
            Ok((id, Done::Checked(checked))) => (id, checked),
            Ok((id, Done::Compared { shown, differs, was, world })) => {
                // An older look that ended just before it was dropped is followed by another.
                if self.comparing.as_ref().is_some_and(|(handle, _)| handle.id() == id) {
                    self.compared(shown, differs, &was, &world);
                }
                return;
            }
            Err(failed) => return self.failed(&failed),
        };
        let Checked { file, published, retry } = checked;
        // An older check that ended just before it was dropped has nothing to say about the one that runs. What it published may have
        // been taken back since.
        let is_latest = self.running.get(&file).is_some_and(|handle| handle.id() == id);
        if is_latest {
            self.running.remove(&file);
        }
        if let Some((published, leads)) = published.filter(|_| is_latest) {
            self.published.insert(file.clone(), published);
            self.leads.insert(file.clone(), leads);
        }
        if retry {
            self.schedule.retry(file, Instant::now());
        }
    }
}

impl Pusher {
    /// A check was dropped for another one, or has a defect: an error of that check, as it would be of a request.
    fn failed(&mut self, failed: &JoinError) {
        let file = self.running.iter().find(|(_, handle)| handle.id() == failed.id()).map(|(file, _)| file.clone());
        if let Some(file) = file.filter(|_| failed.is_panic()) {
            self.running.remove(&file);
            error!(%file, %failed, "a check panicked");
            self.session
                .client()
                .log(MessageType::ERROR, format!("{file} could not be checked: a defect of this server."));
        }
    }
}

/// Checks a document, or the cells of a notebook, and publishes what is found and is not what was published last.
async fn check_and_publish(
    session: &Arc<Session>,
    file: &FilePath,
    last: Published,
) -> Result<Option<(Published, Leads)>, RequestError> {
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
    let leads = reports.iter().flat_map(|found| leads_of(file, &found.report)).collect();
    Ok(is_current.then(|| (states.collect(), leads)))
}

/// The other files that findings have places in.
fn leads_of(file: &FilePath, report: &Report) -> impl Iterator<Item = Option<FilePath>> {
    let related = report.items.iter().flat_map(|item| item.related_information.iter().flatten());
    related.map(|related| FilePath::from_uri(&related.location.uri).ok()).filter(move |to| to.as_ref() != Some(file))
}

fn digest_in(world: &World, file: &FilePath) -> Option<ContentDigest> {
    world.document(file).map(|document| document.file.digest)
}

/// Whether what a check saw of a file is neither what others saw before nor what they see in a world.
fn is_of_neither((file, saw): &Glimpse, was: &Was, then: &World) -> bool {
    let place = then.document(file).and_then(|document| document.place.as_ref());
    let was = place.and_then(|place| was.get(&(place.slot.root.clone(), place.path.clone())));
    *saw != digest_in(then, file) && was != Some(saw)
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

//! Keeps the index of a workspace in step with its base.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt};
use tokio::sync::watch;
use vraftls_cache::{Offload, offload};
use vraftls_index::{Facts, ShardIndex};
use vraftls_vfs::{ContentDigest, VfsPath};

use crate::analyzers::Analyzers;
use crate::facts_source::{Document, FactsSource, Text};
use crate::failure::Failure;
use crate::{Base, Changes, Fault, ReadError, is_outside};

/// So many files' facts are put into the index at once, on a thread that may be busy with it for some milliseconds.
const INSERT_BATCH: usize = 64;

/// Keeps the index of a workspace in step with its base. One task runs [`IndexKeeper::run`]; anybody may offer bases.
///
/// An index is published with the base it speaks of, and only when it speaks of all of that base's files.
pub struct IndexKeeper {
    facts: Arc<FactsSource>,
    threads: Arc<dyn Offload>,
    analyzers: watch::Receiver<Arc<Analyzers>>,
    n_parallel: usize,
    target: watch::Sender<Option<Arc<dyn Base>>>,
    published: watch::Sender<Option<Arc<Published>>>,
    progress: watch::Sender<IndexProgress>,
    /// Grows when other analyzers have made the index anew.
    changes: watch::Sender<u64>,
}

/// An index with the base that it is the index of.
pub(crate) struct Published {
    pub(crate) base: Arc<dyn Base>,
    pub(crate) index: ShardIndex,
    /// Who made it. Whoever uses it asks these: candidates of one version would be looked at by another.
    pub(crate) analyzers: Arc<Analyzers>,
}

/// Who may have made an index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Maker {
    /// The analyzers that are loaded.
    Newest,
    /// They, or as long as they have not read all files the versions of them that were loaded before.
    NewestOrBefore,
}

impl Published {
    /// Whether it does for these analyzers.
    fn serves_for(&self, analyzers: &Analyzers, maker: Maker) -> bool {
        self.analyzers.generation >= analyzers.generation
            || maker == Maker::NewestOrBefore && self.analyzers.are_versions_of(analyzers)
    }
}

/// How far the index of a workspace is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IndexProgress {
    /// Files of the round under way that are done.
    pub n_done: u64,
    /// Files of the round under way. Equal to `n_done` when nothing is under way.
    pub n_total: u64,
    /// Files that could not be indexed: they are searched as plain text.
    pub n_unindexed: u64,
}

/// What is to be done to bring an index to a base.
#[derive(Default)]
struct Round {
    gone: Vec<VfsPath>,
    plain: Vec<(VfsPath, ContentDigest)>,
    documents: Vec<Document>,
}

/// A part of what is to be done to an index.
#[derive(Default)]
struct Edit {
    gone: Vec<VfsPath>,
    /// Files that nobody indexes.
    plain: Vec<(VfsPath, ContentDigest)>,
    indexed: Vec<Indexed>,
}

/// What became of a file.
type Indexed = (VfsPath, ContentDigest, Result<Arc<Facts>, Failure>);

impl IndexKeeper {
    pub(crate) fn new(
        facts: Arc<FactsSource>,
        threads: Arc<dyn Offload>,
        analyzers: watch::Receiver<Arc<Analyzers>>,
        n_parallel: usize,
        changes: watch::Sender<u64>,
    ) -> Self {
        let (target, published, progress) =
            (watch::Sender::new(None), watch::Sender::new(None), watch::Sender::new(IndexProgress::default()));
        Self { facts, threads, analyzers, n_parallel: n_parallel.max(1), target, published, progress, changes }
    }

    /// Has the index follow a base, unless it follows a later one already. To be offered are only bases that have all
    /// files ([`Workspaces::whole_base`](crate::Workspaces::whole_base)): what is looked up in the index must not be
    /// missing a file.
    pub fn offer(&self, base: &Arc<dyn Base>) {
        self.target.send_if_modified(|target| {
            let is_newer = target.as_ref().is_none_or(|known| known.generation() < base.generation());
            if is_newer {
                *target = Some(Arc::clone(base));
            }
            is_newer
        });
    }

    /// How far it is, now and from now on.
    pub fn progress(&self) -> watch::Receiver<IndexProgress> {
        self.progress.subscribe()
    }

    /// Follows the bases that are offered until the service it belongs to is gone. To be run by one task; if that is
    /// dropped, another may go on.
    pub async fn run(&self) {
        let (mut targets, mut analyzers) = (self.target.subscribe(), self.analyzers.clone());
        let mut retry = BTreeSet::new();
        loop {
            let base = targets.borrow_and_update().clone();
            let loaded = Arc::clone(&analyzers.borrow_and_update());
            if let Some(base) = base {
                // Others may come while all files are read anew: what is not wanted any more is left.
                let advancing = self.advance(retry.clone(), &base, &loaded);
                let Either::Left(((index, next), _)) = select(pin!(advancing), pin!(analyzers.changed())).await else {
                    if analyzers.has_changed().is_err() {
                        return;
                    }
                    continue;
                };
                retry = next;
                self.publish(Published { base, index, analyzers: loaded });
            }
            select(pin!(targets.changed()), pin!(analyzers.changed())).await;
            if analyzers.has_changed().is_err() {
                return;
            }
        }
    }

    fn publish(&self, published: Published) {
        let generation = published.analyzers.generation;
        let before = self.published.send_replace(Some(Arc::new(published)));
        if before.is_some_and(|before| before.analyzers.generation < generation) {
            self.changes.send_modify(|n_changes| *n_changes += 1);
        }
    }

    /// The newest index if it is one of exactly this base, made by exactly these analyzers.
    pub(crate) fn of_base(&self, base: &dyn Base, analyzers: &Analyzers) -> Option<Arc<Published>> {
        let published = self.published.borrow().clone()?;
        let is_by = published.analyzers.generation == analyzers.generation;
        (is_by && published.base.generation() == base.generation()).then_some(published)
    }

    /// The newest index as soon as it is one of this base or a later one that serves for these analyzers.
    pub(crate) async fn reach(
        &self,
        base: &Arc<dyn Base>,
        analyzers: &Analyzers,
        maker: Maker,
    ) -> Option<Arc<Published>> {
        self.offer(base);
        let mut published = self.published.subscribe();
        let reached = published.wait_for(|published| {
            published.as_ref().is_some_and(|published| {
                published.base.generation() >= base.generation() && published.serves_for(analyzers, maker)
            })
        });
        // An error says that the sender is gone, which lives as long as this does.
        reached.await.ok()?.clone()
    }

    /// The index of a base, made from the last one that was published, and the files to be tried again next time.
    async fn advance(
        &self,
        retry: BTreeSet<VfsPath>,
        base: &Arc<dyn Base>,
        analyzers: &Arc<Analyzers>,
    ) -> (ShardIndex, BTreeSet<VfsPath>) {
        let last = self.published.borrow().clone();
        let mut index = last.as_ref().map(|last| last.index.clone()).unwrap_or_default();
        let plan = {
            let (base, analyzers) = (Arc::clone(base), Arc::clone(analyzers));
            move || plan_round(last.as_deref(), &retry, &base, &analyzers)
        };
        let Round { gone, plain, documents } = offload(&*self.threads, plan.clone()).await.unwrap_or_else(|_| plan());
        self.progress.send_modify(|progress| (progress.n_done, progress.n_total) = (0, documents.len() as u64));
        if !gone.is_empty() || !plain.is_empty() {
            index = self.edit(index, Edit { gone, plain, indexed: Vec::new() }).await;
        }
        let made = stream::iter(documents).map(|document| self.index(document)).buffer_unordered(self.n_parallel);
        let mut batches = made.ready_chunks(INSERT_BATCH);
        let mut retry = BTreeSet::new();
        while let Some(indexed) = batches.next().await {
            retry.extend(indexed.iter().filter(|file| is_transient(&file.2)).map(|file| file.0.clone()));
            let n_indexed = indexed.len() as u64;
            index = self.edit(index, Edit { indexed, ..Edit::default() }).await;
            self.progress.send_modify(|progress| progress.n_done += n_indexed);
        }
        let n_unindexed = index.n_unindexed() as u64;
        if n_unindexed > 0 {
            tracing::warn!(n_unindexed, "files that could not be indexed are searched as text");
        }
        self.progress.send_modify(|progress| progress.n_unindexed = n_unindexed);
        (index, retry)
    }

    async fn index(&self, document: Document) -> Indexed {
        let (path, digest) = (document.path.clone(), document.digest);
        let facts = self.facts.facts(document).await;
        if let Err(error) = &facts {
            tracing::debug!(%path, ?error, "not indexed");
        }
        (path, digest, facts)
    }

    async fn edit(&self, index: ShardIndex, edit: Edit) -> ShardIndex {
        let edit = Arc::new(edit);
        let (kept, kept_edit) = (index.clone(), Arc::clone(&edit));
        let done = offload(&*self.threads, move || edit.apply(index)).await;
        // Where no thread is free it is done here: rather late for others than never for this.
        done.unwrap_or_else(|_| kept_edit.apply(kept))
    }
}

impl Edit {
    fn apply(&self, mut index: ShardIndex) -> ShardIndex {
        for path in &self.gone {
            index.remove(path);
        }
        for (path, digest) in &self.plain {
            index.insert_plain(path, *digest);
        }
        for (path, digest, facts) in &self.indexed {
            match facts {
                Ok(facts) => index.insert(path, *digest, facts),
                // No engine can read it either, so there is nothing in it to be found.
                Err(Failure::Read(_, error)) if !matches!(error, ReadError::Unavailable(_)) => {
                    index.insert_plain(path, *digest);
                }
                Err(_) => index.insert_unindexed(path, *digest),
            }
        }
        index
    }
}

/// Whether trying again may help though the contents are the same.
fn is_transient(facts: &Result<Arc<Facts>, Failure>) -> bool {
    match facts {
        Ok(_) | Err(Failure::IndexWanted | Failure::Outdated | Failure::Query(_)) => false,
        Err(Failure::Busy | Failure::Lost) => true,
        Err(Failure::Read(_, error)) => matches!(error, ReadError::Unavailable(_)),
        Err(Failure::Analyzer(_, fault)) => {
            matches!(fault, Fault::Busy | Fault::Unavailable(_) | Fault::Cancelled | Fault::Deadline(_))
        }
    }
}

/// What differs between the index and a base. May read a disk.
fn plan_round(
    last: Option<&Published>,
    retry: &BTreeSet<VfsPath>,
    base: &Arc<dyn Base>,
    analyzers: &Analyzers,
) -> Round {
    let empty = ShardIndex::default();
    let index = last.map_or(&empty, |last| &last.index);
    let same = last.filter(|last| last.analyzers.generation == analyzers.generation);
    let changes = same.map_or(Changes::Everything, |last| base.changes_since(&*last.base));
    let mut round = Round::default();
    let mut take = |path: &VfsPath, digest: Option<ContentDigest>, again: bool| match (
        digest.filter(|_| !is_outside(path)),
        analyzers.by_path(path),
    ) {
        (Some(digest), _) if !again && index.digest(path) == Some(digest) => {}
        (Some(digest), Some(served)) => {
            let text = Text::In(Arc::clone(base));
            round.documents.push(Document { path: path.clone(), digest, text, served });
        }
        (Some(digest), None) => round.plain.push((path.clone(), digest)),
        (None, _) if index.digest(path).is_some() => round.gone.push(path.clone()),
        (None, _) => {}
    };
    match changes {
        Changes::Paths(changes) => {
            let changed: BTreeSet<&VfsPath> = changes.iter().map(crate::Change::path).chain(retry).collect();
            for path in changed {
                take(path, base.file(path).map(|file| file.digest), retry.contains(path));
            }
        }
        Changes::Everything => {
            let files = base.files();
            let there: BTreeSet<&VfsPath> = files.iter().map(|(path, _)| path).collect();
            index.files().filter(|(path, _)| !there.contains(path)).for_each(|(path, _)| take(path, None, false));
            // Other analyzers say other things of the same contents.
            let is_by_others = |path: &VfsPath| match (same, last) {
                (Some(_), _) | (None, None) => false,
                (None, Some(last)) => last.analyzers.indexed_by(path) != analyzers.indexed_by(path),
            };
            let again = |path| retry.contains(path) || is_by_others(path);
            files.iter().for_each(|(path, file)| take(path, Some(file.digest), again(path)));
        }
    }
    round
}

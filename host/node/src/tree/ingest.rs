//! Brings the replicated state in step with the disk: one task a workspace, which alone decides what requests see.
//!
//! ```text
//!  walk or hint --compare with state and manifest--> pending --publish--> requests see it
//!                                                       \--read, hash, propose in batches--> committed --publish-->
//! ```
//!
//! The walk is published before anything is read, so that the first question waits for directory entries only. What is committed is exactly
//! what questions saw in the meantime.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use vraftls_vfs::{Conflict, ContentDigest, Contents, Expected, FileOperation, Refusal, Request, VfsPath, WorkspaceId};

use super::base::{Pending, TreeBase};
use super::compare::{compare_files, compare_tree};
use super::manifest::Manifest;
use super::pending::PendingFile;
use super::walk;
use super::watch::{TreeWatcher, changes_the_rules};
use crate::contents::{ContentStore, Pin};
use crate::libraries::Environments;
use crate::replica::{Replica, ReplicaError};
use crate::saving::SharedSaves;
use crate::stop::Stop;

/// A batch is cut here: about one log entry.
const BATCH_BYTES: u64 = 1 << 20;

/// And here, so that the first commit of many small files comes soon.
const BATCH_FILES: usize = 512;

/// What a log entry carries itself; larger contents are stored first.
const INLINE_BYTES_MAX: usize = vraftls_vfs::INLINE_BYTES_MAX;

/// How often the whole tree is looked at, whatever the hints said.
const RECONCILE_INTERVAL: Duration = Duration::from_secs(120);

/// How soon what could not be taken in is tried again; twice as long each time, up to the interval above.
const RETRY_INTERVAL_MIN: Duration = Duration::from_secs(5);

/// How often a tree is walked in a row because directories came up that were not watched.
const WALKS_MAX: usize = 4;

/// How long after the first event of a burst it is looked at.
pub(crate) const SETTLE_TIME: Duration = Duration::from_millis(25);

/// Hints that may wait. When there are more, the whole tree is looked at instead.
pub(crate) const HINTS_MAX: usize = 1024;

/// What may have changed on disk. Never more than a hint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Hint {
    /// These files.
    Paths(Vec<VfsPath>),
    /// Anything, the library roots included.
    Everything,
    /// The same, and somebody waits until it was looked at: the number of that wish.
    Wish(u64),
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Progress {
    /// Whether the tree was walked at least once: before that nothing can be asked.
    pub(crate) walked: bool,
    /// Files committed since the walk.
    pub(crate) n_done: u64,
    /// Files to commit since the walk; equal to `n_done` when the state is in step with the disk.
    pub(crate) n_total: u64,
}

/// What the ingest of one workspace works with.
pub(crate) struct Ingest {
    pub(crate) workspace: WorkspaceId,
    pub(crate) root: PathBuf,
    pub(crate) manifests: PathBuf,
    pub(crate) replica: Replica,
    pub(crate) contents: ContentStore,
    /// Which paths some analyzer reads.
    pub(crate) wants: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// Looks for library roots again.
    pub(crate) discover: Arc<dyn Fn() -> Environments + Send + Sync>,
    pub(crate) base: watch::Sender<Arc<TreeBase>>,
    pub(crate) saves: SharedSaves,
    pub(crate) progress: watch::Sender<Progress>,
    pub(crate) hints: mpsc::Receiver<Hint>,
    /// The last wish that was fulfilled.
    pub(crate) fulfilled: watch::Sender<u64>,
    /// The last one that was read.
    pub(crate) wished: u64,
    pub(crate) watcher: Option<TreeWatcher>,
    /// When the whole tree is looked at again.
    pub(crate) due: Instant,
    pub(crate) stop: Stop,
}

impl Ingest {
    /// Runs until it is stopped.
    pub(crate) async fn run(mut self) {
        let (directory, root) = (self.manifests.clone(), self.root.clone());
        let mut manifest = blocking(move || Manifest::load(&directory, &root)).await;
        let mut todo = Hint::Everything;
        let mut retry = RETRY_INTERVAL_MIN;
        while !self.stop.is_requested() {
            let is_whole = todo == Hint::Everything;
            manifest = self.look(todo, manifest).await;
            let all_taken;
            (all_taken, manifest) = self.commit_pending(manifest).await;
            let due = Instant::now() + if all_taken { RECONCILE_INTERVAL } else { retry };
            retry = if all_taken { RETRY_INTERVAL_MIN } else { (retry * 2).min(RECONCILE_INTERVAL) };
            // Hints put the next look at everything off only if they were one.
            self.due = if is_whole { due } else { self.due.min(due) };
            let Some(next) = self.next_hint().await else { return };
            todo = next;
        }
    }

    /// Waits until there is something to look at; none when it is stopped.
    async fn next_hint(&mut self) -> Option<Hint> {
        let hint = tokio::select! {
            () = self.stop.requested() => return None,
            hint = self.hints.recv() => hint?,
            () = tokio::time::sleep_until(self.due) => return Some(Hint::Everything),
        };
        // Editors save in several steps, and what they do in one breath is looked at once.
        tokio::time::sleep(SETTLE_TIME).await;
        Some(self.coalesce(hint))
    }

    /// Takes all hints that wait, so that a burst of events is looked at once. As many as fit into the queue say that others did not.
    fn coalesce(&mut self, first: Hint) -> Hint {
        let (mut paths, mut is_everything, mut n_hints) = (BTreeSet::new(), false, 0);
        let mut next = Some(first);
        while let Some(hint) = next {
            n_hints += 1;
            match hint {
                Hint::Everything => is_everything = true,
                Hint::Wish(wish) => {
                    is_everything = true;
                    self.wished = self.wished.max(wish);
                }
                Hint::Paths(more) => paths.extend(more),
            }
            next = if n_hints < 2 * HINTS_MAX { self.hints.try_recv().ok() } else { None };
        }
        if is_everything || n_hints >= HINTS_MAX {
            return Hint::Everything;
        }
        Hint::Paths(paths.into_iter().collect())
    }

    /// Compares the disk with what is known, publishes what differs as pending, and tells whoever waits for that.
    async fn look(&mut self, hint: Hint, manifest: Manifest) -> Manifest {
        let manifest = self.look_at(hint, manifest).await;
        self.fulfilled.send_if_modified(|wish| std::mem::replace(wish, self.wished) != self.wished);
        manifest
    }

    async fn look_at(&mut self, hint: Hint, mut manifest: Manifest) -> Manifest {
        if let Hint::Paths(paths) = hint
            && paths.iter().all(|path| self.is_known_file(path))
        {
            let (base, root) = (self.base.borrow().clone(), self.root.clone());
            let pending;
            (pending, manifest) =
                blocking(move || (compare_files(&base, &root, &paths, &mut manifest), manifest)).await;
            if let Some(pending) = pending {
                self.publish(|base| base.pending = pending);
                return manifest;
            }
        }
        // A path that is not known may be ignored, a directory, or a rule that changes what is ignored: only a walk can tell.
        self.look_at_tree(manifest).await
    }

    fn is_known_file(&self, path: &VfsPath) -> bool {
        let base = self.base.borrow();
        let is_known = base.snapshot.get(path).is_some() || matches!(base.pending.get(path), Some(Pending::Written(_)));
        is_known && !changes_the_rules(path)
    }

    /// Walks until every directory that was found is watched: what changes between the walk and the watch makes no event.
    async fn look_at_tree(&mut self, mut manifest: Manifest) -> Manifest {
        for _ in 0..WALKS_MAX {
            let (base, root, wants) = (self.base.borrow().clone(), self.root.clone(), self.wants.clone());
            let (discover, stop) = (self.discover.clone(), self.stop.clone());
            let (pending, walk, environments);
            (pending, walk, environments, manifest) = blocking(move || {
                let walk = walk::walk(&root, &*wants, &|| stop.is_requested());
                let pending = compare_tree(&base, &root, &walk, &mut manifest);
                (pending, walk, discover(), manifest)
            })
            .await;
            if self.stop.is_requested() {
                return manifest;
            }
            if walk.n_skipped > 0 {
                tracing::warn!(n_skipped = walk.n_skipped, first = ?walk.skipped.iter().take(20).collect::<Vec<_>>(), "files were left out");
            }
            let n_total = pending.len() as u64;
            self.publish(|base| {
                base.pending = pending;
                if *base.libraries.environments() != environments {
                    base.libraries = Arc::new(base.libraries.changed(environments));
                }
            });
            self.progress.send_replace(Progress { walked: true, n_done: 0, n_total });
            if !self.watch(walk.directories).await {
                break;
            }
        }
        manifest
    }

    /// Watches the directories that a walk went through and the library roots; whether some were not watched before.
    async fn watch(&mut self, mut directories: BTreeSet<PathBuf>) -> bool {
        let Some(mut watcher) = self.watcher.take() else { return false };
        let base = self.base.borrow().clone();
        directories.extend(base.libraries.mounts().iter().map(|mount| mount.directory.clone()));
        let has_new;
        (has_new, watcher) = blocking(move || (watcher.watch(&directories), watcher)).await;
        self.watcher = Some(watcher);
        has_new
    }

    /// Publishes what requests see from now on.
    fn publish(&self, change: impl FnOnce(&mut TreeBase)) {
        // Nobody else publishes, so that nothing is missed between the two.
        let older = self.base.borrow().clone();
        let mut next = TreeBase::clone(&older);
        change(&mut next);
        next.settle_generation(&older);
        self.saves.publish(&self.base, next);
    }

    /// Commits everything that is pending, in batches. What cannot be read or committed stays pending for the next look.
    async fn commit_pending(&mut self, mut manifest: Manifest) -> (bool, Manifest) {
        let mut failed = BTreeSet::new();
        while let Some(batch) = self.next_batch(&failed) {
            if self.stop.is_requested() {
                break;
            }
            let (read, after) = self.read(batch, manifest).await;
            manifest = after;
            failed.extend(read.unreadable);
            let paths: Vec<VfsPath> = read.taken.keys().cloned().collect();
            match self.propose(read.operations).await {
                Ok(()) => self.settle(read.taken),
                Err(error) => {
                    tracing::warn!(error = %crate::chain(&error), "files could not be committed");
                    failed.extend(paths);
                    self.settle(BTreeMap::new());
                }
            }
            if let Ok(hint) = self.hints.try_recv() {
                // What the user saves now comes before the rest of the tree.
                let hint = self.coalesce(hint);
                manifest = self.look(hint, manifest).await;
            }
        }
        self.progress.send_modify(|progress| progress.n_done = progress.n_total);
        let (directory, root) = (self.manifests.clone(), self.root.clone());
        blocking(move || {
            if let Err(error) = manifest.save(&directory, &root) {
                tracing::warn!(%error, "the manifest could not be written; the next start reads all files");
            }
            (failed.is_empty(), manifest)
        })
        .await
    }

    fn next_batch(&self, failed: &BTreeSet<VfsPath>) -> Option<Vec<(VfsPath, Pending)>> {
        let base = self.base.borrow();
        let mut n_bytes = 0;
        let cut = |(_, pending): &(VfsPath, Pending)| {
            n_bytes += if let Pending::Written(file) = pending { file.signature.size_bytes } else { 0 };
            n_bytes <= BATCH_BYTES
        };
        // What is gone goes first: a directory may have come in place of a file, or a file in place of a directory.
        let is_removed = |(_, pending): &(&VfsPath, &Pending)| matches!(pending, Pending::Removed);
        let removed = base.pending.iter().filter(is_removed);
        let written = base.pending.iter().filter(|entry| !is_removed(entry));
        let todo = removed.chain(written).filter(|(path, _)| !failed.contains(*path));
        let mut todo = todo.map(|(path, pending)| (path.clone(), pending.clone())).peekable();
        // The first goes however large it is.
        let first = todo.next()?;
        Some(std::iter::once(first).chain(todo.take_while(cut).take(BATCH_FILES)).collect())
    }

    /// Reads the files of a batch, stores large contents, and says what to propose.
    async fn read(&self, batch: Vec<(VfsPath, Pending)>, mut manifest: Manifest) -> (ReadBatch, Manifest) {
        let (base, contents) = (self.base.borrow().clone(), self.contents.clone());
        blocking(move || {
            let mut read = ReadBatch::default();
            for (path, pending) in batch {
                let committed = base.snapshot.get(&path).map(|entry| entry.digest);
                match &pending {
                    Pending::Removed => {
                        manifest.forget(&path);
                        if committed.is_some() {
                            read.operations.push(FileOperation::Delete { path: path.clone(), expected: committed });
                        }
                    }
                    Pending::Written(file) => match take_in(&path, file, committed, &contents) {
                        Ok(operation) => {
                            let loaded = file.loaded().expect("it was just read");
                            manifest.note(path.clone(), file.signature, loaded.digest, loaded.at_ns);
                            let (operation, pin) = operation.unzip();
                            read.operations.extend(operation);
                            read.pins.extend(pin.flatten());
                        }
                        Err(reason) => {
                            tracing::warn!(%path, reason, "a file cannot be read");
                            read.unreadable.push(path);
                            continue;
                        }
                    },
                }
                read.taken.insert(path, pending);
            }
            if !read.pins.is_empty()
                && let Err(error) = contents.sync()
            {
                tracing::error!(%error, "contents could not be synced");
                read.unreadable.extend(std::mem::take(&mut read.taken).into_keys());
                read.operations.clear();
            }
            (read, manifest)
        })
        .await
    }

    async fn propose(&self, operations: Vec<FileOperation>) -> Result<(), ReplicaError> {
        for operations in vraftls_vfs::split_into_batches(operations) {
            let request = Request::Batch { workspace: self.workspace, operations };
            match self.replica.propose(request).await {
                Ok(_) => {}
                // Somebody else wrote: the next look compares with what is there now.
                Err(ReplicaError::Refused(Refusal::Conflict { conflict: Conflict::Differs { .. }, path, .. })) => {
                    tracing::info!(%path, "changed by somebody else while it was taken in");
                    return Err(ReplicaError::Conflict(path));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes what is committed out of what is pending, unless the disk moved on in the meantime.
    fn settle(&self, taken: BTreeMap<VfsPath, Pending>) {
        let n_taken = taken.len() as u64;
        let Some(snapshot) = self.replica.state().snapshot(self.workspace) else { return };
        self.publish(|base| {
            base.snapshot = snapshot;
            for (path, was) in taken {
                let is_same = match (base.pending.get(&path), &was) {
                    (Some(Pending::Written(now)), Pending::Written(was)) => Arc::ptr_eq(now, was),
                    (Some(Pending::Removed), Pending::Removed) => true,
                    _ => false,
                };
                if is_same {
                    base.pending.remove(&path);
                }
            }
        });
        self.progress.send_modify(|progress| {
            progress.n_done += n_taken;
            progress.n_total = progress.n_total.max(progress.n_done);
        });
    }
}

/// What came of reading a batch.
#[derive(Default)]
struct ReadBatch {
    operations: Vec<FileOperation>,
    taken: BTreeMap<VfsPath, Pending>,
    unreadable: Vec<VfsPath>,
    /// Held until the state speaks of what was stored.
    pins: Vec<Pin>,
}

/// The operation that brings a file in, with a pin where its contents are stored beside it; none where the state has them already.
fn take_in(
    path: &VfsPath,
    file: &PendingFile,
    committed: Option<ContentDigest>,
    contents: &ContentStore,
) -> Result<Option<(FileOperation, Option<Pin>)>, String> {
    let loaded = file.load().map_err(|error| error.to_string())?;
    if committed == Some(loaded.digest) {
        return Ok(None);
    }
    let (taken, pin) = if loaded.bytes.len() <= INLINE_BYTES_MAX {
        (Contents::Inline(loaded.bytes.to_vec()), None)
    } else {
        let pin = contents.put_pinned(loaded.digest, &loaded.bytes).map_err(|error| crate::chain(&error))?;
        (Contents::Stored { digest: loaded.digest, size_bytes: loaded.bytes.len() as u64 }, Some(pin))
    };
    let expected = committed.map_or(Expected::Nothing, Expected::Digest);
    Ok(Some((FileOperation::Write { path: path.clone(), expected, contents: taken }, pin)))
}

/// Runs what blocks on a thread that may.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

//! The files of one group on their way there: read, contents first, then the commit, one batch after the other.
//!
//! Every commit has a number of a session, so that it takes effect once however often it is sent, and expects to find what was read from
//! the base. Where a session is lost, another begins: a commit that had taken effect then finds what it wanted.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use vraftls_client::{Cluster, CommitFailure};
use vraftls_node::LocalTree;
use vraftls_proto::Revisions;
use vraftls_proto::rpc::Commit;
use vraftls_vfs::{
    Applied, BATCH_BYTES_MAX, ClientId, Conflict, ContentDigest, Contents, Expected, FileOperation, INLINE_BYTES_MAX,
    Refusal, Sequence, VfsPath, WorkspaceId,
};

use super::changes::Change;
use super::progress::Progress;
use super::summary::{Conflicting, Summary};

/// How long a commit, or a question before it, is pursued.
const PATIENCE: Duration = Duration::from_secs(45);

/// How many files one commit changes at most.
const BATCH_FILES: usize = 1024;

/// How many bytes of contents are in memory for one batch, unless a single file has more.
const BATCH_MEMORY: usize = 8 << 20;

/// What an operation takes beside its path and contents, at most.
const OPERATION_BYTES: usize = 128;

/// How often a commit is sent again as it is because its outcome is unknown, or in another session because the first was lost.
const N_REPEATS_MAX: usize = 3;

/// A workspace that was just made is known to every group after a moment: how often that is looked at, and how long between.
const N_ADOPTED_MAX: usize = 100;
const ADOPTED_PAUSE: Duration = Duration::from_millis(100);

/// How many conflicts a batch finds one by one before the push gives the group up.
const N_CONFLICTS_MAX: usize = 64;

/// What the shards of a push have in common.
pub(super) struct Common {
    pub(super) cluster: Cluster,
    pub(super) tree: Arc<LocalTree>,
    pub(super) workspace: WorkspaceId,
    pub(super) is_forced: bool,
    pub(super) progress: Progress,
}

/// One group.
pub(super) struct Shard {
    common: Arc<Common>,
    group: u32,
    epoch: u64,
    client: Option<ClientId>,
    /// The number of the last commit of the session.
    sequence: u64,
    summary: Summary,
}

/// A change with what it takes.
struct Prepared {
    path: VfsPath,
    change: Change,
    /// None where the file goes.
    contents: Option<(ContentDigest, Vec<u8>)>,
    /// Whether the group has the contents already, so that they are only named.
    is_stored: bool,
}

impl Prepared {
    fn digest(&self) -> Option<ContentDigest> {
        self.contents.as_ref().map(|(digest, _)| *digest)
    }

    fn operation(&self, is_forced: bool) -> FileOperation {
        let path = self.path.clone();
        let expected = if is_forced { Expected::Anything } else { self.change.expected() };
        match &self.contents {
            None => {
                let expected = if let Expected::Digest(was) = expected { Some(was) } else { None };
                FileOperation::Delete { path, expected }
            }
            Some((digest, bytes)) => {
                let contents = if self.is_stored {
                    Contents::Stored { digest: *digest, size_bytes: bytes.len() as u64 }
                } else {
                    Contents::Inline(bytes.clone())
                };
                FileOperation::Write { path, expected, contents }
            }
        }
    }
}

/// Why a shard ends before all is committed.
enum Stop {
    /// The files belong to other groups by now: these, and all that were not begun.
    Divide(Vec<(VfsPath, Change)>),
    /// It cannot go on.
    Failed(String),
}

impl Shard {
    pub(super) fn new(common: Arc<Common>, group: u32, epoch: u64) -> Self {
        Self { common, group, epoch, client: None, sequence: 0, summary: Summary::default() }
    }

    /// Commits the changes in their order, as far as it comes. Gives what it did, and what belongs to other groups by now.
    pub(super) async fn send(mut self, changes: Vec<(VfsPath, Change)>) -> (Summary, Vec<(VfsPath, Change)>) {
        let mut rest: VecDeque<_> = changes.into();
        while !rest.is_empty() {
            let batch;
            (batch, rest) = self.read(rest).await;
            let n_begun = batch.len();
            match self.bring(batch).await {
                Ok(()) => {}
                Err(Stop::Divide(mut again)) => {
                    again.extend(rest);
                    return (self.summary, again);
                }
                Err(Stop::Failed(why)) => {
                    let n_left = n_begun + rest.len();
                    self.summary.failed.push(format!("group {}: {why}; {n_left} files are not in it", self.group));
                    break;
                }
            }
        }
        (self.summary, Vec::new())
    }

    /// Reads the files of the next batch as they are now.
    async fn read(&mut self, rest: VecDeque<(VfsPath, Change)>) -> (Vec<Prepared>, VecDeque<(VfsPath, Change)>) {
        let common = Arc::clone(&self.common);
        let read = tokio::task::spawn_blocking(move || read_batch(&common.tree, rest)).await;
        let Batch { prepared, rest, n_settled, unreadable } =
            read.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        self.common.progress.advance(n_settled);
        self.summary.left_out.extend(unreadable);
        (prepared, rest)
    }

    /// Brings a batch in: what the group lacks of its contents, and the commit.
    async fn bring(&mut self, mut batch: Vec<Prepared>) -> Result<(), Stop> {
        self.put_missing(&mut batch).await.map_err(Stop::Failed)?;
        let (mut n_repeats, mut n_waits, mut n_conflicts) = (0, 0, 0);
        self.sequence += 1;
        while !batch.is_empty() {
            let failure = match self.commit(&batch).await {
                Ok(applied) => {
                    self.note(&batch, &applied);
                    return Ok(());
                }
                Err(failure) => failure,
            };
            let why = failure.to_string();
            match failure {
                CommitFailure::Refused(Refusal::Conflict { operation_idx, conflict, .. })
                    if n_conflicts < N_CONFLICTS_MAX =>
                {
                    n_conflicts += usize::from(self.take_out(&mut batch, operation_idx, &conflict));
                    self.sequence += 1;
                }
                CommitFailure::Refused(Refusal::NoSuchWorkspace { .. }) if n_waits < N_ADOPTED_MAX => {
                    n_waits += 1;
                    self.sequence += 1;
                    tokio::time::sleep(ADOPTED_PAUSE).await;
                }
                CommitFailure::Refused(Refusal::NoSuchSession { .. } | Refusal::AnswerForgotten { .. })
                    if n_repeats < N_REPEATS_MAX =>
                {
                    n_repeats += 1;
                    (self.client, self.sequence) = (None, 1);
                }
                CommitFailure::Unknown(_) if n_repeats < N_REPEATS_MAX => n_repeats += 1,
                CommitFailure::WrongEpoch { .. } => {
                    return Err(Stop::Divide(batch.into_iter().map(|file| (file.path, file.change)).collect()));
                }
                _ => return Err(Stop::Failed(why)),
            }
        }
        Ok(())
    }

    /// Asks which contents the group lacks, and sends those that are too large for a commit.
    async fn put_missing(&mut self, batch: &mut [Prepared]) -> Result<(), String> {
        let digests: BTreeSet<ContentDigest> = batch.iter().filter_map(Prepared::digest).collect();
        if digests.is_empty() {
            return Ok(());
        }
        let cluster = &self.common.cluster;
        let missing = cluster.missing(self.group, digests.into_iter().collect(), PATIENCE).await;
        let mut missing: BTreeSet<_> = missing.map_err(|error| error.to_string())?.into_iter().collect();
        let mut large = Vec::new();
        for file in batch {
            let Some((digest, bytes)) = &file.contents else { continue };
            let is_large = bytes.len() > INLINE_BYTES_MAX;
            file.is_stored = is_large || !missing.contains(digest);
            // Two files of the same contents send them once.
            if is_large && missing.remove(digest) {
                large.push(bytes.clone());
            }
        }
        if large.is_empty() {
            return Ok(());
        }
        let n_bytes: usize = large.iter().map(Vec::len).sum();
        cluster.put(self.group, large, PATIENCE).await.map_err(|error| error.to_string())?;
        self.summary.bytes_put += n_bytes as u64;
        Ok(())
    }

    async fn commit(&mut self, batch: &[Prepared]) -> Result<Applied, CommitFailure> {
        let cluster = &self.common.cluster;
        let client = match self.client {
            Some(client) => client,
            None => cluster.open_session(self.group, PATIENCE).await?,
        };
        self.client = Some(client);
        let commit = Commit {
            group: self.group,
            epoch: self.epoch,
            workspace: self.common.workspace,
            client,
            sequence: Sequence(self.sequence),
            operations: batch.iter().map(|file| file.operation(self.common.is_forced)).collect(),
        };
        cluster.commit(&commit, PATIENCE).await
    }

    fn note(&mut self, batch: &[Prepared], applied: &Applied) {
        if let Applied::Batch { revision, .. } = applied {
            let revisions: Revisions = [(self.group, *revision)].into_iter().collect();
            self.summary.revisions.raise_all(&revisions);
        }
        for file in batch {
            if let Some((_, bytes)) = file.contents.as_ref().filter(|_| !file.is_stored) {
                self.summary.bytes_inline += bytes.len() as u64;
            }
            self.summary.done.insert(file.path.clone(), file.digest());
        }
        self.common.progress.advance(batch.len() as u64);
    }

    /// Takes the operation out that kept a batch from being committed; whether that is a conflict. What is there already as it should be
    /// is none.
    fn take_out(&mut self, batch: &mut Vec<Prepared>, operation_idx: u32, conflict: &Conflict) -> bool {
        let idx = usize::try_from(operation_idx).unwrap_or(usize::MAX).min(batch.len() - 1);
        let file = batch.remove(idx);
        self.common.progress.advance(1);
        let there = if let Conflict::Differs { current } = conflict { Some(*current) } else { None };
        let is_done = there == file.digest() && matches!(conflict, Conflict::Differs { .. } | Conflict::Missing);
        if is_done {
            self.summary.done.insert(file.path, there);
        } else {
            self.summary.conflicts.insert(file.path, Conflicting { why: conflict.to_string(), there });
        }
        !is_done
    }
}

/// What came of reading.
#[derive(Default)]
struct Batch {
    prepared: Vec<Prepared>,
    rest: VecDeque<(VfsPath, Change)>,
    /// How many files need nothing any more.
    n_settled: u64,
    unreadable: Vec<String>,
}

/// Reads the next files, as many as fit into a log entry. Blocks on the disk.
fn read_batch(tree: &LocalTree, rest: VecDeque<(VfsPath, Change)>) -> Batch {
    let mut batch = Batch { rest, ..Batch::default() };
    let (mut n_log, mut n_memory) = (0, 0);
    while batch.prepared.len() < BATCH_FILES {
        let Some((path, change)) = batch.rest.pop_front() else { break };
        let file = match (change, read(tree, &path, change)) {
            (_, Ok(Some(file))) => file,
            (_, Ok(None)) => {
                batch.n_settled += 1;
                continue;
            }
            (_, Err(reason)) => {
                batch.n_settled += 1;
                batch.unreadable.push(format!("{path}: {reason}"));
                continue;
            }
        };
        let n_bytes = file.contents.as_ref().map_or(0, |(_, bytes)| bytes.len());
        n_log += OPERATION_BYTES + path.as_str().len() + if n_bytes > INLINE_BYTES_MAX { 0 } else { n_bytes };
        n_memory += n_bytes;
        if (n_log > BATCH_BYTES_MAX || n_memory > BATCH_MEMORY) && !batch.prepared.is_empty() {
            // It is read again for the next one, and may say something else by then.
            batch.rest.push_front((path, change));
            break;
        }
        batch.prepared.push(file);
    }
    batch
}

/// A change as the disk is now; none where nothing has to be done any more.
fn read(tree: &LocalTree, path: &VfsPath, change: Change) -> Result<Option<Prepared>, String> {
    let prepared = |change, contents| Some(Prepared { path: path.clone(), change, contents, is_stored: false });
    let Change::Write { was } = change else { return Ok(prepared(change, None)) };
    match tree.read(path)? {
        Some(bytes) => {
            let digest = ContentDigest::of(&bytes);
            Ok(if was == Some(digest) { None } else { prepared(change, Some((digest, bytes))) })
        }
        None => Ok(was.and_then(|was| prepared(Change::Remove { was }, None))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn path(text: &str) -> VfsPath {
        VfsPath::new(text).expect("a path")
    }

    #[test]
    fn a_batch_has_what_the_disk_says_now_and_fits_into_a_log_entry() {
        let scratch = std::env::temp_dir().join(format!("vraftls-shard-{}", std::process::id()));
        fs::create_dir_all(&scratch).expect("writable");
        fs::write(scratch.join("same"), "1").expect("writable");
        fs::write(scratch.join("large"), vec![7; INLINE_BYTES_MAX + 1]).expect("writable");
        let names: Vec<String> = (0..20).map(|n| format!("file{n:02}")).collect();
        for name in &names {
            fs::write(scratch.join(name), vec![1; 90 << 10]).expect("writable");
        }
        let tree = LocalTree::new(&scratch);
        let was = Some(ContentDigest::of(b"1"));
        let mut changes = VecDeque::from([
            (path("same"), Change::Write { was }),
            (path("never_there"), Change::Write { was: None }),
            (path("gone"), Change::Write { was }),
            (path("large"), Change::Write { was: None }),
        ]);
        changes.extend(names.iter().map(|name| (path(name), Change::Write { was: None })));
        let batch = read_batch(&tree, changes);
        assert_eq!(batch.n_settled, 2, "one is as it should be, one is nowhere");
        assert_eq!((&batch.prepared[0].path, batch.prepared[0].digest()), (&path("gone"), None));
        let operations: Vec<_> = batch.prepared.iter().skip(2).map(|file| file.operation(false)).collect();
        assert_eq!(operations.len() + batch.rest.len(), names.len());
        assert!(!batch.rest.is_empty() && operations.len() > 8, "{}", operations.len());
        assert_eq!(vraftls_vfs::split_into_batches(operations).len(), 1);
        fs::remove_dir_all(&scratch).expect("there");
    }
}

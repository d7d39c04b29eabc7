//! Taking in what an editor saved: the disk is looked at, the ingest commits what is there with compare-and-set, and what that means for the
//! editor is told by the succession of saves.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use vraftls_proto::{QueryError, Save, SaveOutcome, SessionId, Standing};
use vraftls_query::{Base, BaseFile, ReadError};
use vraftls_vfs::{ContentDigest, VfsPath, WorkspaceId};

use crate::Node;
use crate::folder::FolderHandle;
use crate::saves::Saves;
use crate::tree::base::TreeBase;
use crate::tree::ingest::{Hint, blocking};
use crate::tree::pending::read_bounded;

/// How long a save may take to be committed before its outcome is reported as unknown. A tree that is taken in for the first time keeps it
/// waiting.
const SAVE_DEADLINE: Duration = Duration::from_secs(30);

/// How long the ingest may take with what was found on disk before the disk is looked at again: it may have moved on.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// The saves of a workspace, as the ingest and sessions share them. Cheap to clone.
///
/// Whoever publishes a base does so while holding the lock, so that no session notes an older one after it.
#[derive(Clone, Debug)]
pub(crate) struct SharedSaves {
    saves: Arc<Mutex<Saves>>,
    n_losses: watch::Sender<u64>,
}

impl SharedSaves {
    pub(crate) fn new() -> Self {
        Self { saves: Arc::default(), n_losses: watch::Sender::new(0) }
    }

    /// How many saves were lost, now and from now on.
    pub(crate) fn n_losses(&self) -> watch::Receiver<u64> {
        self.n_losses.subscribe()
    }

    /// Publishes a base, and notes what it has of the files that are remembered.
    pub(crate) fn publish(&self, base: &watch::Sender<Arc<TreeBase>>, next: TreeBase) {
        let mut saves = self.lock();
        if base.borrow().generation() != next.generation() {
            let now = |path: &VfsPath| Some((path.clone(), next.file_at_hand(path)?));
            let seen: Vec<(VfsPath, Option<BaseFile>)> = saves.files().filter_map(now).collect();
            for (path, file) in seen {
                saves.observe(&path, file.map(|file| file.digest));
            }
        }
        base.send_replace(Arc::new(next));
    }

    fn lock(&self) -> MutexGuard<'_, Saves> {
        self.saves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing(&self, folder: &FolderHandle, session: SessionId, path: &VfsPath) -> Standing {
        let mut saves = self.lock();
        let base = folder.base.borrow().clone();
        let contents = base.file_at_hand(path).flatten().map(|file| file.digest);
        saves.standing(session, path, contents)
    }

    /// The outcome of a save, if requests see what was found.
    fn settle(&self, folder: &FolderHandle, save: &Save, found: &Found) -> Option<SaveOutcome> {
        let mut saves = self.lock();
        let now = folder.base.borrow().file_at_hand(&save.path).flatten().map(|file| file.digest);
        if found.is_taken_in && now != Some(found.digest) {
            return None;
        }
        let outcome = saves.save(save, found.digest, found.is_it);
        let n_losses = saves.n_losses();
        drop(saves);
        self.n_losses.send_if_modified(|n| std::mem::replace(n, n_losses) != n_losses);
        Some(outcome)
    }
}

/// Whether what the disk has is committed.
enum TakenIn {
    Yes,
    /// The tree leaves the file out.
    LeftOut,
    NotYet,
    /// Nothing is taken in any more.
    Ended,
}

/// What the disk has.
struct Found {
    digest: ContentDigest,
    /// Whether that is what was saved.
    is_it: bool,
    /// Whether the state has it too. What a tree leaves out never gets there.
    is_taken_in: bool,
}

impl Node {
    /// Commits what an editor saved, and says what became of it.
    pub async fn save(&self, save: Save) -> SaveOutcome {
        match self.folder(save.workspace) {
            Some(folder) => folder.save(save).await,
            None => SaveOutcome::Unknown(format!("workspace {} is not open", save.workspace)),
        }
    }

    /// How files stand for a session, in their order. What happened to its saves is told once.
    pub async fn standings(
        &self,
        workspace: WorkspaceId,
        session: SessionId,
        paths: &[VfsPath],
    ) -> Result<Vec<Standing>, QueryError> {
        let ends = || QueryError::Unavailable(format!("workspace {workspace} is not open"));
        let folder = self.folder(workspace).ok_or_else(ends)?;
        folder.walked_base().await.ok_or_else(ends)?;
        folder.bring_to_hand(paths).await;
        Ok(paths.iter().map(|path| folder.saves.standing(&folder, session, path)).collect())
    }
}

impl FolderHandle {
    async fn save(&self, save: Save) -> SaveOutcome {
        let deadline = Instant::now() + SAVE_DEADLINE;
        let mut reason = format!("it was not taken in within {SAVE_DEADLINE:?}");
        while Instant::now() < deadline {
            let bytes = match self.read(&save.path).await {
                Ok(bytes) => bytes,
                Err(ReadError::NotFound | ReadError::IsDirectory) => {
                    self.hint(Hint::Paths(vec![save.path.clone()]));
                    return SaveOutcome::Gone;
                }
                Err(error @ (ReadError::NotText | ReadError::TooLarge(_))) => {
                    return SaveOutcome::Unreadable(error.to_string());
                }
                Err(ReadError::Unavailable(why)) => {
                    reason = why;
                    tokio::time::sleep(LOOK_INTERVAL).await;
                    continue;
                }
            };
            if std::str::from_utf8(&bytes).is_err() {
                return SaveOutcome::Unreadable(ReadError::NotText.to_string());
            }
            let digest = ContentDigest::of(&bytes);
            let is_it = is_saved_text(&bytes, &save.text) || save.recent.contains(&digest);
            let is_taken_in = match self.take_in(&save.path, digest, deadline).await {
                TakenIn::Yes => true,
                TakenIn::LeftOut => false,
                TakenIn::NotYet => continue,
                TakenIn::Ended => return SaveOutcome::Unknown("the node ends".to_owned()),
            };
            if let Some(outcome) = self.saves.settle(self, &save, &Found { digest, is_it, is_taken_in }) {
                return outcome;
            }
        }
        SaveOutcome::Unknown(reason)
    }

    /// Reads what is found and not read yet.
    async fn bring_to_hand(&self, paths: &[VfsPath]) {
        for path in paths {
            let base = self.base.borrow().clone();
            if base.file_at_hand(path).is_none() {
                let path = path.clone();
                blocking(move || base.file(&path)).await;
            }
        }
    }

    async fn read(&self, path: &VfsPath) -> Result<Vec<u8>, ReadError> {
        let disk: PathBuf = self.root.join(path.as_str());
        blocking(move || read_bounded(&disk)).await
    }

    /// Waits until contents are committed, but not for long: the disk may have moved on.
    async fn take_in(&self, path: &VfsPath, digest: ContentDigest, deadline: Instant) -> TakenIn {
        self.hint(Hint::Paths(vec![path.clone()]));
        let mut base = self.base.clone();
        let is_committed = |base: &Arc<TreeBase>| base.snapshot.get(path).is_some_and(|entry| entry.digest == digest);
        let until = deadline.min(Instant::now() + LOOK_INTERVAL);
        match timeout_at(until, base.wait_for(is_committed)).await {
            Ok(Ok(_)) => return TakenIn::Yes,
            Ok(Err(_)) => return TakenIn::Ended,
            Err(_) => {}
        }
        let base = self.base.borrow().clone();
        let belongs = base.snapshot.get(path).is_some() || base.pending.contains_key(path);
        if belongs { TakenIn::NotYet } else { TakenIn::LeftOut }
    }
}

/// Whether a file has a text. A byte-order mark is the file's, and editors do not show it.
fn is_saved_text(bytes: &[u8], text: &str) -> bool {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    bytes == text.as_bytes() || bytes.strip_prefix(MARK) == Some(text.as_bytes())
}

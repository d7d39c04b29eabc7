//! File events of the operating system, turned into hints.
//!
//! Events get lost, come late and come twice: they only make the next look come sooner. Watched are the directories that the last walk
//! went through, each by itself, so that an ignored tree of a hundred thousand files costs nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use vraftls_vfs::VfsPath;

use super::ingest::Hint;
use super::walk::in_view;

/// How many directories are watched; what lies in others is found by the periodic look.
const DIRECTORIES_MAX: usize = 50_000;

/// How many paths that moved are told apart; when there are more, every watch is set again.
const MOVED_MAX: usize = 4096;

/// Watches directories of one workspace.
pub(crate) struct TreeWatcher {
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    moved: Arc<Mutex<Moved>>,
}

/// What came, went or was renamed since the watches were set. A watch is one of a directory, not of its path: after `rm -r a && mkdir a`
/// nothing watches `a`, and neither what lies in it after it was renamed.
#[derive(Default)]
struct Moved(BTreeSet<PathBuf>);

impl Moved {
    fn note(&mut self, root: &Path, event: &Event) {
        if !matches!(event.kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))) {
            return;
        }
        if self.0.len() < MOVED_MAX {
            self.0.extend(event.paths.iter().cloned());
        } else {
            self.0.insert(root.to_owned());
        }
    }

    fn has(&self, directory: &Path) -> bool {
        !self.0.is_empty() && directory.ancestors().any(|above| self.0.contains(above))
    }
}

impl TreeWatcher {
    /// Sends a hint for each event about a file that `wants` says yes to. None where the system has no such events.
    pub(crate) fn new(
        root: PathBuf,
        wants: Arc<dyn Fn(&str) -> bool + Send + Sync>,
        hints: mpsc::Sender<Hint>,
    ) -> Option<Self> {
        let moved = Arc::new(Mutex::new(Moved::default()));
        let noted = moved.clone();
        let on_event = move |event: notify::Result<Event>| {
            let hint = match event {
                Ok(event) => {
                    let hint = hint_of(&root, &*wants, &event);
                    // One wanted file at a path where a directory was is rare, and found by the walk that follows.
                    if hint == Some(Hint::Everything) {
                        noted.lock().unwrap_or_else(PoisonError::into_inner).note(&root, &event);
                    }
                    hint
                }
                Err(error) => {
                    tracing::debug!(%error, "file events were lost");
                    Some(Hint::Everything)
                }
            };
            // Who empties a queue that was full looks at everything.
            drop(hint.map(|hint| hints.try_send(hint)));
        };
        match notify::recommended_watcher(on_event) {
            Ok(watcher) => Some(Self { watcher, watched: BTreeSet::new(), moved }),
            Err(error) => {
                tracing::warn!(%error, "no file events; changes are found by the periodic look");
                None
            }
        }
    }

    /// Watches exactly these directories; whether some of them were not watched before. Blocks on the file system.
    pub(crate) fn watch(&mut self, directories: &BTreeSet<PathBuf>) -> bool {
        let moved = std::mem::take(&mut *self.moved.lock().unwrap_or_else(PoisonError::into_inner));
        let (kept, gone): (BTreeSet<PathBuf>, BTreeSet<PathBuf>) = std::mem::take(&mut self.watched)
            .into_iter()
            .partition(|directory| directories.contains(directory) && !moved.has(directory));
        for directory in &gone {
            // It may be gone from the disk, and its watch with it.
            drop(self.watcher.unwatch(directory));
        }
        self.watched = kept;
        let (n_before, mut n_refused) = (self.watched.len(), 0);
        for directory in directories {
            if self.watched.contains(directory) {
                continue;
            }
            let has_room = self.watched.len() < DIRECTORIES_MAX;
            if has_room && self.watcher.watch(directory, RecursiveMode::NonRecursive).is_ok() {
                self.watched.insert(directory.clone());
            } else {
                n_refused += 1;
            }
        }
        if n_refused > 0 {
            tracing::warn!(n_refused, "directories are not watched; the periodic look finds what changes in them");
        }
        self.watched.len() > n_before
    }
}

fn hint_of(root: &Path, wants: &dyn Fn(&str) -> bool, event: &Event) -> Option<Hint> {
    match event.kind {
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => return None,
        _ => {}
    }
    if event.need_rescan() {
        return Some(Hint::Everything);
    }
    let mut paths: Vec<VfsPath> = Vec::new();
    for file in &event.paths {
        let Some(path) = in_view(root, file) else { return Some(Hint::Everything) };
        if changes_the_rules(&path) {
            return Some(Hint::Everything);
        }
        if wants(path.as_str()) {
            paths.push(path);
        } else if file.is_dir() || !file.exists() {
            return Some(Hint::Everything);
        }
    }
    (!paths.is_empty()).then_some(Hint::Paths(paths))
}

/// Whether it says what belongs to the tree, or where its libraries are.
pub(crate) fn changes_the_rules(path: &VfsPath) -> bool {
    matches!(path.name(), ".gitignore" | ".ignore" | "pyvenv.cfg" | "pyproject.toml")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn tells_of_wanted_files_only() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let root = scratch.path().canonicalize().expect("exists");
        let (sender, mut hints) = mpsc::channel(64);
        let wants: Arc<dyn Fn(&str) -> bool + Send + Sync> = Arc::new(|path| path.ends_with(".py"));
        let mut watcher = TreeWatcher::new(root.clone(), wants, sender).expect("this system has file events");
        watcher.watch(&BTreeSet::from([root.clone()]));
        fs::write(root.join("notes.txt"), "x").expect("writable");
        fs::write(root.join("a.py"), "x").expect("writable");
        let hint = tokio::time::timeout(Duration::from_secs(20), hints.recv()).await.expect("an event comes");
        assert_eq!(hint, Some(Hint::Paths(vec![VfsPath::new("a.py").expect("valid")])));
    }

    /// The hints until one is about this file.
    async fn hears_of(hints: &mut mpsc::Receiver<Hint>, path: &str) {
        let wanted = Hint::Paths(vec![VfsPath::new(path).expect("valid")]);
        let heard = async { while hints.recv().await.expect("open") != wanted {} };
        tokio::time::timeout(Duration::from_secs(20), heard).await.expect("an event comes");
    }

    #[tokio::test]
    async fn a_directory_that_was_made_again_or_renamed_is_still_watched() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let root = scratch.path().canonicalize().expect("exists");
        let (sender, mut hints) = mpsc::channel(1024);
        let wants: Arc<dyn Fn(&str) -> bool + Send + Sync> = Arc::new(|path| path.ends_with(".py"));
        let mut watcher = TreeWatcher::new(root.clone(), wants, sender).expect("this system has file events");
        fs::create_dir_all(root.join("a/sub")).expect("writable");
        let before = BTreeSet::from([root.clone(), root.join("a"), root.join("a/sub")]);
        assert!(watcher.watch(&before));
        assert!(!watcher.watch(&before), "nothing is new");

        fs::remove_dir_all(root.join("a")).expect("there");
        fs::create_dir_all(root.join("a/sub")).expect("writable");
        fs::write(root.join("seen.py"), "").expect("writable");
        hears_of(&mut hints, "seen.py").await;
        watcher.watch(&before);
        fs::write(root.join("a/sub/x.py"), "").expect("writable");
        hears_of(&mut hints, "a/sub/x.py").await;

        fs::rename(root.join("a"), root.join("b")).expect("there");
        fs::create_dir_all(root.join("a/sub")).expect("writable");
        fs::write(root.join("seen.py"), "again").expect("writable");
        hears_of(&mut hints, "seen.py").await;
        let after = [root.join("b"), root.join("b/sub")];
        watcher.watch(&before.iter().cloned().chain(after).collect());
        fs::write(root.join("a/sub/y.py"), "").expect("writable");
        hears_of(&mut hints, "a/sub/y.py").await;
        fs::write(root.join("b/sub/z.py"), "").expect("writable");
        hears_of(&mut hints, "b/sub/z.py").await;
    }
}

//! File events of the operating system, turned into hints.
//!
//! Events get lost, come late and come twice: they only make the next look come sooner. Watched are the directories that the last walk
//! went through, each by itself, so that an ignored tree of a hundred thousand files costs nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use vraftls_vfs::VfsPath;

use super::ingest::Hint;
use super::walk::in_view;

/// How many directories are watched; what lies in others is found by the periodic look.
const DIRECTORIES_MAX: usize = 50_000;

/// Watches directories of one workspace.
pub(crate) struct TreeWatcher {
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
}

impl TreeWatcher {
    /// Sends a hint for each event about a file that `wants` says yes to. None where the system has no such events.
    pub(crate) fn new(
        root: PathBuf,
        wants: Arc<dyn Fn(&str) -> bool + Send + Sync>,
        hints: mpsc::Sender<Hint>,
    ) -> Option<Self> {
        let on_event = move |event: notify::Result<Event>| {
            let hint = match event {
                Ok(event) => hint_of(&root, &*wants, &event),
                Err(error) => {
                    tracing::debug!(%error, "file events were lost");
                    Some(Hint::Everything)
                }
            };
            // A full queue means that a look is due anyway, and it takes all that waits.
            drop(hint.map(|hint| hints.try_send(hint)));
        };
        match notify::recommended_watcher(on_event) {
            Ok(watcher) => Some(Self { watcher, watched: BTreeSet::new() }),
            Err(error) => {
                tracing::warn!(%error, "no file events; changes are found by the periodic look");
                None
            }
        }
    }

    /// Watches exactly these directories. Blocks on the file system.
    pub(crate) fn watch(&mut self, directories: BTreeSet<PathBuf>) {
        for gone in self.watched.difference(&directories) {
            // It may be gone from the disk, and its watch with it.
            drop(self.watcher.unwatch(gone));
        }
        let mut watched: BTreeSet<PathBuf> = self.watched.intersection(&directories).cloned().collect();
        for directory in directories {
            if watched.len() >= DIRECTORIES_MAX {
                tracing::warn!(DIRECTORIES_MAX, "not all directories are watched; the periodic look finds the rest");
                break;
            }
            if watched.contains(&directory) || self.watcher.watch(&directory, RecursiveMode::NonRecursive).is_ok() {
                watched.insert(directory);
            }
        }
        self.watched = watched;
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
        if wants(path.as_str()) {
            paths.push(path);
        } else if changes_the_rules(&path) || file.is_dir() || !file.exists() {
            return Some(Hint::Everything);
        }
    }
    (!paths.is_empty()).then_some(Hint::Paths(paths))
}

fn changes_the_rules(path: &VfsPath) -> bool {
    matches!(path.name(), ".gitignore" | ".ignore")
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
        watcher.watch(BTreeSet::from([root.clone()]));
        fs::write(root.join("notes.txt"), "x").expect("writable");
        fs::write(root.join("a.py"), "x").expect("writable");
        let hint = tokio::time::timeout(Duration::from_secs(20), hints.recv()).await.expect("an event comes");
        assert_eq!(hint, Some(Hint::Paths(vec![VfsPath::new("a.py").expect("valid")])));
    }
}

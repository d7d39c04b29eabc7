//! Changes in a tree on this machine, for whoever brings it elsewhere: file events, a burst of them at once.
//!
//! Events get lost. They say where to look, and a look at the whole tree from time to time is what counts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use vraftls_vfs::VfsPath;

use crate::tree::ingest::{HINTS_MAX, Hint, SETTLE_TIME, blocking};
use crate::tree::watch::{TreeWatcher, changes_the_rules};

/// Watches the directories of a tree.
pub struct LocalWatch {
    /// None where the system has no events, and while directories are watched.
    watcher: Option<TreeWatcher>,
    hints: mpsc::Receiver<Hint>,
    /// Keeps the queue open where nothing sends.
    _sender: mpsc::Sender<Hint>,
}

/// Where something may have changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// In these files. Whoever does not know one of them has to look at everything: it may be a directory, or left out by the rules.
    Files(BTreeSet<VfsPath>),
    /// Anywhere.
    Anything,
}

impl LocalWatch {
    /// Of the tree below a directory; no directory is watched yet. Events of files that `wants` says no to are passed over.
    pub fn new(root: &Path, wants: Arc<dyn Fn(&str) -> bool + Send + Sync>) -> Self {
        let (sender, hints) = mpsc::channel(HINTS_MAX);
        Self { watcher: TreeWatcher::new(root.to_owned(), wants, sender.clone()), hints, _sender: sender }
    }

    /// Watches exactly these directories. Whether some were not watched before: what changed in them since they were found was not seen.
    pub async fn watch(&mut self, directories: BTreeSet<PathBuf>) -> bool {
        let Some(mut watcher) = self.watcher.take() else { return false };
        let has_new;
        (has_new, watcher) = blocking(move || (watcher.watch(&directories), watcher)).await;
        self.watcher = Some(watcher);
        has_new
    }

    /// Waits until something may have changed, and takes what comes in the same breath with it. May be dropped and called again.
    pub async fn next(&mut self) -> Seen {
        let Some(first) = self.hints.recv().await else { return std::future::pending().await };
        let (mut files, mut is_anything, mut n_hints) = (BTreeSet::new(), false, 0);
        let mut take = |hint: Hint| match hint {
            Hint::Paths(paths) if !paths.iter().any(changes_the_rules) => files.extend(paths),
            Hint::Paths(_) | Hint::Everything | Hint::Wish(_) => is_anything = true,
        };
        take(first);
        // Editors save in several steps. Whoever drops this meanwhile looks at everything anyway, or ends.
        tokio::time::sleep(SETTLE_TIME).await;
        while let Ok(hint) = self.hints.try_recv() {
            take(hint);
            n_hints += 1;
            if n_hints >= HINTS_MAX {
                break;
            }
        }
        // As many as fit into the queue say that others did not.
        if is_anything || n_hints >= HINTS_MAX - 1 { Seen::Anything } else { Seen::Files(files) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_burst_is_seen_at_once_and_a_rule_changes_everything() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let root = scratch.path().canonicalize().expect("exists");
        let mut watch = LocalWatch::new(&root, Arc::new(|path: &str| path.ends_with(".py")));
        assert!(watch.watch(BTreeSet::from([root.clone()])).await);
        assert!(!watch.watch(BTreeSet::from([root.clone()])).await);
        fs::write(root.join("a.py"), "x").expect("writable");
        let seen = tokio::time::timeout(Duration::from_secs(20), watch.next()).await.expect("an event comes");
        assert_eq!(seen, Seen::Files(BTreeSet::from([VfsPath::new("a.py").expect("valid")])));
        fs::write(root.join(".gitignore"), "a.py").expect("writable");
        let anything = async { while watch.next().await != Seen::Anything {} };
        tokio::time::timeout(Duration::from_secs(20), anything).await.expect("an event comes");
    }
}

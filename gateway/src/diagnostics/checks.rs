//! When which document is checked: a pure schedule behind a lock, fed by edits and read by the task that checks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::convert::FilePath;

/// What is to be checked.
#[derive(Default)]
pub(crate) struct Checks {
    news: Mutex<News>,
    wake: Notify,
    /// Grows with each piece of news.
    n_news: watch::Sender<u64>,
}

#[derive(Default)]
struct News {
    /// What happened to documents, the last thing of each.
    documents: BTreeMap<FilePath, DocumentNews>,
    /// The URIs of documents of which what was published was taken back.
    taken_back: BTreeSet<String>,
    /// What was opened, edited or closed: other documents may depend on it.
    edited: BTreeSet<FilePath>,
    /// The files of a folder changed, or who analyzes them.
    moved: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DocumentNews {
    Opened,
    Edited,
    Closed,
}

impl Checks {
    pub(crate) fn opened(&self, file: &FilePath) {
        self.tell(|news| {
            news.edited.insert(file.clone());
            news.documents.insert(file.clone(), DocumentNews::Opened);
        });
    }

    pub(crate) fn edited(&self, file: &FilePath) {
        self.tell(|news| {
            news.edited.insert(file.clone());
            news.documents.insert(file.clone(), DocumentNews::Edited);
        });
    }

    pub(crate) fn closed(&self, file: &FilePath) {
        self.tell(|news| {
            news.edited.insert(file.clone());
            news.documents.insert(file.clone(), DocumentNews::Closed);
        });
    }

    /// What was published of a document was taken back.
    pub(crate) fn taken_back(&self, uri: &str) {
        self.tell(|news| {
            news.taken_back.insert(uri.to_owned());
        });
    }

    /// The files of a folder changed, or the folder is new.
    pub(crate) fn folder_moved(&self) {
        self.tell(|news| news.moved = true);
    }

    /// Other analyzers may find other things in the same files.
    pub(crate) fn analyzers_changed(&self) {
        self.tell(|news| news.moved = true);
    }

    fn tell(&self, what: impl FnOnce(&mut News)) {
        what(&mut self.lock());
        self.wake.notify_one();
        self.n_news.send_modify(|n| *n += 1);
    }

    /// Tells of news from now on, however many listen.
    pub(crate) fn news_for_many(&self) -> watch::Receiver<u64> {
        self.n_news.subscribe()
    }

    /// Waits for news. For one waiter.
    pub(super) async fn changed(&self) {
        self.wake.notified().await;
    }

    /// Moves the news into a schedule; gives the URIs of documents of which what was published was taken back.
    pub(super) fn take_into(&self, schedule: &mut Schedule, now: Instant) -> BTreeSet<String> {
        let News { documents, taken_back, edited, moved } = std::mem::take(&mut *self.lock());
        for (file, news) in documents {
            schedule.document(file, news, now);
        }
        schedule.others(edited, moved, now);
        taken_back
    }

    fn lock(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When which document is to be checked.
pub(super) struct Schedule {
    check_delay: Duration,
    recheck_delay: Duration,
    due: BTreeMap<FilePath, Instant>,
    /// When it is looked whether other open documents have to be checked again because of what was edited. An edit pushes it back.
    edited_due: Option<Instant>,
    /// What was edited since the last time.
    edited: BTreeSet<FilePath>,
    /// When all open documents are checked again because files changed. Nothing pushes it back, so that a stream of changes does not starve it.
    moved_due: Option<Instant>,
}

/// What is due.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Due {
    /// These documents.
    pub(super) files: Vec<FilePath>,
    /// What depends on these, which were edited.
    pub(super) edited: BTreeSet<FilePath>,
    /// All open documents: files changed beside them.
    pub(super) moved: bool,
}

impl Schedule {
    pub(super) fn new(check_delay: Duration, recheck_delay: Duration) -> Self {
        Self {
            check_delay,
            recheck_delay,
            due: BTreeMap::new(),
            edited_due: None,
            edited: BTreeSet::new(),
            moved_due: None,
        }
    }

    pub(super) fn document(&mut self, file: FilePath, news: DocumentNews, now: Instant) {
        match news {
            DocumentNews::Opened => self.due.insert(file, now),
            DocumentNews::Edited => self.due.insert(file, now + self.check_delay),
            DocumentNews::Closed => self.due.remove(&file),
        };
    }

    fn others(&mut self, edited: BTreeSet<FilePath>, moved: bool, now: Instant) {
        if !edited.is_empty() {
            self.edited.extend(edited);
            self.edited_due = Some(now + self.recheck_delay);
        }
        if moved {
            self.moved_due.get_or_insert(now + self.recheck_delay);
        }
    }

    /// What was edited and is not due yet to be compared with what it showed before.
    pub(super) fn uncompared(&self) -> &BTreeSet<FilePath> {
        &self.edited
    }

    /// Checks a document again after a failure that may pass.
    pub(super) fn retry(&mut self, file: FilePath, now: Instant) {
        self.due.entry(file).or_insert(now + self.recheck_delay);
    }

    /// What is due now.
    pub(super) fn take_due(&mut self, now: Instant) -> Due {
        let files: Vec<FilePath> =
            self.due.iter().filter(|(_, due)| **due <= now).map(|(file, _)| file.clone()).collect();
        for file in &files {
            self.due.remove(file);
        }
        let passed = |due: &mut Option<Instant>| due.take_if(|due| *due <= now).is_some();
        let moved = passed(&mut self.moved_due);
        let edited = if passed(&mut self.edited_due) { std::mem::take(&mut self.edited) } else { BTreeSet::new() };
        Due { files, edited, moved }
    }

    /// When something is due next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.values().copied().chain(self.edited_due).chain(self.moved_due).min()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn file(name: &str) -> FilePath {
        FilePath::from_path(Path::new(name)).unwrap()
    }

    fn due(files: &[&str], edited: &[&str], moved: bool) -> Due {
        Due {
            files: files.iter().map(|name| file(name)).collect(),
            edited: edited.iter().map(|name| file(name)).collect(),
            moved,
        }
    }

    #[test]
    fn an_opened_document_is_due_at_once_and_an_edited_one_after_the_last_edit() {
        let start = Instant::now();
        let ms = |n| start + Duration::from_millis(n);
        let mut schedule = Schedule::new(Duration::from_millis(50), Duration::from_millis(400));
        let checks = Checks::default();
        checks.opened(&file("/a"));
        checks.edited(&file("/b"));
        checks.take_into(&mut schedule, ms(0));
        assert_eq!(schedule.take_due(ms(0)), due(&["/a"], &[], false));
        checks.edited(&file("/b"));
        checks.take_into(&mut schedule, ms(40));
        assert_eq!(schedule.take_due(ms(60)), Due::default());
        assert_eq!(schedule.next_due(), Some(ms(90)));
        assert_eq!(schedule.take_due(ms(90)), due(&["/b"], &[], false));
        assert_eq!(schedule.take_due(ms(439)), Due::default());
        assert_eq!(schedule.take_due(ms(440)), due(&[], &["/a", "/b"], false));
        assert_eq!(schedule.next_due(), None);
    }

    #[test]
    fn a_stream_of_changed_files_does_not_put_off_the_check() {
        let start = Instant::now();
        let ms = |n| start + Duration::from_millis(n);
        let mut schedule = Schedule::new(Duration::from_millis(50), Duration::from_millis(400));
        let checks = Checks::default();
        for n in [0, 200, 399] {
            checks.folder_moved();
            checks.take_into(&mut schedule, ms(n));
        }
        assert_eq!(schedule.take_due(ms(400)), due(&[], &[], true));
    }

    #[test]
    fn a_closed_document_is_not_checked() {
        let now = Instant::now();
        let mut schedule = Schedule::new(Duration::from_millis(50), Duration::from_millis(400));
        let checks = Checks::default();
        checks.opened(&file("/a"));
        checks.closed(&file("/a"));
        checks.take_into(&mut schedule, now);
        assert_eq!(schedule.take_due(now), Due::default());
    }
}

//! What the editor has seen of the files that it has open: from which contents each buffer grew, and whether it knows what others made of
//! the file since. Pure but for one lock; who asks the backend is [`crate::saving`].
//!
//! The person is told in words, once for each event, and only where something of theirs is concerned: a save that was replaced, replaced
//! another, or did not come to be; and a buffer with unsaved edits that grew from what the file no longer has. The buffer
//! stays what it is in any case.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tower_lsp_server::ls_types::MessageType;
use vraftls_proto::{Author, Loss, SaveBase, SaveOutcome, Standing};
use vraftls_vfs::ContentDigest;

use super::Document;
use crate::convert::FilePath;

/// So many contents of a buffer are remembered: more than a person types while an editor writes or reads a file.
const N_RECENT_MAX: usize = 16;

/// What is said to the person.
pub(crate) type Said = (MessageType, String);

/// What the editor has seen of the files that it has open.
#[derive(Default)]
pub(crate) struct Saves {
    files: Mutex<BTreeMap<FilePath, Origin>>,
    /// Some file's base is not known.
    pub(crate) unknown: Notify,
    /// Files changed, or a buffer that grew from older contents was edited.
    pub(crate) moved: Notify,
}

/// From what a buffer grew.
struct Origin {
    /// What the editor has seen of the file.
    base: SaveBase,
    /// What the buffer had then. The same, but for what an editor does not show.
    clean: ContentDigest,
    /// The contents that the buffer had since, the newest last. Never empty.
    recent: VecDeque<ContentDigest>,
    /// What the file had when somebody looked last.
    disk: Option<SaveBase>,
    /// Whether the person knows that the file has something else.
    is_told: bool,
    /// How often it was saved.
    n_saves: u64,
}

/// A save that is under way.
pub(crate) struct Saving {
    /// Which of the buffer's.
    number: u64,
    /// What the editor had seen.
    pub(crate) base: SaveBase,
    /// What was saved.
    text: ContentDigest,
}

impl Saves {
    /// A document was opened, or opened again.
    pub(crate) fn opened(&self, file: &FilePath, text: ContentDigest) {
        self.lock().insert(file.clone(), Origin::new(text));
        self.unknown.notify_one();
    }

    /// A document has another text.
    pub(crate) fn edited(&self, file: &FilePath, text: ContentDigest) {
        let is_behind = self.lock().get_mut(file).is_some_and(|origin| origin.edited(text));
        if is_behind {
            self.moved.notify_one();
        }
    }

    /// A document was closed.
    pub(crate) fn closed(&self, file: &FilePath) {
        self.lock().remove(file);
    }

    /// Whether nobody knows from what a document grew.
    pub(crate) fn is_unknown(&self, file: &FilePath) -> bool {
        self.lock().get(file).is_some_and(|origin| origin.base == SaveBase::Unknown)
    }

    /// A document was saved with this text.
    pub(crate) fn saving(&self, file: &FilePath, text: ContentDigest) -> Option<Saving> {
        let mut files = self.lock();
        let origin = files.get_mut(file)?;
        origin.n_saves += 1;
        Some(Saving { number: origin.n_saves, base: origin.base, text })
    }

    /// The contents that a document had since it grew from its base, or since it was saved.
    pub(crate) fn recent(&self, file: &FilePath) -> Vec<ContentDigest> {
        let files = self.lock();
        let Some(origin) = files.get(file) else { return Vec::new() };
        origin.recent.iter().copied().filter(|text| *text != origin.clean && !origin.base.is_exactly(*text)).collect()
    }

    /// A save came to something: what the person has to hear.
    pub(crate) fn done(&self, file: &FilePath, saving: &Saving, outcome: &SaveOutcome) -> Option<Said> {
        let mut files = self.lock();
        match files.get_mut(file) {
            // Another save followed, which says what became of the file.
            Some(origin) if origin.n_saves != saving.number => None,
            Some(origin) => origin.done(saving.text, outcome).then(|| said_of(file, outcome)).flatten(),
            // Saved and closed: what went wrong is no less wrong.
            None => said_of(file, outcome),
        }
    }

    /// A file stands so now: what the person has to hear.
    pub(crate) fn stands(&self, file: &FilePath, document: &Document, standing: &Standing) -> Option<Said> {
        let mut files = self.lock();
        let origin = files.get_mut(file)?;
        let is_behind = origin.stands(document, standing);
        let said = match standing.loss {
            Some(loss) => {
                origin.is_told = true;
                (MessageType::WARNING, said_of_loss(file, loss))
            }
            None if is_behind => (MessageType::INFO, said_of_standing(file, standing.author)),
            None => return None,
        };
        Some(said)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<FilePath, Origin>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Origin {
    fn new(text: ContentDigest) -> Self {
        let (recent, disk) = (VecDeque::from([text]), None);
        Self { base: SaveBase::Unknown, clean: text, recent, disk, is_told: false, n_saves: 0 }
    }

    /// Notes a text of the buffer; whether it is edited above contents that the file no longer has, and nobody was told.
    fn edited(&mut self, text: ContentDigest) -> bool {
        if self.recent.len() == N_RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(text);
        match self.disk {
            // The editor read the file again.
            Some(disk) if disk.is_exactly(text) => self.grow_from(disk, text),
            Some(disk) => return disk != self.base && self.is_behind(),
            None => {}
        }
        false
    }

    fn grow_from(&mut self, base: SaveBase, clean: ContentDigest) {
        (self.base, self.clean, self.is_told) = (base, clean, false);
    }

    fn is_behind(&self) -> bool {
        self.base != SaveBase::Unknown && self.recent.back() != Some(&self.clean) && !self.is_told
    }

    /// Notes what the file has; whether the person has to hear of it.
    fn stands(&mut self, document: &Document, standing: &Standing) -> bool {
        let disk = SaveBase::from(standing.contents);
        self.disk = Some(disk);
        if self.base == SaveBase::Unknown {
            self.grow_from(disk, self.clean);
        } else if disk == self.base {
            self.is_told = false;
        } else if let Some(contents) = standing.contents
            && let Some(seen) = self.seen(document, contents)
        {
            self.grow_from(disk, seen);
        } else if standing.author != Author::Asker && self.is_behind() {
            self.is_told = true;
            return true;
        }
        false
    }

    /// The text of the buffer with which the editor has seen these contents of the file.
    fn seen(&self, document: &Document, contents: ContentDigest) -> Option<ContentDigest> {
        if self.recent.contains(&contents) {
            return Some(contents);
        }
        // A byte-order mark is not shown.
        let marked = ContentDigest::of(format!("\u{feff}{}", document.text()).as_bytes());
        (marked == contents).then_some(document.file.digest)
    }

    /// Notes what became of a save; whether the person has to hear of it.
    fn done(&mut self, text: ContentDigest, outcome: &SaveOutcome) -> bool {
        match outcome {
            SaveOutcome::Saved(now) | SaveOutcome::Replaced { now, .. } => {
                // The buffer may have been edited while it was written.
                let clean = if self.recent.contains(now) { *now } else { text };
                self.grow_from(SaveBase::Contents(*now), clean);
                self.disk = Some(self.base);
            }
            // The editor has read the file again, with what some program made of it after the save.
            SaveOutcome::Conflict { now, .. } if self.recent.contains(now) => {
                self.grow_from(SaveBase::Contents(*now), *now);
                return false;
            }
            SaveOutcome::Conflict { .. } | SaveOutcome::Gone => self.is_told = true,
            SaveOutcome::NotWritten { .. } | SaveOutcome::Unreadable(_) | SaveOutcome::Unknown(_) => {}
        }
        true
    }
}

fn who(author: Author) -> &'static str {
    match author {
        Author::Editor => "another editor",
        Author::Asker | Author::Program => "another program",
    }
}

fn said_of(file: &FilePath, outcome: &SaveOutcome) -> Option<Said> {
    Some(match outcome {
        SaveOutcome::Saved(_) => return None,
        SaveOutcome::Replaced { author, .. } => {
            let who = who(*author);
            let text =
                format!("{file} had been changed by {who} since you opened or saved it; your save replaced that.");
            (MessageType::WARNING, text)
        }
        SaveOutcome::Conflict { author, .. } => {
            let who = who(*author);
            let text = format!("{file} has what {who} wrote, not what you saved. Your buffer still has your text.");
            (MessageType::WARNING, text)
        }
        SaveOutcome::NotWritten { .. } => {
            let text = format!("{file} still has what it had before: what you saved is not on disk.");
            (MessageType::WARNING, text)
        }
        SaveOutcome::Gone => (
            MessageType::WARNING,
            format!("{file} is not there, although you saved it. Your buffer still has your text."),
        ),
        SaveOutcome::Unreadable(reason) => {
            let text = format!("{file} cannot be read as you saved it ({reason}): nobody else sees what is in it.");
            (MessageType::INFO, text)
        }
        SaveOutcome::Unknown(reason) => {
            (MessageType::INFO, format!("Whether {file} was taken in as you saved it is not known: {reason}."))
        }
    })
}

fn said_of_loss(file: &FilePath, loss: Loss) -> String {
    match loss {
        Loss::Lost => {
            format!("What you saved in {file} was replaced by a save from another editor that had not seen it.")
        }
        Loss::Replaced => format!("{file} was saved by another editor in the same moment; your save replaced that."),
    }
}

fn said_of_standing(file: &FilePath, author: Author) -> String {
    let who = who(author);
    format!(
        "{file} was changed by {who} since you opened or saved it; your unsaved edits are based on what it had before."
    )
}

#[cfg(test)]
mod tests;

//! What became of saves: the succession of contents of the files that sessions have open, and who wrote each.
//!
//! Editors write the disk themselves, so a save is over when it is told of. Whether it replaced something that its editor had not seen is
//! told by what stood there between the base that the editor knows and the text that it saved. Pure: no disk, no clock, no waiting.
//!
//! ```text
//!  observe: what requests see now        d0 ---- d1 ---------- d2        whoever it was
//!  save:    session a, base d0, text d1          ^ is a's
//!  save:    session b, base d0, text d2                        ^ is b's, and b has not seen d1: a's save is lost
//! ```

use std::collections::{BTreeMap, VecDeque};

use vraftls_proto::{Author, Loss, Save, SaveBase, SaveOutcome, SessionId, Standing};
use vraftls_vfs::{ContentDigest, VfsPath};

/// Files that are remembered; the one that nobody asked about for the longest time goes first.
pub(crate) const FILES_MAX: usize = 4096;

/// Contents of one file that are remembered.
const STATES_MAX: usize = 16;

/// Losses of one file that wait to be told.
const LOSSES_MAX: usize = 16;

/// What is known of the saves of one workspace.
#[derive(Debug, Default)]
pub(crate) struct Saves {
    files: BTreeMap<VfsPath, FileSaves>,
    n_calls: u64,
    /// How many losses there were.
    n_losses: u64,
}

#[derive(Debug, Default)]
struct FileSaves {
    /// The contents that the file had, the newest last. Never empty after the first observation.
    states: VecDeque<State>,
    losses: VecDeque<(SessionId, Loss)>,
    last_call: u64,
}

/// Contents that a file had, or that there was none.
#[derive(Clone, Copy, Debug)]
struct State {
    contents: Option<ContentDigest>,
    author: Option<SessionId>,
    /// Whether its author knows that it replaced something, and that it was replaced.
    knows_replaced: bool,
    knows_lost: bool,
}

impl Saves {
    /// How many losses there were; grows with each.
    pub(crate) fn n_losses(&self) -> u64 {
        self.n_losses
    }

    /// The files that are remembered.
    pub(crate) fn files(&self) -> impl Iterator<Item = &VfsPath> {
        self.files.keys()
    }

    /// Notes what requests see at a path, if it is remembered.
    pub(crate) fn observe(&mut self, path: &VfsPath, contents: Option<ContentDigest>) {
        if let Some(file) = self.files.get_mut(path) {
            file.observe(contents);
        }
    }

    /// How a file stands for a session, where requests see these contents. From now on it is remembered.
    pub(crate) fn standing(&mut self, session: SessionId, path: &VfsPath, contents: Option<ContentDigest>) -> Standing {
        let file = self.file(path);
        file.observe(contents);
        let is_own = |(whose, _): &(SessionId, Loss)| *whose == session;
        let loss = file.losses.iter().position(is_own).and_then(|idx| file.losses.remove(idx)).map(|(_, loss)| loss);
        Standing { contents, author: file.author(session), loss }
    }

    /// What became of a save, where the disk has `found` and that is what was saved or not.
    pub(crate) fn save(&mut self, save: &Save, found: ContentDigest, is_it: bool) -> SaveOutcome {
        let said = ContentDigest::of(save.text.as_bytes());
        let file = self.file(&save.path);
        file.observe(Some(found));
        if is_it {
            let unseen = file.claim(save, file.states.len() - 1);
            let n_lost = file.lose(&unseen, save.session);
            self.n_losses += n_lost;
            return match unseen.last() {
                None => SaveOutcome::Saved(found),
                Some(state) => SaveOutcome::Replaced { now: found, author: author_of(state.author, save.session) },
            };
        }
        let was_written = file.states.iter().any(|state| state.contents == Some(said));
        if !was_written && (save.base.is(Some(found)) && save.base != SaveBase::Unknown) {
            return SaveOutcome::NotWritten { now: found };
        }
        let (author, n_lost) = file.overtaken(save, said);
        self.n_losses += n_lost;
        SaveOutcome::Conflict { now: found, author }
    }

    fn file(&mut self, path: &VfsPath) -> &mut FileSaves {
        self.n_calls += 1;
        if !self.files.contains_key(path) && self.files.len() >= FILES_MAX {
            let oldest = self.files.iter().min_by_key(|(_, file)| file.last_call).map(|(path, _)| path.clone());
            oldest.map(|path| self.files.remove(&path));
        }
        let file = self.files.entry(path.clone()).or_default();
        file.last_call = self.n_calls;
        file
    }
}

impl State {
    /// Writers make a file empty first, or put another in its place. Nobody loses what an empty file has, or none.
    fn is_being_written(&self) -> bool {
        let has_nothing = self.contents.is_none_or(|contents| contents == ContentDigest::of(b""));
        self.author.is_none() && has_nothing
    }
}

impl FileSaves {
    fn observe(&mut self, contents: Option<ContentDigest>) {
        if self.states.back().is_none_or(|last| last.contents != contents) {
            self.push(State { contents, author: None, knows_replaced: false, knows_lost: false });
        }
    }

    fn push(&mut self, state: State) {
        if self.states.len() == STATES_MAX {
            self.states.pop_front();
        }
        self.states.push_back(state);
    }

    fn author(&self, session: SessionId) -> Author {
        author_of(self.states.back().and_then(|last| last.author), session)
    }

    /// Makes a state a session's, unless another session has it; what stood between it and the session's base, and is not its own.
    fn claim(&mut self, save: &Save, idx: usize) -> Vec<State> {
        let session = save.session;
        let state = &mut self.states[idx];
        if state.author.is_some_and(|author| author != session) {
            // Both saved the same text: nobody lost anything.
            return Vec::new();
        }
        state.author = Some(session);
        // An editor that reads a file again has its contents in the buffer.
        let is_seen = |state: &State| {
            save.base.is(state.contents) || state.contents.is_some_and(|contents| save.recent.contains(&contents))
        };
        let seen = self.states.iter().take(idx).rposition(is_seen);
        // What the base was is not remembered any more: better silent than wrong.
        let Some(seen) = seen.filter(|_| save.base != SaveBase::Unknown) else { return Vec::new() };
        let now = self.states[idx].contents;
        let counts =
            |state: &&State| state.author != Some(session) && state.contents != now && !state.is_being_written();
        let unseen: Vec<State> = self.states.range(seen + 1..idx).filter(counts).copied().collect();
        self.states[idx].knows_replaced |= !unseen.is_empty();
        unseen
    }

    /// Notes for the authors of these states that they were replaced, each author once; how many there were.
    fn lose(&mut self, unseen: &[State], by: SessionId) -> u64 {
        let mut authors: Vec<SessionId> =
            unseen.iter().filter(|state| !state.knows_lost).filter_map(|state| state.author).collect();
        authors.sort_unstable();
        authors.dedup();
        authors.retain(|author| *author != by);
        for state in &mut self.states {
            state.knows_lost |= state.author.is_some_and(|author| authors.contains(&author));
        }
        authors.into_iter().map(|author| self.tell(author, Loss::Lost)).sum()
    }

    fn tell(&mut self, session: SessionId, loss: Loss) -> u64 {
        let is_known = self.losses.contains(&(session, loss));
        if !is_known {
            if self.losses.len() == LOSSES_MAX {
                self.losses.pop_front();
            }
            self.losses.push_back((session, loss));
        }
        u64::from(!is_known)
    }

    /// Somebody else's contents stand where a save was; who wrote them, and how many losses that makes.
    fn overtaken(&mut self, save: &Save, said: ContentDigest) -> (Author, u64) {
        let last = self.states.len() - 1;
        let written = self.states.iter().take(last).rposition(|state| state.contents == Some(said));
        match written {
            Some(idx) if self.states[idx].author.is_none_or(|author| author == save.session) => {
                self.claim(save, idx);
                self.states[idx].knows_lost = true;
            }
            Some(_) => {}
            // It was gone before anybody looked.
            None => {
                let state =
                    State { contents: Some(said), author: Some(save.session), knows_replaced: false, knows_lost: true };
                self.states.insert(last, state);
                if self.states.len() > STATES_MAX {
                    self.states.pop_front();
                }
            }
        }
        let Some(current) = self.states.back_mut() else { return (Author::Program, 0) };
        let author = current.author;
        let n_lost = match author.filter(|author| *author != save.session) {
            // It was told that it was saved, before anybody knew of this one.
            Some(winner) if !std::mem::replace(&mut current.knows_replaced, true) => self.tell(winner, Loss::Replaced),
            _ => 0,
        };
        (author_of(author, save.session), n_lost)
    }
}

fn author_of(author: Option<SessionId>, asker: SessionId) -> Author {
    match author {
        Some(author) if author == asker => Author::Asker,
        Some(_) => Author::Editor,
        None => Author::Program,
    }
}

#[cfg(test)]
mod tests;

//! Random lives of a file and of one editor's buffer of it, held against what a person would expect.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use vraftls_text::LineIndex;

use super::*;

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The person types.
    Type,
    /// The person takes the last edit back.
    Undo,
    /// Somebody else writes the file.
    Other,
    /// The editor reads the file again.
    Read,
    /// The editor writes the file and says so.
    Save,
    /// It is looked how the file stands.
    Look,
}

fn document(text: &str) -> Document {
    Document {
        uri: "file:///a.py".parse().unwrap(),
        version: 1,
        stamp: 1,
        file: Document::file_of(text.to_owned(), "python".into()),
        lines: Arc::new(LineIndex::new(text)),
        place: None,
        poison: None,
    }
}

/// One editor's buffer, and the file.
struct Life {
    saves: Saves,
    file: FilePath,
    disk: String,
    buffer: String,
    before: String,
    /// What the editor read or wrote last.
    seen: String,
    /// Whether the person was told of what the file has now, or of something since it was seen.
    is_told: bool,
    /// What the file had at the last look.
    looked: String,
    /// Whether the editor read what nobody looked at, which cannot be told from typing.
    is_unsure: bool,
    n_texts: usize,
}

impl Life {
    fn new() -> Self {
        let file = FilePath::from_path(Path::new("/a.py")).unwrap();
        let text = "0".to_owned();
        let life = Self {
            saves: Saves::default(),
            file,
            disk: text.clone(),
            buffer: text.clone(),
            before: text.clone(),
            seen: text.clone(),
            is_told: false,
            looked: text,
            is_unsure: false,
            n_texts: 0,
        };
        life.saves.opened(&life.file, digest(&life.buffer));
        life
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Type => {
                let text = self.fresh("typed");
                self.before = std::mem::replace(&mut self.buffer, text);
                self.edited();
            }
            Step::Undo => {
                std::mem::swap(&mut self.buffer, &mut self.before);
                self.edited();
            }
            Step::Other => self.disk = self.fresh("other"),
            Step::Read => {
                self.buffer = self.disk.clone();
                self.before = self.disk.clone();
                self.is_unsure = self.looked != self.disk;
                self.see();
                self.edited();
            }
            Step::Save => self.save(),
            Step::Look => self.look(),
        }
    }

    fn fresh(&mut self, kind: &str) -> String {
        self.n_texts += 1;
        format!("{kind} {}", self.n_texts)
    }

    fn see(&mut self) {
        self.seen = self.disk.clone();
        self.is_told = false;
    }

    fn edited(&self) {
        self.saves.edited(&self.file, digest(&self.buffer));
    }

    fn save(&mut self) {
        let saving = self.saves.saving(&self.file, digest(&self.buffer)).unwrap();
        let is_seen = saving.base.is(Some(digest(&self.disk)));
        self.disk = self.buffer.clone();
        let now = digest(&self.disk);
        let outcome =
            if is_seen { SaveOutcome::Saved(now) } else { SaveOutcome::Replaced { now, author: Author::Program } };
        let said = self.saves.done(&self.file, &saving, &outcome);
        assert_eq!(said.is_some(), !is_seen);
        (self.is_unsure, self.looked) = (false, self.disk.clone());
        self.see();
    }

    fn look(&mut self) {
        let standing = Standing { contents: Some(digest(&self.disk)), author: Author::Program, loss: None };
        let said = self.saves.stands(&self.file, &document(&self.buffer), &standing);
        let has_edits = self.buffer != self.seen;
        self.looked = self.disk.clone();
        if self.disk == self.seen {
            (self.is_told, self.is_unsure) = (false, false);
        }
        if self.is_unsure {
            self.is_told |= said.is_some();
        } else if said.is_some() {
            assert!(has_edits && self.disk != self.seen, "told of what the editor has seen");
            assert!(!self.is_told, "told twice");
            self.is_told = true;
        } else {
            assert!(self.is_told || !has_edits || self.disk == self.seen, "not told of what was not seen");
        }
    }
}

fn digest(text: &str) -> ContentDigest {
    ContentDigest::of(text.as_bytes())
}

proptest! {
    #[test]
    fn the_person_is_told_once_of_what_the_editor_has_not_seen(steps in prop::collection::vec(
        prop::sample::select(vec![Step::Type, Step::Type, Step::Undo, Step::Other, Step::Read, Step::Save, Step::Look, Step::Look]),
        0..40,
    )) {
        let mut life = Life::new();
        // The first look says from what the buffer grew.
        life.look();
        for step in steps {
            life.step(step);
        }
    }
}

#[test]
fn what_was_typed_while_the_editor_wrote_is_not_taken_for_the_base() {
    let mut life = Life::new();
    life.look();
    for step in [Step::Type, Step::Type, Step::Undo] {
        life.step(step);
    }
    let recent = life.saves.recent(&life.file);
    assert!(!recent.contains(&digest("0")), "a write that did not happen is not a save");
    assert_eq!(recent.len(), 3);
}

//! Successions of saves, as disks and editors make them.

use super::*;
use vraftls_vfs::WorkspaceId;

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);

fn path() -> VfsPath {
    VfsPath::new("a.py").expect("a path")
}

fn digest(text: &str) -> ContentDigest {
    ContentDigest::of(text.as_bytes())
}

fn save(session: SessionId, base: &str, text: &str) -> Save {
    let base = SaveBase::Contents(digest(base));
    Save { workspace: WorkspaceId(1), session, path: path(), base, text: text.into(), recent: Vec::new() }
}

/// What both editors opened.
fn opened(text: &str) -> Saves {
    let mut saves = Saves::default();
    for session in [A, B] {
        let standing = saves.standing(session, &path(), Some(digest(text)));
        assert_eq!(standing, Standing { contents: Some(digest(text)), author: Author::Program, loss: None });
    }
    saves
}

/// A save that is on disk.
fn done(saves: &mut Saves, session: SessionId, base: &str, text: &str) -> SaveOutcome {
    saves.save(&save(session, base, text), digest(text), true)
}

fn standing(saves: &mut Saves, session: SessionId, text: &str) -> (Author, Option<Loss>) {
    let Standing { author, loss, .. } = saves.standing(session, &path(), Some(digest(text)));
    (author, loss)
}

#[test]
fn who_saves_what_it_has_seen_is_told_so() {
    let mut saves = opened("0");
    assert_eq!(done(&mut saves, A, "0", "a"), SaveOutcome::Saved(digest("a")));
    assert_eq!(done(&mut saves, A, "a", "aa"), SaveOutcome::Saved(digest("aa")));
    assert_eq!(standing(&mut saves, B, "aa"), (Author::Editor, None));
    assert_eq!(standing(&mut saves, A, "aa"), (Author::Asker, None));
    // The other took it over, and saves.
    assert_eq!(done(&mut saves, B, "aa", "b"), SaveOutcome::Saved(digest("b")));
    assert_eq!(saves.n_losses(), 0);
}

#[test]
fn a_save_over_one_that_was_not_seen_is_told_to_both_and_once() {
    for is_watched in [false, true] {
        let mut saves = opened("0");
        assert_eq!(done(&mut saves, A, "0", "a"), SaveOutcome::Saved(digest("a")));
        if is_watched {
            // The watcher may be faster than the editor.
            saves.observe(&path(), Some(digest("b")));
        }
        let replaced = SaveOutcome::Replaced { now: digest("b"), author: Author::Editor };
        assert_eq!(done(&mut saves, B, "0", "b"), replaced);
        assert_eq!(saves.n_losses(), 1);
        assert_eq!(standing(&mut saves, B, "b"), (Author::Asker, None));
        assert_eq!(standing(&mut saves, A, "b"), (Author::Editor, Some(Loss::Lost)));
        assert_eq!(standing(&mut saves, A, "b"), (Author::Editor, None));
        assert_eq!(done(&mut saves, B, "b", "bb"), SaveOutcome::Saved(digest("bb")));
        assert_eq!(standing(&mut saves, A, "bb"), (Author::Editor, None));
    }
}

#[test]
fn a_save_over_a_change_on_disk_that_was_not_seen_is_told() {
    let mut saves = opened("0");
    saves.observe(&path(), Some(digest("other")));
    let replaced = SaveOutcome::Replaced { now: digest("a"), author: Author::Program };
    assert_eq!(done(&mut saves, A, "0", "a"), replaced);
    // One that was taken over is seen.
    saves.observe(&path(), Some(digest("more")));
    assert_eq!(done(&mut saves, A, "more", "aa"), SaveOutcome::Saved(digest("aa")));
}

#[test]
fn two_saves_before_anybody_looks_are_told_to_both_whoever_speaks_first() {
    // The disk has `b` when both tell of their saves.
    let mut saves = opened("0");
    let conflict = |author| SaveOutcome::Conflict { now: digest("b"), author };
    assert_eq!(saves.save(&save(A, "0", "a"), digest("b"), false), conflict(Author::Program));
    let replaced = SaveOutcome::Replaced { now: digest("b"), author: Author::Editor };
    assert_eq!(done(&mut saves, B, "0", "b"), replaced);
    // Asking again tells who it was, and nobody hears of it twice.
    assert_eq!(saves.save(&save(A, "0", "a"), digest("b"), false), conflict(Author::Editor));
    assert_eq!((standing(&mut saves, A, "b").1, standing(&mut saves, B, "b").1), (None, None));

    let mut saves = opened("0");
    assert_eq!(done(&mut saves, B, "0", "b"), SaveOutcome::Saved(digest("b")));
    assert_eq!(saves.save(&save(A, "0", "a"), digest("b"), false), conflict(Author::Editor));
    assert_eq!(saves.n_losses(), 1);
    assert_eq!(standing(&mut saves, B, "b").1, Some(Loss::Replaced));
    assert_eq!((standing(&mut saves, A, "b").1, standing(&mut saves, B, "b").1), (None, None));
}

#[test]
fn a_write_that_did_not_reach_the_disk_is_no_conflict() {
    let mut saves = opened("0");
    assert_eq!(saves.save(&save(A, "0", "a"), digest("0"), false), SaveOutcome::NotWritten { now: digest("0") });
    // It does so a moment later.
    assert_eq!(done(&mut saves, A, "0", "a"), SaveOutcome::Saved(digest("a")));
    // Somebody puts back what was there before: the save was written, and is gone.
    let conflict = SaveOutcome::Conflict { now: digest("0"), author: Author::Program };
    assert_eq!(saves.save(&save(A, "0", "a"), digest("0"), false), conflict);
}

#[test]
fn what_the_editor_read_again_is_seen_before_anybody_tells_of_it() {
    let mut saves = opened("0");
    assert_eq!(done(&mut saves, A, "0", "a"), SaveOutcome::Saved(digest("a")));
    let read_again = Save { recent: vec![digest("a"), digest("a, and b")], ..save(B, "0", "b") };
    assert_eq!(saves.save(&read_again, digest("b"), true), SaveOutcome::Saved(digest("b")));
    assert_eq!(saves.n_losses(), 0);
}

#[test]
fn a_file_that_was_empty_or_gone_while_it_was_written_is_nobodys_change() {
    for between in [Some(digest("")), None] {
        let mut saves = opened("0");
        saves.observe(&path(), between);
        assert_eq!(done(&mut saves, A, "0", "a"), SaveOutcome::Saved(digest("a")));
    }
}

#[test]
fn the_same_text_saved_twice_is_nobodys_loss() {
    let mut saves = opened("0");
    assert_eq!(done(&mut saves, A, "0", "same"), SaveOutcome::Saved(digest("same")));
    assert_eq!(done(&mut saves, B, "0", "same"), SaveOutcome::Saved(digest("same")));
    assert_eq!(saves.n_losses(), 0);
}

#[test]
fn what_is_not_remembered_is_not_guessed_at() {
    let mut saves = Saves::default();
    assert_eq!(done(&mut saves, A, "long ago", "a"), SaveOutcome::Saved(digest("a")));
    let unknown = Save { base: SaveBase::Unknown, ..save(B, "", "b") };
    assert_eq!(saves.save(&unknown, digest("b"), true), SaveOutcome::Saved(digest("b")));
    for n in 0..2 * STATES_MAX {
        saves.observe(&path(), Some(digest(&n.to_string())));
    }
    assert_eq!(done(&mut saves, A, "a", "aa"), SaveOutcome::Saved(digest("aa")));
}

#[test]
fn the_files_that_nobody_asks_about_go_first() {
    let mut saves = Saves::default();
    let name = |n: usize| VfsPath::new(&format!("{n}.py")).expect("a path");
    for n in 0..FILES_MAX + 10 {
        saves.standing(A, &name(n), None);
        saves.standing(A, &name(0), None);
    }
    assert_eq!(saves.files().count(), FILES_MAX);
    assert!(saves.files().any(|path| *path == name(0)));
    assert!(!saves.files().any(|path| *path == name(1)));
    saves.observe(&name(1), Some(digest("not remembered")));
    assert_eq!(saves.files().count(), FILES_MAX);
}

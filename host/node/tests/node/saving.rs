//! Editors that write the disk themselves and say so, each of which knows what it has seen.

use std::sync::Arc;

use vraftls_proto::{Author, Loss, Save, SaveBase, SaveOutcome, SessionId, Standing};
use vraftls_vfs::{ContentDigest, VfsPath};

use super::support::{PATIENCE, Place, Running};

const A: SessionId = SessionId(1);
const B: SessionId = SessionId(2);

fn digest(text: &str) -> ContentDigest {
    ContentDigest::of(text.as_bytes())
}

fn path(path: &str) -> VfsPath {
    VfsPath::new(path).unwrap()
}

/// Two editors with the same file open.
struct Scene {
    place: Place,
    running: Running,
}

impl Scene {
    async fn new(text: &str) -> Self {
        let place = Place::new();
        place.write("toy.project", "");
        place.write("a.toy", text);
        let running = place.open().await;
        running.in_step().await;
        let scene = Self { place, running };
        for session in [A, B] {
            assert_eq!(scene.standing(session).await.contents, Some(digest(text)));
        }
        scene
    }

    async fn standing(&self, session: SessionId) -> Standing {
        let standings = self.running.node.standings(self.running.folder.workspace, session, &[path("a.toy")]).await;
        standings.unwrap().remove(0)
    }

    /// Tells the node of a save, whatever the disk has.
    async fn told(&self, session: SessionId, file: &str, base: &str, text: &str) -> SaveOutcome {
        let save = Save {
            workspace: self.running.folder.workspace,
            session,
            path: path(file),
            base: SaveBase::Contents(digest(base)),
            text: text.into(),
            recent: Vec::new(),
        };
        tokio::time::timeout(PATIENCE, self.running.node.save(save)).await.unwrap()
    }

    async fn save(&self, session: SessionId, base: &str, text: &str) -> SaveOutcome {
        self.place.write("a.toy", text);
        self.told(session, "a.toy", base, text).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_is_committed_when_the_outcome_is_told() {
    let scene = Scene::new("def a\n").await;
    let before = scene.running.revision();
    assert_eq!(scene.save(A, "def a\n", "def b\n").await, SaveOutcome::Saved(digest("def b\n")));
    let mut progress = scene.running.folder.progress.clone();
    let moved = progress.wait_for(|progress| progress.revision > before);
    drop(tokio::time::timeout(PATIENCE, moved).await.unwrap().unwrap());
    assert_eq!(&*scene.running.text("a.toy").await.unwrap(), "def b\n");
    assert_eq!(scene.standing(B).await.author, Author::Editor);
    scene.running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_editors_that_save_over_each_other_are_both_told() {
    let scene = Scene::new("def a\n").await;
    assert_eq!(scene.save(A, "def a\n", "def mine\n").await, SaveOutcome::Saved(digest("def mine\n")));
    let mut progress = scene.running.folder.progress.clone();
    let outcome = scene.save(B, "def a\n", "def theirs\n").await;
    assert_eq!(outcome, SaveOutcome::Replaced { now: digest("def theirs\n"), author: Author::Editor });
    // Whoever follows the folder learns that somebody has something to hear.
    let told = progress.wait_for(|progress| progress.n_losses == 1);
    drop(tokio::time::timeout(PATIENCE, told).await.unwrap().unwrap());
    assert_eq!(scene.standing(B).await.loss, None);
    assert_eq!(scene.standing(A).await.loss, Some(Loss::Lost));
    assert_eq!(scene.standing(A).await.loss, None);
    scene.running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_writes_between_is_told() {
    let scene = Scene::new("def a\n").await;
    scene.place.write("a.toy", "def program\n");
    scene.running.shows(&scene.place.disk()).await;
    let outcome = scene.save(A, "def a\n", "def mine\n").await;
    assert_eq!(outcome, SaveOutcome::Replaced { now: digest("def mine\n"), author: Author::Program });
    // And one that writes right after.
    scene.place.write("a.toy", "def program again\n");
    let outcome = scene.told(A, "a.toy", "def mine\n", "def mine 2\n").await;
    assert_eq!(outcome, SaveOutcome::Conflict { now: digest("def program again\n"), author: Author::Program });
    scene.running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_disk_does_not_have_was_not_saved() {
    let scene = Scene::new("def a\n").await;
    let outcome = scene.told(A, "a.toy", "def a\n", "def b\n").await;
    assert_eq!(outcome, SaveOutcome::NotWritten { now: digest("def a\n") });
    std::fs::write(scene.place.root.join("a.toy"), [0xff, 0xfe]).unwrap();
    assert!(matches!(scene.told(A, "a.toy", "def a\n", "def b\n").await, SaveOutcome::Unreadable(_)));
    scene.place.write("a.toy", "\u{feff}def b\n");
    let marked = SaveOutcome::Saved(digest("\u{feff}def b\n"));
    let outcome = scene.told(A, "a.toy", "def a\n", "def b\n").await;
    assert!(outcome == marked || matches!(outcome, SaveOutcome::Replaced { .. }), "{outcome:?}");
    scene.place.remove("a.toy");
    assert_eq!(scene.told(A, "a.toy", "def b\n", "def b\n").await, SaveOutcome::Gone);
    scene.running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_new_or_left_out_are_saved_too() {
    let scene = Scene::new("def a\n").await;
    scene.place.write(".gitignore", "ignored.toy\n");
    scene.place.write("new.toy", "def new\n");
    scene.place.write("ignored.toy", "def ignored\n");
    for (file, text) in [("new.toy", "def new\n"), ("ignored.toy", "def ignored\n")] {
        assert_eq!(scene.told(A, file, "", text).await, SaveOutcome::Saved(digest(text)), "{file}");
    }
    let gone = vraftls_vfs::WorkspaceId(99);
    assert!(scene.running.node.standings(gone, A, &[]).await.is_err());
    scene.running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_while_the_node_ends_has_an_outcome() {
    let scene = Scene::new("def a\n").await;
    scene.running.node.shutdown().await.unwrap();
    let outcome = scene.save(A, "def a\n", "def b\n").await;
    assert!(matches!(outcome, SaveOutcome::Unknown(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_editors_in_a_race_lose_nothing_in_silence() {
    let scene = Arc::new(Scene::new("def start\n").await);
    let n_editors: u64 = 8;
    let savers: Vec<_> = (0..n_editors)
        .map(|n| {
            let scene = scene.clone();
            tokio::spawn(async move {
                let (session, text) = (SessionId(10 + n), format!("def by{n}\n"));
                scene.standing(session).await;
                (session, scene.save(session, "def start\n", &text).await)
            })
        })
        .collect();
    let mut n_kept = 0;
    let mut outcomes = Vec::new();
    for saver in savers {
        outcomes.push(saver.await.unwrap());
    }
    for (session, outcome) in &outcomes {
        let loss = scene.standing(*session).await.loss;
        match outcome {
            // Told at once, or afterwards.
            SaveOutcome::Conflict { .. } => {}
            SaveOutcome::Saved(_) | SaveOutcome::Replaced { .. } if loss == Some(Loss::Lost) => {}
            SaveOutcome::Saved(_) | SaveOutcome::Replaced { .. } => n_kept += 1,
            other => panic!("{session:?}: {other:?}"),
        }
    }
    assert_eq!(n_kept, 1, "one save is on disk and all others were told: {outcomes:?}");
    let Ok(scene) = Arc::try_unwrap(scene) else { panic!("nobody holds it") };
    scene.running.end().await;
}

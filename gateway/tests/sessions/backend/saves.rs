//! Saves as a test scripts them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use tokio::sync::watch;
use vraftls_proto::{Author, Loss, Save, SaveOutcome, Standing};
use vraftls_vfs::ContentDigest;

/// What becomes of saves, and how files stand.
#[derive(Default)]
pub(crate) struct FakeSaves {
    /// What becomes of the next saves. Without one a save is fine.
    pub(crate) outcomes: Mutex<VecDeque<SaveOutcome>>,
    /// What was saved.
    pub(crate) asked: watch::Sender<Vec<Save>>,
    /// How often it was asked how files stand.
    pub(crate) n_looks: watch::Sender<usize>,
    /// Who wrote which file; without one, some program did.
    pub(crate) authors: Mutex<BTreeMap<String, Author>>,
    /// What happened to the saves of whoever asks next.
    pub(crate) losses: Mutex<BTreeMap<String, Loss>>,
}

impl FakeSaves {
    pub(super) fn save(&self, save: Save) -> SaveOutcome {
        let fine = SaveOutcome::Saved(ContentDigest::of(save.text.as_bytes()));
        self.asked.send_modify(|asked| asked.push(save));
        self.outcomes.lock().unwrap().pop_front().unwrap_or(fine)
    }

    pub(super) fn standing(&self, path: &str, contents: Option<ContentDigest>) -> Standing {
        assert!(path != "collapse.py", "the backend's defect");
        let author = self.authors.lock().unwrap().get(path).copied().unwrap_or(Author::Program);
        Standing { contents, author, loss: self.losses.lock().unwrap().remove(path) }
    }

    /// Waits until so many saves were told of.
    pub(crate) async fn until_asked(&self, n: usize) -> Vec<Save> {
        let mut asked = self.asked.subscribe();
        let reached = tokio::time::timeout(super::super::client::DEADLINE, asked.wait_for(|asked| asked.len() >= n));
        reached.await.unwrap().unwrap().clone()
    }

    /// Waits until it was asked so often how files stand.
    pub(crate) async fn until_looked(&self, n: usize) {
        let mut looks = self.n_looks.subscribe();
        tokio::time::timeout(super::super::client::DEADLINE, looks.wait_for(|looks| *looks >= n))
            .await
            .unwrap()
            .unwrap();
    }
}

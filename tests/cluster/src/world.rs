//! What the clients of a run share: the clock, what was seen, which contents are which value, and how far they are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::watch;
use vraftls_harness::DEADLINE;
use vraftls_proto::rpc::TreePageAnswer;
use vraftls_sim::history::{self, Action, Completed, Operation, Outcome};
use vraftls_vfs::{ContentDigest, VfsPath};

/// How many bytes make contents large: they are put before they are committed.
const LARGE_BYTES: usize = 120 << 10;

/// What a run knows.
pub struct World {
    keys: Vec<VfsPath>,
    began: Instant,
    notes: Mutex<Notes>,
    progress: watch::Sender<Progress>,
}

#[derive(Default)]
struct Notes {
    history: Vec<Operation>,
    values: BTreeMap<ContentDigest, String>,
    violation: Option<String>,
}

/// What was acknowledged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    n_written: u64,
    /// Of each file, when the last write began that was acknowledged.
    begun: BTreeMap<VfsPath, u64>,
}

/// A value as a file has it.
#[derive(Debug, Clone)]
pub struct Value {
    pub(crate) name: String,
    pub(crate) contents: Vec<u8>,
    pub(crate) digest: ContentDigest,
}

impl Value {
    /// What the history calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is written.
    pub fn contents(&self) -> &[u8] {
        &self.contents
    }
}

impl World {
    /// A run that begins now, with files of these paths.
    pub fn new(keys: &[&str]) -> Self {
        let keys = keys.iter().map(|key| VfsPath::new(key).unwrap()).collect();
        Self { keys, began: Instant::now(), notes: Mutex::default(), progress: watch::Sender::default() }
    }

    /// The files.
    pub fn keys(&self) -> &[VfsPath] {
        &self.keys
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    /// Microseconds of the run.
    pub fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap()
    }

    /// A value that no file had.
    pub fn next_value(&self, is_large: bool) -> Value {
        let mut notes = self.notes();
        let name = format!("v{}", notes.values.len());
        let mut text = format!("def {name}\n");
        if is_large {
            text += &format!("# {}\n", "large ".repeat(LARGE_BYTES / 6));
        }
        let digest = ContentDigest::of(text.as_bytes());
        notes.values.insert(digest, name.clone());
        Value { name, contents: text.into_bytes(), digest }
    }

    /// The run has failed, if it had not before.
    pub(crate) fn violate(&self, what: String) {
        self.notes().violation.get_or_insert(what);
    }

    pub(crate) fn violation(&self) -> Option<String> {
        self.notes().violation.clone()
    }

    /// All that was seen.
    pub fn history(&self) -> Vec<Operation> {
        self.notes().history.clone()
    }

    /// Notes a write that ended now, or that may take effect at any time.
    pub fn note_write(&self, client: u32, key: &VfsPath, action: Action, invoked: u64, outcome: Option<Outcome>) {
        let is_written = outcome == Some(Outcome::Written);
        let completed = outcome.map(|outcome| Completed { at: self.now(), outcome });
        let key_name = key.to_string();
        self.notes().history.push(Operation { client, key: key_name, action, invoked, completed });
        if is_written {
            self.progress.send_modify(|progress| {
                progress.n_written += 1;
                let begun = progress.begun.entry(key.clone()).or_default();
                *begun = invoked.max(*begun);
            });
        }
    }

    /// Notes a read of all files that ended at `at`, and gives which value each had.
    pub fn note_read(
        &self,
        client: u32,
        page: &TreePageAnswer,
        invoked: u64,
        at: u64,
    ) -> BTreeMap<VfsPath, Option<(String, ContentDigest)>> {
        let mut notes = self.notes();
        let mut seen = BTreeMap::new();
        for key in &self.keys {
            let file = page.files.iter().find(|file| file.path == *key);
            let value = file.map(|file| match notes.values.get(&file.digest) {
                Some(name) => (name.clone(), file.digest),
                // Nobody can have written it, and so the judge will say.
                None => (format!("unknown contents {}", file.digest), file.digest),
            });
            let outcome = Outcome::Read(value.as_ref().map(|(name, _)| name.clone()));
            let completed = Some(Completed { at, outcome });
            let (key_name, action) = (key.to_string(), Action::Get);
            notes.history.push(Operation { client, key: key_name, action, invoked, completed });
            seen.insert(key.clone(), value);
        }
        seen
    }

    /// Waits until every file was written by somebody who began after now, and so many writes more were acknowledged.
    ///
    /// # Errors
    /// Which files were not, after a time that is long for everybody.
    pub(crate) async fn all_written_anew(&self, n_more: u64) -> Result<(), String> {
        let now = self.now();
        let is_new = |progress: &Progress, key: &VfsPath| progress.begun.get(key).is_some_and(|begun| *begun > now);
        let n_written = self.progress.borrow().n_written;
        let mut progress = self.progress.subscribe();
        let is_done = |progress: &Progress| {
            progress.n_written >= n_written + n_more && self.keys.iter().all(|key| is_new(progress, key))
        };
        if tokio::time::timeout(DEADLINE, progress.wait_for(is_done)).await.is_ok() {
            return Ok(());
        }
        let known = progress.borrow();
        let old: Vec<&str> = self.keys.iter().filter(|key| !is_new(&known, key)).map(VfsPath::as_str).collect();
        Err(format!("{old:?} could not be written within {DEADLINE:?}"))
    }

    /// Keeps the history in a file.
    pub(crate) fn keep_history(&self, seed: u64) -> PathBuf {
        let path = std::env::temp_dir().join(format!("vraftls-chaos-{seed}-{}.jsonl", std::process::id()));
        std::fs::write(&path, history::to_lines(&self.history())).unwrap();
        path
    }
}

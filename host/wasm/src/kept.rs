//! Engines that outlive their process.
//!
//! What a large project costs is the first question: an engine has to learn thousands of files before it can answer. So when a warm
//! engine rests, the memory of its instance is copied to a file together with a list of what the engine saw of the files; the
//! next engine of the same component and project starts from that copy, mapped copy-on-write, and is told what changed since.
//! See ADR 0025.
//!
//! ```text
//!  rest:   reveal() --hold(memory)--> file: memory | manifest | trailer      (written beside, then renamed)
//!  start:  instance, reveal(n) --hold--> where memory is; map the file there; open() gives the kept project; update(changes)
//! ```
//!
//! Invariants: a copy is used only where its manifest says that the library roots are as they were, and what differs in the workspace
//! is told before the first question; no engine goes on from a text that nobody saved, though freed memory may hold pieces of one; a
//! damaged copy costs a fresh start and never a wrong guest of another project, because it is bound to component and project by hash.
//! Refuses to know what the bytes mean.

mod file;
mod manifest;
mod place;
mod sighted;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vraftls_query::ProjectSpec;
use vraftls_vfs::ContentDigest;

pub(crate) use file::{Kept, KeptError, KeptWriter};
pub(crate) use manifest::Manifest;
pub(crate) use place::{Place, put_in_place};
pub(crate) use sighted::{Sight, Sighted};

use crate::artifact;

/// What stays free on the disk: on the same one lies the log, which must never wait for room.
const LEFT_FREE_BYTES: u64 = 2 << 30;

/// Where engines are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptEngines {
    directory: PathBuf,
    bytes_max: u64,
}

/// Which engine: its component and its project, as one hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct KeptKey(blake3::Hash);

impl KeptKey {
    pub(crate) fn new(component: &ContentDigest, spec: &ProjectSpec) -> Self {
        let libraries: Vec<_> = spec.libraries.iter().map(|library| (&library.path, &library.kind)).collect();
        let what = (component.as_bytes(), spec.workspace.0, &spec.root, libraries, &spec.settings);
        Self(blake3::hash(&postcard::to_stdvec(&what).expect("lists and texts always encode")))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl KeptEngines {
    /// Keeps engines in a directory of the node's own, which is made with access for its owner alone. The files that were written
    /// first go when all have more than so many bytes.
    pub fn new(directory: impl Into<PathBuf>, bytes_max: u64) -> Self {
        Self { directory: directory.into(), bytes_max }
    }

    /// The kept engine, if there is one that is whole. What is not goes.
    pub(crate) fn find(&self, key: &KeptKey) -> Option<Kept> {
        let path = self.path(key);
        match file::open(&path, key) {
            Ok(kept) => Some(kept),
            Err(KeptError::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(%error, "a kept engine is not used");
                self.forget(key);
                None
            }
        }
    }

    /// Removes a kept engine. Whoever has it mapped keeps what is mapped.
    pub(crate) fn forget(&self, key: &KeptKey) {
        // What cannot be removed is not used either: it is looked through whenever it is opened.
        let _ = fs::remove_file(self.path(key));
    }

    /// Begins to keep an engine of so many bytes. It takes the place of the one before when it is finished.
    pub(crate) fn begin(&self, key: &KeptKey, memory_bytes: u64) -> Result<KeptWriter, KeptError> {
        artifact::make_private(&self.directory)?;
        if artifact::writable_by_others(&self.directory)? {
            return Err(KeptError::WritableByOthers(self.directory.clone()));
        }
        if place::free_bytes(&self.directory)? < memory_bytes.saturating_add(LEFT_FREE_BYTES) {
            return Err(KeptError::DiskFull { memory_bytes });
        }
        KeptWriter::begin(self.path(key), *key)
    }

    /// Removes what processes left that ended while they wrote. Nobody else writes here.
    pub(crate) fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        for path in paths.filter(|path| has_suffix(path, UNFINISHED)) {
            // What cannot be removed takes room and does nothing else.
            let _ = fs::remove_file(path);
        }
    }

    /// Removes the files that were written first until all together have no more than [`Self::bytes_max`] bytes.
    pub(crate) fn make_room(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if has_suffix(&path, FINISHED) {
                let metadata = fs::metadata(&path)?;
                files.push((metadata.modified()?, metadata.len(), path));
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, of_file, path) in files {
            if bytes <= self.bytes_max {
                break;
            }
            fs::remove_file(&path)?;
            bytes -= of_file;
        }
        Ok(())
    }

    /// Compares the memory of a kept engine with its hash, on a thread of its own. Where it is damaged the file goes, and the flag
    /// that is handed back says so: a copy is taken up before it is looked through, since that takes a second for each gigabyte.
    pub(crate) fn look_through(&self, kept: Kept, key: KeptKey) -> Arc<AtomicBool> {
        let damaged = Arc::new(AtomicBool::new(false));
        let (this, says) = (self.clone(), damaged.clone());
        let look = move || {
            if let Err(error) = kept.check_memory() {
                tracing::warn!(%error, "the engine that was taken up is damaged");
                // First, so that nobody keeps it again in place of what goes.
                says.store(true, Ordering::Release);
                this.forget(&key);
            }
        };
        if std::thread::Builder::new().name("kept-engine".to_owned()).spawn(look).is_err() {
            // Without a thread nothing vouches for the copy.
            damaged.store(true, Ordering::Release);
        }
        damaged
    }

    fn path(&self, key: &KeptKey) -> PathBuf {
        self.directory.join(key.0.to_hex().as_str()).with_extension(FINISHED)
    }
}

/// The suffix of a kept engine.
const FINISHED: &str = "engine";
/// The suffix of one that is being written.
const UNFINISHED: &str = "unfinished";

fn has_suffix(path: &Path, suffix: &str) -> bool {
    path.extension().is_some_and(|found| found == suffix)
}

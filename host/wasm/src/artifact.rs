//! Compiled components on disk.
//!
//! Compiling takes seconds and mapping a compiled artifact a fraction of a millisecond, so what was compiled once is kept. An
//! artifact is machine code that runs unchecked: it is used only if it lies in a directory that the caller trusts, or in the
//! node's own cache, and if its bytes are those that were written. Its name holds the component's digest and wasmtime's hash
//! of all that the code depends on, so that another build, another setting or another processor has another name.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use vraftls_vfs::ContentDigest;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::safepoints;

/// How many artifacts a node keeps: those of the components it runs, of some it ran before, and of a few settings.
const N_KEPT_MAX: usize = 32;

/// Where compiled components are found and kept.
#[derive(Clone, Debug, Default)]
pub struct ArtifactStore {
    trusted: Vec<PathBuf>,
    cache: Option<PathBuf>,
    whole: Arc<Whole>,
}

/// The artifacts that were found to be whole. Where engines are kept each is loaded for two engines of wasmtime, and to read one of
/// 40 MB through takes tens of milliseconds of a start.
#[derive(Debug, Default)]
struct Whole(Mutex<BTreeMap<PathBuf, Looks>>);

/// What a file looks like that was not replaced since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Looks {
    size_bytes: u64,
    modified: Option<SystemTime>,
    inode: u64,
}

/// Why an artifact could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The directory or a file in it.
    #[error("{path}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may write to the directory.
    #[error("others than its owner may write to {0}, so what lies there cannot be run")]
    WritableByOthers(PathBuf),
    /// The component does not compile.
    #[error("the component does not compile: {0}")]
    Compile(String),
}

/// What became of the search for an artifact.
pub(crate) enum Found {
    /// It is loaded.
    Loaded(Component),
    /// There is none.
    Nothing,
    /// There is one that is not what it claims to be; for the log.
    Rejected(String),
}

impl ArtifactStore {
    /// Looks in directories that are as trustworthy as the program itself (installed beside it, say), and only reads them.
    #[must_use]
    pub fn trusting(mut self, directory: impl Into<PathBuf>) -> Self {
        self.trusted.push(directory.into());
        self
    }

    /// Keeps what is compiled in the node's own directory, which is made with access for its owner alone.
    #[must_use]
    pub fn caching(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cache = Some(directory.into());
        self
    }

    /// Finds what this one finds, and keeps nothing.
    pub(crate) fn reading(&self) -> Self {
        let trusted = self.trusted.iter().chain(&self.cache).cloned().collect();
        Self { trusted, cache: None, whole: self.whole.clone() }
    }

    /// The artifact of a component, from the first directory that has it.
    pub(crate) fn find(&self, engine: &Engine, digest: &ContentDigest) -> Found {
        let name = file_name(engine, digest);
        let mut rejected = None;
        for directory in self.trusted.iter().chain(&self.cache) {
            match load(engine, &directory.join(&name), &self.whole) {
                Found::Nothing => {}
                Found::Rejected(reason) => rejected = Some(reason),
                loaded @ Found::Loaded(_) => return loaded,
            }
        }
        rejected.map_or(Found::Nothing, Found::Rejected)
    }

    /// Whether what is compiled is kept.
    pub(crate) fn keeps(&self) -> bool {
        self.cache.is_some()
    }

    /// Keeps an artifact in the node's own directory, if there is one, where the oldest make room for it.
    pub(crate) fn keep(&self, engine: &Engine, digest: &ContentDigest, artifact: &[u8]) -> Result<(), ArtifactError> {
        let Some(directory) = &self.cache else { return Ok(()) };
        write(engine, directory, digest, artifact)?;
        remove_oldest(directory).map_err(|source| ArtifactError::Io { path: directory.clone(), source })
    }
}

/// Writes an artifact and the digest that vouches for it. Whoever reads meanwhile finds the old one, the new one or none.
pub(crate) fn write(
    engine: &Engine,
    directory: &Path,
    digest: &ContentDigest,
    artifact: &[u8],
) -> Result<PathBuf, ArtifactError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| ArtifactError::Io { path, source }
    };
    make_private(directory).map_err(at(directory))?;
    if writable_by_others(directory).map_err(at(directory))? {
        return Err(ArtifactError::WritableByOthers(directory.to_owned()));
    }
    let path = directory.join(file_name(engine, digest));
    let sidecar = sidecar(&path);
    // The voucher first: an artifact without one is not used.
    replace(&sidecar, blake3::hash(artifact).to_hex().as_bytes()).map_err(at(&sidecar))?;
    replace(&path, artifact).map_err(at(&path))?;
    Ok(path)
}

/// Where a component's artifact is in a directory, if it is there and whole.
pub(crate) fn vouched(engine: &Engine, directory: &Path, digest: &ContentDigest) -> Option<PathBuf> {
    let path = directory.join(file_name(engine, digest));
    matches!(is_vouched(&path), Ok(true)).then_some(path)
}

/// Removes the artifacts that were written first, until no more than [`N_KEPT_MAX`] are left. A process that has one mapped keeps it.
fn remove_oldest(directory: &Path) -> io::Result<()> {
    let mut artifacts = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|suffix| suffix == "cwasm") {
            artifacts.push((fs::metadata(&path)?.modified()?, path));
        }
    }
    artifacts.sort();
    let n_superfluous = artifacts.len().saturating_sub(N_KEPT_MAX);
    for (_, path) in artifacts.drain(..n_superfluous) {
        fs::remove_file(sidecar(&path)).and_then(|()| fs::remove_file(&path))?;
    }
    Ok(())
}

/// The name of a component's artifact under the engine's settings.
fn file_name(engine: &Engine, digest: &ContentDigest) -> String {
    let mut hasher = StableHasher(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    safepoints::VERSION.hash(&mut hasher);
    let settings = hasher.0.finalize().to_hex();
    format!("{digest}-{}.cwasm", &settings[..32])
}

fn sidecar(path: &Path) -> PathBuf {
    path.with_extension("cwasm.b3")
}

/// A hasher whose result means the same in another process, unlike the standard library's.
struct StableHasher(blake3::Hasher);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.finalize();
        digest.as_bytes()[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl Looks {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Self { size_bytes: metadata.len(), modified: metadata.modified().ok(), inode }
    }
}

impl Whole {
    /// Whether the bytes of an artifact are those that were written. It is read once, and again when it was replaced.
    fn has(&self, path: &Path) -> io::Result<bool> {
        // Before it is read: what replaces it meanwhile looks different.
        let looks = Looks::of(&fs::metadata(path)?);
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path) == Some(&looks) {
            return Ok(true);
        }
        let is_whole = is_vouched(path)?;
        if is_whole {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= N_KEPT_MAX {
                known.clear();
            }
            known.insert(path.to_owned(), looks);
        }
        Ok(is_whole)
    }
}

fn load(engine: &Engine, path: &Path, whole: &Whole) -> Found {
    let rejected = |why: &dyn std::fmt::Display| Found::Rejected(format!("{}: {why}", path.display()));
    match whole.has(path) {
        Ok(true) => match map(engine, path) {
            Ok(component) => Found::Loaded(component),
            Err(error) => rejected(&error),
        },
        Ok(false) => rejected(&"its digest is not the recorded one"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Nothing,
        Err(error) => rejected(&error),
    }
}

/// Whether the bytes of an artifact are those that were written.
fn is_vouched(path: &Path) -> io::Result<bool> {
    Ok(fs::read_to_string(sidecar(path))? == digest_of_file(path)?.to_hex().as_str())
}

/// Maps an artifact whose digest was verified.
#[expect(unsafe_code, reason = "machine code from disk cannot be checked; see host/docs/adr on artifacts")]
fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: The file holds what `Engine::precompile_component` gave, and is not changed while it is mapped. Every caller comes
    // through `load`, which found the digest recorded by `write` to be that of the file, now or before it was mapped first. Both
    // lie in a directory that only this node's user may write to (`write` makes it so and refuses another), or in one that the
    // caller trusts as it trusts the program. Files are only ever replaced by renaming, never written in place, so that the mapped
    // one stays as it is.
    unsafe { Component::deserialize_file(engine, path) }
}

/// The machine code of a loaded component, for another engine of the same settings.
#[expect(unsafe_code, reason = "machine code is taken over unchecked from the engine that made it")]
pub(crate) fn for_another_engine(engine: &Engine, component: &Component) -> wasmtime::Result<Component> {
    let artifact = component.serialize()?;
    // SAFETY: the bytes are what `Component::serialize` gave a moment ago, and nobody else had them.
    unsafe { Component::deserialize(engine, &artifact) }
}

fn digest_of_file(path: &Path) -> io::Result<blake3::Hash> {
    let mut file = fs::File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    // Piece by piece: an artifact is tens of megabytes, which need not pass through the heap.
    let mut piece = vec![0; 256 << 10];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finalize()),
            n => hasher.update(&piece[..n]),
        };
    }
}

/// Replaces a file as a whole, durably.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Two processes that compile the same component must not write to the same file.
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = write_synced(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The error that counts is that of writing.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    match path.parent() {
        Some(directory) => fs::File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(unix)]
pub(crate) fn writable_by_others(directory: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(directory)?.permissions().mode() & 0o022 != 0)
}

#[cfg(not(unix))]
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(not(unix))]
pub(crate) fn writable_by_others(_: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_is_read_once_until_it_is_replaced() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let (path, whole) = (directory.path().join("a.cwasm"), Whole::default());
        fs::write(sidecar(&path), blake3::hash(b"good").to_hex().as_bytes()).expect("writable");
        replace(&path, b"good").expect("writable");
        assert!(whole.has(&path).expect("readable"));
        // Nobody reads it: what vouches for it is gone.
        fs::remove_file(sidecar(&path)).expect("it is there");
        assert!(whole.has(&path).expect("readable"));
        replace(&path, b"evil").expect("writable");
        assert!(whole.has(&path).is_err(), "it is another file");
        fs::write(sidecar(&path), blake3::hash(b"good").to_hex().as_bytes()).expect("writable");
        assert!(!whole.has(&path).expect("readable"));
    }
}

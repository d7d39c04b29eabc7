//! A file on disk that is known to differ from the replicated state and is not committed yet.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use vraftls_query::ReadError;
use vraftls_vfs::ContentDigest;

use super::walk::{FILE_BYTES_MAX, Signature};

/// A file on disk on its way into the replicated state. It is read once, by whoever needs it first, and then stays as it was read:
/// what a question saw is what gets committed.
#[derive(Debug)]
pub(crate) struct PendingFile {
    pub(crate) disk: PathBuf,
    pub(crate) signature: Signature,
    loaded: OnceLock<Result<Loaded, ReadError>>,
}

/// What was read.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) digest: ContentDigest,
    pub(crate) bytes: Arc<[u8]>,
}

impl PendingFile {
    pub(crate) fn new(disk: PathBuf, signature: Signature) -> Self {
        Self { disk, signature, loaded: OnceLock::new() }
    }

    /// What the file says. Reads the disk the first time.
    pub(crate) fn load(&self) -> Result<&Loaded, ReadError> {
        self.loaded.get_or_init(|| read(&self.disk)).as_ref().map_err(Clone::clone)
    }

    /// Why it could not be read, if somebody tried.
    pub(crate) fn load_failed(&self) -> Option<&ReadError> {
        self.loaded.get()?.as_ref().err()
    }

    /// The digest, if somebody read the file already.
    pub(crate) fn digest_if_loaded(&self) -> Option<ContentDigest> {
        Some(self.loaded.get()?.as_ref().ok()?.digest)
    }
}

fn read(path: &PathBuf) -> Result<Loaded, ReadError> {
    let bytes = read_bounded(path)?;
    Ok(Loaded { digest: ContentDigest::of(&bytes), bytes: bytes.into() })
}

/// The bytes of a file that may have grown, or gone, since it was found.
pub(crate) fn read_bounded(path: &PathBuf) -> Result<Vec<u8>, ReadError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(ReadError::IsDirectory),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => return Err(ReadError::TooLarge(metadata.len())),
        _ => {}
    }
    match fs::read(path) {
        Ok(bytes) if bytes.len() as u64 > FILE_BYTES_MAX => Err(ReadError::TooLarge(bytes.len() as u64)),
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(ReadError::NotFound),
        Err(error) => Err(ReadError::Unavailable(error.to_string())),
    }
}

/// The text of bytes. A byte-order mark belongs to it: offsets count it.
pub(crate) fn text_of(bytes: &[u8]) -> Result<Arc<str>, ReadError> {
    std::str::from_utf8(bytes).map(Arc::from).map_err(|_| ReadError::NotText)
}

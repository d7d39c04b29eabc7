//! A file on disk that is known to differ from the replicated state and is not committed yet.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

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
    /// When reading began, in nanoseconds since the epoch: later changes are not in it.
    pub(crate) at_ns: u64,
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

    /// What was read, if somebody did and could.
    pub(crate) fn loaded(&self) -> Option<&Loaded> {
        self.loaded.get()?.as_ref().ok()
    }

    /// The digest, if somebody read the file already.
    pub(crate) fn digest_if_loaded(&self) -> Option<ContentDigest> {
        self.loaded().map(|loaded| loaded.digest)
    }
}

fn read(path: &Path) -> Result<Loaded, ReadError> {
    let at_ns = now_ns();
    let bytes = read_bounded(path)?;
    Ok(Loaded { at_ns, digest: ContentDigest::of(&bytes), bytes: bytes.into() })
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The bytes of a file that may have grown, gone, or become something else since it was found.
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, ReadError> {
    let metadata = fs::metadata(path).map_err(read_error)?;
    if metadata.is_dir() {
        return Err(ReadError::IsDirectory);
    }
    if !metadata.is_file() {
        // A pipe would be waited for without end.
        return Err(ReadError::Unavailable("not a regular file".to_owned()));
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Err(ReadError::TooLarge(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(read_error)?;
    if bytes.len() as u64 > FILE_BYTES_MAX { Err(ReadError::TooLarge(bytes.len() as u64)) } else { Ok(bytes) }
}

fn read_error(error: std::io::Error) -> ReadError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::NotFound,
        _ => ReadError::Unavailable(error.to_string()),
    }
}

/// The text of bytes. A byte-order mark belongs to it: offsets count it.
pub(crate) fn text_of(bytes: &[u8]) -> Result<Arc<str>, ReadError> {
    std::str::from_utf8(bytes).map(Arc::from).map_err(|_| ReadError::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_any_more_is_not_waited_for() {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        let at = |name: &str| scratch.path().join(name);
        assert_eq!(read_bounded(&at("gone")), Err(ReadError::NotFound));
        assert_eq!(read_bounded(scratch.path()), Err(ReadError::IsDirectory));
        fs::write(at("file"), "text").expect("writable");
        assert_eq!(read_bounded(&at("file")), Ok(b"text".to_vec()));
        assert_eq!(read_bounded(&at("file/below")), Err(ReadError::NotFound));
        File::create(at("big")).and_then(|file| file.set_len(FILE_BYTES_MAX + 1)).expect("writable");
        assert_eq!(read_bounded(&at("big")), Err(ReadError::TooLarge(FILE_BYTES_MAX + 1)));
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(matches!(read_bounded(&at("pipe")), Err(ReadError::Unavailable(_))));
        }
    }
}

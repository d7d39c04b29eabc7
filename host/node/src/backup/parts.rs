//! The files of a backup beside its manifest: states as they are, and contents as a row of records.
//!
//! ```text
//! contents:  { digest: 32 bytes | length: u64, little end first | contents } for each
//! ```

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use vraftls_vfs::ContentDigest;

use super::stream::{CONTENTS_BYTES_MAX, Hashing, read_array, read_bytes};
use super::{BackupError, Part};

/// A part that is being written.
pub(super) struct PartWriter {
    path: PathBuf,
    out: Hashing<BufWriter<File>>,
}

impl PartWriter {
    /// Begins a file, again if it was begun before.
    pub(super) fn begin(directory: &Path, file: &str) -> Result<Self, BackupError> {
        let path = directory.join(file);
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let created = options.open(&path).map_err(BackupError::at(&path))?;
        Ok(Self { path, out: Hashing::new(BufWriter::new(created)) })
    }

    /// Adds bytes as they are.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Adds a record.
    pub(super) fn record(&mut self, digest: ContentDigest, bytes: &[u8]) -> io::Result<()> {
        self.write(digest.as_bytes())?;
        self.write(&(bytes.len() as u64).to_le_bytes())?;
        self.write(bytes)
    }

    /// Makes it durable, but for its name in the directory.
    pub(super) fn finish(self) -> Result<Part, BackupError> {
        let Self { path, out: Hashing { inner, hasher, n_bytes } } = self;
        let written = inner.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        written.map_err(BackupError::at(path))?;
        Ok(Part { size_bytes: n_bytes, blake3: hasher.finalize().to_hex().to_string() })
    }
}

/// The bytes of a part, if they are what was written.
pub(super) fn read_part(directory: &Path, file: &str, part: &Part) -> Result<Vec<u8>, BackupError> {
    let mut bytes = Vec::new();
    read_checked(directory, file, part, |input| input.read_to_end(&mut bytes).map(drop))?;
    Ok(bytes)
}

/// Hands the contents of a part to `visit`, each checked. That the part is what was written is known only when this returns.
pub(super) fn read_records(
    directory: &Path,
    file: &str,
    part: &Part,
    mut visit: impl FnMut(ContentDigest, Vec<u8>) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let mut refused = None;
    let read = read_checked(directory, file, part, |input| {
        let mut left = part.size_bytes;
        while left > 0 {
            let digest = ContentDigest::from_bytes(read_array(input)?);
            let bytes = read_bytes(input, left.min(CONTENTS_BYTES_MAX))?;
            left = left.saturating_sub(40 + bytes.len() as u64);
            if ContentDigest::of(&bytes) != digest {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("contents {digest} are others")));
            }
            if let Err(error) = visit(digest, bytes) {
                refused = Some(error);
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        Ok(())
    });
    match refused {
        Some(error) => Err(error),
        None => read,
    }
}

fn read_checked(
    directory: &Path,
    file: &str,
    part: &Part,
    read: impl FnOnce(&mut Hashing<BufReader<File>>) -> io::Result<()>,
) -> Result<(), BackupError> {
    let path = directory.join(file);
    let opened = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(BackupError::damaged(file, "it is not there"));
        }
        opened => opened.map_err(BackupError::at(&path))?,
    };
    let n_bytes = opened.metadata().map_err(BackupError::at(&path))?.len();
    if n_bytes != part.size_bytes {
        let reason = format!("it has {n_bytes} bytes, not {}", part.size_bytes);
        return Err(BackupError::damaged(file, reason));
    }
    let mut input = Hashing::new(BufReader::with_capacity(1 << 20, opened));
    match read(&mut input) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => {
            return Err(BackupError::damaged(file, error.to_string()));
        }
        Err(error) => return Err(BackupError::Io { path, source: error }),
    }
    if input.n_bytes != part.size_bytes || input.hasher.finalize().to_hex().as_str() != part.blake3 {
        return Err(BackupError::damaged(file, "its hash differs"));
    }
    Ok(())
}

//! A kept engine as a file: the memory, from byte 0 on so that it can be mapped, the manifest, and a trailer that vouches for both.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::place::WASM_PAGE_BYTES;
use super::{KeptKey, Manifest, UNFINISHED};

/// What is written, or left out because it is empty, at once. Small enough that a call that arrives meanwhile does not notice.
const PIECE_BYTES: usize = 1 << 20;
/// How the trailer begins: what this is, and the version of the format.
const MAGIC: &[u8; 16] = b"vraftls engine 1";
/// Magic, two lengths, the key, and the hashes of manifest and memory.
const TRAILER_BYTES: usize = 16 + 2 * 8 + 3 * 32;
/// A manifest of a million files has about so many bytes.
const MANIFEST_BYTES_MAX: u64 = 256 << 20;

/// Why an engine is not kept, or not taken up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    /// The directory or a file in it.
    #[error("a kept engine cannot be read or written")]
    Io(#[from] io::Error),
    /// Others may write to the directory.
    #[error("others than its owner may write to {0}, so what lies there is not run")]
    WritableByOthers(PathBuf),
    /// There would be too little room left for what matters more.
    #[error("the disk has no room for an engine of {memory_bytes} bytes")]
    DiskFull {
        /// Its size.
        memory_bytes: u64,
    },
    /// It is not what was written; for the log.
    #[error("a kept engine is damaged: {0}")]
    Damaged(&'static str),
    /// The manifest does not decode.
    #[error("the manifest of a kept engine is malformed")]
    Manifest(#[source] postcard::Error),
}

/// A kept engine whose trailer and manifest are whole. Its memory was not looked at.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) file: File,
    /// Of the memory.
    pub(crate) memory_bytes: u64,
    pub(crate) manifest: Manifest,
    memory_hash: blake3::Hash,
}

impl Kept {
    /// Compares the memory with its hash. Reads all of it.
    pub(crate) fn check_memory(&self) -> Result<(), KeptError> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let mut memory = file.take(self.memory_bytes);
        let mut hasher = blake3::Hasher::new();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match memory.read(&mut piece)? {
                0 => break,
                n => hasher.update(&piece[..n]),
            };
        }
        let same = hasher.finalize() == self.memory_hash;
        if same { Ok(()) } else { Err(KeptError::Damaged("its memory is not the one that was written")) }
    }
}

/// Opens a kept engine, and checks all but its memory.
pub(crate) fn open(path: &Path, key: &KeptKey) -> Result<Kept, KeptError> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let Some(trailer_at) = size.checked_sub(TRAILER_BYTES as u64) else {
        return Err(KeptError::Damaged("it is too short"));
    };
    file.seek(SeekFrom::Start(trailer_at))?;
    let mut trailer = [0; TRAILER_BYTES];
    file.read_exact(&mut trailer)?;
    let trailer = Trailer::decode(&trailer)?;
    if trailer.key != *key.as_bytes() {
        return Err(KeptError::Damaged("it is another project's"));
    }
    let lengths_fit = trailer.memory_bytes.checked_add(trailer.manifest_bytes) == Some(trailer_at);
    if !lengths_fit
        || !trailer.memory_bytes.is_multiple_of(WASM_PAGE_BYTES as u64)
        || trailer.manifest_bytes > MANIFEST_BYTES_MAX
    {
        return Err(KeptError::Damaged("its lengths do not fit"));
    }
    file.seek(SeekFrom::Start(trailer.memory_bytes))?;
    let mut manifest = Vec::new();
    (&mut file).take(trailer.manifest_bytes).read_to_end(&mut manifest)?;
    if blake3::hash(&manifest) != trailer.manifest_hash {
        return Err(KeptError::Damaged("its manifest is not the one that was written"));
    }
    let manifest = postcard::from_bytes(&manifest).map_err(KeptError::Manifest)?;
    Ok(Kept { file, memory_bytes: trailer.memory_bytes, manifest, memory_hash: trailer.memory_hash })
}

/// What stands at the end.
struct Trailer {
    memory_bytes: u64,
    manifest_bytes: u64,
    key: [u8; 32],
    manifest_hash: blake3::Hash,
    memory_hash: blake3::Hash,
}

impl Trailer {
    fn encode(&self) -> Vec<u8> {
        let Self { memory_bytes, manifest_bytes, key, manifest_hash, memory_hash } = self;
        let mut bytes = Vec::with_capacity(TRAILER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&memory_bytes.to_le_bytes());
        bytes.extend_from_slice(&manifest_bytes.to_le_bytes());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(manifest_hash.as_bytes());
        bytes.extend_from_slice(memory_hash.as_bytes());
        bytes
    }

    fn decode(bytes: &[u8; TRAILER_BYTES]) -> Result<Self, KeptError> {
        let (magic, rest) = bytes.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(KeptError::Damaged("it does not end as one"));
        }
        let (lengths, hashes) = rest.split_at(16);
        let length =
            |at: usize| lengths[at..at + 8].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let hash = |at: usize| <[u8; 32]>::try_from(&hashes[at..at + 32]).expect("the slice has 32 bytes");
        Ok(Self {
            memory_bytes: length(0),
            manifest_bytes: length(8),
            key: hash(0),
            manifest_hash: hash(32).into(),
            memory_hash: hash(64).into(),
        })
    }
}

/// Writes a kept engine. What is not finished leaves nothing behind.
pub(crate) struct KeptWriter {
    path: PathBuf,
    unfinished: PathBuf,
    file: File,
    key: KeptKey,
    memory_bytes: u64,
    hasher: blake3::Hasher,
}

impl KeptWriter {
    pub(crate) fn begin(path: PathBuf, key: KeptKey) -> Result<Self, KeptError> {
        // Two engines of one project may rest at the same time.
        let unique = (std::process::id(), std::thread::current().id());
        let unique = format!("{unique:?}").replace(['(', ')', ' ', ','], "-");
        let unfinished = path.with_extension(unique + "." + UNFINISHED);
        let file = File::create(&unfinished)?;
        Ok(Self { path, unfinished, file, key, memory_bytes: 0, hasher: blake3::Hasher::new() })
    }

    /// Copies the memory; false if it was told to stop.
    pub(crate) fn memory(&mut self, memory: &[u8], stop: &dyn Fn() -> bool) -> io::Result<bool> {
        for piece in memory.chunks(PIECE_BYTES) {
            if stop() {
                return Ok(false);
            }
            self.hasher.update(piece);
            // What was never written to needs no room on the disk.
            match piece.iter().all(|byte| *byte == 0) {
                true => drop(self.file.seek(SeekFrom::Current(piece.len() as i64))?),
                false => self.file.write_all(piece)?,
            }
        }
        self.memory_bytes = memory.len() as u64;
        Ok(true)
    }

    /// Ends the file, and puts it in its place.
    ///
    /// Nothing waits for the disk: what a power cut leaves half-written is found by its hashes.
    pub(crate) fn finish(mut self, manifest: &Manifest) -> Result<u64, KeptError> {
        let manifest = postcard::to_stdvec(manifest).expect("lists and texts always encode");
        let trailer = Trailer {
            memory_bytes: self.memory_bytes,
            manifest_bytes: manifest.len() as u64,
            key: *self.key.as_bytes(),
            manifest_hash: blake3::hash(&manifest),
            memory_hash: self.hasher.finalize(),
        };
        self.file.write_all(&manifest)?;
        self.file.write_all(&trailer.encode())?;
        fs::rename(&self.unfinished, &self.path)?;
        Ok(self.memory_bytes)
    }
}

impl Drop for KeptWriter {
    fn drop(&mut self) {
        // Gone already if it was finished.
        let _ = fs::remove_file(&self.unfinished);
    }
}

#[cfg(test)]
mod tests {
    use vraftls_query::ProjectSpec;
    use vraftls_vfs::{ContentDigest, WorkspaceId};

    use super::*;

    fn key(workspace: u32) -> KeptKey {
        let workspace = WorkspaceId(workspace);
        let spec = ProjectSpec { workspace, root: String::new(), libraries: Vec::new(), settings: Vec::new() };
        KeptKey::new(&ContentDigest::of(b"component"), &spec)
    }

    fn memory() -> Vec<u8> {
        let mut memory = vec![0; 4 << 20];
        memory[..100].fill(1);
        memory[3 << 20..].fill(2);
        memory[(4 << 20) - WASM_PAGE_BYTES..].fill(0);
        memory
    }

    #[test]
    fn what_is_written_is_read_again_by_its_own_project_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it.engine");
        let mut writer = KeptWriter::begin(path.clone(), key(1)).unwrap();
        assert!(writer.memory(&memory(), &|| false).unwrap());
        assert_eq!(writer.finish(&Manifest::default()).unwrap(), 4 << 20);
        let kept = open(&path, &key(1)).unwrap();
        assert_eq!((kept.memory_bytes, &kept.manifest), (4 << 20, &Manifest::default()));
        kept.check_memory().unwrap();
        assert_eq!(fs::read(&path).unwrap()[..4 << 20], memory());
        assert!(matches!(open(&path, &key(2)), Err(KeptError::Damaged(_))));
    }

    #[test]
    fn whoever_is_stopped_leaves_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it.engine");
        fs::write(&path, "the one before").unwrap();
        let mut writer = KeptWriter::begin(path.clone(), key(1)).unwrap();
        let pieces = std::cell::Cell::new(0);
        let stop = || pieces.replace(pieces.get() + 1) == 2;
        assert!(!writer.memory(&memory(), &stop).unwrap());
        drop(writer);
        assert_eq!(pieces.get(), 3, "it looks between pieces");
        assert_eq!(fs::read(&path).unwrap(), b"the one before");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}

//! A snapshot on its way from one machine to another.
//!
//! On the leader it is a view that is serialized while it is sent, into a bounded channel; nothing is copied to a file
//! first. On the receiver it is spooled into a file that nobody trusts after a restart, checked against a digest, and
//! then installed by the machine. The stream is the machine's bytes, followed by a trailer:
//!
//! ```text
//! state bytes | length of the state: u64 LE | BLAKE3 of the state: 32 bytes
//! ```

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::error::StorageError;
use crate::machine::SnapshotView;
use crate::network::{Chunk, SNAPSHOT_CHUNK_BYTES_MAX};

/// Length of what follows the state in a stream, in bytes.
const TRAILER_BYTES: usize = 8 + blake3::OUT_LEN;

/// The data of a snapshot, on either side.
pub(crate) enum SnapshotData {
    /// A view of the local machine, not yet serialized.
    View(Arc<dyn SnapshotView>),
    /// Received, complete and checked.
    Spooled(SpooledSnapshot),
}

/// Serializes `view` into chunks. Blocks while the channel is full, and stops when nobody listens any more.
pub(crate) fn write_chunks(view: &dyn SnapshotView, chunks: mpsc::Sender<Chunk>) -> Result<(), StorageError> {
    let mut writer = ChunkWriter { chunks, chunk: Vec::new(), digest: blake3::Hasher::new(), written: 0 };
    view.write_to(&mut writer)?;
    writer.finish().map_err(|error| StorageError::io("send a snapshot", error))
}

/// Cuts a stream into chunks and adds the trailer.
struct ChunkWriter {
    chunks: mpsc::Sender<Chunk>,
    chunk: Vec<u8>,
    digest: blake3::Hasher,
    written: u64,
}

impl ChunkWriter {
    fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = SNAPSHOT_CHUNK_BYTES_MAX - self.chunk.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.chunk.len() == SNAPSHOT_CHUNK_BYTES_MAX {
                self.send()?;
            }
        }
        Ok(())
    }

    fn send(&mut self) -> io::Result<()> {
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(SNAPSHOT_CHUNK_BYTES_MAX));
        let sent = match self.chunks.try_send(chunk) {
            // Waits only where it has to: in a simulation nothing may wait.
            Err(mpsc::error::TrySendError::Full(chunk)) => self.chunks.blocking_send(chunk).is_ok(),
            sent => sent.is_ok(),
        };
        if sent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }

    fn finish(mut self) -> io::Result<()> {
        let mut trailer = [0; TRAILER_BYTES];
        trailer[..8].copy_from_slice(&self.written.to_le_bytes());
        trailer[8..].copy_from_slice(self.digest.finalize().as_bytes());
        self.push(&trailer)?;
        if self.chunk.is_empty() { Ok(()) } else { self.send() }
    }
}

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.digest.update(bytes);
        self.written += bytes.len() as u64;
        self.push(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A directory for snapshots that are being received. Its contents mean nothing to a later run.
#[derive(Debug)]
pub(crate) struct Spool {
    dir: PathBuf,
    next: AtomicU64,
}

impl Spool {
    /// Creates the directory, or empties it.
    pub(crate) fn open(dir: &Path) -> Result<Self, StorageError> {
        let clear = || -> io::Result<()> {
            fs::create_dir_all(dir)?;
            for entry in fs::read_dir(dir)? {
                fs::remove_file(entry?.path())?;
            }
            Ok(())
        };
        clear().map_err(|error| StorageError::io("clear the snapshot spool", error))?;
        Ok(Self { dir: dir.to_owned(), next: AtomicU64::new(0) })
    }

    /// Opens a file for a stream that begins. Blocks.
    pub(crate) fn begin(&self) -> Result<Incoming, StorageError> {
        let path = self.dir.join(format!("incoming-{}", self.next.fetch_add(1, Ordering::Relaxed)));
        let file = File::create_new(&path).map_err(spool_error)?;
        // From here on the file goes away with the value.
        Ok(Incoming { file, spooled: SpooledSnapshot { path, state_bytes: 0 }, check: TrailerCheck::default() })
    }
}

fn spool_error(error: io::Error) -> StorageError {
    StorageError::io("spool a snapshot", error)
}

/// A stream that is being written into a file, which is removed with the value.
pub(crate) struct Incoming {
    file: File,
    spooled: SpooledSnapshot,
    check: TrailerCheck,
}

impl Incoming {
    /// Writes the next part of the stream. Blocks.
    pub(crate) fn write(&mut self, chunk: &[u8]) -> Result<(), StorageError> {
        self.check.update(chunk);
        self.file.write_all(chunk).map_err(spool_error)
    }

    /// Checks the stream, which has ended; `None` if it broke off or was damaged.
    pub(crate) fn finish(mut self) -> Option<SpooledSnapshot> {
        self.spooled.state_bytes = self.check.finish()?;
        Some(self.spooled)
    }
}

/// Digests a stream while holding its last bytes back, which may be the trailer.
#[derive(Default)]
struct TrailerCheck {
    digest: blake3::Hasher,
    digested: u64,
    held: Vec<u8>,
}

impl TrailerCheck {
    fn update(&mut self, chunk: &[u8]) {
        self.held.extend_from_slice(chunk);
        let sure = self.held.len().saturating_sub(TRAILER_BYTES);
        self.digest.update(&self.held[..sure]);
        self.digested += sure as u64;
        self.held.drain(..sure);
    }

    /// The length of the state, if the trailer is there and right.
    fn finish(self) -> Option<u64> {
        let (length, digest) = self.held.split_first_chunk::<8>()?;
        let digest = blake3::Hash::from_slice(digest).ok()?;
        (u64::from_le_bytes(*length) == self.digested && self.digest.finalize() == digest).then_some(self.digested)
    }
}

/// A received snapshot; its file is removed with the value.
#[derive(Debug)]
pub(crate) struct SpooledSnapshot {
    path: PathBuf,
    state_bytes: u64,
}

impl SpooledSnapshot {
    /// Reads the state, without the trailer.
    pub(crate) fn reader(&self) -> Result<impl Read, StorageError> {
        let open = || -> io::Result<_> {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(0))?;
            Ok(BufReader::with_capacity(SNAPSHOT_CHUNK_BYTES_MAX, file).take(self.state_bytes))
        };
        open().map_err(|error| StorageError::io("read a spooled snapshot", error))
    }
}

impl Drop for SpooledSnapshot {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a spooled snapshot could not be removed; the next start will");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(Vec<u8>);

    impl SnapshotView for Bytes {
        fn persist(&self) -> Result<(), StorageError> {
            Ok(())
        }

        fn write_to(&self, out: &mut dyn Write) -> Result<(), StorageError> {
            out.write_all(&self.0).map_err(|error| StorageError::io("write", error))
        }
    }

    fn chunks_of(state: &[u8]) -> Vec<Chunk> {
        let (sender, mut receiver) = mpsc::channel(64);
        write_chunks(&Bytes(state.to_vec()), sender).expect("somebody listens");
        std::iter::from_fn(move || receiver.blocking_recv()).collect()
    }

    fn receive(spool: &Spool, chunks: Vec<Chunk>) -> Option<Vec<u8>> {
        let mut incoming = spool.begin().expect("the spool works");
        for chunk in chunks {
            incoming.write(&chunk).expect("the spool works");
        }
        let spooled = incoming.finish()?;
        let mut state = Vec::new();
        spooled.reader().expect("the file is there").read_to_end(&mut state).expect("readable");
        Some(state)
    }

    #[test]
    fn a_state_of_any_length_arrives() {
        let dir = tempfile::tempdir().expect("a directory");
        let spool = Spool::open(dir.path()).expect("opens");
        for len in
            [0, 1, 39, 40, 41, SNAPSHOT_CHUNK_BYTES_MAX - 1, SNAPSHOT_CHUNK_BYTES_MAX, 3 * SNAPSHOT_CHUNK_BYTES_MAX]
        {
            let state: Vec<u8> = (0..len).map(|byte| byte as u8).collect();
            assert_eq!(receive(&spool, chunks_of(&state)), Some(state), "length {len}");
        }
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0, "files are removed");
    }

    #[test]
    fn a_stream_that_breaks_off_or_is_damaged_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let spool = Spool::open(dir.path()).expect("opens");
        let state = vec![7; 2 * SNAPSHOT_CHUNK_BYTES_MAX];
        let mut cut = chunks_of(&state);
        cut.pop();
        assert_eq!(receive(&spool, cut), None);
        let mut damaged = chunks_of(&state);
        damaged[1][17] ^= 1;
        assert_eq!(receive(&spool, damaged), None);
        assert_eq!(receive(&spool, vec![]), None);
    }

    #[test]
    fn what_an_earlier_run_left_is_removed() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("incoming-0"), b"half").expect("writes");
        Spool::open(dir.path()).expect("opens");
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 0);
    }
}

//! One group on its way from a node to whoever takes a backup.
//!
//! ```text
//! version: 1 byte | group: u32 | length of the state: u64 | state | number of contents: u64
//! { digest: 32 bytes | length: u64 | contents } for each, ascending
//! BLAKE3 of all before: 32 bytes                                                                    numbers little end first
//! ```
//!
//! Both sides have one contents in memory at a time, beside the state. What breaks off has no hash at its end.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};

use bytes::Bytes;
use tokio::sync::mpsc;
use vraftls_vfs::ContentDigest;

use super::group::GroupState;

/// The first byte.
const STREAM_VERSION: u8 = 1;

/// What is longer is no state: it would not fit into a node's memory either.
const STATE_BYTES_MAX: u64 = 1 << 36;

/// What is longer is neither a file's contents nor a component.
pub(super) const CONTENTS_BYTES_MAX: u64 = 1 << 30;

/// How many bytes are handed over at once.
const PIECE_BYTES: usize = 256 << 10;

/// How many pieces may wait to be taken.
pub(crate) const PIECES_MAX: usize = 8;

/// Sends a state and its contents. `contents` gives each when it is its turn.
pub(crate) fn write_stream(
    out: &mut dyn Write,
    group: u32,
    state: &[u8],
    digests: &BTreeSet<ContentDigest>,
    mut contents: impl FnMut(&ContentDigest) -> io::Result<Vec<u8>>,
) -> io::Result<()> {
    let mut out = Hashing::new(out);
    out.write_all(&[STREAM_VERSION])?;
    out.write_all(&group.to_le_bytes())?;
    out.write_all(&(state.len() as u64).to_le_bytes())?;
    out.write_all(state)?;
    out.write_all(&(digests.len() as u64).to_le_bytes())?;
    for digest in digests {
        let bytes = contents(digest)?;
        out.write_all(digest.as_bytes())?;
        out.write_all(&(bytes.len() as u64).to_le_bytes())?;
        out.write_all(&bytes)?;
    }
    let Hashing { inner, hasher, .. } = out;
    inner.write_all(hasher.finalize().as_bytes())?;
    inner.flush()
}

/// Reads what [`write_stream`] sends. `contents` is given each, checked, ascending; its errors end the reading. What came before an error
/// is worth nothing.
pub(super) fn read_stream(
    input: &mut dyn Read,
    group: u32,
    mut contents: impl FnMut(ContentDigest, &[u8]) -> io::Result<()>,
) -> io::Result<(GroupState, Vec<u8>)> {
    let mut input = Hashing::new(input);
    let [version] = read_array(&mut input)?;
    if version != STREAM_VERSION {
        return Err(invalid(format!("the node sends version {version}, which is not known here")));
    }
    if u32::from_le_bytes(read_array(&mut input)?) != group {
        return Err(invalid("the node sends another group"));
    }
    let bytes = read_bytes(&mut input, STATE_BYTES_MAX)?;
    let state = GroupState::decode(group, &bytes).map_err(invalid)?;
    let wanted = state.contents();
    if u64::from_le_bytes(read_array(&mut input)?) != wanted.len() as u64 {
        return Err(invalid("the node does not send the contents of the state"));
    }
    for digest in wanted {
        let found = ContentDigest::from_bytes(read_array(&mut input)?);
        let bytes = read_bytes(&mut input, CONTENTS_BYTES_MAX)?;
        if found != digest || ContentDigest::of(&bytes) != digest {
            return Err(invalid(format!("contents {digest} are others than they should be")));
        }
        contents(digest, &bytes)?;
    }
    let Hashing { inner, hasher, .. } = input;
    if read_array(inner)? != *hasher.finalize().as_bytes() {
        return Err(invalid("its hash differs"));
    }
    Ok((state, bytes))
}

fn invalid(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// So many bytes.
pub(super) fn read_array<const N: usize>(input: &mut (impl Read + ?Sized)) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Bytes behind their length. Memory is taken as they come, whatever the length says.
pub(super) fn read_bytes(input: &mut impl Read, bytes_max: u64) -> io::Result<Vec<u8>> {
    let length = u64::from_le_bytes(read_array(input)?);
    if length > bytes_max {
        return Err(invalid(format!("{length} bytes are more than there can be")));
    }
    let mut bytes = Vec::new();
    input.by_ref().take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Counts and hashes what passes.
pub(super) struct Hashing<T> {
    pub(super) inner: T,
    pub(super) hasher: blake3::Hasher,
    pub(super) n_bytes: u64,
}

impl<T> Hashing<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, hasher: blake3::Hasher::new(), n_bytes: 0 }
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.n_bytes += bytes.len() as u64;
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.pass(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.pass(&into[..n]);
        Ok(n)
    }
}

/// Hands what is written over in pieces; waits while many wait to be taken, and fails when nobody takes them any more. Blocks.
pub(crate) struct PieceWriter {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl PieceWriter {
    /// Hands over to `pieces`.
    pub(crate) fn new(pieces: mpsc::Sender<io::Result<Bytes>>) -> Self {
        Self { pieces, piece: Vec::new() }
    }

    /// Says how it ended, if it did not end well: whoever takes the pieces must not believe that this was all.
    pub(crate) fn finish(self, ended: io::Result<()>) {
        if let Err(error) = ended {
            drop(self.pieces.blocking_send(Err(error)));
        }
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.piece));
        self.pieces.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(PIECE_BYTES - self.piece.len());
        self.piece.extend_from_slice(&bytes[..n]);
        if self.piece.len() == PIECE_BYTES {
            self.hand_over()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() { Ok(()) } else { self.hand_over() }
    }
}

/// Reads pieces as they come. Ends when nobody hands any over any more. Blocks.
pub(super) struct PieceReader {
    pieces: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl PieceReader {
    pub(super) fn new(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { pieces, piece: Bytes::new() }
    }
}

impl Read for PieceReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let n = into.len().min(self.piece.len());
        into[..n].copy_from_slice(&self.piece.split_to(n));
        Ok(n)
    }
}

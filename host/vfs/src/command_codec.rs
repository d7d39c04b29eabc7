//! Commands as bytes of a log entry.
//!
//! A version byte, then the command in the postcard format. A log may hold entries that an older release wrote, so a change of
//! [`Command`] that is more than a new last variant needs a new version byte and the old shape kept for reading;
//! `tests/golden` holds bytes that must stay readable.

use crate::{Command, Contents, FileOperation, Request, VfsPath};

/// How many bytes of contents a command may carry for one file. Larger ones go to the blob store first.
pub const INLINE_BYTES_MAX: usize = 96 * 1024;

/// How many bytes the operations of one batch may have, encoded.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// How many bytes an encoded command may have: a batch, and what stands around it.
pub const COMMAND_BYTES_MAX: usize = BATCH_BYTES_MAX + 1024;

const VERSION: u8 = 1;

/// Why a command must not be proposed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommandLimitError {
    /// A file's contents are more than [`INLINE_BYTES_MAX`].
    #[error("{path:?} has {size_bytes} bytes inline; at most {INLINE_BYTES_MAX} are allowed")]
    InlineTooLarge {
        /// The file.
        path: VfsPath,
        /// How many bytes its contents are.
        size_bytes: usize,
    },
    /// The operations of a batch are more than [`BATCH_BYTES_MAX`]; see [`split_into_batches`].
    #[error("a batch of {0} bytes; at most {BATCH_BYTES_MAX} are allowed")]
    BatchTooLarge(usize),
}

/// Why bytes are no command.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeCommandError {
    /// There are none.
    #[error("no bytes")]
    Empty,
    /// A newer release wrote them.
    #[error("commands of format version {0} are unknown here")]
    UnknownVersion(u8),
    /// They end early, or say something that no command says.
    #[error("malformed command")]
    Malformed(#[source] postcard::Error),
    /// They go on behind the command.
    #[error("{0} bytes behind a command")]
    TrailingBytes(usize),
}

impl Command {
    /// Whether the limits of a log entry are kept. Whoever proposes must ask first.
    ///
    /// Reading and applying do not ask: a limit may be lowered one day, and what is in a log must stay readable.
    pub fn check(&self) -> Result<(), CommandLimitError> {
        let Command::Once { request, .. } = self else { return Ok(()) };
        let (Request::Batch { operations, .. } | Request::ShardBatch { operations, .. }) = request else {
            return Ok(());
        };
        let mut batch_bytes = 0;
        for operation in operations {
            match operation {
                FileOperation::Write { path, contents: Contents::Inline(bytes), .. }
                    if bytes.len() > INLINE_BYTES_MAX =>
                {
                    return Err(CommandLimitError::InlineTooLarge { path: path.clone(), size_bytes: bytes.len() });
                }
                _ => batch_bytes += encoded_bytes_max(operation),
            }
        }
        if batch_bytes > BATCH_BYTES_MAX { Err(CommandLimitError::BatchTooLarge(batch_bytes)) } else { Ok(()) }
    }

    /// The bytes of a log entry; at most [`COMMAND_BYTES_MAX`] if [`Command::check`] agrees.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![VERSION]).expect("all lengths are known and a vector takes any bytes")
    }

    /// Reads the bytes of a log entry. Takes memory in proportion to their number, whatever they say.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeCommandError> {
        let (&version, bytes) = bytes.split_first().ok_or(DecodeCommandError::Empty)?;
        if version != VERSION {
            return Err(DecodeCommandError::UnknownVersion(version));
        }
        let (command, rest) = postcard::take_from_bytes(bytes).map_err(DecodeCommandError::Malformed)?;
        if !rest.is_empty() {
            return Err(DecodeCommandError::TrailingBytes(rest.len()));
        }
        Ok(command)
    }
}

/// Cuts operations into batches that fit into a command each, in order. Each batch is atomic; the whole is not any more.
///
/// Contents must be at most [`INLINE_BYTES_MAX`] a file.
pub fn split_into_batches(operations: impl IntoIterator<Item = FileOperation>) -> Vec<Vec<FileOperation>> {
    let (mut batches, mut batch, mut size_bytes) = (Vec::new(), Vec::new(), 0);
    for operation in operations {
        let operation_bytes = encoded_bytes_max(&operation);
        if size_bytes + operation_bytes > BATCH_BYTES_MAX && !batch.is_empty() {
            batches.push(std::mem::take(&mut batch));
            size_bytes = 0;
        }
        size_bytes += operation_bytes;
        batch.push(operation);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

/// At least as many bytes as an operation takes. A varint of 64 bits takes 10, and tags take one each.
fn encoded_bytes_max(operation: &FileOperation) -> usize {
    const VARINT: usize = 10;
    const DIGEST: usize = 32;
    const TAGS: usize = 4;
    match operation {
        FileOperation::Write { path, contents, .. } => {
            let contents = match contents {
                Contents::Inline(bytes) => VARINT + bytes.len(),
                Contents::Stored { .. } => DIGEST + VARINT,
            };
            TAGS + VARINT + path.as_str().len() + DIGEST + contents
        }
        FileOperation::Delete { path, .. } => TAGS + VARINT + path.as_str().len() + DIGEST,
        FileOperation::Rename { from, to, .. } => TAGS + 2 * VARINT + from.as_str().len() + to.as_str().len() + DIGEST,
    }
}

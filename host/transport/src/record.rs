//! What travels over a connection: records, and messages that are batches of them.
//!
//! ```text
//! message  record*                                      at most MESSAGE_BYTES_MAX bytes
//! record   kind u8, id u64, group u32, length u32       17 bytes, numbers little end first
//!          payload                                      as many bytes as `length` says
//! ```
//!
//! The id belongs to whoever made the connection: it numbers what it asks, and answers carry the number of what they answer. `group`
//! is the Raft group, or for a question to a node its method; it is 0 in answers.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// How many bytes a message has at most. Entries of a log are batched to a few MiB.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// How many bytes stand before a payload.
pub(crate) const HEADER_BYTES: usize = 17;

/// How many bytes a payload has at most.
pub(crate) const PAYLOAD_BYTES_MAX: usize = MESSAGE_BYTES_MAX - HEADER_BYTES;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A request to a group.
    Call,
    /// A question to the node.
    Ask,
    /// Nobody waits for the answer any more.
    Cancel,
    /// The answer.
    Reply,
    /// Why there is none.
    Failed,
    /// Opens a stream of append requests to a group.
    OpenAppend,
    /// An append request, or its reply.
    Append,
    /// A stream ends; the payload may say why.
    Close,
    /// A snapshot for a group begins; the payload is its header. It is answered like a call.
    OpenSnapshot,
    /// A piece of it.
    Chunk,
    /// A piece was taken: another may be sent.
    ChunkTaken,
    /// There are no more pieces.
    EndChunks,
    /// Is anybody there?
    Ping,
    /// Yes.
    Pong,
}

impl Kind {
    const ALL: [Self; 14] = [
        Self::Call,
        Self::Ask,
        Self::Cancel,
        Self::Reply,
        Self::Failed,
        Self::OpenAppend,
        Self::Append,
        Self::Close,
        Self::OpenSnapshot,
        Self::Chunk,
        Self::ChunkTaken,
        Self::EndChunks,
        Self::Ping,
        Self::Pong,
    ];

    fn byte(self) -> u8 {
        self as u8
    }

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) group: u32,
    pub(crate) payload: Bytes,
}

/// Bytes that are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("a record of unknown kind {0}")]
    UnknownKind(u8),
    #[error("a message that ends inside a record")]
    Cut,
}

impl Record {
    /// A record without group and payload.
    pub(crate) fn bare(kind: Kind, id: u64) -> Self {
        Self { kind, id, group: 0, payload: Bytes::new() }
    }

    /// A record without group.
    pub(crate) fn with(kind: Kind, id: u64, payload: impl Into<Bytes>) -> Self {
        Self { kind, id, group: 0, payload: payload.into() }
    }

    /// How many bytes it takes.
    pub(crate) fn n_bytes(&self) -> usize {
        HEADER_BYTES + self.payload.len()
    }

    /// Writes it behind what is there. The payload must be at most [`PAYLOAD_BYTES_MAX`] bytes.
    pub(crate) fn write(&self, out: &mut BytesMut) {
        out.reserve(self.n_bytes());
        out.put_u8(self.kind.byte());
        out.put_u64_le(self.id);
        out.put_u32_le(self.group);
        out.put_u32_le(u32::try_from(self.payload.len()).expect("payloads are far below 4 GiB"));
        out.put_slice(&self.payload);
    }
}

/// Takes the next record off a message; none at its end. Payloads share the message's memory.
pub(crate) fn take(message: &mut Bytes) -> Result<Option<Record>, RecordError> {
    if message.is_empty() {
        return Ok(None);
    }
    if message.len() < HEADER_BYTES {
        return Err(RecordError::Cut);
    }
    let kind = message.get_u8();
    let kind = Kind::of(kind).ok_or(RecordError::UnknownKind(kind))?;
    let (id, group, length) = (message.get_u64_le(), message.get_u32_le(), message.get_u32_le());
    let length = usize::try_from(length).ok().filter(|length| *length <= message.len()).ok_or(RecordError::Cut)?;
    Ok(Some(Record { kind, id, group, payload: message.split_to(length) }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> impl Strategy<Value = Record> {
        let kind = prop::sample::select(Kind::ALL.to_vec());
        (kind, any::<u64>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(kind, id, group, payload)| Record { kind, id, group, payload: payload.into() })
    }

    fn read(mut message: Bytes) -> Result<Vec<Record>, RecordError> {
        let mut records = Vec::new();
        while let Some(record) = take(&mut message)? {
            records.push(record);
        }
        Ok(records)
    }

    proptest! {
        #[test]
        fn records_are_read_as_they_are_written(records in prop::collection::vec(record(), 0..8), cut in any::<usize>()) {
            let mut message = BytesMut::new();
            records.iter().for_each(|record| record.write(&mut message));
            let message = message.freeze();
            prop_assert_eq!(message.len(), records.iter().map(Record::n_bytes).sum::<usize>());
            prop_assert_eq!(read(message.clone()), Ok(records.clone()));
            // A part is a part of the records, or seen to be cut.
            let at = cut % (message.len() + 1);
            if let Ok(part) = read(message.slice(..at)) {
                prop_assert_eq!(&part[..], &records[..part.len()]);
            }
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(read(bytes.into()));
        }
    }

    #[test]
    fn kinds_have_the_bytes_that_they_had() {
        let bytes: Vec<u8> = Kind::ALL.iter().map(|kind| kind.byte()).collect();
        assert_eq!(bytes, (0..14).collect::<Vec<u8>>());
        assert_eq!(Kind::of(14), None);
    }
}

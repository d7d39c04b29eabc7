//! Messages on a stream (LSP 3.17, "Base Protocol"), as a client reads and writes them. It knows nothing of what they say.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::attach::{content_length, find};

/// The header of a message is not longer.
const HEADER_BYTES_MAX: usize = 8 << 10;

/// Nor its content: more than a gateway lets wait for a client.
const CONTENT_BYTES_MAX: usize = 128 << 20;

/// How many bytes are asked of the stream at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// A buffer that grew beyond this for one message is let go after it.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Reads messages.
pub(super) struct MessageReader<R> {
    reader: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> MessageReader<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new() }
    }

    /// The next message; none where the stream ends between two.
    pub(super) async fn next(&mut self) -> io::Result<Option<Value>> {
        // Up to where no header ends, so that a long one is not searched again for each piece.
        let mut n_searched = 0;
        let header_end = loop {
            if let Some(at) = find(&self.buffer[n_searched..], b"\r\n\r\n") {
                break n_searched + at + 4;
            }
            n_searched = self.buffer.len().saturating_sub(3);
            if self.buffer.len() > HEADER_BYTES_MAX {
                return Err(malformed("the header of a message is too long"));
            }
            if !self.read_more().await? {
                let between = self.buffer.is_empty();
                return if between { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        };
        let length = content_length(&self.buffer[..header_end]).filter(|&length| length <= CONTENT_BYTES_MAX);
        let length = length.ok_or_else(|| malformed("a message has no length, or is too long"))?;
        let end = header_end + length;
        while self.buffer.len() < end {
            if !self.read_more().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let message = serde_json::from_slice(&self.buffer[header_end..end]);
        if self.buffer.len() == end && end > KEPT_BYTES_MAX {
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..end);
        }
        Ok(Some(message?))
    }

    async fn read_more(&mut self) -> io::Result<bool> {
        self.buffer.reserve(CHUNK_BYTES);
        Ok(self.reader.read_buf(&mut self.buffer).await? > 0)
    }
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A message with its header.
pub(super) fn framed(message: &Value) -> Vec<u8> {
    let content = message.to_string();
    format!("Content-Length: {}\r\n\r\n{content}", content.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn all_of(bytes: &[u8], chunk: usize) -> Vec<io::Result<Value>> {
        let (mut near, far) = tokio::io::duplex(chunk);
        let bytes = bytes.to_vec();
        tokio::spawn(async move { drop(tokio::io::AsyncWriteExt::write_all(&mut near, &bytes).await) });
        let mut reader = MessageReader::new(far);
        let mut found = Vec::new();
        while let Some(message) = reader.next().await.transpose() {
            let failed = message.is_err();
            found.push(message);
            if failed {
                break;
            }
        }
        found
    }

    #[tokio::test]
    async fn messages_come_out_as_they_went_in_however_they_are_cut() {
        let messages = [json!({"a": "ä\r\n\r\n"}), json!({}), json!({"long": "x".repeat(3000)})];
        let bytes: Vec<u8> = messages.iter().flat_map(framed).collect();
        for chunk in [1, 2, 7, 1 << 16] {
            let found: Vec<Value> =
                all_of(&bytes, chunk).await.into_iter().map(|it| it.expect("well formed")).collect();
            assert_eq!(found, messages, "in pieces of {chunk}");
        }
    }

    #[tokio::test]
    async fn what_is_no_message_is_an_error_and_never_waited_for() {
        let endless = [b"x".repeat(HEADER_BYTES_MAX + 10), b"\r\n\r\n".to_vec()].concat();
        let cases: [&[u8]; 6] = [
            b"Content-Length: 2\r\n\r\n{",
            b"Content-Length: 5\r\n\r\n{nope",
            b"Content-Length: 99999999999\r\n\r\n{}",
            b"Length: 2\r\n\r\n{}",
            b"Content-",
            &endless,
        ];
        for case in cases {
            let found = all_of(case, 64).await;
            assert!(matches!(found.as_slice(), [Err(_)]), "{:?}", String::from_utf8_lossy(case));
        }
    }
}

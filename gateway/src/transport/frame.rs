//! Messages out of a stream of bytes: header lines, an empty line, content (LSP 3.17, "Base Protocol").
//!
//! Everything a stranger can make long is bounded, and memory grows with the bytes that came, not with those that were announced.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::Limits;

/// How many bytes are asked of the stream at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// A buffer that grew beyond this for one message is let go after it.
const KEPT_BYTES_MAX: usize = 1024 * 1024;

/// The content of a message.
#[derive(PartialEq, Eq, Debug)]
pub enum Frame {
    /// In UTF-8, as far as its header says.
    Utf8(Bytes),
    /// In an encoding that the protocol does not know.
    Foreign,
}

/// Why no further message can be read: where the next one starts is unknown.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream failed.
    #[error("reading failed")]
    Io(#[source] io::Error),
    /// It ended inside a message.
    #[error("the stream ended inside a message")]
    Truncated,
    /// The header lines are longer than allowed.
    #[error("the header of a message is longer than {0} bytes")]
    HeaderTooLong(usize),
    /// There are more header lines than allowed.
    #[error("a message has more than {0} header lines")]
    TooManyHeaders(usize),
    /// A header line has no colon, or is no text.
    #[error("a header line is malformed")]
    MalformedHeader,
    /// The header has no `Content-Length`, two that differ, or one that is no number.
    #[error("the header has no valid Content-Length")]
    NoContentLength,
    /// The content is longer than allowed.
    #[error("a message of {announced_bytes} bytes is longer than the {bytes_max} allowed")]
    TooLong {
        /// What the header says.
        announced_bytes: u64,
        /// What is allowed.
        bytes_max: usize,
    },
}

/// Reads messages. [`FrameReader::next`] can be dropped at any await without losing a byte.
pub struct FrameReader<R> {
    reader: R,
    limits: Limits,
    buffer: BytesMut,
    /// The header whose content is awaited.
    header: Option<Header>,
    /// Up to where the buffer was searched for the end of a header.
    n_searched: usize,
}

#[derive(Clone, Copy)]
struct Header {
    content_bytes: usize,
    utf8: bool,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Reads from a stream. Of the limits, those of headers and contents count.
    pub fn new(reader: R, limits: Limits) -> Self {
        Self { reader, limits, buffer: BytesMut::new(), header: None, n_searched: 0 }
    }

    /// The next message, or nothing where the stream ends between two.
    ///
    /// # Errors
    /// It has none, and no further one can be found.
    pub async fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            if let Some(frame) = self.take_frame()? {
                return Ok(Some(frame));
            }
            self.buffer.reserve(CHUNK_BYTES);
            if self.reader.read_buf(&mut self.buffer).await.map_err(FrameError::Io)? == 0 {
                let between = self.header.is_none() && self.buffer.is_empty();
                return if between { Ok(None) } else { Err(FrameError::Truncated) };
            }
        }
    }

    /// A message that is already in the buffer.
    fn take_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let header = match self.header {
            Some(header) => header,
            None => match self.take_header()? {
                Some(header) => *self.header.insert(header),
                None => return Ok(None),
            },
        };
        if self.buffer.len() < header.content_bytes {
            return Ok(None);
        }
        let content = self.buffer.split_to(header.content_bytes).freeze();
        if self.buffer.is_empty() && content.len() > KEPT_BYTES_MAX {
            self.buffer = BytesMut::new();
        }
        self.header = None;
        Ok(Some(if header.utf8 { Frame::Utf8(content) } else { Frame::Foreign }))
    }

    /// A header that is already in the buffer as a whole.
    fn take_header(&mut self) -> Result<Option<Header>, FrameError> {
        let Some((n_header, n_end)) = self.find_header_end() else {
            // Of the empty line after the longest header, the last byte may still be under way.
            let too_long = self.buffer.len() > self.limits.header_bytes_max.saturating_add(1);
            return if too_long { Err(FrameError::HeaderTooLong(self.limits.header_bytes_max)) } else { Ok(None) };
        };
        if n_header > self.limits.header_bytes_max {
            return Err(FrameError::HeaderTooLong(self.limits.header_bytes_max));
        }
        let header = parse_header(&self.buffer[..n_header], &self.limits)?;
        self.buffer.advance(n_end);
        self.n_searched = 0;
        Ok(Some(header))
    }

    /// Where the header's lines end, and where the content starts.
    fn find_header_end(&mut self) -> Option<(usize, usize)> {
        for at in self.n_searched..self.buffer.len() {
            if self.buffer[at] != b'\n' {
                continue;
            }
            // An empty line. A lone `\n` is no line end of the protocol, but clear enough.
            let rest = &self.buffer[at + 1..];
            if rest.starts_with(b"\r\n") {
                return Some((at + 1, at + 3));
            }
            if rest.starts_with(b"\n") {
                return Some((at + 1, at + 2));
            }
        }
        // The empty line may begin in the last three bytes.
        self.n_searched = self.buffer.len().saturating_sub(3);
        None
    }
}

fn parse_header(bytes: &[u8], limits: &Limits) -> Result<Header, FrameError> {
    let text = std::str::from_utf8(bytes).map_err(|_| FrameError::MalformedHeader)?;
    let mut content_bytes = None;
    let mut utf8 = true;
    for (n_before, line) in text.lines().enumerate() {
        if n_before == limits.n_headers_max {
            return Err(FrameError::TooManyHeaders(limits.n_headers_max));
        }
        let (name, value) = line.split_once(':').ok_or(FrameError::MalformedHeader)?;
        if name.trim().eq_ignore_ascii_case("content-length") {
            let length = parse_length(value.trim()).ok_or(FrameError::NoContentLength)?;
            if content_bytes.replace(length).is_some_and(|other| other != length) {
                return Err(FrameError::NoContentLength);
            }
        } else if name.trim().eq_ignore_ascii_case("content-type") {
            utf8 = is_utf8(value);
        }
    }
    let announced_bytes = content_bytes.ok_or(FrameError::NoContentLength)?;
    let bytes_max = limits.message_bytes_max;
    match usize::try_from(announced_bytes) {
        Ok(content_bytes) if content_bytes <= bytes_max => Ok(Header { content_bytes, utf8 }),
        _ => Err(FrameError::TooLong { announced_bytes, bytes_max }),
    }
}

/// Digits only: `u64`'s own parser would take a sign.
fn parse_length(value: &str) -> Option<u64> {
    let digits_only = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    if digits_only { value.parse().ok() } else { None }
}

/// Whether a content type names no other charset than UTF-8; `utf8` is the protocol's old spelling.
fn is_utf8(content_type: &str) -> bool {
    content_type
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .all(|(_, value)| {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER_BYTES_MAX: usize = 200;

    fn limits() -> Limits {
        Limits { header_bytes_max: HEADER_BYTES_MAX, n_headers_max: 4, message_bytes_max: 100, ..Limits::default() }
    }

    async fn read(bytes: &[u8]) -> Result<Vec<Frame>, FrameError> {
        // One byte at a time, so that every split of the stream is met.
        let (frames, end) = read_in(bytes, &[1]).await;
        end.map(|()| frames)
    }

    /// All messages, and how the stream ended, when it comes in pieces of these lengths, over and over.
    async fn read_in(bytes: &[u8], pieces: &[usize]) -> (Vec<Frame>, Result<(), FrameError>) {
        let mut reader = FrameReader::new(Pieces { bytes, pieces: pieces.iter().cycle() }, limits());
        let mut frames = Vec::new();
        loop {
            let next = reader.next().await;
            // What is kept follows from the limits, and not from what is announced.
            assert!(reader.buffer.capacity() <= 4 * CHUNK_BYTES, "{} bytes are kept", reader.buffer.capacity());
            match next {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => return (frames, Ok(())),
                Err(error) => return (frames, Err(error)),
            }
        }
    }

    struct Pieces<'a> {
        bytes: &'a [u8],
        pieces: std::iter::Cycle<std::slice::Iter<'a, usize>>,
    }

    impl AsyncRead for Pieces<'_> {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buffer: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            let n_wanted = *self.pieces.next().expect("there is at least one length");
            let (piece, rest) = self.bytes.split_at(n_wanted.min(self.bytes.len()).min(buffer.remaining()));
            buffer.put_slice(piece);
            self.bytes = rest;
            std::task::Poll::Ready(Ok(()))
        }
    }

    /// Pieces of a stream that is mostly well-formed, so that what comes after is read too.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let framed =
            |content: Vec<u8>| [format!("Content-Length: {}\r\n\r\n", content.len()).as_bytes(), &content].concat();
        let contents = prop::collection::vec(any::<u8>(), 0..102);
        let piece = prop_oneof![
            6 => contents.prop_map(framed),
            2 => "[ -~]{0,190}".prop_map(|name| format!("X: {name}\r\nContent-Length: 1\n\n1").into_bytes()),
            1 => "(content-length|Content-Type|[a-z]{0,3}): ?(-?[0-9]{1,25}|a/b; ?charset=[a-z0-9-]{0,9})(\r\n|\n){1,2}".prop_map(String::into_bytes),
            1 => "(\r|\n|:|[ -~]){0,12}".prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..30),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn how_a_stream_is_cut_changes_nothing(bytes in stream(), pieces in prop::collection::vec(1..80_usize, 1..6)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let read = |pieces: &[usize]| {
                let (frames, end) = runtime.block_on(read_in(&bytes, pieces));
                (frames, end.map_err(|error| error.to_string()))
            };
            let at_once = read(&[usize::MAX]);
            prop_assert_eq!(&read(&pieces), &at_once);
            prop_assert_eq!(&read(&[1]), &at_once);
        }
    }

    #[tokio::test]
    async fn the_longest_header_may_come_byte_by_byte() {
        for line_end in ["\n", "\r\n"] {
            for (n_more, fits) in [(0, true), (1, false)] {
                let last = format!("Content-Length: 1{line_end}");
                let padding = "x".repeat(HEADER_BYTES_MAX + n_more - last.len() - "X:".len() - line_end.len());
                let bytes = format!("X:{padding}{line_end}{last}{line_end}1");
                let is_read = |read: (Vec<Frame>, Result<(), FrameError>)| read.1.is_ok() && read.0 == [content("1")];
                assert_eq!(is_read(read_in(bytes.as_bytes(), &[usize::MAX]).await), fits, "{line_end:?} {n_more}");
                assert_eq!(is_read(read_in(bytes.as_bytes(), &[1]).await), fits, "{line_end:?} {n_more}");
            }
        }
    }

    fn content(text: &str) -> Frame {
        Frame::Utf8(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[tokio::test]
    async fn messages_come_one_after_the_other() {
        let bytes = b"Content-Length: 2\r\n\r\n{}content-length:3\r\nX-Other: 1\r\n\r\n[1]Content-Length: 0\n\n";
        assert_eq!(read(bytes).await.unwrap(), [content("{}"), content("[1]"), content("")]);
    }

    #[tokio::test]
    async fn a_foreign_charset_is_skipped_and_reading_goes_on() {
        let bytes = b"Content-Type: a/b; charset=latin1\r\nContent-Length: 2\r\n\r\n\xff\xffContent-Type: a/b; charset=\"utf8\"\r\nContent-Length: 1\r\n\r\n1";
        assert_eq!(read(bytes).await.unwrap(), [Frame::Foreign, content("1")]);
    }

    #[tokio::test]
    async fn what_cannot_be_framed_is_an_error_of_its_kind() {
        assert!(matches!(read(b"Content-Length: 101\r\n\r\n").await, Err(FrameError::TooLong { .. })));
        assert!(matches!(
            read(b"Content-Length: 99999999999999999999999\r\n\r\n").await,
            Err(FrameError::NoContentLength)
        ));
        assert!(matches!(read(b"Content-Length: -1\r\n\r\n").await, Err(FrameError::NoContentLength)));
        assert!(matches!(read(b"Content-Length: +1\r\n\r\n").await, Err(FrameError::NoContentLength)));
        assert!(matches!(read(b"X: 1\r\n\r\n").await, Err(FrameError::NoContentLength)));
        assert!(matches!(
            read(b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n1").await,
            Err(FrameError::NoContentLength)
        ));
        assert!(matches!(read(b"no colon\r\n\r\n").await, Err(FrameError::MalformedHeader)));
        assert!(matches!(read(b"\xff\xfe: 1\r\n\r\n").await, Err(FrameError::MalformedHeader)));
        assert!(matches!(read(b"a:1\r\na:1\r\na:1\r\na:1\r\na:1\r\n\r\n").await, Err(FrameError::TooManyHeaders(4))));
        assert!(matches!(read(&[b'a'; 202]).await, Err(FrameError::HeaderTooLong(200))));
        assert!(matches!(read(b"Content-Length: 5\r\n\r\n{}").await, Err(FrameError::Truncated)));
        assert!(matches!(read(b"Content-Le").await, Err(FrameError::Truncated)));
    }
}

//! Oracles over any bytes: each function reads its argument as an input of some room, and panics where that breaks a promise.
//!
//! The fuzz targets are glue around them. `cargo test` here runs them on random bytes. `cargo fuzz run --fuzz-dir tests/fuzz NAME`,
//! from the root, lets coverage guide the search, and wants a nightly compiler for its address sanitizer. Safe code can do without, and
//! then a stable compiler is enough, here:
//!
//! ```text
//! RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
//!     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
//!     -Cdebug-assertions -Ccodegen-units=1" \
//!     cargo run --release --target x86_64-unknown-linux-gnu --bin NAME -- -max_total_time=60
//! ```
//!
//! Good seeds for `command` and `state` are the golden bytes in `host/vfs/tests/golden`, a state's without its last 32.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use vraftls_gateway::{Frame, FrameReader, Limits, MessageKind};
use vraftls_text::{
    ContentChange, LineIndex, Position, PositionEncoding, PositionRange, Span, TextEdit, apply_change, apply_edits,
};
use vraftls_vfs::{ClientId, Command, FileOperation, Request, Revision, Sequence, State, VfsPath, WorkspaceId};

const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Each character boundary has a position that leads back to it, and positions grow with offsets.
pub fn positions(bytes: &[u8]) {
    let mut input = Input(bytes);
    let encoding = input.encoding();
    let text = String::from_utf8_lossy(input.0);
    let index = LineIndex::new(&text);
    let mut last = Position::default();
    for offset in 0..=text.len() {
        let position = index.position(offset as u32, encoding);
        assert!(last <= position, "positions grow");
        last = position;
        let inside_crlf =
            text[..text.floor_char_boundary(offset)].ends_with('\r') && text.as_bytes().get(offset) == Some(&b'\n');
        if text.is_char_boundary(offset) && !inside_crlf {
            assert_eq!(index.offset(position, encoding), Ok(offset as u32));
        }
    }
    assert_eq!(last.line + 1, index.n_lines());
}

/// An index that followed changes is the index of the text, and edits at once do what they do one by one from the back.
pub fn edits(bytes: &[u8]) {
    let mut input = Input(bytes);
    let encoding = input.encoding();
    let mut text = input.text();
    let mut index = LineIndex::new(&text);
    while !input.0.is_empty() {
        let range = PositionRange { start: input.position(), end: input.position() };
        let new_text = input.text();
        let before = text.clone();
        let change = ContentChange { range: Some(range), new_text: &new_text };
        let span = index.span(range, encoding);
        match apply_change(&mut text, &mut index, change, encoding, TEXT_BYTES_MAX) {
            Ok(()) => {
                let span = span.expect("a change that fits has a span");
                let edit = TextEdit { span, new_text: new_text.clone() };
                assert_eq!(apply_edits(&before, &[edit]).as_ref(), Ok(&text));
            }
            Err(_) => assert_eq!(text, before),
        }
        assert_eq!(index, LineIndex::new(&text));
        let [a, b] = [input.byte(), input.byte()].map(u32::from);
        if let Some(span) = Span::new(a, b) {
            let edits =
                [span, Span::empty(b), Span::empty(a)].map(|span| TextEdit { span, new_text: new_text.clone() });
            let fits = span.fits(&text);
            assert_eq!(apply_edits(&text, &edits).is_ok(), fits, "inserts at its ends do not overlap a span");
        }
    }
}

/// What reads as a command is written as one again, and can be applied.
pub fn command(bytes: &[u8]) {
    let Ok(command) = Command::decode(bytes) else { return };
    assert_eq!(Command::decode(&command.encode()).as_ref(), Ok(&command));
    let mut state = State::new();
    let _ = state.apply(Revision(1), Command::OpenSession);
    let mut again = state.clone();
    assert_eq!(state.apply(Revision(2), command.clone()), again.apply(Revision(2), command));
    assert_eq!(state.digest(), again.digest());
}

/// What reads as a state keeps its promises: it is written as the same one, and goes on.
pub fn state(body: &[u8]) {
    let bytes = [body, blake3::hash(body).as_bytes()].concat();
    let Ok(mut state) = State::decode(&bytes) else { return };
    assert_eq!(State::decode(&state.encode()).as_ref(), Ok(&state));
    let Some(index) = state.revision().0.checked_add(1) else { return };
    for (workspace, _) in state.clone().workspaces() {
        let snapshot = state.snapshot(workspace).expect("it is listed");
        for (path, _) in snapshot.iter() {
            assert!(!snapshot.is_directory(path));
            let parent = path.parent().expect("the workspace itself is no file");
            assert!(snapshot.list(&parent).iter().any(|entry| entry.name == path.name()));
        }
    }
    let path = VfsPath::new("a/b").expect("a path");
    let operations = vec![FileOperation::delete(path, None)];
    let request = Request::Batch { workspace: WorkspaceId(1), operations };
    let _ = state.apply(Revision(index), Command::Once { client: ClientId(1), sequence: Sequence(1), request });
    assert!(State::decode(&state.encode()).is_ok());
}

/// How a stream of messages is cut changes nothing, and each content is some message.
pub fn frames(bytes: &[u8]) {
    let mut input = Input(bytes);
    let pieces = [input.byte(), input.byte(), input.byte()].map(|byte| usize::from(byte) + 1);
    let stream = input.0;
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without drivers starts");
    let at_once = runtime.block_on(frames_in(stream, &[usize::MAX]));
    assert_eq!(runtime.block_on(frames_in(stream, &pieces)), at_once);
    let (frames, _) = at_once;
    // A frame has at least its header.
    assert!(frames.len() <= stream.len() / "Content-Length:0\n\n".len());
    for frame in frames {
        if let Frame::Utf8(content) = frame {
            let kind = MessageKind::of(&content);
            assert!(content.first() != Some(&b'[') || kind == MessageKind::Invalid, "there are no batches");
        }
    }
}

/// All messages of a stream that comes in pieces of these lengths, over and over, and how it ended.
async fn frames_in(bytes: &[u8], pieces: &[usize]) -> (Vec<Frame>, Option<String>) {
    let limits = Limits { header_bytes_max: 200, n_headers_max: 4, message_bytes_max: 4096, ..Limits::default() };
    let mut reader = FrameReader::new(Pieces { bytes, pieces: pieces.iter().cycle() }, limits);
    let mut frames = Vec::new();
    loop {
        match reader.next().await {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error.to_string())),
        }
    }
}

struct Pieces<'a> {
    bytes: &'a [u8],
    pieces: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let n_wanted = self.pieces.next().copied().unwrap_or(1);
        let (piece, rest) = self.bytes.split_at(n_wanted.min(self.bytes.len()).min(buffer.remaining()));
        buffer.put_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}

/// Bytes that are taken apart; what is missing at the end is zero.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte
    }

    fn encoding(&mut self) -> PositionEncoding {
        match self.byte() % 3 {
            0 => PositionEncoding::Utf8,
            1 => PositionEncoding::Utf16,
            _ => PositionEncoding::Utf32,
        }
    }

    fn position(&mut self) -> Position {
        Position { line: u32::from(self.byte() % 16), character: u32::from(self.byte()) }
    }

    fn text(&mut self) -> String {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_break_a_promise(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), 0u8..4], 0..300)) {
            super::positions(&bytes);
            super::edits(&bytes);
            super::command(&bytes);
            super::state(&bytes);
            let versioned: Vec<u8> = [1].into_iter().chain(bytes).collect();
            super::command(&versioned);
            super::state(&versioned);
        }

        #[test]
        fn no_stream_breaks_a_promise(
            pieces in any::<[u8; 3]>(),
            messages in prop::collection::vec(("(Content-Length: )?[0-9]{0,4}", "(\r\n|\n){0,2}", prop::collection::vec(any::<u8>(), 0..40)), 0..6),
        ) {
            let mut bytes = pieces.to_vec();
            for (header, end, content) in messages {
                let length = if header.ends_with(' ') { content.len().to_string() } else { String::new() };
                bytes.extend([header.as_bytes(), length.as_bytes(), end.as_bytes(), &content].concat());
            }
            super::frames(&bytes);
        }
    }
}

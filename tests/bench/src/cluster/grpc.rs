//! Questions to a gRPC server over one connection of HTTP/2, many at once: as little of both as a fair comparison needs.
//!
//! Headers of answers are not decoded. An answer that is good has a message; an error of gRPC has none, and only that is told apart.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use anyhow::{Context, Result, anyhow};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

/// Questions that wait for the connection.
const WAITING_MAX: usize = 1024;
/// What is read at once.
const READ_BYTES: usize = 64 << 10;
/// A frame's head: its length, type, flags and stream.
const HEAD_BYTES: usize = 9;
/// A message's head: whether it is compressed, and its length.
const MESSAGE_HEAD_BYTES: usize = 5;
/// What may be sent on a connection before the server says more.
const FIRST_WINDOW: i64 = 65_535;
/// What a server sends without ever being told that more is welcome.
const LARGEST_WINDOW: u32 = i32::MAX as u32;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const ACKNOWLEDGES: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

/// A connection. It ends when this is dropped.
pub(super) struct Connection {
    questions: mpsc::Sender<Question>,
}

struct Question {
    path: &'static str,
    message: Vec<u8>,
    answer: Asker,
}

/// Whoever waits for an answer.
type Asker = oneshot::Sender<Result<Vec<u8>>>;

/// A question that was sent, and what has come of its answer.
struct UnderWay {
    asker: Asker,
    come: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("nobody listens on {address}"))?;
        stream.set_nodelay(true)?;
        let (questions, waiting) = mpsc::channel(WAITING_MAX);
        let driver = Driver {
            authority: address.to_owned(),
            stream_id: 1,
            window: FIRST_WINDOW,
            held: VecDeque::new(),
            under_way: BTreeMap::new(),
            out: Vec::new(),
        };
        tokio::spawn(driver.run(stream, waiting));
        Ok(Self { questions })
    }

    /// Calls a method; the message that answers.
    pub(super) async fn ask(&self, path: &'static str, message: Vec<u8>) -> Result<Vec<u8>> {
        let (answer, answered) = oneshot::channel();
        let asked = self.questions.send(Question { path, message, answer }).await;
        asked.map_err(|_| anyhow!("the connection has ended"))?;
        answered.await.context("the connection ended")?
    }
}

/// Whoever has both ends of the connection.
struct Driver {
    authority: String,
    /// Of the next question.
    stream_id: u32,
    /// How many bytes of messages the server takes now.
    window: i64,
    /// Questions that wait for that.
    held: VecDeque<Question>,
    under_way: BTreeMap<u32, UnderWay>,
    out: Vec<u8>,
}

impl Driver {
    async fn run(mut self, mut stream: TcpStream, mut waiting: mpsc::Receiver<Question>) {
        // Whoever waits for an answer is told by its sender being dropped.
        drop(self.drive(&mut stream, &mut waiting).await);
    }

    async fn drive(&mut self, stream: &mut TcpStream, waiting: &mut mpsc::Receiver<Question>) -> io::Result<()> {
        let (mut reader, mut writer) = stream.split();
        self.out.extend_from_slice(PREFACE);
        self.frame(SETTINGS, 0, 0, &[]);
        self.frame(WINDOW_UPDATE, 0, 0, &(LARGEST_WINDOW - FIRST_WINDOW as u32).to_be_bytes());
        let mut come = Vec::with_capacity(READ_BYTES);
        loop {
            self.send_held();
            if !self.out.is_empty() {
                writer.write_all(&self.out).await?;
                self.out.clear();
            }
            tokio::select! {
                question = waiting.recv() => match question {
                    None => return Ok(()),
                    Some(question) => {
                        self.held.push_back(question);
                        while let Ok(question) = waiting.try_recv() {
                            self.held.push_back(question);
                        }
                    }
                },
                n_read = reader.read_buf(&mut come) => {
                    if n_read? == 0 {
                        return Ok(());
                    }
                    let n_taken = self.take_frames(&come)?;
                    come.drain(..n_taken);
                }
            }
        }
    }

    /// Sends questions, in their order, as far as the server takes them.
    fn send_held(&mut self) {
        while let Some(question) =
            self.held.pop_front_if(|question| (question.message.len() + MESSAGE_HEAD_BYTES) as i64 <= self.window)
        {
            let id = self.stream_id;
            self.stream_id += 2;
            let head = request_head(&self.authority, question.path);
            self.frame(HEADERS, END_HEADERS, id, &head);
            let mut body = vec![0];
            body.extend((question.message.len() as u32).to_be_bytes());
            body.extend(question.message);
            self.window -= body.len() as i64;
            self.frame(DATA, END_STREAM, id, &body);
            self.under_way.insert(id, UnderWay { asker: question.answer, come: Vec::new() });
        }
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.out.extend(&(payload.len() as u32).to_be_bytes()[1..]);
        self.out.extend([kind, flags]);
        self.out.extend(stream.to_be_bytes());
        self.out.extend(payload);
    }

    /// Takes all frames that are whole; how many bytes these are.
    fn take_frames(&mut self, come: &[u8]) -> io::Result<usize> {
        let mut n_taken = 0;
        while let Some((head, rest)) = come[n_taken..].split_first_chunk::<HEAD_BYTES>() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let Some(payload) = rest.get(..length) else { break };
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & LARGEST_WINDOW;
            self.take_frame(head[3], head[4], stream, payload)?;
            n_taken += HEAD_BYTES + length;
        }
        Ok(n_taken)
    }

    fn take_frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        match kind {
            DATA => {
                let (n_padding, bytes) = match payload.split_first() {
                    Some((n_padding, bytes)) if flags & PADDED != 0 => (usize::from(*n_padding), bytes),
                    _ => (0, payload),
                };
                if let Some(answer) = self.under_way.get_mut(&stream) {
                    answer.come.extend_from_slice(&bytes[..bytes.len().saturating_sub(n_padding)]);
                }
            }
            RESET => drop(self.under_way.remove(&stream)),
            SETTINGS if flags & ACKNOWLEDGES == 0 => self.frame(SETTINGS, ACKNOWLEDGES, 0, &[]),
            PING if flags & ACKNOWLEDGES == 0 => self.frame(PING, ACKNOWLEDGES, 0, payload),
            GO_AWAY => return Err(io::Error::other("the server goes away")),
            WINDOW_UPDATE if stream == 0 => {
                let more = payload.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes) & LARGEST_WINDOW);
                self.window += i64::from(more);
            }
            _ => {}
        }
        if matches!(kind, DATA | HEADERS)
            && flags & END_STREAM != 0
            && let Some(UnderWay { asker, come }) = self.under_way.remove(&stream)
        {
            let message = come.get(MESSAGE_HEAD_BYTES..).map(<[u8]>::to_vec);
            // Who asked may have given up.
            drop(asker.send(message.context("the server answers with an error")));
        }
        Ok(())
    }
}

/// The headers of a call, in the plainest coding: what the standard's table has by its number, all else spelled out.
fn request_head(authority: &str, path: &str) -> Vec<u8> {
    let mut head = vec![0x83, 0x86];
    let mut spelled = |name: &[u8], value: &str| {
        head.extend_from_slice(name);
        // All of them are shorter than what needs a second byte.
        head.push(value.len() as u8);
        head.extend_from_slice(value.as_bytes());
    };
    spelled(&[0x04], path);
    spelled(&[0x01], authority);
    spelled(&[0x0f, 0x10], "application/grpc");
    spelled(b"\x00\x02te", "trailers");
    head
}

//! Asks a node's server: for joining a cluster, and for the command line. One connection for each request: these are rare.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use vraftls_transport::TlsClient;

use super::{Upload, UploadError};

pub use super::api::nodes::{Join, Joined, Member};
pub use axum::http::Method;

/// How many bytes of an answer are read.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// How many bytes of what is watched are handed over at once.
const PIECE_BYTES: usize = 64 << 10;

/// Asks servers.
#[derive(Clone, Default)]
pub struct Client {
    /// What to speak TLS with; without it, nothing is encrypted.
    pub tls: Option<TlsClient>,
    /// What to show as an admin.
    pub token: Option<String>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The server could not be asked. Whether it did what was asked is unknown if it could have heard it.
    #[error("{address}: {source}")]
    Unreachable {
        /// Where it is.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// It took too long. Whether it was done is unknown.
    #[error("{address}: no answer in {patience:?}")]
    Deadline {
        /// Where the server is.
        address: String,
        /// How long was waited.
        patience: Duration,
    },
    /// The server did not do it.
    #[error("{message}")]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// The word for programs.
        code: String,
        /// Why, for people.
        message: String,
        /// When to try again, if that makes sense.
        retry_after: Option<Duration>,
    },
    /// The answer is not what such a server says.
    #[error("{address} answered with something else: {why}")]
    OtherAnswer {
        /// Where it is.
        address: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What is sent along.
#[derive(Debug, Clone)]
pub enum Sent {
    /// Nothing.
    Nothing,
    /// A value as JSON.
    Json(Vec<u8>),
    /// A component.
    Component(Bytes),
    /// A component, with how many bytes of it the connection took so far.
    Watched(Bytes, watch::Sender<u64>),
}

impl Sent {
    /// A value as JSON.
    ///
    /// # Errors
    /// As serde's.
    pub fn json(value: &impl serde::Serialize) -> serde_json::Result<Self> {
        serde_json::to_vec(value).map(Self::Json)
    }

    /// A component, and how many bytes of it the connection took.
    pub fn watched(component: Vec<u8>) -> (Self, watch::Receiver<u64>) {
        let (sender, taken) = watch::channel(0);
        (Self::Watched(component.into(), sender), taken)
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    message: String,
}

impl Client {
    /// Asks the server at an address, and waits no longer than `patience`. The answer is read as JSON; nothing is `null`.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn ask<T: DeserializeOwned>(
        &self,
        address: &str,
        method: Method,
        path: &str,
        sent: Sent,
        patience: Duration,
    ) -> Result<T, AskError> {
        let unreachable = |source: io::Error| AskError::Unreachable { address: address.to_owned(), source };
        let asked = async {
            let request = self.request(address, method, path, sent)?;
            speak(self.connect(address).await?, request).await
        };
        let asked = tokio::time::timeout(patience, asked).await;
        let deadline = |_| AskError::Deadline { address: address.to_owned(), patience };
        let (status, retry_after, bytes) = asked.map_err(deadline)?.map_err(unreachable)?;
        if status.is_success() {
            let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
            let other = |error: serde_json::Error| other_answer(address, error.to_string());
            return serde_json::from_slice(bytes).map_err(other);
        }
        Err(refused(address, status, retry_after, &bytes))
    }

    /// Asks for something big, which comes piece by piece. `patience` is for the beginning, and for each piece.
    ///
    /// # Errors
    /// [`AskError`]: it does not even begin.
    pub async fn download(&self, address: &str, path: &str, patience: Duration) -> Result<Upload, AskError> {
        let unreachable = |source: io::Error| AskError::Unreachable { address: address.to_owned(), source };
        let asked = async {
            let request = self.request(address, Method::GET, path, Sent::Nothing)?;
            let stream = TokioIo::new(self.connect(address).await?);
            let (mut sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
            // Ends with the answer, or when nobody reads that any more.
            tokio::spawn(connection);
            let response = sender.send_request(request).await.map_err(io::Error::other)?;
            let (status, retry_after) = (response.status(), retry_after(&response));
            let pieces = Body::new(response.into_body()).into_data_stream().map_err(io::Error::other);
            if status.is_success() {
                return Ok(Ok(Upload::new(pieces, usize::MAX, patience)));
            }
            let bytes = Upload::new(pieces, ANSWER_BYTES_MAX, patience).collect().await.map_err(io::Error::other)?;
            Ok(Err(refused(address, status, retry_after, &bytes)))
        };
        let deadline = |_| AskError::Deadline { address: address.to_owned(), patience };
        tokio::time::timeout(patience, asked).await.map_err(deadline)?.map_err(unreachable)?
    }

    async fn connect(&self, address: &str) -> io::Result<Box<dyn Connection>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.connect(stream, address).await?),
        })
    }

    fn request(&self, address: &str, method: Method, path: &str, sent: Sent) -> io::Result<Request<Body>> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, address);
        request = request.header(header::CONNECTION, "close");
        if let Some(token) = &self.token {
            let shown = HeaderValue::from_str(&format!("Bearer {token}"));
            let mut shown = shown.map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "this is no token"))?;
            shown.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, shown);
        }
        let (kind, body) = match sent {
            Sent::Nothing => return request.body(Body::empty()).map_err(invalid),
            Sent::Json(bytes) => ("application/json", Body::from(bytes)),
            Sent::Component(bytes) => ("application/wasm", Body::from(bytes)),
            Sent::Watched(bytes, taken) => {
                request = request.header(header::CONTENT_LENGTH, bytes.len());
                ("application/wasm", watched_body(bytes, taken))
            }
        };
        request.header(header::CONTENT_TYPE, kind).body(body).map_err(invalid)
    }
}

/// Bytes that are handed over piece by piece, so that somebody may watch.
fn watched_body(bytes: Bytes, taken: watch::Sender<u64>) -> Body {
    let pieces = (0..bytes.len()).step_by(PIECE_BYTES).map(move |start| {
        let end = bytes.len().min(start + PIECE_BYTES);
        taken.send_replace(end as u64);
        io::Result::Ok(bytes.slice(start..end))
    });
    Body::from_stream(stream::iter(pieces))
}

/// A connection, encrypted or not.
trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Connection for S {}

fn other_answer(address: &str, why: String) -> AskError {
    AskError::OtherAnswer { address: address.to_owned(), why }
}

fn refused(address: &str, status: StatusCode, retry_after: Option<Duration>, bytes: &[u8]) -> AskError {
    match serde_json::from_slice(bytes) {
        Ok(Refusal { error: code, message }) => {
            AskError::Refused { status: status.as_u16(), code, message, retry_after }
        }
        Err(_) => other_answer(address, format!("status {status}")),
    }
}

fn retry_after<T>(response: &Response<T>) -> Option<Duration> {
    let said = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    said.and_then(|value| value.parse().ok()).map(Duration::from_secs)
}

async fn speak(
    stream: Box<dyn Connection>,
    request: Request<Body>,
) -> io::Result<(StatusCode, Option<Duration>, Vec<u8>)> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let answering = async move {
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let pieces = Body::new(response.into_body()).into_data_stream().map_err(io::Error::other);
        // Whoever asks waits only so long for all of it.
        let bytes = Upload::new(pieces, ANSWER_BYTES_MAX, Duration::MAX).collect().await;
        let bytes = bytes.map_err(|error| match error {
            UploadError::Broken(error) => error,
            error => io::Error::other(error),
        })?;
        Ok((status, retry_after, bytes))
    };
    let mut answering = std::pin::pin!(answering);
    tokio::select! {
        answered = &mut answering => answered,
        // What was sent before the connection ended is still read.
        ended = connection => match ended {
            Ok(()) => answering.await,
            Err(error) => Err(io::Error::other(error)),
        },
    }
}

//! Asks a node's server: for joining a cluster, and for the command line. One connection for each request: these are rare.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
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
        let asked = tokio::time::timeout(patience, self.ask_at_all(address, method, path, sent)).await;
        let deadline = |_| AskError::Deadline { address: address.to_owned(), patience };
        let (status, retry_after, bytes) = asked.map_err(deadline)??;
        let other = |why: String| AskError::OtherAnswer { address: address.to_owned(), why };
        if status.is_success() {
            let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
            return serde_json::from_slice(bytes).map_err(|error| other(error.to_string()));
        }
        let Ok(Refusal { error: code, message }) = serde_json::from_slice(&bytes) else {
            return Err(other(format!("status {status}")));
        };
        Err(AskError::Refused { status: status.as_u16(), code, message, retry_after })
    }

    async fn ask_at_all(
        &self,
        address: &str,
        method: Method,
        path: &str,
        sent: Sent,
    ) -> Result<(StatusCode, Option<Duration>, Vec<u8>), AskError> {
        let unreachable = |source: io::Error| AskError::Unreachable { address: address.to_owned(), source };
        let request = self.request(address, method, path, sent).map_err(unreachable)?;
        let stream = TcpStream::connect(address).await.map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        match &self.tls {
            None => speak(stream, request).await.map_err(unreachable),
            Some(tls) => {
                let stream = tls.connect(stream, address).await.map_err(unreachable)?;
                speak(stream, request).await.map_err(unreachable)
            }
        }
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

async fn speak<S>(stream: S, request: Request<Body>) -> io::Result<(StatusCode, Option<Duration>, Vec<u8>)>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let answering = async move {
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        let status = response.status();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| value.parse().ok()).map(Duration::from_secs);
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

//! A listener that others can reach: what is said there is encrypted, and whoever connects shows who it is before it has a session.
//!
//! Until then a connection is a stranger's. Strangers have places of their own, few, and little time, so that whoever connects and says
//! nothing, or never comes to the point, keeps out no editor. This file refuses to know how anything is encrypted and which tokens there
//! are: it is told by whoever opens the listener.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;

use super::websocket::{UpgradeError, upgrade};
use crate::{BoxFuture, Options};

/// How a listener lets others in.
#[derive(Clone)]
pub struct Door {
    /// Encrypts what is said.
    pub encrypt: Arc<dyn Encrypt>,
    /// Who may come in.
    pub admits: Admits,
}

/// Who may come in at a listener.
#[derive(Clone)]
pub enum Admits {
    /// Whoever reaches it.
    Everybody,
    /// Who shows a certificate.
    Certificates,
    /// Who shows a certificate, or over WebSocket a token: `Authorization: Bearer TOKEN`.
    CertificatesAndTokens(TokenCheck),
}

/// Says whether a token is one. Must not block, and take as long for every token.
pub type TokenCheck = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Encrypts connections.
pub trait Encrypt: Send + Sync {
    /// Agrees on it with whoever connected. A certificate that is no good is an error; that there is none is not.
    fn encrypt(&self, stream: TcpStream) -> BoxFuture<'static, io::Result<Encrypted>>;
}

/// A connection that is encrypted.
pub struct Encrypted {
    /// What is said, as it was meant.
    pub stream: Box<dyn ByteStream>,
    /// Whether whoever connected showed a certificate, and it was good.
    pub has_certificate: bool,
}

/// Bytes both ways.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// How editors speak at a listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speech {
    /// The stream of the base protocol.
    Stream,
    /// WebSocket, with bare messages or with that stream inside.
    WebSocket,
}

/// Who was let in.
pub(super) enum Admitted {
    Stream(Box<dyn ByteStream>),
    WebSocket(Box<WebSocketStream<Box<dyn ByteStream>>>),
}

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("it did not encrypt as it should: {0}")]
    Encryption(io::Error),
    #[error("it showed no certificate")]
    NoCertificate,
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    #[error("it did not come to the point in time")]
    TooLate,
}

impl Door {
    /// Finds out who connected, within [`Timing::handshake_deadline`](crate::Timing::handshake_deadline).
    pub(super) async fn admit(
        &self,
        stream: TcpStream,
        speech: Speech,
        options: &Options,
    ) -> Result<Admitted, Refused> {
        let admitting = async {
            let Encrypted { stream, has_certificate } =
                self.encrypt.encrypt(stream).await.map_err(Refused::Encryption)?;
            let must_show = match &self.admits {
                Admits::Everybody => None,
                Admits::Certificates | Admits::CertificatesAndTokens(_) if has_certificate => None,
                Admits::CertificatesAndTokens(check) if speech == Speech::WebSocket => Some(check),
                Admits::Certificates | Admits::CertificatesAndTokens(_) => return Err(Refused::NoCertificate),
            };
            Ok(match speech {
                Speech::Stream => Admitted::Stream(stream),
                Speech::WebSocket => {
                    // The certificate says who listens: the name that was dialed need not be this machine's own.
                    let terms = upgrade::Terms { any_host: true, token: must_show };
                    Admitted::WebSocket(Box::new(upgrade::accept(stream, options, &terms).await?))
                }
            })
        };
        let admitted = tokio::time::timeout(options.timing.handshake_deadline, admitting).await;
        admitted.unwrap_or(Err(Refused::TooLate))
    }
}

//! TLS between nodes, and of those who ask them: who may say that it listens at an address, and who has a certificate of the cluster. And
//! TLS where editors connect, who are no part of a cluster.
//!
//! One authority signs for a cluster. A certificate of it is what makes somebody a part of the cluster; that it names the address that
//! was dialed is what makes it the one that was meant. A node shows its certificate on both sides, so it must allow both uses. TLS 1.3
//! and nothing older. Certificates are read once, when the process starts. This file refuses to know what is said inside.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use vraftls_raft::ids::Peer;

use crate::wire::{self, DIAL_PATIENCE};
use crate::{Dial, Dialed};

/// Where the certificates are, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificates of the authorities that sign for the cluster.
    pub authorities: PathBuf,
    /// What this process shows of itself; a client that only asks what is open to everybody needs none.
    pub identity: Option<TlsIdentity>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The certificate, and those between it and an authority.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why the certificates do not serve.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or has not in it what it should.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A node needs a certificate of its own.
    #[error("a node needs a certificate and a key of its own")]
    NoIdentity,
    /// Certificate and key do not belong together, or are of a kind that is not known.
    #[error("the certificates cannot be used: {0}")]
    Unusable(String),
    /// Others would not believe that this is the address.
    #[error("this node's certificate is not good for its address {address}: {why}")]
    OtherName {
        /// Where others reach this node.
        address: String,
        /// What they would say.
        why: String,
    },
}

impl TlsFiles {
    /// Reads what a client needs.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn client(&self) -> Result<TlsClient, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
        let builder = builder.map_err(unusable)?.with_root_certificates(self.roots()?);
        let config = match &self.identity {
            Some(identity) => {
                let (certificates, key) = identity.read()?;
                builder.with_client_auth_cert(certificates, key).map_err(unusable)?
            }
            None => builder.with_no_client_auth(),
        };
        Ok(TlsClient(TlsConnector::from(Arc::new(config))))
    }

    /// Reads what a node needs that listens at an address.
    ///
    /// # Errors
    /// [`TlsError`], also if nobody would believe that it listens there.
    pub fn server(&self, address: &str) -> Result<TlsServer, TlsError> {
        let (certificates, key) = self.identity.as_ref().ok_or(TlsError::NoIdentity)?.read()?;
        let roots = Arc::new(self.roots()?);
        check_name(&certificates, Arc::clone(&roots), address)?;
        // Who shows none may still ask what is open to everybody; a bad one is refused here.
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).allow_unauthenticated().build();
        let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
        let builder = builder.map_err(unusable)?.with_client_cert_verifier(verifier.map_err(unusable)?);
        let config = builder.with_single_cert(certificates, key).map_err(unusable)?;
        Ok(TlsServer(TlsAcceptor::from(Arc::new(config))))
    }

    fn roots(&self) -> Result<RootCertStore, TlsError> {
        read_roots(&self.authorities)
    }
}

fn read_roots(authorities: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(authorities)? {
        roots.add(certificate).map_err(|error| file_error(authorities, error))?;
    }
    Ok(roots)
}

/// Who connects to a listener that is no node's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsCallers<'a> {
    /// Nobody is asked for a certificate.
    Anybody,
    /// Who shows a certificate of these authorities, or none.
    Known(&'a Path),
    /// Who shows a certificate of these authorities, and nobody else.
    OnlyKnown(&'a Path),
}

impl TlsIdentity {
    /// Reads what a listener needs that shows this certificate, whoever signed it, to those who connect.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn listener(&self, callers: TlsCallers<'_>) -> Result<TlsServer, TlsError> {
        let (certificates, key) = self.read()?;
        let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
        let builder = builder.map_err(unusable)?;
        let known = |authorities: &Path| -> Result<_, TlsError> {
            let roots = Arc::new(read_roots(authorities)?);
            Ok(WebPkiClientVerifier::builder_with_provider(roots, provider()))
        };
        let verifier = match callers {
            TlsCallers::Anybody => None,
            TlsCallers::Known(authorities) => Some(known(authorities)?.allow_unauthenticated().build()),
            TlsCallers::OnlyKnown(authorities) => Some(known(authorities)?.build()),
        };
        let builder = match verifier {
            Some(verifier) => builder.with_client_cert_verifier(verifier.map_err(unusable)?),
            None => builder.with_no_client_auth(),
        };
        let config = builder.with_single_cert(certificates, key).map_err(unusable)?;
        Ok(TlsServer(TlsAcceptor::from(Arc::new(config))))
    }

    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let certificates = read_certificates(&self.certificates)?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| file_error(&self.key, error))?;
        Ok((certificates, key))
    }
}

/// The side that connects. Clones share everything.
#[derive(Clone)]
pub struct TlsClient(TlsConnector);

impl TlsClient {
    /// Speaks TLS with whoever listens at an address, and makes sure that it is that address's.
    ///
    /// # Errors
    /// As the other side or the check says.
    pub async fn connect<S>(
        &self,
        stream: S,
        address: &str,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<S>>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let name = server_name(address).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        self.0.connect(name, stream).await
    }
}

/// The side that listens. Clones share everything.
#[derive(Clone)]
pub struct TlsServer(TlsAcceptor);

impl TlsServer {
    /// Speaks TLS with whoever connected. Says too whether it showed a certificate that was asked for.
    ///
    /// # Errors
    /// As the other side or the check says.
    pub async fn accept<S>(&self, stream: S) -> io::Result<(impl AsyncRead + AsyncWrite + Send + Unpin + use<S>, bool)>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
    {
        let stream = self.0.accept(stream).await?;
        // What it showed was checked in the handshake.
        let has_certificate = stream.get_ref().1.peer_certificates().is_some();
        Ok((stream, has_certificate))
    }
}

/// Connects by TCP and TLS.
#[derive(Clone)]
pub struct TlsDialer(TlsClient);

impl TlsDialer {
    /// Dials as this client.
    pub fn new(client: TlsClient) -> Self {
        Self(client)
    }
}

impl Dial for TlsDialer {
    fn dial(&self, peer: Peer) -> Dialed {
        let client = self.0.clone();
        Box::pin(async move {
            let dialed = tokio::time::timeout(DIAL_PATIENCE, async {
                let stream = TcpStream::connect(&peer.address).await?;
                stream.set_nodelay(true)?;
                let stream = client.connect(stream, &peer.address).await?;
                wire::upgrade(stream, &peer.address).await
            });
            dialed.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        })
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Looks at the own certificate with the eyes of those who will dial the address.
fn check_name(
    certificates: &[CertificateDer<'static>],
    roots: Arc<RootCertStore>,
    address: &str,
) -> Result<(), TlsError> {
    let other_name = |why: String| TlsError::OtherName { address: address.to_owned(), why };
    let name = server_name(address).map_err(|why| other_name(why.to_owned()))?;
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider()).build().map_err(unusable)?;
    let (own, between) = certificates.split_first().ok_or(TlsError::NoIdentity)?;
    let verified = verifier.verify_server_cert(own, between, &name, &[], UnixTime::now());
    verified.map(drop).map_err(|error| other_name(error.to_string()))
}

/// The name that a certificate must have for `host:port`.
fn server_name(address: &str) -> Result<ServerName<'static>, &'static str> {
    let (host, _) = address.rsplit_once(':').ok_or("the address has no port")?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(host.to_owned()).map_err(|_| "the host is no name that a certificate can have")
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = found.map_err(|error| file_error(path, error))?;
    if found.is_empty() {
        return Err(file_error(path, "there is no certificate in it"));
    }
    Ok(found)
}

fn file_error(path: &Path, error: impl std::fmt::Display) -> TlsError {
    TlsError::File { path: path.to_owned(), why: error.to_string() }
}

fn unusable(error: impl std::fmt::Display) -> TlsError {
    TlsError::Unusable(error.to_string())
}

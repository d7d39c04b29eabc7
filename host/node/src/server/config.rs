//! What a server allows itself, and where it may listen.

use std::net::SocketAddr;
use std::time::Duration;

use vraftls_transport::TlsServer;

/// How a server is set up.
#[derive(Clone, Default)]
pub struct ServerConfig {
    /// Certificates; without them, what is said can be read and changed by everybody on the way.
    pub tls: Option<TlsServer>,
    /// Lets it listen beyond this machine without TLS or tokens.
    pub is_insecure: bool,
    /// Names of this machine that requests may use for it, beside `localhost` and addresses in numbers.
    pub names: Vec<String>,
    /// What it allows others.
    pub bounds: Bounds,
}

/// How much others may ask, and how long they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections that speak HTTP. More wait until one ends.
    pub n_connections: usize,
    /// Connections of nodes and guests.
    pub n_peers: usize,
    /// Requests under `/v1/` at once.
    pub n_requests: usize,
    /// Components that are being received and checked at once.
    pub n_uploads: usize,
    /// Groups that are being handed out for backups at once.
    pub n_backups: usize,
    /// Headers of a request.
    pub n_headers: usize,
    /// Bytes of a request's first line and headers.
    pub head_bytes: usize,
    /// Bytes of a request's JSON.
    pub json_bytes: usize,
    /// Bytes of a component.
    pub component_bytes: usize,
    /// How long a handshake of TLS, or the head of a request, may take to arrive; so long may a connection be idle too.
    pub head_patience: Duration,
    /// How long the next piece of a request's body may take to arrive, and the next piece of an answer to be taken.
    pub body_patience: Duration,
    /// How long a request may take.
    pub request_patience: Duration,
    /// How long a component may take to be received, checked and made durable.
    pub upload_patience: Duration,
    /// How old a connection may become. What was asked by then is still answered.
    pub connection_age: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            n_connections: 1024,
            n_peers: 4096,
            n_requests: 256,
            n_uploads: 2,
            n_backups: 2,
            n_headers: 64,
            head_bytes: 16 << 10,
            json_bytes: 64 << 10,
            component_bytes: 64 << 20,
            head_patience: Duration::from_secs(10),
            body_patience: Duration::from_secs(10),
            request_patience: Duration::from_secs(30),
            upload_patience: Duration::from_secs(300),
            connection_age: Duration::from_secs(600),
        }
    }
}

/// Why a server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Everybody who reaches the address could read everything and change everything.
    #[error(
        "{address} can be reached from other machines, and {lacking}; give certificates with --tls-cert, --tls-key and --tls-ca \
         and a token, listen on 127.0.0.1, or say --insecure if whatever reaches the address may do everything"
    )]
    Unsafe {
        /// Where it should listen.
        address: SocketAddr,
        /// What it lacks.
        lacking: Lacking,
    },
    /// The system does not say where it listens.
    #[error("where is this listener?")]
    Listener(#[source] std::io::Error),
}

/// What an open listener must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// Certificates.
    Tls,
    /// A token for admins.
    Token,
}

impl std::fmt::Display for Lacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tls => "there are no certificates",
            Self::Token => "there is no token for admins",
        })
    }
}

impl ServerConfig {
    /// Whether it may listen at an address, in a cluster that has a token for admins or not.
    ///
    /// # Errors
    /// [`ListenError::Unsafe`].
    pub fn may_listen(&self, address: SocketAddr, has_token: bool) -> Result<(), ListenError> {
        if self.is_insecure || address.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        let lacking = match (&self.tls, has_token) {
            (None, _) => Lacking::Tls,
            (Some(_), false) => Lacking::Token,
            (Some(_), true) => return Ok(()),
        };
        Err(ListenError::Unsafe { address, lacking })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacking(address: &str, is_insecure: bool, has_token: bool) -> Option<Lacking> {
        let config = ServerConfig { is_insecure, ..ServerConfig::default() };
        match config.may_listen(address.parse().unwrap(), has_token) {
            Ok(()) => None,
            Err(ListenError::Unsafe { lacking, .. }) => Some(lacking),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn only_this_machine_is_served_without_certificates() {
        for address in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(lacking(address, false, false), None, "{address}");
        }
        for address in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
            assert_eq!(lacking(address, false, true), Some(Lacking::Tls), "{address}");
            assert_eq!(lacking(address, true, false), None, "{address}");
        }
    }
}

//! Where to listen for editors, and by which transport.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use vraftls_gateway::{Backend, Options, serve_tcp, serve_websocket};

/// An address as it is written on the command line: `tcp://127.0.0.1:9257`, `ws://[::1]:0`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ListenAddress {
    /// How editors speak there.
    pub(crate) transport: Transport,
    /// Where.
    pub(crate) socket: SocketAddr,
}

/// How editors speak to a listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    /// The stream of the base protocol.
    Tcp,
    /// WebSocket, with bare messages or with that stream inside.
    WebSocket,
}

impl Transport {
    const ALL: [Self; 2] = [Self::Tcp, Self::WebSocket];

    fn scheme(self) -> &'static str {
        match self {
            Self::Tcp => "tcp://",
            Self::WebSocket => "ws://",
        }
    }

    /// Serves whoever connects, until the listener fails for good.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        backend: Arc<dyn Backend>,
        options: Options,
    ) -> io::Result<()> {
        match self {
            Self::Tcp => serve_tcp(listener, backend, options).await,
            Self::WebSocket => serve_websocket(listener, backend, options).await,
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.transport.scheme(), self.socket)
    }
}

impl std::str::FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts =
            Transport::ALL.iter().find_map(|transport| Some((*transport, text.strip_prefix(transport.scheme())?)));
        let (transport, address) = parts.ok_or("an address begins with tcp:// or ws://")?;
        let socket: SocketAddr = address.parse().map_err(|_| format!("`{address}` is not IP:PORT"))?;
        // Whoever connects can read the sources: without encryption and tokens that stays on this machine.
        if socket.ip().is_loopback() {
            Ok(Self { transport, socket })
        } else {
            Err(format!("{socket} is not a loopback address"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for text in ["tcp://127.0.0.1:9257", "ws://127.0.0.1:0", "ws://[::1]:80"] {
            assert_eq!(text.parse::<ListenAddress>().map(|address| address.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_of_this_machine_is_refused() {
        for text in ["", "127.0.0.1:1", "udp://127.0.0.1:1", "tcp://127.0.0.1", "ws://0.0.0.0:1", "ws://localhost:1"] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }
}

//! Where to listen for editors, and by which transport.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use vraftls_gateway::{Backend, Door, Options, Speech, serve_guarded, serve_tcp, serve_websocket};

/// An address as it is written on the command line: `tcp://127.0.0.1:9257`, `wss://[::]:9258`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ListenAddress {
    /// How editors speak there.
    pub(crate) speech: Speech,
    /// Whether that is encrypted.
    pub(crate) is_encrypted: bool,
    /// Where.
    pub(crate) socket: SocketAddr,
}

/// The schemes of addresses, with what they say.
const SCHEMES: [(&str, Speech, bool); 4] = [
    ("tcp://", Speech::Stream, false),
    ("tls://", Speech::Stream, true),
    ("ws://", Speech::WebSocket, false),
    ("wss://", Speech::WebSocket, true),
];

impl ListenAddress {
    /// Reads an address of this machine, where nothing needs to be encrypted.
    pub(crate) fn local(text: &str) -> Result<Self, String> {
        let address: Self = text.parse()?;
        // Whoever connects can read the sources.
        match (address.is_local(), address.is_encrypted) {
            (false, _) => {
                Err(format!("{} is not a loopback address; see `vraftls gateway` for others", address.socket))
            }
            (true, true) => Err("only `vraftls gateway` listens with certificates".to_owned()),
            (true, false) => Ok(address),
        }
    }

    /// Whether only this machine reaches it.
    pub(crate) fn is_local(&self) -> bool {
        self.socket.ip().to_canonical().is_loopback()
    }

    /// Serves whoever connects, until the listener fails for good.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        backend: Arc<dyn Backend>,
        options: Options,
        door: Option<Door>,
    ) -> io::Result<()> {
        match (door, self.speech) {
            (Some(door), speech) => serve_guarded(listener, backend, options, speech, door).await,
            (None, Speech::Stream) => serve_tcp(listener, backend, options).await,
            (None, Speech::WebSocket) => serve_websocket(listener, backend, options).await,
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_its = |(_, speech, is_encrypted): &&(&str, Speech, bool)| {
            *speech == self.speech && *is_encrypted == self.is_encrypted
        };
        let (scheme, ..) = SCHEMES.iter().find(is_its).expect("every combination has a scheme");
        write!(formatter, "{scheme}{}", self.socket)
    }
}

impl std::str::FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (speech, is_encrypted, address) = read_scheme(text)?;
        let socket = address.parse().map_err(|_| format!("`{address}` is not IP:PORT"))?;
        Ok(Self { speech, is_encrypted, socket })
    }
}

/// What the scheme of an address says, and what follows it.
pub(crate) fn read_scheme(text: &str) -> Result<(Speech, bool, &str), String> {
    let known = SCHEMES.iter().find_map(|(scheme, speech, is_encrypted)| {
        text.strip_prefix(scheme).map(|address| (*speech, *is_encrypted, address))
    });
    known.ok_or_else(|| "an address begins with tcp://, tls://, ws:// or wss://".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for text in ["tcp://127.0.0.1:9257", "ws://127.0.0.1:0", "ws://[::1]:80", "tls://0.0.0.0:1", "wss://[::]:443"] {
            assert_eq!(text.parse::<ListenAddress>().map(|address| address.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "127.0.0.1:1", "udp://127.0.0.1:1", "tcp://127.0.0.1", "ws://localhost:1"] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_address_of_this_machine_is_refused_where_nothing_is_encrypted() {
        for text in ["tcp://127.0.0.1:1", "ws://[::1]:1", "ws://[::ffff:127.0.0.1]:1"] {
            assert!(ListenAddress::local(text).is_ok(), "{text}");
        }
        for text in ["ws://0.0.0.0:1", "tcp://[::]:1", "tls://127.0.0.1:1", "tcp://192.0.2.1:1"] {
            assert!(ListenAddress::local(text).is_err(), "{text}");
        }
    }
}

//! `vraftls attach`: brings together an editor that speaks over standard input and output and a gateway that is elsewhere.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use tokio::net::TcpStream;
use vraftls_gateway::{ByteStream, Speech, tunnel};
use vraftls_transport::TlsClient;

use super::{FirstMessage, pass_on};
use crate::exit::Exit;
use crate::listen_address::read_scheme;
use crate::tls::TlsFileArguments;

/// Where the token is looked for when no file is given.
const TOKEN: &str = "VRAFTLS_GATEWAY_TOKEN";

/// How long it may take to reach the gateway and to be let in.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Args)]
pub(crate) struct AttachArguments {
    /// The gateway, for example `tls://ide.example:9260` or `wss://ide.example:9261`; without certificates `tcp://` and `ws://`
    #[arg(value_name = "tls://HOST:PORT | wss://HOST:PORT", env = "VRAFTLS_GATEWAY")]
    gateway: GatewayAddress,

    /// With wss://: a file with the token that lets this editor in [default: what VRAFTLS_GATEWAY_TOKEN says]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Speak with another machine without certificates: whoever is on the way may read everything
    #[arg(long)]
    insecure: bool,

    #[command(flatten)]
    tls: TlsFileArguments,
}

/// Where a gateway is.
#[derive(Clone, PartialEq, Eq, Debug)]
struct GatewayAddress {
    speech: Speech,
    is_encrypted: bool,
    /// `HOST:PORT`
    host: String,
}

impl FromStr for GatewayAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (speech, is_encrypted, host) = read_scheme(text)?;
        let host = host.strip_suffix('/').unwrap_or(host);
        let is_address = host.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && !host.contains(['/', '@', '?', '#']) && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        match is_address {
            true => Ok(Self { speech, is_encrypted, host: host.to_owned() }),
            false => Err(format!("`{host}` is not HOST:PORT")),
        }
    }
}

pub(crate) fn run(arguments: &AttachArguments) -> anyhow::Result<Exit> {
    let AttachArguments { gateway, tls, insecure, .. } = arguments;
    // Files are read before there is a runtime that would wait for the disk.
    let tls = match gateway.is_encrypted {
        true => Some(tls.guest()?.context("the authority that signed for the gateway is needed: --tls-ca")?),
        false => None,
    };
    let token = if gateway.speech == Speech::WebSocket { token(arguments)? } else { None };
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let ran = runtime.block_on(attach(gateway, tls, token.as_deref(), *insecure));
    // A read of standard input that waits cannot be called off.
    runtime.shutdown_background();
    ran.map(|()| Exit::Done)
}

async fn attach(
    gateway: &GatewayAddress,
    tls: Option<TlsClient>,
    token: Option<&str>,
    insecure: bool,
) -> anyhow::Result<()> {
    let GatewayAddress { speech, host, .. } = gateway;
    let connecting = async {
        let stream = connect(host, tls, insecure).await?;
        Ok(match speech {
            Speech::Stream => stream,
            Speech::WebSocket => Box::new(tunnel(stream, host, token).await?) as Box<dyn ByteStream>,
        })
    };
    let connected: anyhow::Result<Box<dyn ByteStream>> = match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(connected) => connected,
        Err(_) => bail!("the gateway at {host} does not let anybody in within {PATIENCE:?}"),
    };
    pass_on(connected?, &FirstMessage::default()).await.context("the connection to the gateway failed")
}

/// A connection on which nothing was said yet, encrypted where it is to be.
async fn connect(host: &str, tls: Option<TlsClient>, insecure: bool) -> anyhow::Result<Box<dyn ByteStream>> {
    let stream = TcpStream::connect(host).await.with_context(|| format!("cannot reach the gateway at {host}"))?;
    stream.set_nodelay(true)?;
    let Some(tls) = tls else {
        let is_here = stream.peer_addr()?.ip().to_canonical().is_loopback();
        ensure!(
            is_here || insecure,
            "{host} is another machine, and nothing would be encrypted: use tls:// or wss://, or say --insecure if whatever is on the \
             way may read everything"
        );
        return Ok(Box::new(stream));
    };
    let encrypted = tls.connect(stream, host).await;
    Ok(Box::new(encrypted.with_context(|| format!("{host} does not show a certificate that is good for it"))?))
}

fn token(arguments: &AttachArguments) -> anyhow::Result<Option<String>> {
    let Some(file) = &arguments.token_file else {
        return Ok(std::env::var(TOKEN).ok().filter(|token| !token.is_empty()));
    };
    let token = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Some(token.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_named_by_scheme_host_and_port() {
        let read = |text: &str| text.parse::<GatewayAddress>();
        let address = |speech, is_encrypted, host: &str| GatewayAddress { speech, is_encrypted, host: host.to_owned() };
        assert_eq!(read("tls://ide.example:9260"), Ok(address(Speech::Stream, true, "ide.example:9260")));
        assert_eq!(read("wss://[::1]:1/"), Ok(address(Speech::WebSocket, true, "[::1]:1")));
        assert_eq!(read("tcp://127.0.0.1:1"), Ok(address(Speech::Stream, false, "127.0.0.1:1")));
        for wrong in
            ["", "ide.example:1", "https://a:1", "wss://a", "wss://:1", "wss://a:0", "wss://a:1/path", "wss://me@a:1"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}

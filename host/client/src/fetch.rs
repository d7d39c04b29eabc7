//! Asks one node who the cluster is: `GET /v1/cluster`, by HTTP/1.1, on a connection of its own.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use vraftls_proto::rpc::ClusterInfo;
use vraftls_transport::TlsClient;

use crate::Routes;

/// What is asked for.
const PATH: &str = "/v1/cluster";

/// How many bytes of an answer are read: a cluster of the greatest size has less.
const INFO_BYTES_MAX: usize = 8 << 20;

/// What a node says of its cluster, or why that is nothing, for people.
pub(crate) async fn fetch(address: String, tls: Option<TlsClient>, patience: Duration) -> Result<Routes, String> {
    let fetched = tokio::time::timeout(patience, fetch_at_all(&address, tls)).await;
    let bytes = fetched.map_err(|_| format!("no answer within {patience:?}"))?.map_err(|error| error.to_string())?;
    let info: ClusterInfo =
        serde_json::from_slice(&bytes).map_err(|error| format!("what it says is no cluster: {error}"))?;
    Routes::new(info)
}

async fn fetch_at_all(address: &str, tls: Option<TlsClient>) -> io::Result<Vec<u8>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    match tls {
        None => get(stream, address).await,
        Some(tls) => get(tls.connect(stream, address).await?, address).await,
    }
}

/// Why a node refuses, in its words.
fn message(body: &[u8]) -> Option<String> {
    let refusal: serde_json::Value = serde_json::from_slice(body).ok()?;
    refusal["message"].as_str().map(str::to_owned)
}

async fn get<S>(stream: S, address: &str) -> io::Result<Vec<u8>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let request = Request::get(PATH).header(HOST, address).header(CONNECTION, "close").body(String::new());
    let request = request.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let mut answering = std::pin::pin!(async move {
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        match response.status() {
            StatusCode::OK => read(response.into_body()).await,
            status => {
                let said = read(response.into_body()).await.ok().and_then(|body| message(&body));
                let said = said.map_or_else(String::new, |said| format!(": {said}"));
                Err(io::Error::other(format!("it answers with status {status}{said}")))
            }
        }
    });
    tokio::select! {
        answered = &mut answering => answered,
        // What was sent before the connection ended is still read.
        ended = connection => match ended {
            Ok(()) => answering.await,
            Err(error) => Err(io::Error::other(error)),
        },
    }
}

async fn read(mut body: Incoming) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(piece) = frame.map_err(io::Error::other)?.into_data() else { continue };
        if bytes.len() + piece.len() > INFO_BYTES_MAX {
            return Err(io::Error::other("what it says has no end"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
